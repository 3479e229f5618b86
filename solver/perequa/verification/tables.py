"""Reads tables as text: CSV files and sheets of workbooks, nothing guessed."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

MISSING = frozenset({"", "nc", "nd", "-"})
"""How a table says that a value is not stated (scenario reference, section 1)."""
SPACES = re.compile("(?<=[0-9])[\u0020\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
"""What stands between thousands."""
PERCENT = re.compile("[\u0020\u00a0\u2009\u202f]*%\\Z")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text: its file (for messages), its header and its rows."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """Return the cells of a column.

        Raises
        ------
        Unreadable
            When the table has no such column.
        """
        if name not in self.header:
            raise Unreadable(self.file, f"no column {name}")
        at = self.header.index(name)
        return [row[at] for row in self.rows]

    def numbers(self, name: str) -> list[float]:
        """Return the figures of a column, NaN where a cell is empty."""
        return [
            number(cell, self.file, f"line {line}, column {name}")
            for line, cell in enumerate(self.column(name), start=2)
        ]


def number(text: str, file: str, where: str) -> float:
    """Read one figure, plain or as French tables write it; NaN when it is not stated.

    ``1 234,5`` is 1234.5 and ``12,5 %`` is 0.125.

    Raises
    ------
    Unreadable
        When the text is no number.
    """
    if is_missing(text):
        return math.nan
    try:
        return float(text)
    except ValueError:
        pass
    plain = PERCENT.sub("", SPACES.sub("", text)).replace(",", ".").replace("\u2212", "-")
    try:
        # in decimals: 12.3 % is the float nearest to 0.123, not 12.3 / 100
        return float(Decimal(plain) / 100) if text.endswith("%") else float(plain)
    except (ValueError, InvalidOperation):
        raise Unreadable(file, f"{where}: {text!r} is not a number") from None


def is_missing(text: str) -> bool:
    """Whether a cell states nothing."""
    return text.strip().lower() in MISSING


def read_csv(path: Path, file: str) -> Table:
    """Read a CSV file (UTF-8, comma), every cell as text.

    Parameters
    ----------
    path
        Where it is.
    file
        What to call it in messages.

    Raises
    ------
    Unreadable
        When it is absent, not UTF-8, or a row is longer than the header.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise Unreadable(file, "is missing") from None
    except UnicodeDecodeError:
        raise Unreadable(file, "is not UTF-8 text") from None
    # What a French spreadsheet saves: semicolons, and no comma in the header.
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = ";" if ";" in header and "," not in header else ","
    return _table(file, list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)))


def read_sheet(path: Path, sheets: tuple[str, ...], file: str) -> Table:
    """Read a sheet of a workbook, every cell as text (whole numbers without a decimal point).

    Parameters
    ----------
    sheets
        Names it may have, the best first; the first sheet of the workbook when it has none.
    """
    # Imported here: most runs have no workbook.
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415

    try:
        book = CalamineWorkbook.from_path(path)
        known = [name for name in sheets if name in book.sheet_names]
        cells = book.get_sheet_by_name((known or book.sheet_names)[0]).to_python()
    except (OSError, CalamineError) as error:
        raise Unreadable(file, f"cannot be read as a workbook: {error}") from None
    return _table(file, [[_cell(value) for value in row] for row in cells])


def _table(file: str, lines: list[list[str]]) -> Table:
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines:
        raise Unreadable(file, "is empty")
    header = tuple(cell.strip() for cell in lines[0])
    rows = []
    for line in lines[1:]:
        if len(line) > len(header):
            raise Unreadable(file, f"a row is longer than the header: {line}")
        cells = [cell.strip() for cell in line]
        rows.append(tuple(cells + [""] * (len(header) - len(cells))))
    return Table(file, header, tuple(rows))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
