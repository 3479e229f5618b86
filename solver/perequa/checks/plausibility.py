"""What the format accepts and no plan should hold: names, years, levels, weights, objectives."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from perequa_models.objectives.grammar import GapSpec
from perequa_models.problems import nearest
from perequa_models.strict import ColumnEquals, ColumnRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa_models.columns import Column
    from perequa_models.objectives.grammar import ObjectiveSpec
    from perequa_models.problems import Path, Problems
    from perequa_models.scenario import Scenario
    from perequa_models.tree import Tree

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_LINEAR_SUMS = frozenset({"shortfall", "absolute_gap"})
_WITHOUT_TARGET = frozenset({"range", "gini"})
_EXTREMES = frozenset({"worst", "range"})


def check_scenario(scenario: Scenario, problems: Problems) -> None:
    """Note what can be told from the scenario alone."""
    _check_years(scenario, problems)
    _check_measures(scenario, problems)
    _check_weights(scenario, problems)
    for name, spec in scenario.objectives.items():
        _check_objective(scenario, name, spec, problems)
    _check_extremes(scenario, problems)
    _check_leximin(scenario, problems)
    needs_reference = scenario.tie_break.toward == "reference"
    if needs_reference and not scenario.reference:
        _no_reference(problems, ("tie_break", "toward"), "tie_break.toward: reference")
    if scenario.sensitivity.weights is not None:
        for i, name in enumerate(scenario.sensitivity.weights.vary):
            path = ("sensitivity", "weights", "vary", i)
            _known(problems, path, "objective", name, scenario.objectives)


def check_levels(scenario: Scenario, tree: Tree, problems: Problems) -> bool:
    """Note levels that are unknown or too fine; return whether the level that decides is known."""
    decide_at = scenario.decide_at
    if decide_at is None and len(tree.levels) > 1:
        problems.error(
            "missing_key",
            "decide_at is missing: the scenario has several levels",
            path=("decide_at",),
            received="nothing",
            accepted=", ".join(tree.levels),
            remedy="say at which level places are decided",
        )
        return False
    if decide_at is not None and not _known(
        problems, ("decide_at",), "level", decide_at, tree.levels
    ):
        return False
    deciding = tree.levels.index(decide_at or tree.levels[0])
    for name, spec in scenario.objectives.items():
        path: Path = ("objectives", name, "level")
        if spec.level is None or not _known(problems, path, "level", spec.level, tree.levels):
            continue
        if tree.levels.index(spec.level) > deciding:
            problems.error(
                "too_fine",
                f"objective {name} looks below the level that decides",
                path=path,
                received=spec.level,
                accepted=", ".join(tree.levels[: deciding + 1]),
                remedy="compare territories of a coarser level, or decide at a finer one",
            )
    return True


def check_columns(
    scenario: Scenario, tree: Tree, columns: Mapping[str, Column], problems: Problems
) -> None:
    """Note columns that objectives name and no table holds, and territories that none knows.

    Columns that rules and indicators name are checked where their figures are read.
    """
    for name, spec in scenario.objectives.items():
        path: Path = ("objectives", name)
        need = getattr(spec, "need", None)
        if isinstance(need, ColumnRef):
            _known_column(problems, (*path, "need", "column"), need.column, columns)
        if isinstance(spec.territories, ColumnEquals):
            column = spec.territories.column
            _known_column(problems, (*path, "territories", "column"), column, columns)
        for i, written in enumerate(
            spec.territories if isinstance(spec.territories, tuple) else ()
        ):
            _check_territory(problems, (*path, "territories", i), written, tree)
    toward = scenario.tie_break.toward
    if isinstance(toward, ColumnRef):
        _known_column(problems, ("tie_break", "toward", "column"), toward.column, columns)


def check_by_territory(
    columns: Mapping[str, Column], names: Iterable[str], tree: Tree, problems: Problems
) -> bool:
    """Whether quantities are stated by territory, and as figures; those that are not are noted."""
    right = True
    for name in names:
        column = columns.get(name)
        if column is not None and column.values.shape[0] == 1 < len(tree.nodes):
            problems.error(
                "no_territory",
                f"{name} must be stated by territory",
                cell=column.cell(0),
                received="a table without territories",
                accepted="a table with a column territory",
                remedy=f"add the column territory to {column.table}",
            )
            right = False
    return right


def _check_years(scenario: Scenario, problems: Problems) -> None:
    years = scenario.years
    for i, year in enumerate(years):
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            problems.error(
                "wrong_year",
                f"{year} is not a year",
                path=("years", i),
                received=str(year),
                accepted=f"{_FIRST_YEAR} to {_LAST_YEAR}",
                remedy="correct the year",
            )
        elif i and year != years[i - 1] + 1:
            problems.error(
                "years_out_of_order",
                f"{year} does not follow {years[i - 1]}: years are consecutive and increasing",
                path=("years", i),
                received=str(year),
                accepted=str(years[i - 1] + 1),
                remedy="list every year of the plan, in order",
            )


def _check_measures(scenario: Scenario, problems: Problems) -> None:
    for name, indicator in scenario.indicators.items():
        for i, measure in enumerate(indicator.measures):
            _known(
                problems, ("indicators", name, "measures", i), "measure", measure, scenario.measures
            )
    for name, handed_out in scenario.measures.items():
        if handed_out.minimum is not None and not (scenario.whole or handed_out.whole):
            problems.warning(
                "minimum_not_kept",
                f"the plan is in fractions of places: the least opening of {name} is not kept",
                path=("measures", name, "minimum"),
                received=f"{handed_out.minimum:g}",
                accepted="a minimum is kept by whole plans only",
                remedy="solve with --whole (or whole: true), or drop it",
            )
    asked = scenario.whole or any(m.whole for m in scenario.measures.values())
    if asked and all(m.unit == "money" for m in scenario.measures.values()):
        problems.warning(
            "nothing_whole",
            "whole places are asked for, and every measure hands out money: nothing is rounded",
            path=("whole",),
            received="true",
            accepted="a measure counted in places",
            remedy="leave it out",
        )
    if not scenario.envelopes:
        return
    for name, spec in scenario.measures.items():
        if spec.envelope is not None:
            _known(
                problems,
                ("measures", name, "envelope"),
                "envelope",
                spec.envelope,
                scenario.envelopes,
            )


def _check_weights(scenario: Scenario, problems: Problems) -> None:
    by_priority: dict[int, list[str]] = {}
    for name, spec in scenario.objectives.items():
        by_priority.setdefault(spec.priority, []).append(name)
    for priority, names in sorted(by_priority.items()):
        if all(scenario.objectives[name].weight == 0 for name in names):
            problems.error(
                "no_weight",
                f"every objective of priority {priority} has weight 0: {', '.join(names)}",
                path=("objectives", names[0], "weight"),
                received="0",
                accepted="a weight above 0 for one objective of each priority",
                remedy="give one a weight, or move them to the priority of another objective",
            )


def _check_objective(
    scenario: Scenario, name: str, spec: ObjectiveSpec, problems: Problems
) -> None:
    path: Path = ("objectives", name)
    if isinstance(spec, GapSpec):
        _known(problems, (*path, "indicator"), "indicator", spec.indicator, scenario.indicators)
        _warn_about_gap(path, spec, problems)
    measure = getattr(spec, "measure", None)
    if isinstance(measure, str):
        _known(problems, (*path, "measure"), "measure", measure, scenario.measures)
    if spec.kind == "distance_to_reference" and not scenario.reference:
        _no_reference(problems, (*path, "kind"), f"objective {name}")
    if spec.kind == "spend" and spec.normalise == "initial":
        problems.error(
            "cannot_normalise",
            f"objective {name} cannot be divided by its initial value: nothing is spent at first",
            path=(*path, "normalise"),
            received="initial (the default)"
            if "normalise" not in spec.model_fields_set
            else "initial",
            accepted="none, range or a number",
            remedy="state normalise: none",
        )


def _warn_about_gap(path: Path, spec: GapSpec, problems: Problems) -> None:
    target = spec.target
    if target == "national" and spec.kind not in _WITHOUT_TARGET:
        problems.warning(
            "moving_target",
            "the national rate of the plan moves with it: a populous poor territory can raise it "
            "by more than it closes, and places may stay unspent",
            path=(*path, "target"),
            received="national",
            accepted="national_initial or a number",
            remedy="state target: national_initial unless this is meant",
        )
    if spec.kind in _LINEAR_SUMS and spec.weighting == "territory" and spec.weight > 0:
        problems.warning(
            "least_populated_first",
            "weighting: territory on a sum of gaps serves the least populated first: one place "
            "closes more of a small territory's gap",
            path=(*path, "weighting"),
            received="territory",
            accepted="population, so that a missing place counts the same everywhere",
            remedy="state weighting: population unless this is meant",
        )


def _check_leximin(scenario: Scenario, problems: Problems) -> None:
    """Note a leximin that shares its priority: levels are served one after the other."""
    for name, spec in scenario.objectives.items():
        if spec.kind != "leximin" or spec.weight == 0:
            continue
        others = sorted(
            key
            for key, other in scenario.objectives.items()
            if key != name and other.weight > 0 and other.priority == spec.priority
        )
        for key in scenario.objectives:
            if re.fullmatch(rf"{re.escape(name)}_level_\d+", key):
                problems.error(
                    "name_of_a_level",
                    f"objective {key} has the name that a level of {name} takes",
                    path=("objectives", key),
                    received=key,
                    accepted=f"any name but {name}_level_ and a number",
                    remedy="call it otherwise",
                )
        if others:
            problems.error(
                "leximin_not_alone",
                f"objective {name} (leximin) shares priority {spec.priority} with "
                f"{', '.join(others)}: its levels are served one after the other",
                path=("objectives", name, "priority"),
                received=str(spec.priority),
                accepted="a priority of its own",
                remedy="give it, or the others, another priority",
            )


def _check_extremes(scenario: Scenario, problems: Problems) -> None:
    for name, spec in scenario.objectives.items():
        if spec.kind not in _EXTREMES or spec.weight == 0:
            continue
        others = (
            other
            for key, other in scenario.objectives.items()
            if key != name and other.weight > 0 and other.priority >= spec.priority
        )
        if not any(others):
            problems.error(
                "many_plans_tie",
                f"objective {name} ({spec.kind}) stands alone: it looks at extreme territories "
                "only, so many plans tie and every limit elsewhere has a price of zero",
                path=("objectives", name),
                received=spec.kind,
                accepted="another objective at the same or a later priority",
                remedy=f"add e.g. a shortfall at priority {spec.priority + 1}",
            )


def check_shares(scenario: Scenario, problems: Problems) -> None:
    """Note blocks of the reference whose shares, as written, do not add up to one exactly.

    Said here when there are no figures to compute the reference from.
    """
    for i, block in enumerate(scenario.reference):
        path: Path = ("reference", i, "parts") if len(scenario.reference) > 1 else (
            "reference", "parts"
        )  # fmt: skip
        shares = [part.share for part in block.parts if part.share is not None]
        total = sum((Fraction(repr(share)) for share in shares), Fraction(0))
        rest = any(part.rest for part in block.parts)
        only_shares = len(shares) == len(block.parts)
        if (only_shares and total != 1) or (rest and total > 1):
            problems.error(
                "shares_do_not_add_up",
                "the shares of the parts do not add up to 1",
                path=path,
                received=f"{float(total):.12g}",
                accepted="1" if only_shares else "at most 1, the last part takes the rest",
                remedy="correct a share, or state rest: true for the last part",
            )


def _no_reference(problems: Problems, path: Path, what: str) -> None:
    problems.error(
        "no_reference",
        f"{what} needs a reference, and the scenario states none",
        path=path,
        received="no section reference",
        accepted="reference: {of: ..., parts: [...]}",
        remedy="state the circular's formula in reference, or choose otherwise",
    )


def _known(problems: Problems, path: Path, what: str, name: str, known: Iterable[str]) -> bool:
    """Whether a name is known; one that is not is noted with the nearest."""
    names = list(known)
    if name in names:
        return True
    problems.error(
        f"unknown_{what}",
        f"no {what} {name!r}",
        path=path,
        received=name,
        accepted=", ".join(names) or f"none: the scenario states no {what}",
        nearest=nearest(name, names),
        remedy=f"name one of the scenario's {what}s",
    )
    return False


def _known_column(problems: Problems, path: Path, name: str, columns: Mapping[str, Column]) -> None:
    _known(problems, path, "column", name, [c for c in columns if not c.startswith("@")])


def _check_territory(problems: Problems, path: Path, written: str, tree: Tree) -> None:
    found = tree.find(written)
    if isinstance(found, int):
        return
    several = len(found) > 1
    problems.error(
        "ambiguous_territory" if several else "unknown_territory",
        f"{written!r} is held by several levels" if several else f"no territory {written!r}",
        path=path,
        received=written,
        accepted=" or ".join(found) if several else "level:code, e.g. region:11",
        nearest=nearest(written, [t.id for t in tree.nodes]) if not several else "",
        remedy="write level:code",
    )
