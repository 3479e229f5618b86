"""A cell of a workbook changed, and nothing else of the file."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from python_calamine import CalamineWorkbook

if TYPE_CHECKING:
    from pathlib import Path


def changed(book: Path, sheet: str, cell: str, value: float) -> None:
    """Put another value in a cell, formula or not."""
    with zipfile.ZipFile(book) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    at = CalamineWorkbook.from_path(book).sheet_names.index(sheet) + 1
    part = f"xl/worksheets/sheet{at}.xml"
    text = parts[part].decode()
    pattern = re.compile(rf'(<c r="{cell}"[^>]*>(?:<f>[^<]*</f>)?<v>)[^<]*(</v>)')
    text, count = pattern.subn(rf"\g<1>{value}\g<2>", text)
    assert count == 1
    parts[part] = text.encode()
    with zipfile.ZipFile(book, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
