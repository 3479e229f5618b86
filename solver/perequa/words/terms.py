"""The field's words: kinds of rules and of objectives, units, bounds, and how a row is named."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.words.language import Words


@cache
def rule_kinds(words: Words) -> Mapping[str, str]:
    """Return the word for each kind of rule."""
    return {
        "contingent": words.term("kind of rule", "contingent"),
        "envelope": words.term("kind of rule", "envelope"),
        "floor": words.term("kind of rule", "floor"),
        "cap": words.term("kind of rule", "cap"),
        "ceiling": words.term("kind of rule", "ceiling"),
        "converge": words.term("kind of rule", "convergence"),
        "reserve": words.term("kind of rule", "reserve"),
        "ring_fence": words.term("kind of rule", "ring-fence"),
        "withhold": words.term("kind of rule", "withholding"),
        "pace": words.term("kind of rule", "pace"),
        "milestones": words.term("kind of rule", "milestones"),
        "until_opening": words.term("kind of rule", "credits until opening"),
        "selection": words.term("kind of rule", "selection"),
        "deadline": words.term("kind of rule", "deadline"),
        "distance": words.term("kind of rule", "distance to the target"),
        "transfer": words.term("kind of rule", "transfer"),
    }


@cache
def objective_kinds(words: Words) -> Mapping[str, str]:
    """Return what each kind of objective makes small, with an article where there is one."""
    return {
        "shortfall": words.term("kind of objective", "shortfall"),
        "absolute_gap": words.term("kind of objective", "absolute gap"),
        "squared_gap": words.term("kind of objective", "squared gap"),
        "worst": words.term("kind of objective", "worst shortfall"),
        "leximin": words.term("kind of objective", "worst-off first"),
        "range": words.term("kind of objective", "range"),
        "cvar": words.term("kind of objective", "mean shortfall of the worst-off"),
        "gini": words.term("kind of objective", "Gini index"),
        "unmet_need": words.term("kind of objective", "unmet need"),
        "unmet_merit": words.term("kind of objective", "merit left out"),
        "distance_to_reference": words.term("kind of objective", "distance to the reference"),
        "spend": words.term("kind of objective", "spending"),
    }


@cache
def under_way(words: Words) -> Mapping[str, str]:
    """Return the word for each stage of a run, and for each command, that may last."""
    return {
        "read and check": words.term("under way", "reading and checking"),
        "reference": words.term("under way", "the circular's own formula"),
        "formulate": words.term("under way", "writing the program"),
        "compile": words.term("under way", "compiling the program"),
        "levels": words.term("under way", "settling level after level"),
        "solve": words.term("under way", "solving"),
        "diagnose": words.term("under way", "looking for the rules that clash"),
        "tie-break": words.term("under way", "choosing among the optimal plans"),
        "certify": words.term("under way", "checking the plan"),
        "prices": words.term("under way", "pricing the rules"),
        "ranges": words.term("under way", "finding how far prices hold"),
        "by objective": words.term("under way", "following the plan"),
        "weights": words.term("under way", "finding how far weights can move"),
        "optimum alone": words.term("under way", "solving each objective on its own"),
        "whole places": words.term("under way", "looking for the nearest whole plan"),
        "projects": words.term("under way", "weighing the projects left out"),
        "tables": words.term("under way", "making the tables"),
        "write": words.term("under way", "writing the run folder"),
        "verify": words.term("under way", "verifying the run"),
        "compare": words.term("under way", "comparing"),
        "report": words.term("under way", "writing the report"),
        "explain": words.term("under way", "explaining"),
        "sensitivity": words.term("under way", "solving again and again"),
        "parts": words.term("under way", "deciding part by part"),
        "annexes": words.term("under way", "writing the annexes"),
        "convert": words.term("under way", "converting the tables"),
        "follow-up": words.term("under way", "following up the returns"),
        "new": words.term("under way", "drawing the scenario"),
        "directory": words.term("under way", "reading the directory"),
        "figures": words.term("under way", "drawing"),
    }


@cache
def _currencies(words: Words) -> Mapping[str, str]:
    return {"EUR": words.term("currency", "EUR"), "FRF": words.term("currency", "FRF")}


@lru_cache(maxsize=256)
def rule_named(name: str, kind: str, words: Words) -> str:
    """Name a rule with its kind, unless its name says it already: ``cap unfunded``, ``floor``."""
    word = rule_kinds(words).get(kind, kind)
    if name == kind:
        return word
    return name if _plain(word) in _plain(name) else f"{word} {name}"


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").replace("-", " ")


def objective_named(name: str, kind: str, words: Words) -> str:
    """Name an objective by what it makes small: ``range (amplitude)``, ``shortfall``."""
    word = objective_kinds(words).get(kind, "")
    if not word:
        return name
    return word if name in (kind, word) else f"{word} ({name})"


@lru_cache(maxsize=4096)
def amount(value: float, unit: str, words: Words) -> str:
    """Write a figure with its unit, as cells name it: one place, 14.94 places, 24 100 000 EUR."""
    match unit:
        case "place" | "project" | "merit" | "rate point" | "squared rate point":
            return _counted(value, unit, words)
        case "index":
            return words.number(value)
        case "share of the initial gap":
            share = words.figures.percent(value)
            return words.phrase("{share} of the initial gap", share=share)
    figure = words.number(value)
    return words.phrase("{figure} {currency}", figure=figure, currency=currency(unit, words))


def _counted(value: float, unit: str, words: Words) -> str:
    """Write a figure of a unit that is counted: one place, 3 projects."""
    match unit:
        case "project":
            return words.plural("{count} project", "{count} projects", value)
        case "merit":
            return words.plural("{count} point of merit", "{count} points of merit", value)
        case "rate point":
            return words.plural("{count} point of rate", "{count} points of rate", value)
        case "squared rate point":
            return words.plural(
                "{count} squared point of rate", "{count} squared points of rate", value
            )
    return words.plural("{count} place", "{count} places", value)


@cache
def _unit_words(words: Words) -> Mapping[str, str]:
    return {
        "place": words.term("unit", "place"),
        "project": words.term("unit", "project"),
        "merit": words.term("unit", "merit"),
        "rate point": words.term("unit", "rate point"),
        "squared rate point": words.term("unit", "squared rate point"),
        "index": words.term("unit", "index"),
        "share of the initial gap": words.term("unit", "share of the initial gap"),
    }


@cache
def _units_named(words: Words) -> Mapping[str, str]:
    return {
        "place": words.term("unit", "places"),
        "project": words.term("unit", "projects"),
        "merit": words.term("unit", "points of merit"),
        "rate point": words.term("unit", "points of rate"),
        "squared rate point": words.term("unit", "squared points of rate"),
        "index": words.term("unit", "units of the index"),
        "share of the initial gap": words.term("unit", "percent of the initial gap"),
    }


def unit_word(unit: str, words: Words) -> str:
    """Name a unit as a table does: place, rate point, EUR."""
    return _unit_words(words).get(unit) or currency(unit, words)


def signed_amount(value: float, unit: str, words: Words) -> str:
    """Write a change with its sign and its unit: +14.94 places."""
    return f"{'+' if value > 0 else ''}{amount(value, unit, words)}"


def unit_named(unit: str, words: Words) -> str:
    """Name a unit as figures of it are told: places, points of rate, EUR."""
    return _units_named(words).get(unit) or currency(unit, words)


def currency(unit: str, words: Words) -> str:
    """Write a currency for reading; one that the catalogue does not know by its code."""
    return _currencies(words).get(unit, unit)


def bound(side: str, limit: str, words: Words) -> str:
    """Say on which side a limit stands."""
    match side:
        case "at_least":
            return words.phrase("at least {limit}", limit=limit)
        case "at_most":
            return words.phrase("at most {limit}", limit=limit)
    return words.phrase("exactly {limit}", limit=limit)


def row_named(row: Mapping[str, object], words: Words) -> str:
    """Name a row by its rule and its group: ``floor (Corse, ehpad, 2021)``.

    Parameters
    ----------
    row
        Cells ``rule``, ``kind``, ``territory``, ``territory_name``, ``measure``, ``year``.
    """
    place = row["territory_name"] or row["territory"]
    parts = [str(part) for part in (place, row["measure"], row["year"]) if part]
    named = rule_named(str(row["rule"]), str(row["kind"]), words)
    return f"{named} ({', '.join(parts)})" if parts else named


def limit_named(row: Mapping[str, object], words: Words) -> str:
    """Name a row and its limit: ``floor (Corse, ehpad, 2021), at least 100 000 EUR``.

    Parameters
    ----------
    row
        As for `row_named`, with ``side``, ``limit`` and ``unit``.
    """
    limit = amount(float(str(row["limit"] or 0.0)), str(row["unit"]), words)
    return f"{row_named(row, words)}, {bound(str(row['side']), limit, words)}"
