"""Sheets drawn as an Excel workbook: formats, frozen panes, filters, print set-up, formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from perequa.io.xlsx import LONGEST_TEXT, Exact, workbook_bytes
from perequa.report.workbook.sheets import Figure, Formula, letters, total
from perequa.words.seen import seen
from perequa.words.terms import currency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.interpret.tables import Value
    from perequa.report.workbook.sheets import Column, Kind, Sheet
    from perequa.words import Words

A3, A4 = 8, 9
"""Excel's numbers for paper."""
MOST_ON_A4 = 200
"""Characters across a page in landscape, beyond which its text is too small to be read."""
PRINTED = 70
"""Characters of a text above or below a page: Excel holds 255 in all, codes included."""
LINE, HIGHEST = 15, 405
"""Height of a line of text, and of the highest row, in points."""
LOOKED_AT = 500
"""Rows whose cells say how wide a column is."""
NARROWEST, WIDEST, SENTENCE = 8, 40, 80
"""Widths of columns, in characters."""
TOP = {"valign": "top"}
LOOKS: dict[str, dict[str, Any]] = {
    # a cell of format text stays text when someone edits it
    "code": {**TOP, "num_format": "@"},
    "text": {**TOP, "num_format": "@"},
    # and so does one with the mark of quotation, which may hold more than 255 characters
    "sentence": {**TOP, "text_wrap": True, "quote_prefix": True},
    "whole": {**TOP, "num_format": "0"},
    # of no format: LibreOffice shows true as 1 in any that is one of numbers
    "flag": TOP,
    "places": {**TOP, "num_format": "#,##0.0"},
    "rate": {**TOP, "num_format": "#,##0.00"},
    "index": {**TOP, "num_format": "0.0000"},
    "title": {"bold": True, "font_size": 14, "quote_prefix": True},
    "label": {"bold": True, "font_color": "#9C0006", "quote_prefix": True},
    "note": {"quote_prefix": True},
    "heading": {
        **TOP,
        "bold": True,
        "text_wrap": True,
        "bottom": 1,
        "bg_color": "#E8EDF3",
        "quote_prefix": True,
    },
}
"""How cells look. Figures show few decimals and hold all; formats are those of Excel, which shows
them with the marks of the reader's own language."""
WORDED = frozenset({"code", "text", "sentence"})
SUM_SHOWN = 109
"""Excel's number for the sum that leaves out the rows that a filter hides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every sheet.

    Attributes
    ----------
    title
        Title of the document.
    foot
        Printed below every page.
    label
        Said at the head of every sheet and page; empty where nothing needs saying.
    unit
        Currency of the amounts.
    """

    title: str
    foot: str
    label: str
    unit: str


def draw(sheets: Sequence[Sheet], frame: Frame, words: Words) -> bytes:
    """Write sheets as one workbook.

    Text is a text cell whatever it begins with: nothing that a scenario names is ever a formula.

    Parameters
    ----------
    sheets
        In order; the first one opens.
    frame
        Title, foot and label.
    words
        Language of the workbook.
    """

    def fill(book: Any) -> None:  # noqa: ANN401 - XlsxWriter has no types
        styles = _Styles(book, currency(frame.unit, words))
        for sheet in sheets:
            widths = [_width(c, j, sheet) for j, c in enumerate(sheet.columns)]
            page = book.add_worksheet(sheet.name)
            drawn = _Drawn(sheet=sheet, page=page, styles=styles, widths=widths)
            drawn.draw(frame, words)

    return workbook_bytes(fill, shown_text(frame.title)[:200])


def shown_text(text: str) -> str:
    """Return a text as a cell can hold it."""
    held = seen(text)
    return held if len(held) <= LONGEST_TEXT else f"{held[: LONGEST_TEXT - 1]}…"


