"""Tables written as the sheets of one workbook, and read back as they were typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa.io.findings import Finding, InvalidInput
from perequa.io.table_cells import figure_in, number_format, text_shown
from perequa.io.workbooks import decimals_shown
from perequa.io.xlsx import LONGEST_TEXT, MOST_COLUMNS, MOST_ROWS, Exact, workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from perequa.io.tables import RawTable

KEYS = frozenset(
    {
        *("level", "code", "name", "parent", "territory", "measure"),
        *("project", "title", "operation", "group", "requires"),
    }
)
"""Columns that name something: text, even where every code looks like a number."""
UNSTATED = frozenset({"", "nc", "nd", "-"})
"""What a cell says when its value is not stated."""
NOT_IN_XML = "\ufffe\uffff"
LOOKED_AT, WIDEST = 300, 40


def tables_workbook(tables: Mapping[str, RawTable], levels: Collection[str]) -> bytes:
    """Write tables as a workbook, one sheet each, from its cell A1.

    Figures are number cells that show what was typed; codes, and whatever a number cell would show
    otherwise (``1 234,5``, ``+5``, twenty digits), are text cells.

    Parameters
    ----------
    tables
        By name of the sheet.
    levels
        Names of levels: columns of those names hold codes.

    Raises
    ------
    InvalidInput
        When a table is larger than a sheet, or a cell cannot be held.
    """
    findings = [finding for table in tables.values() for finding in _too_large(table)]
    if findings:
        raise InvalidInput(findings)

    def fill(book: Any) -> None:  # noqa: ANN401 - XlsxWriter has no types
        formats: dict[str, Any] = {
            "heading": book.add_format({"bold": True, "num_format": "@"}),
            "@": book.add_format({"num_format": "@"}),
        }
        for name, table in tables.items():
            _Sheet(book, book.add_worksheet(name), formats).write(table, {*KEYS, *levels})

    return workbook_bytes(fill, "Perequa")


def typed_rows(table: RawTable, content: bytes) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a sheet with its figures as the cells show them.

    Parameters
    ----------
    table
        The sheet as read.
    content
        The workbook that holds it.
    """
    shown = decimals_shown(content, table.sheet)
    for line, row in zip(table.lines, table.rows, strict=True):
        yield tuple(
            text_shown(text, shown[line, rank]) if (line, rank) in shown else text
            for rank, text in zip(table.ranks, row, strict=True)
        )


def _too_large(table: RawTable) -> Iterator[Finding]:
    """Find what a sheet cannot hold."""
    if len(table.rows) + 1 > MOST_ROWS or len(table.header) > MOST_COLUMNS:
        yield Finding(
            code="table_too_large",
            message="the table is larger than a sheet",
            file=table.shown,
            received=f"{len(table.rows) + 1} rows, {len(table.header)} columns",
            accepted=f"at most {MOST_ROWS} rows and {MOST_COLUMNS} columns",
            remedy="keep it as CSV",
        )
        return
    for i, row in enumerate((table.header, *table.rows)):
        for name, text in zip(table.header, row, strict=True):
            if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
                yield table.finding(
                    "cell_too_long",
                    "the text is longer than a cell of a workbook",
                    i - 1 if i else None,
                    name,
                    received=f"{len(text)} characters",
                    accepted=f"at most {LONGEST_TEXT} characters",
                    remedy="shorten it, or keep the table as CSV",
                )
            elif any(c in text for c in NOT_IN_XML):
                yield table.finding(
                    "bad_character",
                    "the text holds a character that no workbook can",
                    i - 1 if i else None,
                    name,
                    received=ascii(text),
                    accepted="characters of Unicode",
                    remedy="remove the character",
                )


class _Sheet:
    """A sheet being written.

    Parameters
    ----------
    book, page
        The workbook and the sheet, of XlsxWriter.
    formats
        Formats made so far.
    """

    def __init__(self, book: Any, page: Any, formats: dict[str, Any]) -> None:  # noqa: ANN401
        self.book, self.page, self.formats = book, page, formats

    def write(self, table: RawTable, keys: Collection[str]) -> None:
        """Write a table whose columns named in `keys` are text."""
        columns = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
        figures = [
            name not in keys and _holds_figures(column)
            for name, column in zip(table.header, columns, strict=True)
        ]
        for j, (name, column) in enumerate(zip(table.header, columns, strict=True)):
            widest = max(map(len, (name, *column[:LOOKED_AT])))
            self.page.set_column(j, j, min(widest, WIDEST) + 2)
        self.page.freeze_panes(1, 0)
        self.page.ignore_errors({"number_stored_as_text": f"A1:XFD{len(table.rows) + 1}"})
        for j, name in enumerate(table.header):
            self.page.write_string(0, j, name, self.formats["heading"])
        for i, row in enumerate(table.rows, 1):
            for j, text in enumerate(row):
                self._cell(i, j, text, figure_in(text) if figures[j] else None)

    def _cell(self, i: int, j: int, text: str, figure: tuple[float, int | None] | None) -> None:
        if figure is not None:
            value, decimals = figure
            style = None if decimals is None else self._style(number_format(decimals))
            self.page.write_number(i, j, Exact(value), style)
        elif text:
            self.page.write_string(i, j, text, self.formats["@"])

    def _style(self, code: str) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        if code not in self.formats:
            self.formats[code] = self.book.add_format({"num_format": code})
        return self.formats[code]


def _holds_figures(column: tuple[str, ...]) -> bool:
    """Whether every value stated in a column is a figure."""
    return all(text.lower() in UNSTATED or figure_in(text) is not None for text in column)
