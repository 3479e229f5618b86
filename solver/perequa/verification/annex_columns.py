"""What the tables of annexes should print: columns of the run's own figures, unrounded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perequa.words.seen import seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.verification.recompute.territories import Territories

Exact = dict[str, float]
"""Unrounded figures by code."""
MOST_LISTED = 400
"""Territories above which tables list those of the top level."""


@dataclass(frozen=True)
class Column:
    """A column that prints figures of the run.

    Parameters
    ----------
    heading, exact
        What stands above it, and the run's figures by code.
    starts
        Whether the heading only starts so.
    most
        How many figures rounded each of its own may hold.
    """

    heading: str
    exact: Exact
    starts: bool = False
    most: int = 1

    def is_headed(self, text: str) -> bool:
        """Whether this is the heading of the column."""
        heading = seen(self.heading)
        return text.startswith(heading) if self.starts else text == heading


@dataclass(frozen=True)
class Balance:
    """A column that is what some columns print less what others do.

    Parameters
    ----------
    heading, added, taken
        Headings of the column, of those added, and of those taken off.
    """

    heading: str
    added: Sequence[str]
    taken: Sequence[str]


@dataclass(frozen=True)
class Wanted:
    """A table of the annexes.

    Parameters
    ----------
    level
        Level of the territories it lists.
    columns
        Its columns that speak of the plan.
    balances
        Columns that follow from others, figure by figure.
    """

    level: str
    columns: Sequence[Column]
    balances: Sequence[Balance] = ()


def joined(columns: Sequence[Column]) -> list[Column]:
    """Add up columns that have the same heading: nobody can tell them apart."""
    found: dict[str, Column] = {}
    for column in columns:
        before = found.get(column.heading)
        if before is not None:
            both = {k: v + before.exact.get(k, 0.0) for k, v in column.exact.items()}
            column = replace(column, exact=both, most=column.most + before.most)  # noqa: PLW2901 - the sum takes its place
        found[column.heading] = column
    return list(found.values())


def listed_level(tree: Territories) -> str:
    """Return the level whose territories the tables of measures list."""
    return tree.levels[0] if len(tree.deciding) > MOST_LISTED else tree.decide_at
