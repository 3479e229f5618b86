"""A diagnosed scenario and its repairs, written so that they stand alone and can be solved."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from perequa.io.table_files import table_mentions
from perequa.io.yaml_text import write_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.io.scenario_files import RawScenario

RESOLVED = "resolved.yaml"
"""The scenario as it was diagnosed, in the folder of the diagnosis; repairs extend it."""
LONGEST_NAME = 60


def resolved_yaml(raw: RawScenario, places: Mapping[str, str]) -> bytes:
    """Write a scenario merged with what it extends, its variants and ``--set`` applied.

    Parameters
    ----------
    raw
        The scenario as read.
    places
        Place of each table by input key, from the folder the scenario is written to.
    """
    data: dict[Any, Any] = copy.deepcopy(raw.data)
    for path in table_mentions(data):
        entry: Any = data
        for step in path:
            entry = entry[step]
        entry["file"] = places[entry["file"]]
    # they are relative to the scenario they were stated for, and those asked for are in already
    data.pop("variants", None)
    data["name"] = _name(raw.column_name, "")
    return write_yaml(data).encode()


def repair_yaml(
    raw: RawScenario, menu: str, adjust: Mapping[str, Sequence[Mapping[str, Any]]]
) -> bytes:
    """Write a scenario that extends the resolved one and moves the limits of some rows.

    Parameters
    ----------
    raw
        The scenario as read.
    menu
        Name of the menu carried out.
    adjust
        Entries to add to those of each rule.
    """
    stated = raw.data.get("rules", {})
    rules = {
        name: {"adjust": [*(stated[name].get("adjust") or []), *(dict(e) for e in entries)]}
        for name, entries in adjust.items()
    }
    data = {
        "format": 1,
        "name": _name(raw.column_name, f"-repair-{menu.replace('_', '-')}"),
        "title": f"{raw.data.get('title') or raw.name}: repaired ({menu.replace('_', ' ')})",
        "extends": RESOLVED,
        "rules": rules,
    }
    return write_yaml(data).encode()


def _name(column_name: str, ending: str) -> str:
    """Return a name the format accepts: several variants are joined by dots."""
    allowed = re.sub(r"[^a-z0-9_.-]", ".", column_name.lower())
    return allowed[: LONGEST_NAME - len(ending)] + ending
