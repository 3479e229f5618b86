"""A table printed as CSV: as run folders hold it, or as a French spreadsheet opens it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perequa.interpret.tables import cell
from perequa.report.texts import csv_bytes

if TYPE_CHECKING:
    from perequa.interpret.tables import Table, Value

FRENCH = "csv-fr"
BYTE_ORDER_MARK = "\ufeff"
"""Without it a French spreadsheet takes UTF-8 for cp1252."""
QUOTE = '"'
_TO_QUOTE = re.compile(r'[;"\r\n]')
_FORMULA = re.compile(r"[=+\-@\t\r]")


def printed_csv(table: Table, form: str) -> str:
    """Write a table in a form of CSV.

    Parameters
    ----------
    table
        Columns and plain values.
    form
        ``csv``: comma, decimal point, as files of a run folder; ``csv-fr``: semicolon, decimal
        comma, a byte order mark, and an apostrophe before a text that a spreadsheet would take for
        a formula. Names of columns and codes are the same in both.
    """
    if form != FRENCH:
        return csv_bytes(table).decode()
    lines = [";".join(table.columns)]
    lines += [";".join(map(_french, row)) for row in table.rows]
    return BYTE_ORDER_MARK + "\n".join((*lines, ""))


def _french(value: Value) -> str:
    text = cell(value)
    if isinstance(value, float):
        return text.replace(".", ",")
    if isinstance(value, str) and _FORMULA.match(text):
        text = f"'{text}"
    return f'"{text.replace(QUOTE, QUOTE * 2)}"' if _TO_QUOTE.search(text) else text
