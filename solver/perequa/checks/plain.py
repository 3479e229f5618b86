"""A scenario laid out so that two can be compared and mixed: values by path, figures by column."""

from __future__ import annotations

import copy
import csv
import hashlib
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from perequa.checks.keyed_tables import KEY_COLUMNS
from perequa.checks.numbers import is_missing, parse_number
from perequa.io.findings import InvalidInput
from perequa.io.table_files import InputFile, table_mentions
from perequa.io.tables import RawTable, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.io.scenario_files import RawScenario

KEYS_OF_TERRITORIES = ("level", "code", "parent")
"""The name of a territory is a word: changing it changes nothing."""
NAMED = ("rules", "objectives", "indicators", "measures", "derive", "envelopes", "choices")
"""Sections whose entries are elements of their own."""
WHOLE_TABLES = {"rules": "limits", "projects": "projects"}
"""Sections whose tables are compared whole, and what their names start with."""
COLUMN = "columns."
"""What the name of a sheet of `columns` starts with; its column follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Figures as text, by the keys of their rows.

    Attributes
    ----------
    keys, rows
        Names of the key columns, and the keys of each row in the order of the file.
    columns
        The cells of each other column, as many as rows.
    level
        Level of bare codes, when the scenario states it where it names the table.
    file, lines
        Input key of the file (with ``#sheet`` in a workbook), and the line of each row.
    """

    keys: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]]
    level: str
    file: str
    lines: tuple[int, ...]

    def cells(self, column: str) -> dict[tuple[str, ...], str]:
        """Return the cells of a column by the keys of their rows; empty when there is none."""
        return dict(zip(self.rows, self.columns.get(column, ()), strict=False))

    def aligned(self, other: Sheet) -> bool:
        """Whether two sheets speak of the same rows, so that a column of one fits the other."""
        same_keys = self.keys == other.keys and self.level == other.level
        return same_keys and sorted(self.rows) == sorted(other.rows)

    def as_csv(self) -> bytes:
        """Write the sheet as a table a scenario can name."""
        header = [*self.keys, *self.columns]
        cells = zip(*self.columns.values(), strict=True) if self.columns else [()] * len(self.rows)
        return csv_text([header, *([*k, *c] for k, c in zip(self.rows, cells, strict=True))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A scenario laid out.

    Attributes
    ----------
    raw
        The scenario as read.
    data
        Its values without the tables it names; a table of limits, or of projects, is named by its
        content, so that two are equal when they say the same.
    sheets
        ``territories``, ``supply`` and, a sheet each, ``columns.NAME``.
    limits
        Tables of limits and of projects by the name `data` gives them.
    shown
        Name that the scenario gives each of them, with the beginning of its SHA-256.
    """

    raw: RawScenario
    data: dict[Any, Any]
    sheets: Mapping[str, Sheet]
    limits: Mapping[str, bytes]
    shown: Mapping[str, str]


def lay_out(raw: RawScenario) -> Plain:
    """Lay a scenario out; tables that cannot be read are left aside (the checks tell them)."""
    data = copy.deepcopy(raw.data)
    sheets: dict[str, Sheet] = {}
    limits: dict[str, bytes] = {}
    shown: dict[str, str] = {}
    for path in list(table_mentions(data)):
        entry: Any = data
        for step in path:
            entry = entry[step]
        table = _read(raw, entry, str(path[0]))
        if table is None:
            continue
        if path[0] in WHOLE_TABLES:
            content = csv_text([table.header, *sorted(table.rows)])
            digest = hashlib.sha256(content).hexdigest()[:12]
            name = f"{WHOLE_TABLES[str(path[0])]}-{digest}.csv"
            limits[name], shown[name] = content, f"{table.key} ({digest})"
            entry["file"] = name
            entry.pop("sheet", None)
        elif path[0] == "columns":
            sheets.update(_columns(table, entry))
        else:
            keys = KEYS_OF_TERRITORIES if path[0] == "territories" else KEY_COLUMNS
            sheets[str(path[0])] = _sheet(table, keys, "")
            del entry["file"]
            entry.pop("sheet", None)
    data.pop("columns", None)
    for section in NAMED:
        data.setdefault(section, {})
    return Plain(raw=raw, data=data, sheets=sheets, limits=limits, shown=shown)


def as_scenario(plain: Plain) -> RawScenario:
    """Return a laid out scenario as one that was read: its tables are files of its own."""
    data = copy.deepcopy(plain.data)
    contents = dict(plain.limits)
    for name, sheet in plain.sheets.items():
        file = f"{name}.csv"
        contents[file] = sheet.as_csv()
        if name.startswith(COLUMN):
            entry = {"file": file} | ({"level": sheet.level} if sheet.level else {})
            data.setdefault("columns", []).append(entry)
        else:
            data[name] = {**data.get(name, {}), "file": file}
    folder = plain.raw.folder
    files = {k: InputFile(key=k, path=folder / k, content=c) for k, c in contents.items()}
    return replace(plain.raw, data=data, files=files, findings=(), overwritten=())


def same_cell(one: str, other: str) -> bool:
    """Whether two cells say the same: ``1 234,5`` and ``1234.5`` do, ``nc`` and nothing do."""
    if one == other:
        return True
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    number = parse_number(one)
    return number is not None and number == parse_number(other)


def csv_text(lines: list[Any]) -> bytes:
    """Write rows of text as CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return stream.getvalue().encode()


def _read(raw: RawScenario, entry: Mapping[str, Any], section: str) -> RawTable | None:
    file, sheet = raw.files.get(entry["file"]), entry.get("sheet")
    if file is None:
        return None
    try:
        return read_table(
            file, raw.shown(file.key), sheet if isinstance(sheet, str) else None, section
        )
    except InvalidInput:
        return None


def _sheet(table: RawTable, possible: tuple[str, ...], level: str) -> Sheet:
    keys = tuple(key for key in possible if key in table.header)
    at = [table.header.index(key) for key in keys]
    return Sheet(
        keys=keys,
        rows=tuple(tuple(row[i] for i in at) for row in table.rows),
        columns={
            name: tuple(row[i] for row in table.rows)
            for i, name in enumerate(table.header)
            if name not in keys
        },
        level=level,
        file=table.key,
        lines=table.lines,
    )


def _columns(table: RawTable, entry: Mapping[str, Any]) -> dict[str, Sheet]:
    """Give every column of a table its own sheet: its name belongs to one table only."""
    whole = _sheet(table, KEY_COLUMNS, str(entry.get("level") or ""))
    return {
        f"{COLUMN}{name}": replace(whole, columns={name: cells})
        for name, cells in whole.columns.items()
    }
