"""Small choices of projects, and the same choice by trying every selection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from build import instance, scenario

from perequa.interpret.projects import one_more_table, projects_table
from perequa.pipeline import Success, solve_instance
from perequa.words import words_in
from perequa_models.projects.project import ProjectLine
from perequa_models.tree import Territory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perequa_models.instance import Instance

MERIT = {"kind": "unmet_merit"}
Chosen = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Selecting:
    """A choice among projects of the regions 1, 2 and 3.

    Attributes
    ----------
    rows
        Cells of each project, as a table would state them; `region` is its code.
    rules, order
        Rules, and what the section `projects` says beside its file.
    sections, objectives
        Other sections of the scenario.
    """

    rows: tuple[dict[str, Any], ...]
    rules: dict[str, Any]
    order: dict[str, Any]
    sections: dict[str, Any]
    objectives: dict[str, Any] = field(default_factory=lambda: {"merit": MERIT})

    def instance(self) -> Instance:
        codes = ("1", "2", "3")
        spec = scenario(
            measures={"home": {"cost": 1_000}, "fdt": {"cost": 1_000}},
            indicators={"rate": {"measures": ["fdt", "home"], "population": "pop", "per": 100}},
            objectives=self.objectives,
            rules=self.rules,
            projects={"file": "projects.csv", "merit": {"column": "merit"}} | self.order,
            **self.sections,
        )
        figures = {
            "pop": {f"region:{c}": 1000 for c in codes},
            "installed": {f"region:{c}": 0 for c in codes},
        }
        territories = [Territory("region", c, f"Region {c}", "") for c in codes]
        return instance(spec, figures, territories, projects=tuple(self.lines()))

    def lines(self) -> Iterator[ProjectLine]:
        own = {"project", "region", "measure", "places", "cost", "cofinanced", "opening_months"}
        own |= {"operation", "group", "requires", "title", "year"}
        for i, row in enumerate(self.rows):
            others = {k: v for k, v in row.items() if k not in own}
            yield ProjectLine(
                table="projects.csv",
                row=i,
                code=row["project"],
                title="",
                operation=row.get("operation", ""),
                group=row.get("group", ""),
                requires=row.get("requires", ""),
                node=int(row.get("region", "1")) - 1,
                measure=("fdt", "home").index(row.get("measure", "home")),
                year=row.get("year", 0),
                places=float(row.get("places", 10)),
                cost=row.get("cost"),
                cofinanced=row.get("cofinanced"),
                opening_months=row.get("opening_months"),
                figures={k: float(v) for k, v in others.items() if not isinstance(v, str)},
                words={k: str(v) for k, v in others.items()},
            )

    def solved(self) -> Success:
        found = solve_instance(self.instance(), "case")
        assert isinstance(found, Success)
        return found

    def with_limit(self, rule: str, limit: float) -> Selecting:
        """The same with one limit replaced."""
        return replace(self, rules=self.rules | {rule: self.rules[rule] | {"at_most": limit}})


def taken(found: Success) -> set[str]:
    """Codes of the projects taken."""
    choice = found.run.choice
    assert choice is not None
    z = choice.selected.taken
    projects = found.run.instance.projects
    return {p.code for p, each in zip(projects, z, strict=True) if each > 0.5}


def told(found: Success) -> dict[str, dict[str, Any]]:
    """Lines of ``projects.csv`` by code."""
    assert found.run.choice is not None
    table = projects_table(found.run, found.run.choice, words_in("en"))
    return {str(line["project"]): line for line in table.records()}


def moves(found: Success) -> list[dict[str, Any]]:
    """Lines of ``one_more.csv``."""
    assert found.run.choice is not None
    return list(one_more_table(found.run, found.run.choice, words_in("en")).records())


def by_enumeration(
    rows: Sequence[dict[str, Any]],
    possible: Callable[[list[dict[str, Any]]], bool],
    prefer: Sequence[tuple[str, str]] = (),
    forced: str = "",
) -> tuple[tuple[Any, ...], set[str]] | None:
    """The best selection among all, written without any of the program's code.

    Returns
    -------
    tuple or None
        What was compared (the least is best) and the codes taken; None when none is possible.
    """
    order = sorted(rows, key=lambda row: row["project"])
    best: tuple[tuple[Any, ...], set[str]] | None = None
    for z in product((0, 1), repeat=len(order)):
        some = [row for row, take in zip(order, z, strict=True) if take]
        codes = {row["project"] for row in some}
        if (
            not possible(some)
            or not holds_together(some, codes)
            or (forced and forced not in codes)
        ):
            continue
        value = (
            -sum(row.get("first", "no") == "yes" for row in some),
            -sum(row["merit"] for row in some),
            *(-sum(row.get(column) == word for row in some) for column, word in prefer),
            tuple(-take for take in z),
        )
        if best is None or value < best[0]:
            best = value, codes
    return best


def holds_together(some: list[dict[str, Any]], codes: set[str]) -> bool:
    groups = [row["group"] for row in some if row.get("group")]
    needed = {row["requires"] for row in some if row.get("requires")}
    return len(groups) == len(set(groups)) and needed <= codes
