"""Tables read as text: CSV files, and sheets of workbooks.

A CSV file is UTF-8 with or without a byte order mark. Its separator is the comma; a file whose
header holds semicolons and no comma (what a French spreadsheet saves) is read with semicolons.
Cells are text: nothing is converted here, so that ``01`` stays ``01``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Unpack

from perequa.io.findings import Details, Finding, InvalidInput
from perequa.io.limits import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.io.table_files import InputFile

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as text.

    Attributes
    ----------
    key
        Input key of the file, with ``#sheet`` for a sheet of a workbook.
    shown, sheet
        The file as findings name it; the sheet of a workbook, else empty.
    header, header_line
        Names of the columns, and the line (or row of the sheet) where they stand.
    ranks
        Rank of each column in the file, from 1 (a sheet may leave columns empty).
    rows, lines
        Cells of each row, as many as the header; the line where each row starts.
    """

    key: str
    shown: str
    sheet: str
    header: tuple[str, ...]
    header_line: int
    ranks: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def index(self, column: str) -> int | None:
        """Return the position of a column, None when there is none of that name."""
        return self.header.index(column) if column in self.header else None

    def finding(
        self, code: str, message: str, row: int | None, column: str, **details: Unpack[Details]
    ) -> Finding:
        """Return a finding at a cell; at the header when `row` is None."""
        position = self.index(column)
        return Finding(
            code=code,
            message=message,
            file=self.shown,
            sheet=self.sheet,
            line=self.header_line if row is None else self.lines[row],
            column=None if position is None else self.ranks[position],
            key=column,
            **details,
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """Cells of one line, with its number."""

    number: int
    cells: list[str]

    @property
    def is_blank(self) -> bool:
        return not any(self.cells)


def is_workbook(key: str) -> bool:
    """Whether an input key names a workbook, by its extension."""
    return PurePosixPath(key).suffix.lower() in WORKBOOKS


def read_table(file: InputFile, shown: str, sheet: str | None, section: str) -> RawTable:
    """Read a table as text.

    Parameters
    ----------
    file
        The file as read.
    shown
        How findings name it.
    sheet
        Sheet of a workbook; absent: the one named like `section`, else the first.
    section
        Section of the scenario that names the table.

    Raises
    ------
    InvalidInput
        With everything wrong with its shape: not text, no row, repeated or empty column names,
        rows of another length, formulas that were never calculated.
    """
    if is_workbook(file.key):
        # imported here so that CSV scenarios do not pay for the workbook reader
        from perequa.io.workbooks import read_sheet  # noqa: PLC0415

        name, cells = read_sheet(file.content, shown, sheet, section)
        lines = [_Line(i, row) for i, row in enumerate(cells, start=1)]
        return _shaped(f"{file.key}#{name}", shown, name, lines)
    if sheet is not None:
        raise InvalidInput(
            [
                Finding(
                    code="not_a_workbook",
                    message="a sheet is asked of a file that is not a workbook",
                    file=shown,
                    received=sheet,
                    accepted=", ".join(sorted(WORKBOOKS)),
                    remedy="drop sheet, or name a workbook",
                )
            ]
        )
    return _shaped(file.key, shown, "", list(_csv_lines(file.content, shown)))


def _csv_lines(content: bytes, shown: str) -> Iterator[_Line]:
    text = decode(content, shown)
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = 0
    try:
        for cells in reader:
            yield _Line(before + 1, [cell.strip() for cell in cells])
            before = reader.line_num
    except csv.Error as error:
        raise InvalidInput(
            [
                Finding(
                    code="csv_syntax",
                    message=f"the line cannot be read as CSV: {error}",
                    file=shown,
                    line=before + 1,
                    column=1,
                    accepted="fields separated by commas, quotes doubled inside quotes",
                    remedy="correct the quotes of this line",
                )
            ]
        ) from error


def _shaped(key: str, shown: str, sheet: str, lines: list[_Line]) -> RawTable:
    """Give lines a header and rows of its length."""
    stated = [line for line in lines if not line.is_blank]
    if not stated:
        refused = Finding(
            code="empty_file",
            message="the table is empty",
            file=shown,
            sheet=sheet,
            accepted="a line of column names, then rows",
            remedy="add its rows, or name another table",
        )
        raise InvalidInput([refused])
    first, rest = stated[0], stated[1:]
    findings: list[Finding] = []
    positions = _columns(first, rest, shown, sheet, findings)
    rows = []
    for line in rest:
        extra = any(line.cells[len(first.cells) :])
        short = len(line.cells) < len(first.cells) and not sheet
        if extra or short:
            findings.append(
                Finding(
                    code="ragged_row",
                    message="the row does not have as many cells as the header",
                    file=shown,
                    sheet=sheet,
                    line=line.number,
                    column=min(len(line.cells), len(first.cells) + 1),
                    received=f"{len(line.cells)} cells",
                    accepted=f"{len(first.cells)} cells",
                    remedy="quote cells that hold the separator, or add the missing ones",
                )
            )
            continue
        padded = line.cells + [""] * (len(first.cells) - len(line.cells))
        rows.append((line.number, tuple(padded[i] for i in positions)))
    if findings:
        raise InvalidInput(findings)
    return RawTable(
        key=key,
        shown=shown,
        sheet=sheet,
        header=tuple(first.cells[i] for i in positions),
        header_line=first.number,
        ranks=tuple(i + 1 for i in positions),
        rows=tuple(cells for _, cells in rows),
        lines=tuple(number for number, _ in rows),
    )


def _columns(
    first: _Line, rest: list[_Line], shown: str, sheet: str, findings: list[Finding]
) -> list[int]:
    """Return the positions of the named columns; repeated and missing names are noted."""
    positions: list[int] = []
    seen: set[str] = set()
    for i, name in enumerate(first.cells):
        unused = not name and not any(i < len(line.cells) and line.cells[i] for line in rest)
        if unused:
            continue
        if not name or name in seen:
            findings.append(
                Finding(
                    code="repeated_column" if name else "unnamed_column",
                    message=f"two columns are named {name!r}" if name else "a column has no name",
                    file=shown,
                    sheet=sheet,
                    line=first.number,
                    column=i + 1,
                    key=name,
                    received=name or "nothing",
                    accepted="a name for each column, once",
                    remedy="name the column, or drop it",
                )
            )
        seen.add(name)
        positions.append(i)
    return positions