@dataclass(slots=True)
class _Styles:
    """Formats of cells, made once each."""

    book: Any
    unit: str
    made: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        if kind not in self.made:
            self.made[kind] = self.book.add_format(self._properties(kind))
        return self.made[kind]

    def _properties(self, kind: str) -> dict[str, Any]:
        base, _, of_sum = kind.partition("+")
        properties = {**LOOKS.get(base, TOP)}
        if base == "money":
            unit = self.unit.replace('"', "")
            properties["num_format"] = f'#,##0 "{unit}"'
        return {**properties, "bold": True, "top": 1} if of_sum else properties


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A sheet being drawn, from its first row down."""

    sheet: Sheet
    page: Any
    styles: _Styles
    widths: Sequence[int]

    def draw(self, frame: Frame, words: Words) -> None:
        self._set_up(frame)
        for j, width in enumerate(self.widths):
            self.page.set_column(j, j, width)
        self._head(frame, words)
        for at, row in enumerate(self.sheet.rows, self.sheet.heading_row + 1):
            self._height(at, row)
            for j, cell in enumerate(row):
                if cell is not None and cell != "":
                    self._cell(at, j, cell)

    def _set_up(self, frame: Frame) -> None:
        page, heading = self.page, self.sheet.heading_row
        page.set_landscape()
        page.set_paper(A4 if sum(self.widths) <= MOST_ON_A4 else A3)
        page.fit_to_pages(1, 0)
        page.repeat_rows(heading)
        page.freeze_panes(heading + 1, self.sheet.frozen)
        page.set_header(f"&L{_printed(frame.title)}&R{_printed(frame.label)}")
        page.set_footer(f"&L{_printed(frame.foot)}&C&A&R&P / &N")
        last = max(len(self.sheet.columns) - 1, 0)
        if self.sheet.rows:
            end = heading + len(self.sheet.rows)
            if self.sheet.filtered:
                page.autofilter(heading, 0, end, last)
            # a code such as 01 is text on purpose: no green corner
            cells = f"A{heading + 2}:{letters(last)}{end + 1}"
            page.ignore_errors({"number_stored_as_text": cells})

    def _height(self, at: int, row: Sequence[Value | Figure | Formula]) -> None:
        """Make a row as high as its sentences are long: not every reader does so by itself."""
        wrapped = [
            (str(cell.value if isinstance(cell, Figure) else cell), width)
            for cell, column, width in zip(row, self.sheet.columns, self.widths, strict=True)
            if _kind(cell, column) == "sentence"
        ]
        lines = max((math.ceil(len(text) / width) for text, width in wrapped), default=1)
        if lines > 1:
            self.page.set_row(at, min(lines * LINE, HIGHEST))

    def _head(self, frame: Frame, words: Words) -> None:
        self._text(0, 0, self.sheet.title, "title")
        if frame.label:
            self._text(1, 0, frame.label, "label")
        for at, note in enumerate(self.sheet.notes, 2):
            self._text(at, 0, note, "note")
        heading = self.sheet.heading_row
        if self.sheet.sums:
            self._text(heading - 1, 0, words.phrase("Sum of the rows shown"), "text+sum")
            for j, column in enumerate(self.sheet.columns):
                if column.summed:
                    value = total(row[j] for row in self.sheet.rows)
                    text = f"SUBTOTAL({SUM_SHOWN},{self.sheet.range_at(j)})"
                    self._formula(heading - 1, j, Formula(text=text, value=value), column, "+sum")
        heads = [column.heading for column in self.sheet.columns]
        folded = (wrap(head, w - 2) for head, w in zip(heads, self.widths, strict=True))
        self.page.set_row(heading, LINE * max(map(len, folded), default=1))
        for j, head in enumerate(heads):
            self._text(heading, j, head, "heading")

    def _cell(self, at: int, j: int, cell: Value | Figure | Formula) -> None:
        column = self.sheet.columns[j]
        if isinstance(cell, Formula):
            self._formula(at, j, cell, column)
            return
        kind = _kind(cell, column)
        if isinstance(cell, Figure):
            cell = cell.value
        if isinstance(cell, bool):
            self.page.write_boolean(at, j, cell, self.styles.of("flag"))
        elif isinstance(cell, float | int) and math.isfinite(cell):
            self.page.write_number(at, j, Exact(cell), self.styles.of(kind))
        elif cell not in (None, ""):
            self._text(at, j, _infinite(cell), kind if kind in WORDED else "text")

    def _formula(self, at: int, j: int, cell: Formula, column: Column, of: str = "") -> None:
        style = self.styles.of(f"{cell.kind or column.kind}{of}")
        self.page.write_formula(at, j, f"={cell.text}", style, Exact(cell.value))

    def _text(self, at: int, j: int, text: str, kind: str) -> None:
        self.page.write_string(at, j, shown_text(text), self.styles.of(kind))


def _infinite(cell: str | float) -> str:
    return cell if isinstance(cell, str) else ("∞" if cell > 0 else "−∞")


def _kind(cell: Value | Figure | Formula, column: Column) -> Kind:
    return cell.kind if isinstance(cell, Figure) else column.kind


def _width(column: Column, at: int, sheet: Sheet) -> int:
    """Return how wide a column is, in characters."""
    if column.kind == "sentence":
        return SENTENCE
    longest_word = max((len(word) for word in column.heading.split()), default=0)
    widest = max((_length(row[at]) for row in sheet.rows[:LOOKED_AT]), default=0)
    return max(NARROWEST, min(WIDEST, max(longest_word, widest) + 2))


def _length(cell: Value | Figure | Formula) -> int:
    """Return about how many characters a cell shows."""
    value = cell.value if isinstance(cell, Figure | Formula) else cell
    if value is None:
        return 0
    return len(f"{value:,.2f}") + 1 if isinstance(value, float) else len(str(value))


def _printed(text: str) -> str:
    """Return a text as a header or a footer can hold it: an ampersand begins a code there."""
    return shown_text(text)[:PRINTED].replace("&", "&&")
