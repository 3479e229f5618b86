"""Sheets of workbooks (xlsx, xls, ods) as rows of text, read by calamine."""

from __future__ import annotations

import datetime
import html
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook

from perequa.io.findings import Finding, InvalidInput, column_letters
from perequa.io.limits import TABLE_BYTES
from perequa.io.table_cells import decimals_of, written
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError, OSError)
"""What `zipfile` raises on broken or encrypted archives; RuntimeError for unknown methods too."""
_SHEET = re.compile(rb"<sheet\b[^>]*>")
_RELATION = re.compile(rb"<Relationship\b[^>]*>")
_CELL = re.compile(rb"<c\b([^>]*?)>(.*?)</c>", re.DOTALL)
_NUMBER_CELL = re.compile(rb'<c\b(?![^>]*\bt="[^n])[^>]*[^/]>')
_STYLES = "xl/styles.xml"
_FORMAT = re.compile(rb"<numFmt\b[^>]*>")
_CELL_STYLES = re.compile(rb"<cellXfs\b[^>]*>(.*?)</cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<xf\b[^>]*>")
_BUILT_IN = {1: "0", 2: "0.00"}
"""Number formats that every workbook has."""
_VALUE = re.compile(rb"<v[^>/]*>[^<]")


def read_sheet(
    content: bytes, shown: str, sheet: str | None, section: str
) -> tuple[str, list[list[str]]]:
    """Read one sheet, from its cell A1, every cell as text.

    Parameters
    ----------
    content
        Bytes of the workbook.
    shown
        How findings name it.
    sheet
        The sheet; absent: the one named like `section`, else the first.
    section
        Section of the scenario that names the table.

    Returns
    -------
    str, list of list of str
        Name of the sheet read, and its rows.

    Raises
    ------
    InvalidInput
        When the workbook or the sheet cannot be read, or holds formulas without their results.
    """
    _check_unpacked_size(content, shown)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        name = _chosen(book.sheet_names, shown, sheet, section)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        uncalculated = list(_uncalculated(content, name))
    except (CalamineError, *_BROKEN) as error:
        refused = Finding(
            code="unreadable_workbook",
            message=f"the workbook cannot be read: {error}",
            file=shown,
            accepted="an xlsx, xls or ods file without a password",
            remedy="open it in a spreadsheet and save it again, or save the sheet as CSV",
        )
        raise InvalidInput([refused]) from error
    _refuse_uncalculated(uncalculated, shown, name)
    return name, [[_text(value) for value in row] for row in rows]


def _chosen(names: list[str], shown: str, sheet: str | None, section: str) -> str:
    wanted = sheet if sheet is not None else section
    if wanted in names:
        return wanted
    if sheet is None and names:
        return names[0]
    raise InvalidInput(
        [
            Finding(
                code="unknown_sheet",
                message=f"the workbook has no sheet {wanted!r}",
                file=shown,
                received=wanted,
                accepted=", ".join(names) or "no sheet holds cells",
                nearest=nearest(wanted, names),
                remedy="name one of its sheets",
            )
        ]
    )


def _text(value: object) -> str:
    """Write a cell as its reader sees it: a whole number has no decimal point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return written(value)
    if isinstance(value, datetime.date | datetime.time | datetime.datetime):
        return value.isoformat()
    return str(value).strip()


def _check_unpacked_size(content: bytes, shown: str) -> None:
    """Refuse a small file that unpacks into a huge one."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except _BROKEN:
        return  # the workbook reader says what is wrong with it
    if size > TABLE_BYTES:
        refused = Finding(
            code="file_too_large",
            message="the workbook unpacks to more than the size limit",
            file=shown,
            received=f"{size} bytes",
            accepted=f"at most {TABLE_BYTES} bytes",
            remedy="save the sheet that is needed as CSV",
        )
        raise InvalidInput([refused])


def _refuse_uncalculated(cells: list[tuple[int, int]], shown: str, sheet: str) -> None:
    """Refuse formulas saved without their results: they would read as empty cells."""
    findings = [
        Finding(
            code="formula_not_calculated",
            message="a formula was saved without its result",
            file=shown,
            sheet=sheet,
            line=row,
            column=rank,
            received=f"a formula in {column_letters(rank)}{row}",
            accepted="a formula with its result, or a value",
            remedy="open the workbook in a spreadsheet, let it recalculate, and save it",
        )
        for row, rank in cells
    ]
    if findings:
        raise InvalidInput(findings)


def decimals_shown(content: bytes, sheet: str) -> dict[tuple[int, int], int]:
    """Return the decimals that number cells of an xlsx sheet show, by row and column from 1.

    Only formats that show a figure as it is typed count (``0``, ``0.00``): none that shows
    thousands, a currency or a date.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        part = _part_of_sheet(packed, sheet)
        if part not in packed.namelist() or _STYLES not in packed.namelist():
            return {}
        formats = _formats(packed.read(_STYLES))
        markup = packed.read(part)
    shown = {}
    for tag in _NUMBER_CELL.findall(markup):
        place = re.search(rb'\br="([A-Z]+)([0-9]+)"', tag)
        style = re.search(rb'\bs="([0-9]+)"', tag)
        if place is not None and style is not None and int(style[1]) in formats:
            shown[int(place[2]), _rank(place[1].decode())] = formats[int(style[1])]
    return shown


def _formats(styles: bytes) -> dict[int, int]:
    """Return the decimals shown by each style of cells that shows figures as typed."""
    codes = dict(_BUILT_IN)
    for tag in _FORMAT.findall(styles):
        codes[int(_attribute(tag, b"numFmtId") or 0)] = html.unescape(
            _attribute(tag, b"formatCode")
        )
    found = {}
    cells = _CELL_STYLES.search(styles)
    for i, tag in enumerate(_STYLE.findall(cells[1]) if cells else ()):
        decimals = decimals_of(codes.get(int(_attribute(tag, b"numFmtId") or 0), ""))
        if decimals is not None:
            found[i] = decimals
    return found


def _uncalculated(content: bytes, sheet: str) -> Iterator[tuple[int, int]]:
    """Yield row and column of each formula of an xlsx sheet that has no result."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        part = _part_of_sheet(packed, sheet)
        if part not in packed.namelist():
            return
        markup = packed.read(part)
    for attributes, body in _CELL.findall(markup):
        place = re.search(rb'\br="([A-Z]+)([0-9]+)"', attributes)
        if place is None or b"<f" not in body or b't="str"' in attributes:
            continue
        if not _VALUE.search(body):
            yield int(place[2]), _rank(place[1].decode())


def _part_of_sheet(packed: zipfile.ZipFile, sheet: str) -> str:
    """Return the part of an xlsx package that holds a sheet, empty when it is another format."""
    names = packed.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return ""
    relation = ""
    for tag in _SHEET.findall(packed.read("xl/workbook.xml")):
        if html.unescape(_attribute(tag, b"name")) == sheet:
            relation = _attribute(tag, b"r:id")
    for tag in _RELATION.findall(packed.read("xl/_rels/workbook.xml.rels")):
        if relation and _attribute(tag, b"Id") == relation:
            target = _attribute(tag, b"Target")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb'="([^"]*)"', tag)
    return found[1].decode("utf-8", "replace") if found else ""


def _rank(letters: str) -> int:
    rank = 0
    for letter in letters:
        rank = rank * 26 + ord(letter) - ord("A") + 1
    return rank
