"""Rows written as the CSV that `read_table` reads back: comma, UTF-8, line feeds."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_csv(rows: Iterable[tuple[object, ...]]) -> bytes:
    """Write rows, the header first; cells that hold commas or quotes are quoted."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
