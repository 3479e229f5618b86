"""What the tables of a page name by a code: measures, steps, rows, levels of a leximin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.words.terms import objective_named, row_named, rule_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from perequa.interpret.tables import Table, Value
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]

LONGEST = 32
"""Letters of a title that stands in every line of a table."""
LEVEL = re.compile(r"(.+)_level_(\d+)")
"""The objective that a level of a leximin is, from the second on."""


def code_name(column: str, code: Value, words: Words) -> str:
    """Say a code of a column in words: a level, a moment, how a step ended."""
    return codes(words).get((column, word(code)), word(code))


def measure_name(scenario: Mapping[str, Any], measure: Value) -> str:
    """Name a measure by its title where that fits in a column, else by its code."""
    title = _title(scenario, "measures", measure)
    return title if len(title) <= LONGEST else word(measure)


def measures_said(scenario: Mapping[str, Any], words: Words) -> str:
    """Say what the codes of measures stand for: sentences name them by their code."""
    titled = [(code, _title(scenario, "measures", code)) for code in scenario.get("measures") or {}]
    return " · ".join(
        words.phrase("{code}: {title}", code=code, title=title)
        for code, title in titled
        if title != code
    )


def indicator_name(scenario: Mapping[str, Any], indicator: Value) -> str:
    """Name an indicator by its title, else by its code."""
    return _title(scenario, "indicators", indicator)


def _title(scenario: Mapping[str, Any], section: str, name: Value) -> str:
    stated = (scenario.get(section) or {}).get(word(name))
    title = stated.get("title") if isinstance(stated, dict) else None
    return str(title or word(name))


def step_names(run: PageRun, words: Words) -> dict[str, str]:
    """Name the steps of a cascade by who decides; empty for a run that is none."""
    if "cascade" not in run.tables:
        return {}
    nation = codes(words)["level", "nation"]
    known = {"nation": nation, "integrated": words.phrase("one plan for all")}
    return {
        (step := word(r["step"])): word(r["territory_name"]) or known.get(step, step)
        for r in run.tables["cascade"].records()
    }


def row_names(rules: Table, words: Words) -> dict[str, str]:
    """Name the rows of the rules as sentences do, by their identifier."""
    return {word(r["row"]): row_named(r, words) for r in rules.records()}


def stated_rule(scenario: Mapping[str, Any], rule: Value, words: Words) -> str:
    """Name a rule of the scenario with its kind."""
    stated = (scenario.get("rules") or {}).get(word(rule))
    kind = stated.get("kind") if isinstance(stated, dict) else ""
    return rule_named(word(rule), str(kind or ""), words) if kind else word(rule)


def stated_objective(scenario: Mapping[str, Any], objective: Value, words: Words) -> str:
    """Name an objective of the scenario by what it makes small."""
    name = word(objective)
    objectives = scenario.get("objectives") or {}
    stated = objectives.get(name) or objectives.get(level_of(name)[0])
    kind = str(stated.get("kind") or "") if isinstance(stated, dict) else ""
    return objective_title(name, kind, words)


def objective_title(name: str, kind: str, words: Words) -> str:
    """Name an objective by what it makes small, and a level of a leximin by its number."""
    of, level = level_of(name)
    if level == 1 or kind != "leximin":
        return objective_named(name, kind, words)
    return words.phrase(
        "{objective}, level {level}", objective=objective_named(of, kind, words), level=level
    )


def level_of(name: str) -> tuple[str, int]:
    """Return the leximin of a level, and the number of the level; any other name is a first one."""
    found = LEVEL.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, 1)


def served(rows: Iterable[Row], steps: Sequence[str] = ()) -> list[Row]:
    """Put objectives in the order in which they are served, step after step."""
    at = {step: i for i, step in enumerate(steps)}

    def key(row: Row) -> tuple[int, int, str, int]:
        priority = row["priority"]
        step = at.get(word(row.get("step")), 0)
        return (step, int(priority) if isinstance(priority, int) else 0, *level_of(_name(row)))

    return sorted(rows, key=key)


def _name(row: Row) -> str:
    return word(row["objective"])
