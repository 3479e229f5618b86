"""Rows written as the CSV that `read_table` reads back: comma, UTF-8, line feeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

QUOTE = '"'
_TO_QUOTE = re.compile(r'[,"\r\n]')


def write_csv(rows: Iterable[tuple[object, ...]]) -> bytes:
    """Write rows, the header first; cells that hold commas, quotes or line ends are quoted.

    The csv module leaves a carriage return bare, which readers take for the end of the line.
    """
    return "".join(f"{_line(row)}\n" for row in rows).encode()


def _line(row: tuple[object, ...]) -> str:
    cells = ["" if cell is None else str(cell) for cell in row]
    if cells == [""]:
        return QUOTE * 2  # an empty line is no row
    return ",".join(
        f'"{cell.replace(QUOTE, QUOTE * 2)}"' if _TO_QUOTE.search(cell) else cell for cell in cells
    )
