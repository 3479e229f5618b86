"""Sharing a total between changes that were made together.

Nothing here knows of scenarios: `values` gives, for a set of changes written as bits, an array of
figures, or None where those changes alone leave no plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Values = Callable[[int], "Floats | None"]
SAME = 1e-9
"""Figures nearer than this, relative to the largest, are one figure: optima are proven so far."""


class Undefined(Exception):
    """Some of the changes taken alone leave no plan, so that no fair share exists.

    Parameters
    ----------
    taken
        The changes, as bits.
    """

    def __init__(self, taken: int) -> None:
        self.taken = taken
        super().__init__(f"no plan under the changes {taken:b}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Contributions that add up to the total.

    Attributes
    ----------
    groups
        Changes of each share, as bits: one each, several where a waterfall cannot part them.
    contributions
        Shape (shares, figures).
    standard_error
        The same shape; 0 where every combination was solved, NaN for a waterfall.
    """

    groups: tuple[int, ...]
    contributions: Floats
    standard_error: Floats


def exact_shares(n: int, values: Values) -> Shares:
    """Return Shapley's value of each of n changes: its mean effect over every order of the changes.

    Parameters
    ----------
    n
        Number of changes; 2ⁿ sets are valued.
    values
        Figures under each set, NaN where it lacks one: no share of that figure is then given.

    Raises
    ------
    Undefined
        When a set has no plan.
    """
    table = _merged(np.stack([_valued(values, taken) for taken in range(1 << n)]))
    shares = np.zeros((n, table.shape[1]))
    for taken in range(1 << n):
        size = taken.bit_count()
        if size < n:
            weight = 1.0 / (n * math.comb(n - 1, size))
            for i in _absent(taken, n):
                shares[i] += weight * (table[taken | 1 << i] - table[taken])
    exact = _adding_up(shares, table[-1] - table[0])
    groups = tuple(1 << i for i in range(n))
    return Shares(groups=groups, contributions=exact, standard_error=np.zeros_like(exact))


def sampled_shares(n: int, values: Values, *, orders: int, seed: int) -> Shares:
    """Estimate Shapley's value from orders of the changes drawn at random.

    Parameters
    ----------
    n, values
        As for `exact_shares`.
    orders
        Number of orders, even and at least 4; each adds up to the total, and so does their mean.
    seed
        The same seed draws the same orders.

    Raises
    ------
    Undefined
        When a set met on the way has no plan.
    """
    drawn = _orders(n, orders, seed)
    sets = sorted({taken for order in drawn for taken in _on_the_way(order)})
    table = dict(
        zip(sets, _merged(np.stack([_valued(values, taken) for taken in sets])), strict=True)
    )
    effects = np.zeros((orders, n, len(table[0])))
    for k, order in enumerate(drawn):
        way = _on_the_way(order)
        for i, before, after in zip(order, way, way[1:], strict=False):
            effects[k, i] = table[after] - table[before]
    # an order and its reverse depend on each other: the error is that of the means of pairs
    pairs = effects.reshape(-1, 2, *effects.shape[1:]).mean(axis=1)
    error = pairs.std(axis=0, ddof=1) / math.sqrt(len(pairs))
    mean = _adding_up(effects.mean(axis=0), table[(1 << n) - 1] - table[0])
    return Shares(groups=tuple(1 << i for i in range(n)), contributions=mean, standard_error=error)


def waterfall(n: int, values: Values) -> Shares:
    """Make the changes one after another, in their order, and give each what it then moves.

    Changes that leave no plan on the way are taken together with those that come next, until there
    is one. The result depends on the order, which Shapley's value does not.
    """
    groups: list[int] = []
    steps: list[Floats] = []
    before, taken, waiting = _valued(values, 0), 0, 0
    start = before
    for i in range(n):
        waiting |= 1 << i
        after = values(taken | waiting)
        if after is None:
            continue
        groups.append(waiting)
        steps.append(np.where(near(after, before), 0.0, after - before))
        before = np.where(near(after, before), before, after)
        taken, waiting = taken | waiting, 0
    made = _adding_up(np.stack(steps), _valued(values, taken) - start)
    return Shares(
        groups=tuple(groups), contributions=made, standard_error=np.full_like(made, np.nan)
    )


def _valued(values: Values, taken: int) -> Floats:
    found = values(taken)
    if found is None:
        raise Undefined(taken)
    return found


def _absent(taken: int, n: int) -> list[int]:
    return [i for i in range(n) if not taken >> i & 1]


def _orders(n: int, count: int, seed: int) -> list[list[int]]:
    """Draw orders of n changes, each followed by its reverse: their errors partly cancel."""
    rng = np.random.default_rng(seed)
    forward = [rng.permutation(n).tolist() for _ in range(count // 2)]
    return [order for drawn in forward for order in (drawn, drawn[::-1])]


def _on_the_way(order: list[int]) -> list[int]:
    """Return the sets met when changes are made in an order, from none to all."""
    sets = [0]
    for i in order:
        sets.append(sets[-1] | 1 << i)
    return sets


def _merged(table: Floats) -> Floats:
    """Give figures that differ by less than optima are proven one value, shape (sets, figures).

    Without it, a change that moves nothing would be given the rounding of two solves. The first
    row (no change) and the last (all) keep their own figures, so that shares add up to what the
    tables show.
    """
    order = np.argsort(table, axis=0, kind="stable")
    ranked = np.take_along_axis(table, order, axis=0)
    unknown = np.isnan(table).any(axis=0)
    least = SAME * np.maximum(1.0, np.abs(table).max(axis=0))
    starts = np.vstack([np.ones((1, table.shape[1]), dtype=bool), np.diff(ranked, axis=0) > least])
    cluster = np.empty_like(order)
    np.put_along_axis(cluster, order, starts.cumsum(axis=0), axis=0)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(table))[:, None], 0), axis=0)
    merged = np.empty_like(table)
    np.put_along_axis(merged, order, np.take_along_axis(ranked, first, axis=0), axis=0)
    merged = np.where(cluster == cluster[-1], table[-1], merged)
    merged = np.where(cluster == cluster[0], table[0], merged)
    merged[-1] = table[-1]
    merged[:, unknown] = np.nan
    return merged


def near(one: Floats | float, other: Floats | float) -> NDArray[np.bool_]:
    """Whether figures are one figure, as far as optima are proven."""
    return np.abs(one - other) <= SAME * np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))


def _adding_up(shares: Floats, total: Floats) -> Floats:
    """Give the rounding of a sum to its largest share, so that shares add up to the last digit."""
    shares = shares.copy()
    for shown, whole in zip(shares.T, total, strict=True):
        largest = int(np.argmax(np.abs(shown)))
        shown[largest] += whole - math.fsum(shown)
    return shares
