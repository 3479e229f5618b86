"""Which weights make given values the best there are, or come nearest to it.

What is lost at weights w is the least room between what the values are worth and the optimum: a
convex function of w, the largest of ``w · (values − rival)`` over all rivals (by duality the same
as the gap to the best dual bound). It is minimised over weights that add up to one by cuts: the
plan that is optimal at the weights tried is the rival that was missing.

References
----------
R. K. Ahuja, J. B. Orlin, "Inverse optimization", Operations Research 49 (2001), 771-783.
J. E. Kelley, "The cutting-plane method for solving convex programs", Journal of the SIAM 8 (1960),
703-712.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.session import Session
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.engine.session import SolverOptions

Floats = NDArray[np.float64]

NEAR = 1e-10
"""What may be lost and still count as nothing, as a share of the largest value."""
ROUNDING = 1e-8
"""Weights this near to 0 or 1 are 0 or 1, where no more is lost: little else tells them apart."""
LARGER = 1e3
MOST_RIVALS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """The weights implied by given values.

    Attributes
    ----------
    weights
        (K,) adding up to one, in the middle of those that lose least: as near as can be to the
        middles of the ranges (scaled to add up to one), the furthest one counting; then each in the
        middle of what the others leave it, in turn.
    least, most
        (K,) range of each weight among those that lose least.
    loss
        What is lost at these weights; 0 when the values are optimal.
    rivals
        Plans met on the way.
    """

    weights: Floats
    least: Floats
    most: Floats
    loss: float
    rivals: int


def implied_weights(
    values: Floats, rival_at: Callable[[Floats], Floats], options: SolverOptions
) -> Implied:
    """Find the weights at which given values lose least.

    Parameters
    ----------
    values
        (K,) what is given; some plan among the rivals reaches it.
    rival_at
        Values (K,) of a plan that is optimal at some weights.
    options
        How the solver works.

    Raises
    ------
    NotProven
        When it takes more than `MOST_RIVALS`.
    """
    return _Search(values, rival_at, options).run()


class _Search:
    """The rivals met so far."""

    def __init__(
        self, values: Floats, rival_at: Callable[[Floats], Floats], options: SolverOptions
    ) -> None:
        self._values, self._rival_at, self._options = values, rival_at, options
        self._size = len(values)
        self._near = NEAR * max(1.0, float(np.abs(values).max()))
        self._cuts: list[Floats] = []
        self._asked = 0

    def run(self) -> Implied:
        """Search; and where large values weigh next to nothing, once more beside those that count.

        Millions of euros that weigh a thousand-millionth are no measure of what is lost of rates.
        """
        found = self._found()
        finer = NEAR * max(1.0, float(found.weights @ np.abs(self._values)))
        if found.loss > 0.0 or finer >= self._near:
            return found
        self._near = finer
        return self._found()

    def _found(self) -> Implied:
        loss = self._least_loss()
        allowed = loss + self._near
        low, high = np.zeros(self._size), np.ones(self._size)
        ranges = np.array([self._range(k, allowed, (low, high)) for k in range(self._size)])
        middle = ranges.mean(axis=1) / ranges.mean(axis=1).sum()
        away = self._away(middle, allowed) + self._near
        low, high = np.maximum(low, middle - away), np.minimum(high, middle + away)
        for k in range(self._size):
            # each in the middle of what is left, in turn: one answer, whatever the path to it. What
            # is found is let through with `near` more than allowed, and so is what lies between
            allowed += 2.0 * self._near
            ends = self._range(k, allowed, (low, high))
            low[k] = high[k] = 0.5 * (ends[0] + ends[1])
        return Implied(
            weights=self._plain(low / low.sum(), allowed + self._near),
            least=_rounded(ranges[:, 0]),
            most=_rounded(ranges[:, 1]),
            loss=0.0 if loss <= self._near else loss,
            rivals=self._asked,
        )

    def _plain(self, weights: Floats, allowed: float) -> Floats:
        """Take weights near 0 for 0, unless more is lost so: of values that are large."""
        plain = _rounded(weights)
        plain = plain / plain.sum()
        same = bool((plain == weights).all())
        return plain if same or self._lost(plain) <= allowed else weights

    def _least_loss(self) -> float:
        weights = np.full(self._size, 1.0 / self._size)
        best = np.inf
        while True:
            best = min(best, self._lost(weights))
            bound, weights = self._fewest()
            if best - bound <= self._near:
                return max(best, 0.0)

    def _range(self, k: int, allowed: float, bounds: tuple[Floats, Floats]) -> tuple[float, float]:
        """Least and greatest weight of one objective, with no more lost than `allowed`."""
        ends = [self._furthest(k, sign, allowed, bounds) for sign in (1.0, -1.0)]
        return ends[0], max(ends)

    def _furthest(
        self, k: int, sign: float, allowed: float, bounds: tuple[Floats, Floats]
    ) -> float:
        while True:
            goal = np.zeros(self._size)
            goal[k] = sign
            rows = np.vstack([np.ones(self._size), *self._cuts])
            right = np.append(1.0, np.full(len(self._cuts), allowed))
            x = self._solved(rows, right, goal, bounds)
            if self._lost(x) <= allowed + self._near:
                return float(x[k])

    def _away(self, middle: Floats, allowed: float) -> float:
        """Least distance from the middles within which all weights can stand."""
        size = self._size
        eye, one = np.eye(size), np.ones((size, 1))
        bounds = np.zeros(size + 1), np.ones(size + 1)
        while True:
            cuts = np.array(self._cuts).reshape(-1, size)
            rows = np.vstack(
                [
                    np.append(np.ones(size), 0.0),
                    np.hstack([cuts, np.zeros((len(cuts), 1))]),
                    np.hstack([eye, -one]),
                    np.hstack([-eye, -one]),
                ]
            )
            right = np.concatenate([[1.0], np.full(len(cuts), allowed), middle, -middle])
            x = self._solved(rows, right, np.append(np.zeros(size), 1.0), bounds)
            if self._lost(x[:size]) <= allowed + self._near:
                return float(x[size])

    def _fewest(self) -> tuple[float, Floats]:
        """Least loss as far as the rivals met so far can tell, and its weights."""
        size, count = self._size, len(self._cuts)
        rows = np.zeros((count + 1, size + 1))
        rows[0, :size] = 1.0
        rows[1:, :size] = np.array(self._cuts).reshape(count, size)
        rows[1:, size] = -1.0
        goal = np.append(np.zeros(size), 1.0)
        bounds = np.zeros(size + 1), np.append(np.ones(size), np.inf)
        right = np.append(1.0, np.zeros(count))
        x = self._solved(rows, right, goal, bounds)
        return float(x[size]), x[:size]

    def _solved(
        self, rows: Floats, right: Floats, goal: Floats, bounds: tuple[Floats, Floats]
    ) -> Floats:
        """Solve the small program of the weights: the first row is an equation, others ≤."""
        lower = np.append(right[0], np.full(len(right) - 1, -np.inf))
        # a solver may miss a row by 1e-9: far less than `near` once rows are this much larger
        lower, upper, matrix = lower * LARGER, right * LARGER, sparse.csc_array(rows * LARGER)
        session = Session(matrix, lower, upper, *bounds, self._options)
        session.set_cost(goal)
        outcome = session.solve()
        if outcome.termination is not Termination.OPTIMAL:
            message = f"the weights ended without proof: {outcome.termination.value}"
            raise NotProven(message)
        return np.clip(outcome.x, *bounds)

    def _lost(self, weights: Floats) -> float:
        """Measure what is lost at some weights, and remember the rival that shows it."""
        self._asked += 1
        if self._asked > MOST_RIVALS:
            message = f"the implied weights are not proven after {MOST_RIVALS} plans"
            raise NotProven(message)
        cut = self._values - self._rival_at(weights)
        clean = np.where(np.abs(cut) <= 0.1 * self._near, 0.0, cut)
        if (clean > 0).any():
            self._cuts.append(clean)
        return float(weights @ cut)


def _rounded(weights: Floats) -> Floats:
    nearest = np.round(weights)
    return np.where(np.abs(weights - nearest) <= ROUNDING, nearest, weights)
