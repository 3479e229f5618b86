"""A saved run's scenario and tables, laid out again so that they can be read like any other."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from perequa.io.table_files import table_mentions
from perequa.io.yaml_text import write_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCENARIO = "scenario.yaml"


def lay_out(record: Mapping[str, Any], folder: Path, into: Path) -> Path:
    """Write the resolved scenario of a run and every table it reads; return its path.

    Parameters
    ----------
    record
        The content of ``run.json``: the scenario with variants and ``--set`` applied, and where
        each input stands inside the folder.
    folder
        The run folder.
    into
        An empty folder.
    """
    data: dict[Any, Any] = copy.deepcopy(dict(record["scenario"]))
    # they are relative to the scenario they were stated for, and those asked for are in already
    data.pop("variants", None)
    for path in table_mentions(data):
        entry: Any = data
        for step in path:
            entry = entry[step]
        place = record["inputs"][entry["file"]]
        entry["file"] = place
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((folder / place).read_bytes())
    scenario = into / SCENARIO
    scenario.write_text(write_yaml(data), encoding="utf-8")
    return scenario
