"""How far a price holds, exactly, and what takes over beyond.

A plan follows the price p of a moving limit as long as it stays complementary to a dual y that
gives p: every limit with a multiplier is met, every column with a reduced cost stays at its bound.
The largest T for which such a plan exists is one program, with T among its columns, written in
differences from the optimal vertex: what is active there is exactly 0, so a short range is found
as precisely as a long one. Its multipliers w show what ends the range: y + κ·w is a dual that
grows faster than p from T on; where κ may be as large as one likes, w alone proves that no plan is
left beyond T. A few changes of the vertex's own basis mostly lead there (`basis_walk.py`); the
solver is asked where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.basis_walk import Room, Walked, walk
from perequa.engine.session import PRIMAL, Session, with_more_columns
from perequa.engine.stages import NOT_ZERO
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from perequa.engine.direction import Direction
    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.session import SolverOptions
    from perequa.engine.vertex import Vertex

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SHARP = 1e-9
"""Share of a range within which the plan and the dual at its end must agree."""
STEEPER = 1e-8
"""Share of a price by which the price beyond its range must exceed it."""
LEAST = 1e-6
"""Shortest range told from rounding, in the solver's units."""
NOISE = 1e-11
"""Share of its own sum below which a multiplier is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """How far a price holds, in the solver's units, with its proof.

    Attributes
    ----------
    reach
        The largest distance at which the price still holds; ``inf`` when for ever.
    columns, values
        The move from the vertex to an optimal plan at that distance, per unit.
    end_dual
        (m,) a dual that takes over there; None when the range has no end or no plan is left.
    end_ray
        (m,) multipliers that no plan beyond satisfies; None when there are plans.
    """

    reach: float
    columns: Indices
    values: Floats
    end_dual: Floats | None = None
    end_ray: Floats | None = None


class RangeFinder:
    """Finds how far prices hold at one vertex, one direction after another.

    Parameters
    ----------
    vertex, basis
        The optimal vertex and its basis.
    options
        How the solver works.

    Attributes
    ----------
    programs_solved
        Programs solved where the vertex's own basis did not do.
    """

    def __init__(self, vertex: Vertex, basis: FactoredBasis, options: SolverOptions) -> None:
        self.programs_solved = 0
        self._vertex, self._basis, self._options = vertex, basis, options
        scaled = vertex.scaled
        # distances from the vertex: what is active there is exactly 0
        self._low = np.concatenate(
            [
                np.where(vertex.column_low, 0.0, scaled.column_lower - vertex.x),
                np.where(vertex.low, 0.0, scaled.row_lower - vertex.activity),
            ]
        )
        self._high = np.concatenate(
            [
                np.where(vertex.column_high, 0.0, scaled.column_upper - vertex.x),
                np.where(vertex.high, 0.0, scaled.row_upper - vertex.activity),
            ]
        )
        self._last: _Following | None = None

    def range_of(self, direction: Direction, y: Floats) -> Range | None:
        """Find how far the price that a dual gives a direction holds.

        Parameters
        ----------
        direction
            The limits that move.
        y
            (m,) a dual of the first priority, solver's units, that gives the direction its price.

        Returns
        -------
        Range or None
            None where rounding leaves the proof short of `SHARP`, or where the plans that follow
            break an order of rates that the program takes for granted.
        """
        following = self._following(y)
        walked = walk(following.room, direction)
        found = None if walked is None else following.proven(direction, walked)
        if found is None:
            self.programs_solved += 1
            solved = following.solved(direction, self._options)
            found = None if solved is None else following.proven(direction, solved)
        if found is None:
            return None
        ordered = self._vertex.reach_of_orders(found.columns, found.values)
        return found if found.reach <= ordered * (1 + SHARP) else None

    def _following(self, y: Floats) -> _Following:
        """Keep the last: prices of one dual are asked one after another."""
        if self._last is None or self._last.y is not y:
            self._last = _Following(self._vertex, self._basis, y, self._low, self._high)
        return self._last


class _Following:
    """The plans that follow the price of one dual, in differences from the vertex."""

    def __init__(
        self, vertex: Vertex, basis: FactoredBasis, y: Floats, low: Floats, high: Floats
    ) -> None:
        self._vertex, self._basis, self.y = vertex, basis, y
        scaled = vertex.scaled
        self._dual = np.concatenate([vertex.costs[0] - basis.priced @ y, y])
        self._held = np.abs(self._dual) > NOT_ZERO
        self.low, self.high = np.where(self._held, 0.0, low), np.where(self._held, 0.0, high)
        self.room = Room(basis, self.low, self.high)
        loose = (scaled.column_lower != scaled.column_upper, scaled.row_lower != scaled.row_upper)
        self._turning = self._held & np.concatenate(loose)

    def solved(self, direction: Direction, options: SolverOptions) -> Walked | None:
        """Find the end of a direction by the solver."""
        vertex, n = self._vertex, len(self._vertex.x)
        distance = np.zeros(len(vertex.activity))
        distance[direction.rows] = -direction.rates
        matrix = sparse.hstack([vertex.scaled.matrix, sparse.csc_array(distance[:, None])])
        session = Session(
            sparse.csc_array(matrix),
            self.low[n:],
            self.high[n:],
            np.append(self.low[:n], 0.0),
            np.append(self.high[:n], np.inf),
            options,
        )
        cost = np.zeros(n + 1)
        cost[n] = -1.0
        session.set_cost(cost)
        session.set_basis(with_more_columns(vertex.basis, 1))
        outcome = session.solve(strategy=PRIMAL, presolve=False)
        if outcome.termination is Termination.OPTIMAL:
            return Walked(float(outcome.x[n]), outcome.x[:n], outcome.y)
        ray = session.primal_ray() if outcome.termination is Termination.UNBOUNDED else None
        if ray is None or not ray[n] > 0:
            return None
        return Walked(np.inf, ray[:n] / ray[n], np.zeros(0))

    def proven(self, direction: Direction, walked: Walked) -> Range | None:
        """Turn the end of a direction into a range; None where its proof is not sharp."""
        far = walked.far
        if np.isinf(far):
            columns, values = _moved(walked.move)
            return Range(reach=far, columns=columns, values=values)
        w = np.where(np.abs(walked.w) < NOISE * np.abs(walked.w).max(), 0.0, walked.w)
        slope = direction.along(w)
        if not (far > LEAST and slope > 0.5):
            return None
        w /= slope
        more = np.concatenate([self._pulls(w), w])
        if not abs(self._left(more) - far) <= SHARP * far:
            return None
        times = self._times(more)
        if not times > STEEPER * max(abs(direction.along(self.y)), NOT_ZERO):
            return None
        no_plan = bool(np.isinf(times))
        columns, values = _moved(walked.move / far)
        return Range(
            reach=far,
            columns=columns,
            values=values,
            end_dual=None if no_plan else _sum(self.y, times * w),
            end_ray=w if no_plan else None,
        )

    def _pulls(self, w: Floats) -> Floats:
        """Reduced costs of multipliers alone, without what is rounding."""
        v = -(self._basis.priced @ w)
        size = self._basis.sizes @ np.abs(w)
        return np.where(np.abs(v) <= NOISE * size, 0.0, v)

    def _left(self, more: Floats) -> float:
        """Distance that multipliers leave at the vertex until no plan can follow.

        Each times the distance to the bound it pushes to; infinite where there is none.
        """
        used = np.flatnonzero((more != 0.0) & ~self._held)
        bound = np.where(more[used] > 0, self.low[used], self.high[used])
        if not np.isfinite(bound).all():
            return np.inf
        return float(-(more[used] @ bound))

    def _times(self, more: Floats) -> float:
        """How many times multipliers can be added before one turns against its bound.

        A multiplier may have any sign where both bounds are one; where it is zero, what is added
        has the right sign already.
        """
        turns = self._turning & (self._dual * more < 0)
        return float(np.min(np.abs(self._dual[turns]) / np.abs(more[turns]), initial=np.inf))


def _sum(first: Floats, second: Floats) -> Floats:
    """Add multipliers; those that cancel leave nothing, not rounding."""
    total = first + second
    return np.where(np.abs(total) <= NOISE * np.abs(second), 0.0, total)


def _moved(move: Floats) -> tuple[Indices, Floats]:
    """Columns that move, and how much.

    The largest limit moves by 1: where the plan stands still, what is left of it is rounding.
    """
    columns = np.flatnonzero(np.abs(move) > 1e-13 * max(1.0, np.abs(move).max(initial=0.0)))
    return columns, move[columns]
