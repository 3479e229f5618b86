"""What a page is built of: sections of paragraphs, lists, tables and pictures.

Plain data: how they are drawn is the templates' business alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from perequa.interpret.tables import cell
from perequa.report.layout import figure, measured, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.words import Words

RATE_DIGITS = 4
"""Significant digits of a rate."""
NOISE = 1e-9
"""What is smaller than this part of the figures it is computed from is the rounding of a solve."""
LONG_WORD = 40
"""Letters from which a word may be broken anywhere; a hash, or a name made to be a nuisance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A sentence or several."""

    block: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section."""

    block: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Sentences one below the other."""

    block: ClassVar[str] = "list"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Lines as a terminal prints them, spaces kept."""

    block: ClassVar[str] = "typed"
    key: str
    told: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and what they are."""

    block: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell: as it is read, and the figure behind it as a file writes it (empty for text)."""

    text: str
    exact: str = ""

    @property
    def stated(self) -> str:
        """The figure, where it is not read just so."""
        return "" if self.exact == self.text and self.text.isdigit() else self.exact

    @property
    def long(self) -> bool:
        """Whether a word is too long to be kept whole in a column."""
        return any(len(each) >= LONG_WORD for each in self.text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A table.

    Attributes
    ----------
    key
        Its identifier in the page.
    caption
        What it holds.
    columns
        Headings; the first column is the heading of each row.
    rows, foot
        Cells; the foot stays below whatever the order of the rows.
    file
        Name under which its rows can be saved; such a table can be sorted and filtered.
    """

    block: ClassVar[str] = "table"
    key: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[tuple[Cell, ...], ...] = ()
    file: str = ""

    @property
    def figures(self) -> tuple[bool, ...]:
        """Which columns hold figures."""
        listed = [*self.rows, *self.foot]
        return tuple(any(row[i].exact for row in listed) for i in range(len(self.columns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """Of a picture: its identifier in the page, what it shows, the table behind it."""

    key: str
    title: str
    behind: str


class Block(Protocol):
    """Anything a section holds: how it is drawn is found by its `block`."""

    block: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page under one heading.

    Attributes
    ----------
    key, title
        Its identifier in the page, and its heading.
    blocks
        What it holds, in order.
    """

    key: str
    title: str
    blocks: Sequence[Block]


def table_of(
    rows: Iterable[Mapping[str, Value]],
    columns: Sequence[tuple[str, Callable[[Mapping[str, Value]], Cell]]],
    *,
    key: str,
    caption: str,
    file: str = "",
) -> PageTable:
    """Lay out rows: a heading for each column that says something, and what it makes of a row."""
    return dense(
        PageTable(
            key=key,
            caption=caption,
            columns=tuple(heading for heading, _ in columns),
            rows=tuple(tuple(made(row) for _, made in columns) for row in rows),
            file=file,
        )
    )


def dense(table: PageTable) -> PageTable:
    """Leave out the columns, after the first, in which no row says anything."""
    listed = [*table.rows, *table.foot]
    kept = [
        i
        for i in range(len(table.columns))
        if i == 0 or not listed or any(row[i].text for row in listed)
    ]

    def of(rows: tuple[tuple[Cell, ...], ...]) -> tuple[tuple[Cell, ...], ...]:
        return tuple(tuple(row[i] for i in kept) for row in rows)

    columns = tuple(table.columns[i] for i in kept)
    return replace(table, columns=columns, rows=of(table.rows), foot=of(table.foot))


def text_cell(value: Value) -> Cell:
    """Write a word."""
    return Cell(text=word(value))


def text_of(name: str) -> Callable[[Mapping[str, Value]], Cell]:
    """Return what writes the word of a column, for `table_of`; nothing where it is not there."""
    return lambda row: text_cell(row.get(name))


def amount_cell(value: Value, words: Words) -> Cell:
    """Write an amount: whole from a thousand on, and nothing as 0."""
    return Cell(text="0" if value == 0 else figure(value, words), exact=_exact(value))


def amount_of(name: str, words: Words) -> Callable[[Mapping[str, Value]], Cell]:
    """Return what writes the amount of a column, for `table_of`."""
    return lambda row: amount_cell(row[name], words)


def change_cell(value: Value, words: Words) -> Cell:
    """Write a difference with its sign, and none as 0."""
    if not isinstance(value, float | int):
        return Cell(text="")
    if value == 0:
        return Cell(text="0", exact=_exact(value))
    decimals = 0 if abs(value) >= 1000 else 1
    return Cell(text=signed(value, decimals, words), exact=_exact(value))


def signed(value: float, decimals: int, words: Words) -> str:
    """Write a difference with its sign; what reads as nothing has none."""
    read = round(value, decimals)
    return words.figures.fixed(read, decimals, sign="+" if read else "")


def measured_cell(value: Value, words: Words, digits: int = RATE_DIGITS) -> Cell:
    """Write a measured figure."""
    return Cell(text=measured(value, digits, words), exact=_exact(value))


def decimals_of(values: Iterable[Value], digits: int = RATE_DIGITS) -> int:
    """Count the decimals that write the largest of figures of one unit in so many digits."""
    sizes = [abs(v) for v in values if isinstance(v, float | int) and math.isfinite(v)]
    largest = max(sizes, default=0.0)
    if largest == 0.0:
        return 0
    return max(0, digits - 1 - math.floor(math.log10(largest)))


def fixed_cell(value: Value, decimals: int, words: Words) -> Cell:
    """Write a figure of a column, all of which have the same decimals."""
    if not isinstance(value, float | int):
        return Cell(text="")
    if not math.isfinite(value):
        return Cell(text=words.figures.number(value), exact=_exact(value))
    # rounded first: what reads as zero has no minus
    return Cell(text=words.figures.fixed(round(value, decimals), decimals), exact=_exact(value))


def without_noise(values: Sequence[Value]) -> list[Value]:
    """Return figures of one unit, where the rounding of a solve is nothing."""
    sizes = [abs(v) for v in values if isinstance(v, float | int) and math.isfinite(v)]
    least = NOISE * max(sizes, default=0.0)
    return [0.0 if isinstance(v, float) and abs(v) < least else v for v in values]


def whole_cell(value: Value) -> Cell:
    """Write a number that names something: a year, a priority, a count."""
    return Cell(text=word(value), exact=word(value))


def _exact(value: Value) -> str:
    return cell(value) if isinstance(value, float | int) else ""
