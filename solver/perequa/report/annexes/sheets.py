"""What annexes are built of: lines of cells, and tables with sub-totals that are formulas.

Plain data: how they are drawn is the business of `drawing` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perequa.interpret.tables import Value

Kind = Literal[
    "title",
    "note",
    "heading",
    "code",
    "text",
    "sentence",
    "money",
    "places",
    "rate",
    "percent",
    "whole",
    "unlocked",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell; a formula has the value that the run has for it."""

    value: Value = None
    kind: Kind = "text"
    formula: str = ""
    strong: bool = False


Line = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: lines from its first row down.

    Attributes
    ----------
    name
        Name of the sheet.
    lines
        Its rows.
    widths
        Width of each column, in characters.
    heading
        Row of the headings of its table, from 0: repeated on every page and kept in sight.
    one_page
        Whether it is printed on one page.
    tips
        Notes on cells, by row and column.
    """

    name: str
    lines: tuple[Line, ...]
    widths: tuple[int, ...]
    heading: int | None = None
    one_page: bool = False
    tips: Mapping[tuple[int, int], str] = field(default_factory=dict)


Rule = Callable[[int], str]
"""Formula of a cell by its row, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table of territories.

    Attributes
    ----------
    heading, kind
        What stands above it, how it is written.
    values
        One for each territory, as printed.
    extra
        What reserves, sums withheld and undistributed hold, by their position.
    added
        Whether sub-totals and the total are sums of it.
    of_zone, of_part
        Figures of each zone that has a name and, last, of the total; and of the part of a zone that
        has a row of its own: where they are no sums.
    rule
        Formula of every row, sub-totals included; the figures above are what it comes to.
    """

    heading: str
    kind: Kind
    values: Sequence[Value]
    extra: Mapping[int, float] = field(default_factory=dict)
    added: bool = False
    of_zone: Sequence[Value] = ()
    of_part: Value = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Territories that a sub-total sums; without a name there is none.

    Attributes
    ----------
    part
        Some of them that have a row of their own below it, which no total counts.
    """

    name: str
    inside: Sequence[int]
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some territories of a zone, whose sum is printed for information."""

    name: str
    inside: Sequence[int]


def rows_of(zones: Sequence[Zone]) -> int:
    """Return how many rows the zones of a table have below those of territories."""
    return sum(bool(zone.name) + (zone.part is not None) for zone in zones)


def table(
    columns: Sequence[Column],
    zones: Sequence[Zone],
    extras: Sequence[str],
    total: str,
    start: int,
) -> list[Line]:
    """Lay out a table: territories by zone, sub-totals, what no territory has, the total.

    Parameters
    ----------
    columns
        The first two name the territories.
    extras
        Names of the rows for what no territory has.
    total
        Name of the last row.
    start
        Row of the headings, from 1.
    """
    headings: Line = tuple(Cell(value=c.heading, kind="heading") for c in columns)
    lines: list[Line] = [headings]
    sums: list[int] = []
    at = start
    for z, zone in enumerate(zones):
        first = at + 1
        for i in zone.inside:
            at += 1
            lines.append(tuple(_own(column, i, at) for column in columns))
        if zone.name:
            at += 1
            sums.append(at)
            lines.append(_sum(columns, zone, z, (first, at - 1), at))
        else:
            sums.extend(range(first, at + 1))
        if zone.part is not None:
            at += 1
            inside = [first + list(zone.inside).index(i) for i in zone.part.inside]
            lines.append(_part(columns, zone.part, inside, at))
    rows = [*sums]
    for e, name in enumerate(extras):
        at += 1
        rows.append(at)
        lines.append(_extra(columns, name, e, at))
    lines.append(_total(columns, total, rows, at + 1))
    return lines


def _own(column: Column, i: int, at: int) -> Cell:
    formula = "" if column.rule is None else column.rule(at)
    return Cell(value=column.values[i], kind=column.kind, formula=formula)


def _sum(columns: Sequence[Column], zone: Zone, z: int, between: tuple[int, int], at: int) -> Line:
    cells = [Cell(), Cell(value=zone.name, strong=True)]
    for j, column in enumerate(columns[2:], 2):
        formula = f"SUM({letters(j)}{between[0]}:{letters(j)}{between[1]})"
        value: Value = None
        if column.added:
            value = added(column.values[i] for i in zone.inside)
        elif z < len(column.of_zone):
            value, formula = column.of_zone[z], ""
        else:
            formula = ""
        if column.rule is not None:
            formula = column.rule(at)
        cells.append(Cell(value=value, kind=column.kind, formula=formula, strong=True))
    return tuple(cells)


def _part(columns: Sequence[Column], part: Part, rows: Sequence[int], at: int) -> Line:
    """Write the row of some territories of a zone; `rows` are theirs, from 1."""
    cells = [Cell(), Cell(value=part.name)]
    for j, column in enumerate(columns[2:], 2):
        value, formula = column.of_part, ""
        if column.added:
            value = added(column.values[i] for i in part.inside)
            formula = "+".join(
                f"SUM({letters(j)}{first}:{letters(j)}{last})" for first, last in _runs(rows)
            )
        if column.rule is not None:
            formula = column.rule(at)
        cells.append(Cell(value=value, kind=column.kind, formula=formula))
    return tuple(cells)


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last of every run of consecutive rows."""
    starts = [row for row in rows if row - 1 not in rows]
    ends = [row for row in rows if row + 1 not in rows]
    return list(zip(starts, ends, strict=True))


def _extra(columns: Sequence[Column], name: str, e: int, at: int) -> Line:
    cells = [Cell(), Cell(value=name)]
    for column in columns[2:]:
        value = column.extra.get(e)
        formula = column.rule(at) if column.rule is not None and value is not None else ""
        cells.append(Cell(value=value, kind=column.kind, formula=formula))
    return tuple(cells)


def _total(columns: Sequence[Column], name: str, rows: Sequence[int], at: int) -> Line:
    cells = [Cell(), Cell(value=name, strong=True)]
    for j, column in enumerate(columns[2:], 2):
        value: Value = None
        formula = ""
        if column.added:
            value = added([*column.values, *column.extra.values()])
            one_run = list(rows) == list(range(rows[0], rows[-1] + 1))
            cell = letters(j)
            formula = (
                f"SUM({cell}{rows[0]}:{cell}{rows[-1]})"
                if one_run
                else "+".join(f"{cell}{row}" for row in rows)
            )
        elif column.of_zone:
            value = column.of_zone[-1]
        if column.rule is not None:
            formula = column.rule(at)
        cells.append(Cell(value=value, kind=column.kind, formula=formula, strong=True))
    return tuple(cells)


def added(values: Iterable[Value]) -> float:
    """Add up the figures among some cells."""
    return sum(v for v in values if isinstance(v, int | float))


def letters(at: int) -> str:
    """Name a column by its letters: 0 is A, 26 is AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
