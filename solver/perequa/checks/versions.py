"""Words of the public format that one program cannot carry out, or no version yet."""

from __future__ import annotations

from typing import Any

from perequa_models.errors import NotInThisVersion, UsageError

RULE_KINDS = ("selection", "transfer")
OBJECTIVE_KINDS = ("unmet_merit",)
SECTIONS = ("projects",)


def refuse_unbuilt(data: dict[Any, Any]) -> None:
    """Stop at the first word of the format that this version cannot carry out.

    Raises
    ------
    NotInThisVersion
        Naming the word as the planner wrote it.
    UsageError
        When one program is asked of a cascade, which is several.
    """
    for section in SECTIONS:
        if section in data:
            raise NotInThisVersion(section)
    if data.get("mode") == "cascade":
        raise UsageError(
            "mode: cascade is several programs: `perequa solve` and `validate` take it whole; ask "
            "this of one of its steps, or with --set mode=integrated"
        )
    for section, kinds in (("rules", RULE_KINDS), ("objectives", OBJECTIVE_KINDS)):
        for name, entry in _entries(data, section):
            kind = entry.get("kind")
            if kind in kinds:
                raise NotInThisVersion(f"{section}.{name}.kind: {kind}")


def _entries(data: dict[Any, Any], section: str) -> list[tuple[Any, dict[Any, Any]]]:
    held = data.get(section)
    entries = held.items() if isinstance(held, dict) else ()
    return [(name, entry) for name, entry in entries if isinstance(entry, dict)]
