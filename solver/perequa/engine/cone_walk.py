"""The cheapest move in the tangent cone, by the dual simplex method from the basis of the vertex.

The basis is optimal where the limits stand. Moved by one, they push some of what is active beyond
its bound; each leaves the basis for whoever brings it back at the least price. Mostly one change
does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perequa.engine.factored_basis import Change, entering

if TYPE_CHECKING:
    from perequa.engine.direction import Direction
    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.vertex import Flags, Floats, Indices, Vertex

MOST = 60
"""Changes of basis before the move is left to the solver."""
BEYOND = 1e-10
"""Share of the largest move by which rounding may carry one beyond its bound."""
CANCELS = 1e-13
"""Share of what was taken from a multiplier that what is left of it may be by rounding."""
KEPT = 64
"""Changes kept, each of them several vectors of the size of the program."""
NOTHING = 1e-9
"""Share of the largest entry of its row below which a pivot is rounding."""


class ConeWalk:
    """The tangent cone of a vertex at the first priority, ready for one direction after another.

    Which way the basis changes depends on who is pushed beyond which bound, not on how far: the
    bases met are kept, and most directions only walk through those that others found.

    Parameters
    ----------
    vertex, basis
        The optimal vertex and its basis.
    """

    def __init__(self, vertex: Vertex, basis: FactoredBasis) -> None:
        self._basis = basis
        self._kept = 0
        self._low = np.concatenate([vertex.column_low, vertex.low])
        self._high = np.concatenate([vertex.column_high, vertex.high])
        y = vertex.duals[0]
        reduced = np.concatenate([vertex.costs[0] - vertex.scaled.matrix.T @ y, y])
        reduced[basis.basic] = 0.0
        # what is not basic moves away from its active bound alone
        rises, falls = ~self._high, ~self._low
        rises[basis.basic] = falls[basis.basic] = False
        self._first = self._state(basis.basic.copy(), reduced, rises, falls, [])

    def cheapest(self, direction: Direction) -> tuple[Floats, Floats] | Floats | None:
        """Move limits by one unit of a direction at the least cost.

        Returns
        -------
        tuple, array or None
            The move (n,) and a dual (m,) that proves its price; or multipliers (m,) that prove
            that there is none; None where the way would be long or unsafe.
        """
        x, state = self._basis.written(direction.rows, direction.rates, []), self._first
        for _ in range(MOST):
            place = _pushed(x, state.low, state.high)
            if place is None:
                return self._moved(state, x), state.dual
            step = self._next(state, place, above=bool(x[place] > 0))
            if step is None:
                return None
            if isinstance(step, np.ndarray):
                return step / float(x[place])
            taken = x[place] / step.pivot
            x -= taken * step.alpha
            x[place] = taken
            state = step.state
        return None

    def _next(self, state: _State, place: int, *, above: bool) -> _Step | Floats | None:
        """Bring back who was pushed beyond a bound; find out how once.

        Returns
        -------
        _Step, array or None
            The change of basis; multipliers (m,) that pick the one pushed, where nobody can bring
            it back; None where that would spoil the figures.
        """
        known = state.next
        if (place, above) in known:
            return known[place, above]
        step = self._changed(state, place, above=above)
        if self._kept < KEPT:
            self._kept += 1
            known[place, above] = step
        return step

    def _changed(self, state: _State, place: int, *, above: bool) -> _Step | Floats | None:
        basis = self._basis
        pi = basis.multipliers(place, state.changes)
        row = basis.combined(pi)
        who = _cheapest(row if above else -row, state.reduced, state.rises, state.falls)
        if who is None:
            return pi
        alpha = basis.written(*basis.entries(who), state.changes)
        change = entering(place, alpha)
        if change is None or abs(change.pivot - row[who]) > 1e-7 * abs(change.pivot):
            return None
        times = state.reduced[who] / change.pivot
        less = times * row
        z = state.reduced - less
        # what cancels leaves nothing, not rounding
        z[np.abs(z) <= CANCELS * np.abs(less)] = 0.0
        basic, rises, falls = state.basic.copy(), state.rises.copy(), state.falls.copy()
        leaving = basic[place]
        z[who], z[leaving] = 0.0, -times
        rises[leaving], falls[leaving] = not self._high[leaving], not self._low[leaving]
        rises[who] = falls[who] = False
        basic[place] = who
        after = self._state(basic, z, rises, falls, [*state.changes, change])
        return _Step(alpha, change.pivot, after)

    def _state(
        self, basic: Indices, reduced: Floats, rises: Flags, falls: Flags, changes: list[Change]
    ) -> _State:
        return _State(
            basic=basic,
            reduced=reduced,
            rises=rises,
            falls=falls,
            changes=changes,
            low=self._low[basic],
            high=self._high[basic],
            first_row=self._basis.n,
        )

    def _moved(self, state: _State, x: Floats) -> Floats:
        """Lay the move of what is basic over the columns."""
        columns = state.basic < self._basis.n
        move = np.zeros(self._basis.n)
        move[state.basic[columns]] = x[columns]
        return move


class _Step(NamedTuple):
    """A change of basis: the entering column written in the basis before, its pivot, what follows.

    A limit pushed by x at that place leaves x / pivot there and takes that times the rest.
    """

    alpha: Floats
    pivot: float
    state: _State


@dataclass(frozen=True, kw_only=True)
class _State:
    """A basis on the way, and what was found from it.

    Attributes
    ----------
    basic, reduced
        (m,) who is basic, by place; (n + m,) reduced costs of columns and logicals.
    rises, falls
        (n + m,) who, not basic, may leave its bound upwards or downwards.
    changes
        Changes of the vertex's basis that led here.
    low, high
        (m,) whether who is basic stands at an active bound.
    first_row
        Place of the logical of row 0 among the reduced costs.
    next
        Changes found, by the place pushed and whether above its bound.
    """

    basic: Indices
    reduced: Floats
    rises: Flags
    falls: Flags
    changes: list[Change]
    low: Flags
    high: Flags
    first_row: int
    next: dict[tuple[int, bool], _Step | Floats | None] = field(default_factory=dict)

    @cached_property
    def dual(self) -> Floats:
        """The dual of the rows, (m,): one and the same array for every direction that ends here."""
        y = self.reduced[self.first_row :]
        return np.where(np.abs(y) < 1e-12, 0.0, y)


def _pushed(x: Floats, low: Flags, high: Flags) -> int | None:
    """Return who is pushed furthest beyond an active bound; None where nobody is."""
    # ten times faster than of the figures themselves
    moved = np.flatnonzero(x != 0.0)
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
