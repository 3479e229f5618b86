"""A table as the text of a CSV file, a record as that of a JSON file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from perequa.interpret.tables import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.interpret.tables import Table

QUOTE = '"'
TO_QUOTE = re.compile(r'[,"\r\n]')


def csv_bytes(table: Table) -> bytes:
    """Write a table as CSV: comma, decimal point, UTF-8, line feeds.

    The csv module looks at every letter of every cell, which takes longer than all the rest of
    the table; few columns hold anything to quote.
    """
    columns = [_quoted(cells(values)) for values in zip(*table.rows, strict=True)]
    lines = [",".join(table.columns), *map(",".join, zip(*columns, strict=True)), ""]
    return "\n".join(lines).encode()


def _quoted(column: Sequence[str]) -> Sequence[str]:
    """Put quotes around the cells of a column that would be read as more than one."""
    if not TO_QUOTE.search("".join(column)):
        return column
    return [f'"{c.replace(QUOTE, QUOTE * 2)}"' if TO_QUOTE.search(c) else c for c in column]


def json_bytes(record: dict[str, Any]) -> bytes:
    """Write a record as JSON for people and programs."""
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False, default=str)
    return (text + "\n").encode()
