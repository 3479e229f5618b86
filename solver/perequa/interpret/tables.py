"""A table of results: named columns, rows of plain values, written and read without surprises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """Tidy rows: text codes, unformatted numbers, None where a value does not exist."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def records(self) -> Iterator[dict[str, Value]]:
        """Yield each row as a mapping."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def column(self, name: str) -> list[Value]:
        """Return one column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


def cell(value: Value) -> str:
    """Write a value as it stands in a CSV cell: shortest round-trip floats, ``inf``, ``true``."""
    # the commonest first: a run of national size has three hundred thousand cells
    if isinstance(value, float):
        number = float(value)
        return "" if math.isnan(number) else repr(number + 0.0)
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return str(value)


def json_value(value: Value) -> Value:
    """Give a value its JSON form: infinities as text, since JSON has none; missing as null."""
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, float):
        number = float(value)
        if math.isnan(number):
            return None
        if math.isinf(number):
            return "inf" if number > 0 else "-inf"
        return number + 0.0
    return value
