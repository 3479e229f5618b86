"""The longest move of some limits, by the primal simplex method from the basis of the vertex.

A range ends two or three changes of basis from the vertex: the factors in hand answer in less time
than a solver takes to load the program again. Everything is written in differences from the vertex,
where every column and every row stands at 0. The logical of a row is its activity less what its
limit has moved, so that its bounds stay where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from perequa.engine.direction import Direction
    from perequa.engine.vertex import Floats, Indices, Vertex

MOST = 40
"""Changes of basis before the move is left to the solver."""
NOTHING = 1e-9
"""Share of the largest gain, or of the largest rate, below which one is rounding."""
SAFE = 1e-7
"""Share of the largest rate that the one leaving a basis must have."""


class Walked(NamedTuple):
    """The end of a walk: how far, the columns' move, and the multipliers that stop it.

    `far` is infinite where nothing stops it; `move` is then per unit and `w` empty.
    """

    far: float
    move: Floats
    w: Floats


class _Change(NamedTuple):
    """A column that entered the basis, written in the basis before: its pivot and the others."""

    place: int
    pivot: float
    others: Indices
    rates: Floats


class BasisWalk:
    """The basis of a vertex, ready for one walk after another.

    Parameters
    ----------
    vertex
        The optimal vertex.

    Notes
    -----
    Columns stand before logicals, the distance walked behind both. The basic columns are held by
    the rows that are not basic: only the part of the matrix in both is factored.
    """

    def __init__(self, vertex: Vertex) -> None:
        self._matrix = vertex.scaled.matrix
        self._m, self._n = self._matrix.shape
        self._columns = vertex.basic[vertex.basic >= 0]
        self._held = np.flatnonzero(~vertex.basic_rows)
        self._others = np.flatnonzero(vertex.basic_rows)
        carried = sparse.csr_array(self._matrix[:, self._columns])
        self._factors = splu(sparse.csc_array(carried[self._held]))
        self._into = sparse.csr_array(carried[self._others])
        self._back = sparse.csr_array(self._into.T)
        self._priced = sparse.csr_array(self._matrix.T)
        self._basic = np.concatenate([self._columns, self._n + self._others])

    def walk(self, direction: Direction, low: Floats, high: Floats) -> Walked | None:
        """Go as far as the bounds let a direction go.

        Parameters
        ----------
        direction
            How the limits move per unit walked.
        low, high
            (n + m,) how far each column and each logical may go: 0 where it is held.

        Returns
        -------
        Walked or None
            None where the walk would be long or unsafe.
        """
        start = np.zeros(self._m)
        start[direction.rows] = -direction.rates
        state = _State(self._basic, np.append(low, 0.0), np.append(high, np.inf))
        entering, sign, alpha = self._n + self._m, 1.0, self._forward(start, state)
        pi = gains = np.zeros(0)
        for _ in range(MOST):
            rate = -sign * alpha
            room, met = state.room(entering, sign), state.first_met(rate)
            if met is None and np.isinf(room):
                return self._endless(state, entering, sign, rate)
            if met is None or room < met[0]:
                state.cross(entering, sign, rate, room)
            elif not state.safe(rate, met[1]):
                return None
            else:
                state.change(entering, sign, rate, met, alpha)
                pi = self._backward(state)
                gains = np.concatenate([-(self._priced @ pi), pi])
            chosen = state.best(gains)
            if chosen is None:
                return Walked(float(state.values[-1]), state.values[: self._n], -pi)
            entering, sign = chosen
            alpha = self._forward(self._column(entering), state)
        return None

    def _column(self, k: int) -> Floats:
        column = np.zeros(self._m)
        if k >= self._n:
            column[k - self._n] = -1.0
            return column
        part = slice(self._matrix.indptr[k], self._matrix.indptr[k + 1])
        column[self._matrix.indices[part]] = self._matrix.data[part]
        return column

    def _forward(self, right: Floats, state: _State) -> Floats:
        """Solve with the present basis."""
        own = self._factors.solve(right[self._held])
        found = np.concatenate([own, self._into @ own - right[self._others]])
        for change in state.changes:
            by = found[change.place] / change.pivot
            found[change.others] -= by * change.rates
            found[change.place] = by
        return found

    def _backward(self, state: _State) -> Floats:
        """Multipliers of the distance in the present basis: solve with its transpose."""
        left = np.zeros(self._m)
        left[state.changes[0].place] = 1.0
        for change in reversed(state.changes):
            rest = float(change.rates @ left[change.others])
            left[change.place] = (left[change.place] - rest) / change.pivot
        count = len(self._columns)
        pi = np.empty(self._m)
        pi[self._others] = -left[count:]
        own = left[:count] - self._back @ pi[self._others]
        pi[self._held] = self._factors.solve(own, trans="T")
        return pi

    def _endless(self, state: _State, entering: int, sign: float, rate: Floats) -> Walked | None:
        move = np.zeros(self._n + self._m + 1)
        move[state.basic] = rate
        move[entering] = sign
        if not move[-1] > 0:
            return None
        return Walked(np.inf, move[: self._n] / move[-1], np.zeros(0))


class _State:
    """A basis on the way: who is basic, where everyone stands, who may still go where."""

    def __init__(self, basic: Indices, low: Floats, high: Floats) -> None:
        self.basic = basic.copy()
        self.low, self.high = low, high
        self.values = np.zeros(len(low))
        self.changes: list[_Change] = []
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

    def safe(self, rate: Floats, place: int) -> bool:
        """Whether a change of basis there keeps its figures."""
        return bool(abs(rate[place]) > SAFE * np.abs(rate).max())

    def change(
        self, entering: int, sign: float, rate: Floats, met: tuple[float, int], alpha: Floats
    ) -> None:
        """Let one enter the basis in the place of another."""
        step, place = met
        leaving = self.basic[place]
        self._go(entering, sign, rate, step)
        self._stop(leaving, above=rate[place] > 0)
        self._rises[entering] = self._falls[entering] = False
        self.basic[place] = entering
        others = np.flatnonzero(alpha)
        others = others[others != place]
        self.changes.append(_Change(place, float(alpha[place]), others, alpha[others]))

    def cross(self, entering: int, sign: float, rate: Floats, room: float) -> None:
        """Let one go from one of its bounds to the other; the basis stays."""
        self._go(entering, sign, rate, room)
        self._stop(entering, above=sign > 0)

    def _go(self, entering: int, sign: float, rate: Floats, step: float) -> None:
        self.values[self.basic] += step * rate
        self.values[entering] += sign * step

    def _stop(self, k: int, *, above: bool) -> None:
        loose = bool(self.low[k] < self.high[k])
        self._rises[k], self._falls[k] = loose and not above, loose and above

    def best(self, gains: Floats) -> tuple[int, float] | None:
        """Return who gains most by moving, and which way; None where nobody gains."""
        gain = np.where(gains > 0, self._rises[:-1], self._falls[:-1]) * np.abs(gains)
        k = int(np.argmax(gain))
        if gain[k] <= NOTHING * max(1.0, float(np.abs(gains).max())):
            return None
        return k, 1.0 if gains[k] > 0 else -1.0
