"""A table of results: named columns, rows of plain values, written and read without surprises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Value = str | int | float | bool | None

FIGURES = frozenset({float, np.float64, type(None)})
"""What a column of figures holds."""


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
    if isinstance(value, float):
        number = float(value)
        return "" if math.isnan(number) else repr(number + 0.0)
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return str(value)


def cells(column: Sequence[Value]) -> Sequence[str]:
    """Write the values of one column as `cell` does.

    A run of national size has three hundred thousand cells: what a column holds is looked at once.
    """
    kinds = set(map(type, column))
    if kinds == {str}:
        return cast("Sequence[str]", column)
    if kinds == {int}:
        return list(map(str, column))
    if kinds <= FIGURES:
        return shortest(np.array(column, dtype=np.float64))
    return [cell(value) for value in column]


def written(columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> Iterator[Mapping[str, str]]:
    """Yield each row as text by column, as a file of the table would hold it."""
    texts = [cells(column) for column in zip(*rows, strict=True)]
    for row in zip(*texts, strict=True):
        yield dict(zip(columns, row, strict=True))


def shortest(figures: NDArray[np.float64]) -> list[str]:
    """Write floats in the fewest digits that read back as the same number, NaN as nothing.

    As ``repr``, and four times as fast: pydantic's JSON writer finds the same digits, and places
    the point alike between 1e-4 and 1e16.
    """
    figures = figures + 0.0  # −0 is 0
    size = np.abs(figures)
    alike = (size == 0.0) | ((size >= 1e-4) & (size < 1e16))
    texts = to_json(np.where(alike, figures, 0.0).tolist()).decode()[1:-1].split(",")
    missing = np.isnan(figures)
    if alike.all():
        return texts
    for i in np.flatnonzero(~alike & ~missing).tolist():
        texts[i] = repr(float(figures[i]))
    return ["" if none else text for none, text in zip(missing.tolist(), texts, strict=True)]


def json_value(value: Value) -> Value:
    """Give a value its JSON form: infinities as text, since JSON has none; missing as null.

    A cell of text that a CSV file would leave empty is missing too.
    """
    if value == "":
        return None
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


def json_rows(table: Table) -> list[dict[str, Value]]:
    """Give the rows of a table their JSON form: the keys and values of its CSV file."""
    return [{name: json_value(value) for name, value in row.items()} for row in table.records()]
