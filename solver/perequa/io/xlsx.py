"""Workbooks written by XlsxWriter: the same content gives the same bytes, figures keep all digits.

Text is written as text whatever it begins with, and figures in the digits that read back as the
same number: XlsxWriter alone would round them to 16.
"""

from __future__ import annotations

import datetime
import io
import tempfile
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 1_048_576, 16_384, 32_767
"""What a sheet and a cell can hold (Excel specifications and limits)."""
REMEMBERED = 1 << 14
"""Texts whose written form is kept while a workbook is made: names stand in many rows."""
LONGEST_NAME = 31
"""Characters of the name of a sheet."""
_WRITTEN = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""A workbook holds the time at which it was made: always this one."""


class Exact(float):
    """A figure that XlsxWriter, which formats it, writes in the digits that read back as it.

    Examples
    --------
    >>> f"{0.1 + 0.2:.16G}", f"{Exact(0.1 + 0.2):.16G}"
    ('0.3', '0.30000000000000004')
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        """Write the shortest form that reads back as the same number, whatever is asked for."""
        return repr(float(self))


class _Plain(Worksheet):
    """A sheet whose text is text, even between ``<r>`` and ``</r>``.

    XlsxWriter takes such a text for one that it marked up itself, and writes it unescaped: the
    workbook would not open.
    """

    def _xml_rich_inline_string(self, string: str, attributes: list[tuple[str, object]]) -> None:
        # no space at either end, so that none is to be preserved
        self._xml_inline_string(string, False, attributes)

    # The loop inside: what XlsxWriter writes, without looking for what a reference to a cell and
    # the number of a format never hold, and each text made safe once for all its cells.

    def _xml_number_element(self, number: float, attributes: list[tuple[str, object]]) -> None:
        self.fh.write(f"<c{_written(attributes)}><v>{number:.16G}</v></c>")

    def _xml_inline_string(
        self, string: str, preserve: object, attributes: list[tuple[str, object]]
    ) -> None:
        space = ' xml:space="preserve"' if preserve else ""
        text = _safe(string)
        attr = _written(attributes)
        self.fh.write(f'<c{attr} t="inlineStr"><is><t{space}>{text}</t></is></c>')

    @staticmethod
    def _escape_control_characters(data: str) -> str:
        return _without_control(data)


def _written(attributes: list[tuple[str, object]]) -> str:
    """Write the attributes of a cell: its place and its format."""
    return "".join([f' {name}="{value}"' for name, value in attributes])


@lru_cache(maxsize=REMEMBERED)
def _safe(text: str) -> str:
    """Write a text between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@lru_cache(maxsize=REMEMBERED)
def _without_control(text: str) -> str:
    """Write control characters as Excel does."""
    return str(Worksheet._escape_control_characters(text))


class _Book(Workbook):
    """A workbook of such sheets."""

    worksheet_class = _Plain


def workbook_bytes(fill: Callable[[Any], None], title: str) -> bytes:
    """Make a workbook.

    Parameters
    ----------
    fill
        Adds sheets to an XlsxWriter workbook. A sheet is written row by row from the top, cells
        from the left: earlier rows have left memory, so that a sheet of a million rows fits.
    title
        Title of the document.
    """
    held = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="perequa-") as aside:
        book = _Book(held, {"constant_memory": True, "tmpdir": aside})
        book.set_properties({"title": title, "author": "Perequa", "created": _WRITTEN})
        fill(book)
        book.close()
    return held.getvalue()
