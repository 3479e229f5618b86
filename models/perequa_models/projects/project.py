"""A project: as its row states it, and with what the program needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """A row of the table of projects, its keys resolved and its own figures read.

    Attributes
    ----------
    table, row
        The table's input key and the data row, for messages.
    code, title, operation, group, requires
        As stated; empty where nothing is.
    node, measure, year
        Node of the tree, positions of the measure and year.
    places, cost, cofinanced, opening_months
        As stated; None where nothing is (never for `places`).
    frees
        Places that those who move in free elsewhere; 0 where nothing is stated.
    figures, words
        Every other column: its figure where it is one, and its text.
    """

    table: str
    row: int
    code: str
    title: str
    operation: str
    group: str
    requires: str
    node: int
    measure: int
    year: int
    places: float
    cost: float | None
    cofinanced: float | None
    opening_months: int | None
    figures: Mapping[str, float]
    words: Mapping[str, str]
    frees: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project with its figures: taken whole or not at all.

    Attributes
    ----------
    code, title, operation, group, requires
        As stated.
    node
        The territory that puts it forward, a node of the tree.
    territory, measure, year
        The decision territory, measure and year it counts in, as positions.
    places, cost, charged
        Places it opens; its full-year cost; the part of that cost the envelope pays.
    months
        Months paid in the year it opens.
    frees
        Places that those who move in free elsewhere: a young adult leaves a children's home.
    service_class
        1 for those served first, then 2 …; 0 for those of no class.
    merit
        What taking it is worth.
    preferred
        For each `prefer`, the rank of its word; as many as there are words where it has none.
    """

    code: str
    title: str
    operation: str
    group: str
    requires: str
    node: int
    territory: int
    measure: int
    year: int
    places: float
    cost: float
    charged: float
    months: int
    service_class: int
    merit: float
    preferred: tuple[int, ...]
    frees: float = 0.0

    @property
    def opening_credits(self) -> float:
        """What the envelope pays in the year it opens."""
        return self.charged * self.months / 12.0

    @property
    def extension_credits(self) -> float:
        """What falls due the year after: the full-year extension."""
        return self.charged - self.opening_credits
