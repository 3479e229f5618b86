"""What a workbook is built of: sheets of typed columns and cells.

Plain data: how they are drawn is the business of `drawing` alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perequa.io.xlsx import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa.interpret.tables import Value
    from perequa.words import Words

Kind = Literal["code", "text", "sentence", "whole", "places", "money", "rate", "index", "figure"]
"""How a column is written: codes and words as text; a year or a count; places, amounts of the
currency, rates, indices; any other figure with as many digits as it needs."""
UNITS: dict[str, Kind] = {"place": "places", "project": "whole", "rate point": "rate"}
"""Kind of a figure by the unit its row states; an amount of money where it is none of these."""
OTHER_UNITS = frozenset({"merit", "squared rate point", "index", "share of the initial gap", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes
    ----------
    heading
        What stands above it.
    kind
        How its cells are written, unless one says otherwise.
    key
        Name by which formulas find it.
    summed
        Whether the sum of the rows that a filter leaves stands above it.
    """

    heading: str
    kind: Kind = "text"
    key: str = ""
    summed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure written as its own unit asks for."""

    value: Value
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A figure that the workbook computes again, with the value that the run has for it.

    It is written as its column asks for, unless it says otherwise.
    """

    text: str
    value: float
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: a title, notes, a table.

    Attributes
    ----------
    name, title
        Name of the sheet, and what stands at its head.
    notes
        Sentences below the title.
    columns, rows
        The table; each row has a cell for each column.
    frozen
        How many columns stay in sight.
    filtered
        Whether rows can be filtered.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Value | Figure | Formula]]
    notes: tuple[str, ...] = ()
    frozen: int = 0
    filtered: bool = True

    @property
    def sums(self) -> bool:
        """Whether sums stand above the headings."""
        return bool(self.rows) and any(column.summed for column in self.columns)

    @property
    def heading_row(self) -> int:
        """Row of the headings, from 0: below the title, the workbook's label, notes and sums."""
        return 2 + len(self.notes) + self.sums

    def cells_of(self, key: str) -> str:
        """Return the range of a column's cells, as a formula of another sheet writes it."""
        at = next(i for i, column in enumerate(self.columns) if column.key == key)
        return f"'{self.name.replace(QUOTE, QUOTE * 2)}'!{self.range_at(at)}"

    def range_at(self, at: int) -> str:
        """Return the range of the cells of a column."""
        first = self.heading_row + 2
        return f"${letters(at)}${first}:${letters(at)}${first + len(self.rows) - 1}"


QUOTE = "'"
HEAD_ROWS = 12
"""Rows left free above the rows of a table for its title, notes and headings."""


def fits(rows: Sequence[object]) -> bool:
    """Whether a sheet can hold so many rows."""
    return len(rows) <= MOST_ROWS - HEAD_ROWS


def not_held(count: int, file: str, words: Words) -> str:
    """Say that a table is longer than a sheet."""
    return words.phrase(
        "{count} rows, more than a sheet can hold: they stand in {file} of the run folder.",
        count=count,
        file=file,
    )


def letters(at: int) -> str:
    """Name a column by its letters: 0 is A, 26 is AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def by_unit(value: Value, unit: str) -> Figure:
    """Write a figure by the unit of its row."""
    if unit in OTHER_UNITS:
        return Figure(value=value, kind="figure")
    return Figure(value=value, kind=UNITS.get(unit, "money"))


def total(values: Iterable[object]) -> float:
    """Add up the figures among some cells, rounded once."""
    return math.fsum(v for v in values if isinstance(v, float | int) and not isinstance(v, bool))
