"""Annexes drawn as an Excel workbook: formats, print set-up, formulas with their values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perequa.io.xlsx import LONGEST_TEXT, Exact, workbook_bytes
from perequa.words.seen import seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.report.annexes.sheets import Cell, Line, Sheet

A3, A4 = 8, 9
"""Excel's numbers for paper."""
MOST_ON_A4 = 200
"""Characters across a page in landscape, beyond which its text is too small to be read."""
LINE, HIGHEST = 15, 405
"""Height of a line of text, and of the highest row, in points."""
LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14, "quote_prefix": True},
    "note": {"italic": True, "quote_prefix": True},
    "heading": {
        "bold": True,
        "text_wrap": True,
        "valign": "top",
        "bottom": 1,
        "bg_color": "#E8EDF3",
        "quote_prefix": True,
    },
    "code": {"num_format": "@"},
    "text": {"num_format": "@"},
    "sentence": {"text_wrap": True, "valign": "top", "quote_prefix": True},
    "money": {"num_format": "#,##0"},
    "places": {"num_format": "#,##0"},
    "rate": {"num_format": "#,##0.0"},
    "percent": {"num_format": "0.00 %"},
    "whole": {"num_format": "0"},
    "unlocked": {"bg_color": "#FFF9E5", "border": 4},
}
"""How cells look; formats are those of Excel, which shows them with the marks of the reader's own
language."""
STRONG = {"bold": True, "top": 1}


def draw(sheets: Sequence[Sheet], title: str, foot: str) -> bytes:
    """Write sheets as one workbook.

    Text is a text cell whatever it begins with: nothing that a scenario names is ever a formula.

    Parameters
    ----------
    title
        Title of the document, printed above every page.
    foot
        Printed below every page.
    """

    def fill(book: Any) -> None:  # noqa: ANN401 - XlsxWriter has no types
        styles = _Styles(book)
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            _set_up(page, sheet, title, foot)
            for at, line in enumerate(sheet.lines):
                _height(page, sheet, at, line)
                if _is_paragraph(sheet, line):
                    style = styles.of("sentence", strong=False)
                    page.merge_range(at, 0, at, len(sheet.widths) - 1, "", style)
                for j, cell in enumerate(line):
                    _cell(page, styles, at, j, cell)
                    if (at, j) in sheet.tips:
                        page.write_comment(at, j, shown(sheet.tips[at, j]))

    return workbook_bytes(fill, shown(title)[:200])


def shown(text: str) -> str:
    """Return a text as a cell can hold it."""
    held = seen(text)
    return held if len(held) <= LONGEST_TEXT else f"{held[: LONGEST_TEXT - 1]}…"


@dataclass(slots=True)
class _Styles:
    """Formats of cells, made once each."""

    book: Any
    made: dict[tuple[str, bool], Any] = field(default_factory=dict)

    def of(self, kind: str, *, strong: bool) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        if (kind, strong) not in self.made:
            looks = {**LOOKS[kind], **STRONG} if strong else LOOKS[kind]
            self.made[kind, strong] = self.book.add_format(looks)
        return self.made[kind, strong]


def _set_up(page: Any, sheet: Sheet, title: str, foot: str) -> None:  # noqa: ANN401
    page.set_landscape()
    page.set_paper(A4 if sum(sheet.widths) <= MOST_ON_A4 else A3)
    page.fit_to_pages(1, 1 if sheet.one_page else 0)
    page.set_header(f"&L{_printed(title)}")
    page.set_footer(f"&L{_printed(foot)}&C&A&R&P / &N")
    for j, width in enumerate(sheet.widths):
        page.set_column(j, j, width)
    if sheet.heading is not None:
        page.repeat_rows(sheet.heading)
        page.freeze_panes(sheet.heading + 1, 2)
    # a code such as 01 is text on purpose: no green corner
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})


def _height(page: Any, sheet: Sheet, at: int, line: Line) -> None:  # noqa: ANN401
    """Make a row as high as its sentences and headings are long."""
    lines = 1
    for j, cell in enumerate(line):
        if cell.kind in {"sentence", "heading"} and cell.value:
            width = sheet.widths[min(j, len(sheet.widths) - 1)]
            if _is_paragraph(sheet, line):
                width = sum(sheet.widths)
            lines = max(lines, math.ceil(len(str(cell.value)) * 1.15 / width))
    if lines > 1:
        page.set_row(at, min(lines * LINE, HIGHEST))


def _is_paragraph(sheet: Sheet, line: Line) -> bool:
    """Whether a line is one sentence, which runs across the sheet."""
    return len(line) == 1 < len(sheet.widths) and line[0].kind == "sentence"


def _cell(page: Any, styles: _Styles, at: int, j: int, cell: Cell) -> None:  # noqa: ANN401
    style = styles.of(cell.kind, strong=cell.strong)
    value = cell.value
    if cell.formula and isinstance(value, int | float):
        page.write_formula(at, j, f"={cell.formula}", style, Exact(value))
    elif isinstance(value, bool):
        page.write_boolean(at, j, value, style)
    elif isinstance(value, int | float) and math.isfinite(value):
        page.write_number(at, j, Exact(value), style)
    elif isinstance(value, str) and value:
        page.write_string(at, j, shown(value), style)
    elif cell.kind == "unlocked":
        page.write_blank(at, j, None, style)


def _printed(text: str) -> str:
    """Return a text as a header or a footer can hold it: an ampersand begins a code there."""
    return shown(text)[:90].replace("&", "&&")
