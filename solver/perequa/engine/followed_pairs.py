"""The pairs of rates that the search for their order follows, of all groups in one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.orders import REVERSED

if TYPE_CHECKING:
    from perequa.ranked_rates import Flags, Floats, Indices, Ranked

NEAREST, FARTHER = 2, 3
"""Places in the order between the nearest pairs that are followed from the start, and how many
times farther apart the next ones are."""
CLOSE = 0.025
"""Share of the mean rate within which a pair is followed once a plan has brought it so near."""


class FollowedPairs:
    """All pairs of rates, each once, the lower of the order that is written first.

    Parameters
    ----------
    ranked
        The rates.
    forms
        (n, R): what is counted in each rate, in the rows of the dual program.
    price
        (G,): what one unit of the index of each group counts, in the objective of the solver.

    Attributes
    ----------
    column
        (Q,): column of each pair in the dual program; -1 without one.
    turned
        (Q,): whether that column is written for the pair in the other order.
    """

    def __init__(self, ranked: Ranked, forms: sparse.csc_array, price: Floats) -> None:
        self._ranked, self._forms = ranked, forms
        sizes = np.diff(ranked.starts)
        self._shares = np.concatenate([group.shares for group in ranked.groups])
        self._unit = np.repeat([g.unit for g in ranked.groups] * price, sizes)
        places = {int(n): np.triu_indices(n, 1) for n in np.unique(sizes)}
        each = list(zip(ranked.groups, ranked.starts[:-1].tolist(), sizes.tolist(), strict=True))
        self.low = np.concatenate([start + g.order[places[n][0]] for g, start, n in each])
        self.high = np.concatenate([start + g.order[places[n][1]] for g, start, n in each])
        times = {n: _stands_for(n)[high - low] for n, (low, high) in places.items()}
        self._times = np.concatenate([times[n] for n in sizes.tolist()])
        self._firsts = np.concatenate([[0], np.cumsum(sizes * (sizes - 1) // 2)])
        self.column = np.full(len(self.low), -1, dtype=np.intp)
        self.turned = np.zeros(len(self.low), dtype=np.bool_)

    def spread(self) -> tuple[Indices, Floats]:
        """Few pairs, near and far; for how many pairs about as far apart each stands."""
        few = np.flatnonzero(self._times)
        return few, self._times[few]

    def newly(self, rates: list[Floats]) -> tuple[Indices, Flags]:
        """Pairs without a column that a plan reverses or brings close; which it reverses."""
        at = np.concatenate(rates)
        means = [CLOSE * group.mean() for group in rates]
        below = at - np.repeat(means, np.diff(self._ranked.starts))
        found = np.flatnonzero((below[self.high] < at[self.low]) & (self.column < 0))
        low, high = self.low[found], self.high[found]
        return found, (at[high] - at[low]) * self._fewer(found) < -REVERSED

    def follow(
        self, pairs: Indices, turned: Flags, first: int
    ) -> tuple[sparse.csc_array, Floats, Floats]:
        """Give pairs the columns from `first` on.

        Returns
        -------
        tuple
            (n, k), (k,): the column of each pair and its cost, for how far the second stands above
            the first of the order that is written, in places of the smaller; of those that are
            turned, for how far below. (k,): the most its column takes.
        """
        self.column[pairs] = first + np.arange(len(pairs))
        self.turned[pairs] = turned
        low, high, fewer = self.low[pairs], self.high[pairs], self._fewer(pairs)
        side = np.where(turned, -1.0, 1.0)
        up, down = side * fewer / self._ranked.people[high], side * fewer / self._ranked.people[low]
        of_rates = sparse.csc_array(
            (
                np.column_stack([up, -down]).ravel(),
                np.column_stack([high, low]).ravel(),
                2 * np.arange(len(pairs) + 1),
            ),
            shape=(self._forms.shape[1], len(pairs)),
        )
        constant = up * self._ranked.constant[high] - down * self._ranked.constant[low]
        most = 2.0 * self._unit[low] * self._shares[low] * self._shares[high] / fewer
        return sparse.csc_array(self._forms @ of_rates), constant, most

    def of_group(self, k: int, some: Flags) -> tuple[Indices, Indices]:
        """Both territories of those of some pairs (Q,) that are of the k-th group."""
        own = slice(self._firsts[k], self._firsts[k + 1])
        chosen, start = some[own], self._ranked.starts[k]
        return self.low[own][chosen] - start, self.high[own][chosen] - start

    def between(self, k: int, first: Indices, second: Indices) -> tuple[Indices, Flags]:
        """Find the pairs of some territories of the k-th group; whether the first comes first."""
        order = self._ranked.groups[k].order
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        a, b = place[first], place[second]
        low, high = np.minimum(a, b), np.maximum(a, b)
        found: Indices = self._firsts[k] + low * (2 * len(order) - low - 1) // 2 + high - low - 1
        return found, a < b

    def _fewer(self, pairs: Indices) -> Floats:
        """People of the smaller territory of each pair."""
        people = self._ranked.people
        fewer: Floats = np.minimum(people[self.low[pairs]], people[self.high[pairs]])
        return fewer


def _stands_for(n: int) -> Floats:
    """For how many places each distance in an order of n stands; 0 where it is left out, (n,)."""
    found = np.zeros(n)
    kept: list[int] = []
    while (apart := NEAREST * FARTHER ** len(kept)) < n:
        kept.append(apart)
    ends = [0.5, *((a + b) / 2 for a, b in pairwise(kept)), n - 0.5]
    found[kept] = np.diff(ends[: len(kept)] + ends[-1:])
    return found
