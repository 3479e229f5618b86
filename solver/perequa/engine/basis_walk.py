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


class Room:
    """Where everyone may go from the vertex, and who may enter its basis.

    Parameters
    ----------
    basis
        The basis of the vertex.
    low, high
        (n + m,) how far each column and each logical may go: 0 where it is held.

    Attributes
    ----------
    entrants
        Those not basic that are not held: mostly few of all.
    """

    def __init__(self, basis: FactoredBasis, low: Floats, high: Floats) -> None:
        self.basis = basis
        # the distance walked stands behind columns and logicals
        self.low, self.high = np.append(low, 0.0), np.append(high, np.inf)
        self.rises, self.falls = self.high > 0.0, self.low < 0.0
        self.rises[basis.basic] = self.falls[basis.basic] = False
        self.entrants = np.flatnonzero((self.rises | self.falls)[:-1])
        self._priced = basis.priced[self.entrants[self.entrants < basis.n]]
        self._rows = self.entrants[self.entrants >= basis.n] - basis.n

    def gains(self, pi: Floats) -> Floats:
        """What each entrant adds to the distance per unit, at the multipliers of the rows."""
        return np.concatenate([-(self._priced @ pi), pi[self._rows]])

    def gain_of(self, k: int, pi: Floats) -> float:
        """Tell the same of any one."""
        if k >= self.basis.n:
            return float(pi[k - self.basis.n])
        rows, values = self.basis.entries(k)
        return -float(values @ pi[rows])


def walk(room: Room, direction: Direction) -> Walked | None:
    """Go as far as the bounds let a direction go.

    Parameters
    ----------
    room
        Where everyone may go from the vertex.
    direction
        How the limits move per unit walked.

    Returns
    -------
    Walked or None
        None where the walk would be long or unsafe.
    """
    basis = room.basis
    distance = basis.n + basis.m
    state = _State(room)
    who, sign, alpha = distance, 1.0, basis.written(direction.rows, -direction.rates, [])
    pi = np.zeros(basis.m)
    for _ in range(MOST):
        # a column touches few of the basic ones: the others are left alone
        touched = np.flatnonzero(alpha != 0.0)
        rate = _Rate(touched, state.basic[touched], -sign * alpha[touched])
        own, met = state.room(who, sign), _first_met(state, rate)
        if met is None and np.isinf(own):
            return _endless(state, basis.n, who, sign, rate)
        if met is None or own < met.step:
            state.cross(who, sign, rate, own)
        else:
            change = entering(met.place, alpha)
            if change is None:
                return None
            state.change(who, sign, rate, met, change)
            # the distance took the first place and keeps it
            pi = basis.multipliers(state.changes[0].place, state.changes)
        chosen = state.best(pi)
        if chosen is None:
            return Walked(float(state.values[-1]), state.values[: basis.n], -pi)
        who, sign = chosen
        alpha = basis.written(*basis.entries(who), state.changes)
    return None


class _Rate(NamedTuple):
    """How fast the basic ones that are touched move: their places, who they are, the rates."""

    places: Indices
    who: Indices
    rates: Floats


class _Met(NamedTuple):
    """The step to the first bound met by a basic one, its place, and whether it is its upper."""

    step: float
    place: int
    above: bool


def _endless(state: _State, n: int, who: int, sign: float, rate: _Rate) -> Walked | None:
    move = np.zeros(len(state.values))
    move[rate.who] = rate.rates
    move[who] = sign
    if not move[-1] > 0:
        return None
    return Walked(np.inf, move[:n] / move[-1], np.zeros(0))


class _State:
    """A basis on the way: who is basic, where everyone stands, who may still go where."""

    def __init__(self, room: Room) -> None:
        self._room, self.basic = room, room.basis.basic.copy()
        self.low, self.high = room.low, room.high
        self.values = np.zeros(len(room.low))
        self.changes: list[Change] = []
        self._left: list[int] = []
        self._rises, self._falls = room.rises.copy(), room.falls.copy()

    def room(self, k: int, sign: float) -> float:
        """How far one may go before its own bound."""
        bound = self.high[k] if sign > 0 else self.low[k]
        return float(sign * (bound - self.values[k]))

    def change(self, who: int, sign: float, rate: _Rate, met: _Met, change: Change) -> None:
        """Let one enter the basis in the place of another."""
        leaving = self.basic[change.place]
        self._go(who, sign, rate, met.step)
        self._stop(leaving, above=met.above)
        if leaving < len(self.values) - 1:
            self._left.append(int(leaving))
        self._rises[who] = self._falls[who] = False
        self.basic[change.place] = who
        self.changes.append(change)

    def cross(self, who: int, sign: float, rate: _Rate, room: float) -> None:
        """Let one go from one of its bounds to the other; the basis stays."""
        self._go(who, sign, rate, room)
        self._stop(who, above=sign > 0)

    def _go(self, who: int, sign: float, rate: _Rate, step: float) -> None:
        self.values[rate.who] += step * rate.rates
        self.values[who] += sign * step

    def _stop(self, k: int, *, above: bool) -> None:
        loose = bool(self.low[k] < self.high[k])
        self._rises[k], self._falls[k] = loose and not above, loose and above

    def best(self, pi: Floats) -> tuple[int, float] | None:
        """Return who gains most by moving, and which way; None where nobody gains.

        Parameters
        ----------
        pi
            (m,) multipliers of the rows: what a unit of each adds to the distance walked.
        """
        who = self._room.entrants
        gains = self._room.gains(pi)
        sizes = np.abs(gains)
        able = np.where(gains > 0, self._rises[who], self._falls[who]) * sizes
        size = max(1.0, float(np.abs(pi).max(initial=0.0)), float(sizes.max(initial=0.0)))
        chosen, sign, most = -1, 1.0, 0.0
        if able.size:
            k = int(able.argmax())
            chosen, sign, most = int(who[k]), 1.0 if gains[k] > 0 else -1.0, float(able[k])
        for left in self._left:
            gain = self._room.gain_of(left, pi)
            size = max(size, abs(gain))
            if abs(gain) > most and (self._rises if gain > 0 else self._falls)[left]:
                chosen, sign, most = left, 1.0 if gain > 0 else -1.0, abs(gain)
        return None if most <= NOTHING * size else (chosen, sign)


def _first_met(state: _State, rate: _Rate) -> _Met | None:
    """Find the first bound met by a basic one; None for ever."""
    size = np.abs(rate.rates)
    moving = np.flatnonzero(size > 1e-10 * max(1.0, float(size.max(initial=0.0))))
    who, own = rate.who[moving], rate.rates[moving]
    bound = np.where(own > 0, state.high[who], state.low[who])
    room = np.maximum(0.0, (bound - state.values[who]) / own)
    step = float(room.min(initial=np.inf))
    if np.isinf(step):
        return None
    near = np.flatnonzero(room <= step * (1 + 1e-12) + 1e-13)
    # of those met together the one that moves most: the basis stays far from singular
    k = near[np.argmax(np.abs(own[near]))]
    return _Met(step, int(rate.places[moving[k]]), bool(own[k] > 0))
