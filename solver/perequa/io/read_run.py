"""A run folder read back: the scenario it resolved, with its inputs, and its tables."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from perequa.io.scenario_files import RawScenario
from perequa.io.table_files import InputFile
from perequa.io.yaml_nodes import Origin
from perequa_models.errors import RunFolderWrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perequa_models.problems import Path as DataPath

RECORD = "run.json"
Cell = str | int | float | bool | None
_WHOLE = ("year", "priority", "below_target", "rank", "waiting_rank", "block", "closed_in")
_WORDS = frozenset(
    {
        *("scenario", "level", "territory", "territory_name", "name", "measure", "envelope"),
        *("indicator", "moment", "row", "rule", "kind", "unit", "side", "objective"),
        *("objective_unit", "same_as", "statement", "part", "project", "title", "operation"),
        *("class", "blocked_by", "lost_at", "missing_credits_are", "currency", "projects_in"),
        *("projects_out", "about", "department", "exception", "above"),
    }
)
_FLAGS = {"true": True, "false": False}


def read_record(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` says of a run.

    Raises
    ------
    RunFolderWrong
        When it is missing or is not the record of a run.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"{folder}: {RECORD} cannot be read ({type(error).__name__})"
        raise RunFolderWrong(message) from error
    needed = ("name", "status", "exit_code", "scenario", "inputs")
    if not isinstance(record, dict) or not all(key in record for key in needed):
        message = f"{folder}: {RECORD} is not the record of a run ({', '.join(needed)} are needed)"
        raise RunFolderWrong(message)
    return record


def resolved_scenario(folder: Path, record: dict[str, Any]) -> RawScenario:
    """Return the scenario of a run as it was resolved, its tables read from the folder.

    Parameters
    ----------
    folder, record
        The run folder and its `read_record`.

    Raises
    ------
    RunFolderWrong
        When an input it names is missing, or lies outside the folder.
    """
    data = _with_whole_keys(record["scenario"])
    files = {}
    for key, place in record["inputs"].items():
        path = folder / place
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            message = f"{folder}: the input {place} is missing, or lies outside"
            raise RunFolderWrong(message)
        files[key] = InputFile(key=key, path=path, content=path.read_bytes())
    told = record.get("origins", {})
    origins = {
        path: Origin(**told[dotted])
        for path in _paths(data)
        if (dotted := ".".join(str(step) for step in path)) in told
    }
    return RawScenario(
        name=str(data.get("name", record["name"])),
        column_name=str(record["name"]),
        variants=tuple(record.get("variants", ())),
        sets=tuple(record.get("sets", ())),
        data=data,
        origins=origins,
        keys={},
        overwritten=(),
        files=files,
        folder=folder / "inputs",
        main=RECORD,
        findings=(),
    )


def read_rows(content: bytes) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Read a table of a run folder: its columns, and its rows as plain values.

    Raises
    ------
    RunFolderWrong
        When no run wrote it, though the manifest may list it.
    """
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
        header = tuple(lines[0]) if lines else ()
        rows = tuple(
            tuple(_value(name, text) for name, text in zip(header, line, strict=True))
            for line in lines[1:]
        )
    except (ValueError, csv.Error) as error:
        raise RunFolderWrong(f"a table of the run folder cannot be read: {error}") from error
    return header, rows


def _value(column: str, text: str) -> Cell:
    if column in _WORDS:
        return text
    if text == "":
        return None
    if column in _WHOLE:
        return int(text)
    if text in _FLAGS:
        return _FLAGS[text]
    try:
        return float(text)
    except ValueError:
        return text


def _with_whole_keys(value: Any) -> Any:  # noqa: ANN401 - plain data
    """Give mappings by year their whole numbers back: JSON writes every key as text."""
    if isinstance(value, dict):
        return {
            int(key) if key.isdecimal() and key == str(int(key)) else key: _with_whole_keys(held)
            for key, held in value.items()
        }
    if isinstance(value, list):
        return [_with_whole_keys(item) for item in value]
    return value


def _paths(value: Any, path: DataPath = ()) -> Iterator[DataPath]:  # noqa: ANN401 - plain data
    yield path
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, held in entries:
        yield from _paths(held, (*path, key))
