"""Words of the public format whose machinery is not built yet."""

from __future__ import annotations

from typing import Any

from perequa_models.errors import NotInThisVersion

RULE_KINDS = ("converge", "deadline", "distance", "transfer")
OBJECTIVE_KINDS = ("leximin", "squared_gap")
SECTIONS = ("cascade",)


def refuse_unbuilt(data: dict[Any, Any]) -> None:
    """Stop at the first word of the format that this version cannot carry out.

    Raises
    ------
    NotInThisVersion
        Naming the word as the planner wrote it.
    """
    for section in SECTIONS:
        if section in data:
            raise NotInThisVersion(section)
    if data.get("mode") == "cascade":
        raise NotInThisVersion("mode: cascade")
    for section, kinds in (("rules", RULE_KINDS), ("objectives", OBJECTIVE_KINDS)):
        for name, entry in _entries(data, section):
            kind = entry.get("kind")
            if kind in kinds:
                raise NotInThisVersion(f"{section}.{name}.kind: {kind}")
    if data.get("whole") is True:
        raise NotInThisVersion("whole: true")
    for name, measure in _entries(data, "measures"):
        if measure.get("whole") is True:
            raise NotInThisVersion(f"measures.{name}.whole: true")


def _entries(data: dict[Any, Any], section: str) -> list[tuple[Any, dict[Any, Any]]]:
    held = data.get(section)
    entries = held.items() if isinstance(held, dict) else ()
    return [(name, entry) for name, entry in entries if isinstance(entry, dict)]
