"""A study folder read back: its record and its tables, as they were when it was printed."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from perequa_models.errors import InvalidScenario, RunFolderWrong
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.io.read_run import Cell

RECORD, RUN = "study.json", "run.json"
WHOLE = re.compile(r"-?[0-9]+\Z")
FLAGS = {"true": True, "false": False}
WORDS = frozenset(
    {
        *("scenario", "argument", "kind", "status", "reason", "fingerprint", "attribution", "note"),
        *("level", "territory", "territory_name", "measure", "in", "unit", "quantity", "of"),
        *("change", "path", "file", "override", "method", "against", "band", "largest", "moment"),
        *("indicator", "objective", "objective_unit", "row", "rule", "side", "figure", "output"),
        *("menu", "class"),
    }
)
"""Columns of text, whatever their cells look like."""
FIGURES = frozenset({("repairs", "change")})
"""Columns of figures that bear the name of one of text."""
STATED = "inputs"
"""The table whose cells are what files state: text, empty where nothing is stated."""


def read_study_record(folder: Path) -> dict[str, Any]:
    """Return what ``study.json`` says of a study.

    Raises
    ------
    InvalidScenario
        When the folder holds no study, or a diagnosis in its place.
    RunFolderWrong
        When the record cannot be read.
    """
    if not (folder / RECORD).is_file():
        raise InvalidScenario([_refused(folder, "is not the folder of a study")])
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"{folder}: {RECORD} cannot be read ({type(error).__name__})"
        raise RunFolderWrong(message) from error
    if isinstance(record, dict) and record.get("study") == "diagnose":
        raise InvalidScenario([_refused(folder, "holds a diagnosis, not what a study found")])
    needed = ("study", "status", "tables")
    if not isinstance(record, dict) or not all(key in record for key in needed):
        message = (
            f"{folder}: {RECORD} is not the record of a study ({', '.join(needed)} are needed)"
        )
        raise RunFolderWrong(message)
    return record


def diagnosed(folder: Path) -> dict[str, Any] | None:
    """Return what is recorded of a scenario without a plan; None where the folder holds another."""
    for name in (RECORD, RUN):
        if (folder / name).is_file() and (folder / "conflicts.csv").is_file():
            try:
                record = json.loads((folder / name).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return None  # told by whoever reads it as what it is not
            return record if isinstance(record, dict) and "diagnosis" in record else None
    return None


def _refused(folder: Path, why: str) -> Problem:
    return Problem(
        code="not_a_study_folder",
        message=f"{folder} {why}",
        received=str(folder),
        accepted="a folder written by perequa sensitivity, compare or diagnose",
        remedy="name the folder itself, e.g. results/<scenario>-<study>",
    )


def read_study_table(folder: Path, name: str) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Read a table of a study: its columns, and its rows as plain values.

    Raises
    ------
    RunFolderWrong
        When the folder does not hold it.
    """
    place = folder / f"{name}.csv"
    if not place.is_file():
        message = f"{folder}: {place.name} is missing"
        raise RunFolderWrong(message)
    text = place.read_bytes().decode("utf-8")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    header = tuple(lines[0]) if lines else ()
    rows = [
        tuple(_value(name, column, cell) for column, cell in zip(header, line, strict=True))
        for line in lines[1:]
    ]
    return header, rows


def _value(table: str, column: str, text: str) -> Cell:
    if (column in WORDS and (table, column) not in FIGURES) or (
        table == STATED and column == "year"
    ):
        return text
    if text == "":
        return None
    if table == STATED and column == "value":
        return text
    return FLAGS[text] if text in FLAGS else _number(text)


def _number(text: str) -> Cell:
    """Read a whole number as one: a float is always written with its point."""
    if WHOLE.match(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
