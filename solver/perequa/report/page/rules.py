"""By which rules: each in the planner's words, with its limits and how many of them are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.blocks import Cell, PageTable, Section, dense, text_cell, whole_cell
from perequa.words.terms import amount, bound, rule_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

MOVING = ("pace", "until_opening")
"""Kinds whose limit depends on the plan: that of their rows is 0, which says nothing."""
GROWTH = {"growth_at_least": "at_least", "growth_at_most": "at_most"}
"""Keys of a pace."""


def rules(run: PageRun, words: Words) -> Section:
    """List the rules of the run; those out of force are told as such."""
    columns = (
        words.phrase("Rule"),
        words.phrase("In the planner's words"),
        words.phrase("Source"),
        words.phrase("Limits"),
        words.phrase("Rows"),
        words.phrase("Rows that bind"),
    )
    table = dense(
        PageTable(
            key="rules",
            caption=words.phrase("Rules of the plan, and how many of their rows bind"),
            columns=columns,
            rows=tuple(_lines(run, words)),
        )
    )
    return Section(key="by-rules", title=words.phrase("By which rules"), blocks=[table])


def _lines(run: PageRun, words: Words) -> Iterator[tuple[Cell, ...]]:
    held: dict[tuple[str, str], list[Mapping[str, Value]]] = {}
    for row in run.tables["rules"].records():
        held.setdefault((word(row["rule"]), word(row["kind"])), []).append(row)
    stated = run.scenario.get("rules", {})
    for (name, kind), rows in held.items():
        yield _line(name, kind, stated.get(name, {}), rows, words)
    spoken = {name for name, _ in held}
    for name, spec in stated.items():
        if str(name) not in spoken:
            yield _line(str(name), str(spec.get("kind", "")), spec, [], words)


def _line(
    name: str,
    kind: str,
    spec: Mapping[str, object],
    rows: Sequence[Mapping[str, Value]],
    words: Words,
) -> tuple[Cell, ...]:
    limits = _growth(spec, words) if kind in MOVING else _limits(rows, words)
    if spec.get("active") is False:
        limits = words.phrase("out of force")
    return (
        text_cell(rule_named(name, kind, words)),
        text_cell(str(spec.get("title") or "")),
        text_cell(str(spec.get("source") or "")),
        text_cell(limits),
        whole_cell(len(rows)),
        whole_cell(sum(1 for r in rows if r["binding"])),
    )


def _growth(spec: Mapping[str, object], words: Words) -> str:
    """Say between which rates growth is held; nothing where they stand in a column."""
    return "; ".join(
        bound(side, words.figures.percent(stated), words)
        for key, side in GROWTH.items()
        if isinstance(stated := spec.get(key), float | int)
    )


def _limits(rows: Sequence[Mapping[str, Value]], words: Words) -> str:
    """Say between which figures the limits of a rule lie, for each side and unit."""
    sides: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if isinstance(row["limit"], float | int):
            sides.setdefault((word(row["side"]), word(row["unit"])), []).append(float(row["limit"]))
    return "; ".join(
        bound(side, _spread(values, unit, words), words) for (side, unit), values in sides.items()
    )


def _spread(values: Sequence[float], unit: str, words: Words) -> str:
    low, high = min(values), max(values)
    if low == high:
        return amount(low, unit, words)
    return words.phrase("{low} to {high}", low=words.number(low), high=amount(high, unit, words))
