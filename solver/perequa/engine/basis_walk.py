"""The longest move of some limits, by the primal simplex method from the basis of the vertex.

A range ends two or three changes of basis from the vertex: the factors in hand answer in less time
than a solver takes to load the program again. Everything is written in differences from the vertex,
where every column and every row stands at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perequa.engine.factored_basis import Change, entering

if TYPE_CHECKING:
    from perequa.engine.direction import Direction
    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.vertex import Floats, Indices

MOST = 40
"""Changes of basis before the move is left to the solver."""
NOTHING = 1e-9
"""Share of the largest gain below which one is rounding."""


class Walked(NamedTuple):
    """The end of a walk: how far, the columns' move, and the multipliers that stop it.

    `far` is infinite where nothing stops it; `move` is then per unit and `w` empty.
    """

    far: float
    move: Floats
    w: Floats


def walk(basis: FactoredBasis, direction: Direction, low: Floats, high: Floats) -> Walked | None:
    """Go as far as the bounds let a direction go.

    Parameters
    ----------
    basis
        The basis of the vertex.
    direction
        How the limits move per unit walked.
    low, high
        (n + m,) how far each column and each logical may go: 0 where it is held.

    Returns
    -------
    Walked or None
        None where the walk would be long or unsafe.
    """
    distance = basis.n + basis.m
    start = np.zeros(basis.m)
    start[direction.rows] = -direction.rates
    state = _State(basis.basic, np.append(low, 0.0), np.append(high, np.inf))
    who, sign, alpha = distance, 1.0, basis.written(start, [])
    gains = np.zeros(0)
    for _ in range(MOST):
        rate = -sign * alpha
        room, met = state.room(who, sign), state.first_met(rate)
        if met is None and np.isinf(room):
            return _endless(state, basis.n, who, sign, rate)
        if met is None or room < met[0]:
            state.cross(who, sign, rate, room)
        else:
            change = entering(met[1], alpha)
            if change is None:
                return None
            state.change(who, sign, rate, met[0], change)
            # the distance took the first place and keeps it
            gains = -basis.combined(basis.multipliers(state.changes[0].place, state.changes))
        chosen = state.best(gains)
        if chosen is None:
            return Walked(float(state.values[-1]), state.values[: basis.n], -gains[basis.n :])
        who, sign = chosen
        alpha = basis.written(basis.column(who), state.changes)
    return None


def _endless(state: _State, n: int, who: int, sign: float, rate: Floats) -> Walked | None:
    move = np.zeros(len(state.values))
    move[state.basic] = rate
    move[who] = sign
    if not move[-1] > 0:
        return None
    return Walked(np.inf, move[:n] / move[-1], np.zeros(0))


class _State:
    """A basis on the way: who is basic, where everyone stands, who may still go where.

    The distance walked stands behind columns and logicals.
    """

    def __init__(self, basic: Indices, low: Floats, high: Floats) -> None:
        self.basic = basic.copy()
        self.low, self.high = low, high
        self.values = np.zeros(len(low))
        self.changes: list[Change] = []
        self._rises, self._falls = high > 0.0, low < 0.0
        self._rises[basic] = self._falls[basic] = False

    def room(self, k: int, sign: float) -> float:
        """How far one may go before its own bound."""
        bound = self.high[k] if sign > 0 else self.low[k]
        return float(sign * (bound - self.values[k]))

    def first_met(self, rate: Floats) -> tuple[float, int] | None:
        """Return the step to the first bound met by a basic one, and its place; None for ever."""
        size = np.abs(rate)
        places = np.flatnonzero(size > 1e-10 * max(1.0, float(size.max(initial=0.0))))
        who, own = self.basic[places], rate[places]
        bound = np.where(own > 0, self.high[who], self.low[who])
        room = np.maximum(0.0, (bound - self.values[who]) / own)
        step = float(room.min(initial=np.inf))
        if np.isinf(step):
            return None
        near = np.flatnonzero(room <= step * (1 + 1e-12) + 1e-13)
        # of those met together the one that moves most: the basis stays far from singular
        return step, int(places[near[np.argmax(np.abs(own[near]))]])

    def change(self, who: int, sign: float, rate: Floats, step: float, change: Change) -> None:
        """Let one enter the basis in the place of another."""
        leaving = self.basic[change.place]
        self._go(who, sign, rate, step)
        self._stop(leaving, above=bool(rate[change.place] > 0))
        self._rises[who] = self._falls[who] = False
        self.basic[change.place] = who
        self.changes.append(change)

    def cross(self, who: int, sign: float, rate: Floats, room: float) -> None:
        """Let one go from one of its bounds to the other; the basis stays."""
        self._go(who, sign, rate, room)
        self._stop(who, above=sign > 0)

    def _go(self, who: int, sign: float, rate: Floats, step: float) -> None:
        self.values[self.basic] += step * rate
        self.values[who] += sign * step

    def _stop(self, k: int, *, above: bool) -> None:
        loose = bool(self.low[k] < self.high[k])
        self._rises[k], self._falls[k] = loose and not above, loose and above

    def best(self, gains: Floats) -> tuple[int, float] | None:
        """Return who gains most by moving, and which way; None where nobody gains."""
        size = np.abs(gains)
        gain = np.where(gains > 0, self._rises[:-1], self._falls[:-1]) * size
        k = int(np.argmax(gain))
        if gain[k] <= NOTHING * max(1.0, float(size.max())):
            return None
        return k, 1.0 if gains[k] > 0 else -1.0
