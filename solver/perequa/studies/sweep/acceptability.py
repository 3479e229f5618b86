"""In what share of the points each territory gains, and how it ranks (SMAA's acceptability)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from perequa_models.instance import Instance

Floats = NDArray[np.float64]

COLUMNS = (
    *("level", "territory", "territory_name", "measure", "in"),
    *("gains", "loses", "unmoved", "least_change", "mean_change", "most_change"),
    *("best_rank", "mean_rank", "worst_rank"),
)
RANK_COLUMNS = ("level", "territory", "territory_name", "measure", "in", "rank", "share")
MOST_RANKED = 1000
"""Territories up to which every rank is counted: the table grows with their square."""
DECIMALS_OF_PLACES, DECIMALS_OF_MONEY = 6, 2
"""Changes are rounded to so many decimals: what is less is no gain, and breaks no tie."""


class Acceptability:
    """Counts who gains, chunk after chunk.

    Parameters
    ----------
    instance
        The figures.
    against
        (S,) the shares that others are compared with, laid out as `asking.shares` does.
    """

    def __init__(self, instance: Instance, against: Floats) -> None:
        self._instance = instance
        T, M, _ = instance.shape
        self._shape = (T, M + 1)
        self._against = against
        money = np.append(instance.is_money, True)
        self._decimals = np.where(money, DECIMALS_OF_MONEY, DECIMALS_OF_PLACES)
        self._points = 0
        self._gains = np.zeros(self._shape)
        self._loses = np.zeros(self._shape)
        self._sum = np.zeros(self._shape)
        self._least = np.full(self._shape, np.inf)
        self._most = np.full(self._shape, -np.inf)
        self._rank_sum = np.zeros(self._shape)
        self._best = np.full(self._shape, T)
        self._worst = np.zeros(self._shape, dtype=np.intp)
        self._ranks = np.zeros((*self._shape, T if T <= MOST_RANKED else 0))

    def add(self, shares: Floats) -> None:
        """Count some points, (n, S)."""
        change = (shares - self._against).reshape(-1, *self._shape)
        for m, decimals in enumerate(self._decimals):
            change[:, :, m] = np.round(change[:, :, m], int(decimals))
        self._points += len(change)
        self._gains += (change > 0).sum(axis=0)
        self._loses += (change < 0).sum(axis=0)
        self._sum += change.sum(axis=0)
        self._least = np.minimum(self._least, change.min(axis=0, initial=np.inf))
        self._most = np.maximum(self._most, change.max(axis=0, initial=-np.inf))
        rows, columns = np.indices(self._shape)
        for one in change:
            ranks = _ranks(one)
            self._rank_sum += ranks
            self._best = np.minimum(self._best, ranks)
            self._worst = np.maximum(self._worst, ranks)
            if self._ranks.size:
                self._ranks[rows, columns, ranks - 1] += 1

    def table(self) -> Table:
        """One row for each territory and measure, then one for all its credits."""
        rows: list[tuple[Value, ...]] = []
        for (t, m), named in self._cells():
            if not self._points:
                rows.append((*named, *[None] * 9))
                continue
            gains, loses = (float(c[t, m]) / self._points for c in (self._gains, self._loses))
            unmoved = (self._points - self._gains[t, m] - self._loses[t, m]) / self._points
            mean = self._sum[t, m] / self._points
            mean_rank = float(self._rank_sum[t, m] / self._points)
            figures = (float(self._least[t, m]), float(mean), float(self._most[t, m]))
            rank = (int(self._best[t, m]), mean_rank, int(self._worst[t, m]))
            rows.append((*named, gains, loses, float(unmoved), *figures, *rank))
        return Table(COLUMNS, tuple(rows))

    def ranks(self) -> Table:
        """In what share of the points each territory has each rank; those it never has left out.

        Empty beyond `MOST_RANKED` territories.
        """
        rows = [
            (*named, int(rank) + 1, float(self._ranks[t, m, rank]) / self._points)
            for (t, m), named in self._cells()
            for rank in np.flatnonzero(self._ranks[t, m])
        ]
        return Table(RANK_COLUMNS, tuple(rows))

    def _cells(self) -> list[tuple[tuple[int, int], tuple[Value, ...]]]:
        instance = self._instance
        found: list[tuple[tuple[int, int], tuple[Value, ...]]] = []
        for t, territory in enumerate(instance.territories):
            who = (territory.level, territory.code, territory.name)
            for m, measure in enumerate(instance.measures):
                unit = "money" if instance.is_money[m] else "places"
                found.append(((t, m), (*who, measure, unit)))
            found.append(((t, len(instance.measures)), (*who, None, "credits")))
        return found


def _ranks(change: Floats) -> NDArray[np.intp]:
    """Rank the territories in each column (T, S), the greatest first; those alike have the best."""
    found = np.empty(change.shape, dtype=np.intp)
    for m, column in enumerate(change.T):
        below = np.searchsorted(np.sort(column), column, side="right")
        found[:, m] = len(column) - below + 1
    return found
