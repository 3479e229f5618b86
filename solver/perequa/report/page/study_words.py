"""The tables of studies in words: what each is, its columns, the codes in its cells."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from perequa.report.headings import headings
from perequa.report.layout import word
from perequa.report.page.names import (
    code_name,
    indicator_name,
    measure_name,
    stated_objective,
    stated_rule,
)
from perequa.words.terms import row_named, unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from perequa.interpret.tables import Value
    from perequa.words import Words

    Scenario = Mapping[str, Any]

OF_OBJECTIVES = ("breakpoints", "triangle", "corners", "frontier")
"""Tables that have a column for each objective, under its own name."""


@cache
def study_tables(words: Words) -> Mapping[str, str]:
    """Say what each table of a study holds."""
    return {
        "breakpoints": words.phrase("Between which weightings each plan is optimal"),
        "triangle": words.phrase("The plans, and the part of the triangle where each is optimal"),
        "corners": words.phrase("Corners of each part of the triangle, as weights"),
        "plans": words.phrase("What each plan gives"),
        "gains": words.phrase("Who gains and who loses from one plan to the next"),
        "stability": words.phrase("Between which weights the plan of the scenario stays optimal"),
        "curve": words.phrase("What each scale of the limit is worth"),
        "shares": words.phrase("Who gets what at each scale of the limit"),
        "frontier": words.phrase("The extreme plans between two objectives"),
        "margins": words.phrase("Least and most of each territory"),
        "implied": words.phrase("The weights that the allocation implies"),
        "violations": words.phrase("Rules that the allocation breaks"),
        "acceptability": words.phrase("In what share of the points each gains and loses"),
        "ranks": words.phrase("In what share of the points each has which rank"),
        "indices": words.phrase("What each output owes to each figure"),
    }


@cache
def _columns(words: Words) -> Mapping[str, str]:
    """Head the columns that only files have; the others are headed as they are printed."""
    return {
        "breakpoint": words.phrase("change"),
        "at": words.phrase("at"),
        "plan_before": words.phrase("plan before"),
        "plan_after": words.phrase("plan after"),
        "corner": words.phrase("corner"),
        "objective_unit": words.phrase("unit"),
        "distance": words.phrase("distance to optimality"),
        "relative_distance": words.phrase("the same, over the value"),
        "scenario_weight": words.phrase("weight in the scenario"),
        "row": words.phrase("row"),
        "rule": words.phrase("rule"),
        "side": words.phrase("side"),
        "activity": words.phrase("what it gets"),
        "violation": words.phrase("by how much"),
        "unmoved": words.phrase("neither"),
        "best_rank": words.phrase("best rank"),
        "worst_rank": words.phrase("worst rank"),
        "rank": words.phrase("rank"),
        "share": words.phrase("share of the points"),
        "method": words.phrase("method"),
        "figure": words.phrase("figure"),
        "distribution": words.phrase("distribution"),
        "low": words.phrase("from (least)"),
        "high": words.phrase("to (most)"),
        "first_order": words.phrase("alone"),
        "first_order_confidence": words.phrase("alone, ±"),
        "total": words.phrase("with the others"),
        "total_confidence": words.phrase("with the others, ±"),
        "mean_effect": words.phrase("mean effect"),
        "mean_absolute_effect": words.phrase("mean size of the effect"),
        "mean_absolute_effect_confidence": words.phrase("mean size of the effect, ±"),
        "deviation_of_effects": words.phrase("spread of the effect"),
    }


def study_heading(scenario: Scenario, table: str, column: str, words: Words) -> str:
    """Head a column of a table; that of an objective by what it makes small."""
    if table in OF_OBJECTIVES and column in (scenario.get("objectives") or {}):
        return stated_objective(scenario, column, words)
    # in English the terminal heads columns as files do
    return _columns(words).get(column) or headings(words).get(column, column).replace("_", " ")


def in_words(scenario: Scenario, column: str, words: Words) -> Callable[[Value], str] | None:
    """Return what writes the codes of a column in words, if it holds any."""
    found: dict[str, Callable[[Value], str]] = {
        "level": lambda v: code_name("level", v, words),
        "in": lambda v: code_name("in", v, words),
        "measure": lambda v: measure_name(scenario, v),
        "indicator": lambda v: indicator_name(scenario, v),
        "objective": lambda v: _objectives(scenario, v, words),
        "rule": lambda v: stated_rule(scenario, v, words),
        "unit": lambda v: unit_word(word(v), words),
        "objective_unit": lambda v: unit_word(word(v), words),
        "side": lambda v: side_name(v, words),
        "row": lambda v: _row(scenario, word(v), words),
        "method": lambda v: method_name(v, words),
    }
    return found.get(column)


def method_name(method: Value, words: Words) -> str:
    """Say how indices were estimated; the other methods bear the names of people."""
    named = word(method)
    return words.phrase("points as they are") if named == "given_points" else named.capitalize()


def side_name(side: Value, words: Words) -> str:
    """Say on which side a limit stands."""
    sides = {
        "at_least": words.phrase("at least"),
        "at_most": words.phrase("at most"),
        "equals": words.phrase("exactly"),
    }
    return sides.get(word(side), word(side))


def _objectives(scenario: Scenario, names: Value, words: Words) -> str:
    return " + ".join(stated_objective(scenario, name, words) for name in word(names).split(";"))


def _row(scenario: Scenario, key: str, words: Words) -> str:
    """Name a row by its identifier: rule, territory, measure, year and side."""
    parts = key.split("/")
    if len(parts) != 5:
        return key
    rule, territory, measure, year, _ = parts
    stated = (scenario.get("rules") or {}).get(rule)
    kind = str(stated.get("kind") or "") if isinstance(stated, dict) else ""
    cells = {
        "rule": rule,
        "kind": kind,
        "territory": territory.partition(":")[2],
        "territory_name": "",
        "measure": "" if measure == "-" else measure,
        "year": "" if year == "-" else year,
    }
    return row_named(cells, words)
