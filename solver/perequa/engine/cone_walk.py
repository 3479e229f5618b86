"""The cheapest move in the tangent cone, by the dual simplex method from the basis of the vertex.

The basis is optimal where the limits stand. Moved by one, they push some of what is active beyond
its bound; each leaves the basis for whoever brings it back at the least price. Mostly one change
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from perequa.engine.factored_basis import Change, entering

if TYPE_CHECKING:
    from perequa.engine.direction import Direction
    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.vertex import Flags, Floats, Indices, Vertex

Kept = TypeVar("Kept")

MOST = 60
"""Changes of basis before the move is left to the solver."""
BEYOND = 1e-10
"""Share of the largest move by which rounding may carry one beyond its bound."""
CANCELS = 1e-13
"""Share of what was taken from a multiplier that what is left of it may be by rounding."""
KEPT = 64
"""First changes kept, each of them several vectors of the size of the program."""
NOTHING = 1e-9
"""Share of the largest entry of its row below which a pivot is rounding."""


class ConeWalk:
    """The tangent cone of a vertex at the first priority, ready for one direction after another.

    Parameters
    ----------
    vertex, basis
        The optimal vertex and its basis.
    """

    def __init__(self, vertex: Vertex, basis: FactoredBasis) -> None:
        self._basis = basis
        self._picked: dict[int, tuple[Floats, Floats]] = {}
        self._entered: dict[int, Floats] = {}
        self._low = np.concatenate([vertex.column_low, vertex.low])
        self._high = np.concatenate([vertex.column_high, vertex.high])
        y = vertex.duals[0]
        self._reduced = np.concatenate([vertex.costs[0] - vertex.scaled.matrix.T @ y, y])
        self._reduced[basis.basic] = 0.0
        # what is not basic moves away from its active bound alone
        self._rises, self._falls = ~self._high, ~self._low
        self._rises[basis.basic] = self._falls[basis.basic] = False

    def cheapest(self, direction: Direction) -> tuple[Floats, Floats] | Floats | None:
        """Move limits by one unit of a direction at the least cost.

        Returns
        -------
        tuple, array or None
            The move (n,) and a dual (m,) that proves its price; or multipliers (m,) that prove
            that there is none; None where the way would be long or unsafe.
        """
        basis, low, high = self._basis, self._low, self._high
        basic, z = basis.basic.copy(), self._reduced.copy()
        rises, falls = self._rises.copy(), self._falls.copy()
        right = np.zeros(basis.m)
        right[direction.rows] = direction.rates
        x = basis.written(right, [])
        changes: list[Change] = []
        for _ in range(MOST):
            place = _pushed(x, low[basic], high[basic])
            if place is None:
                return _completed(basic, x, z, basis.n)
            pi, row = self._leaving(place, changes)
            who = _cheapest(row if x[place] > 0 else -row, z, rises, falls)
            if who is None:
                return pi / float(x[place])
            alpha = self._written(who, changes)
            change = entering(place, alpha)
            if change is None or abs(change.pivot - row[who]) > 1e-7 * abs(change.pivot):
                return None
            times, step = z[who] / change.pivot, x[place] / change.pivot
            less = times * row
            z -= less
            # what cancels leaves nothing, not rounding
            z[np.abs(z) <= CANCELS * np.abs(less)] = 0.0
            x -= step * alpha
            x[place] = step
            leaving = basic[place]
            z[who], z[leaving] = 0.0, -times
            rises[leaving], falls[leaving] = not high[leaving], not low[leaving]
            rises[who] = falls[who] = False
            basic[place] = who
            changes.append(change)
        return None

    def _leaving(self, place: int, changes: list[Change]) -> tuple[Floats, Floats]:
        """Multipliers that pick one place of the basis, and their product with every column."""
        if changes:
            pi = self._basis.multipliers(place, changes)
            return pi, self._basis.combined(pi)
        if place not in self._picked:
            pi = self._basis.multipliers(place, [])
            _keep(self._picked, place, (pi, self._basis.combined(pi)))
        return self._picked[place]

    def _written(self, who: int, changes: list[Change]) -> Floats:
        """Write a column in the present basis."""
        if changes:
            return self._basis.written(self._basis.column(who), changes)
        if who not in self._entered:
            _keep(self._entered, who, self._basis.written(self._basis.column(who), []))
        return self._entered[who]


def _keep(kept: dict[int, Kept], key: int, value: Kept) -> None:
    """Keep what the first change of a basis needs: one limit after another asks for it."""
    if len(kept) >= KEPT:
        kept.clear()
    kept[key] = value


def _pushed(x: Floats, low: Flags, high: Flags) -> int | None:
    """Return who is pushed furthest beyond an active bound; None where nobody is."""
    moved = np.flatnonzero(x)
    own = x[moved]
    beyond = np.abs(own) * np.where(own < 0, low[moved], high[moved])
    if not beyond.size or beyond.max() <= BEYOND * max(1.0, float(np.abs(own).max())):
        return None
    return int(moved[np.argmax(beyond)])


def _cheapest(helps: Floats, z: Floats, rises: Flags, falls: Flags) -> int | None:
    """Return who brings one back within its bound at the least price per unit; None if nobody."""
    size = np.abs(helps)
    able = np.where(helps > 0, rises, falls) & (size > NOTHING * max(1.0, float(size.max())))
    places = np.flatnonzero(able)
    if places.size == 0:
        return None
    ratio = np.abs(z[places]) / size[places]
    least = float(ratio.min())
    near = places[ratio <= least * (1 + 1e-12) + 1e-13]
    # of those as cheap the one that helps most: the basis stays far from singular
    return int(near[np.argmax(size[near])])


def _completed(basic: Indices, x: Floats, z: Floats, n: int) -> tuple[Floats, Floats]:
    """Return the move of the columns and the dual of the rows."""
    columns = basic < n
    move = np.zeros(n)
    move[basic[columns]] = x[columns]
    y = z[n:]
    return move, np.where(np.abs(y) < 1e-12, 0.0, y)
