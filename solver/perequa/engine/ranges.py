"""How far a price holds, exactly, and what takes over beyond.

A plan follows the price p of a moving limit as long as it stays complementary to a dual y that
gives p: every limit with a multiplier is met, every column with a reduced cost stays at its bound.
The largest T for which such a plan exists is one program, with T among its columns, written in
differences from the optimal vertex: what is active there is exactly 0, so a short range is found
as precisely as a long one. Its multipliers w show what ends the range: y + κ·w is a dual that
grows faster than p from T on; where κ may be as large as one likes, w alone proves that no plan is
left beyond T.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.session import PRIMAL, Session, some_of_basis
from perequa.engine.stages import NOT_ZERO
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.direction import Direction
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.vertex import Vertex

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

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
    """The program of ranges at one vertex, ready for one direction after another.

    Parameters
    ----------
    vertex
        The optimal vertex.
    duals
        (D, m) the duals whose prices are asked, solver's units.
    moving
        Rows whose limits may move.
    options
        How the solver works.

    Notes
    -----
    Columns that no dual leaves free never move and are left out, and with them the rows in which
    none of the others stands.
    """

    def __init__(
        self, vertex: Vertex, duals: Sequence[Floats], moving: Indices, options: SolverOptions
    ) -> None:
        self._vertex = vertex
        scaled = vertex.scaled
        reduced = [vertex.costs[0] - scaled.matrix.T @ y for y in duals]
        kept = np.zeros(len(vertex.x), dtype=np.bool_)
        for z in reduced:
            kept |= np.abs(z) <= NOT_ZERO
        kept[vertex.basic[vertex.basic >= 0]] = True
        self._columns = np.flatnonzero(kept)
        inside = vertex.rows[:, self._columns]
        felt = np.diff(inside.indptr) > 0
        felt[moving] = True
        self._rows = np.flatnonzero(felt)
        self._place = np.full(len(vertex.activity), -1, dtype=np.intp)
        self._place[self._rows] = np.arange(len(self._rows))
        # distances from the vertex: what is active there is exactly 0
        self._low = np.where(vertex.low, 0.0, scaled.row_lower - vertex.activity)
        self._high = np.where(vertex.high, 0.0, scaled.row_upper - vertex.activity)
        self._least = np.where(vertex.column_low, 0.0, scaled.column_lower - vertex.x)
        self._most = np.where(vertex.column_high, 0.0, scaled.column_upper - vertex.x)
        self._distance = len(self._columns)
        matrix = sparse.hstack([inside[self._rows], sparse.csc_array((len(self._rows), 1))])
        self._session = Session(
            sparse.csc_array(matrix),
            self._low[self._rows],
            self._high[self._rows],
            np.append(self._least[self._columns], 0.0),
            np.append(self._most[self._columns], np.inf),
            options,
        )
        cost = np.zeros(self._distance + 1)
        cost[-1] = -1.0
        self._session.set_cost(cost)
        self._basis = some_of_basis(vertex.basis, self._rows, self._columns, more=1)
        self._held: Floats | None = None

    def range_of(self, direction: Direction, y: Floats) -> Range | None:
        """Find how far the price that `y` gives a direction holds.

        Parameters
        ----------
        direction
            The limits that move, all among `moving`.
        y
            (m,) one of `duals`.

        Returns
        -------
        Range or None
            None where rounding leaves the proof short of `SHARP`.
        """
        z = self._vertex.costs[0] - self._vertex.scaled.matrix.T @ y
        self._hold(y, z)
        places = self._place[direction.rows].tolist()
        for k, rate in zip(places, direction.rates.tolist(), strict=True):
            self._session.set_coefficient(k, self._distance, -rate)
        if self._basis is not None:
            self._session.set_basis(self._basis)
        outcome = self._session.solve(strategy=PRIMAL, presolve=False)
        for_ever = outcome.termination is Termination.UNBOUNDED
        ray = self._session.primal_ray() if for_ever else None
        for k in places:
            self._session.set_coefficient(k, self._distance, 0.0)
        if ray is not None:
            return self._endless(ray)
        if outcome.termination is not Termination.OPTIMAL:
            return None
        return self._ended(direction, outcome, y, z)

    def _hold(self, y: Floats, z: Floats) -> None:
        """Hold what carries a multiplier of y."""
        if self._held is y:
            return
        rows, columns = self._rows, self._columns
        met = np.abs(y[rows]) > NOT_ZERO
        still = np.abs(z[columns]) > NOT_ZERO
        self._session.set_row_bounds(
            np.arange(len(rows)),
            np.where(met, 0.0, self._low[rows]),
            np.where(met, 0.0, self._high[rows]),
        )
        self._session.set_column_bounds(
            np.arange(len(columns)),
            np.where(still, 0.0, self._least[columns]),
            np.where(still, 0.0, self._most[columns]),
        )
        self._held = y

    def _endless(self, ray: Floats) -> Range | None:
        distance = float(ray[self._distance])
        if not distance > 0:
            return None
        columns, values = self._moved(ray[: self._distance] / distance)
        return Range(reach=np.inf, columns=columns, values=values)

    def _ended(self, direction: Direction, outcome: Outcome, y: Floats, z: Floats) -> Range | None:
        far = float(outcome.x[self._distance])
        w = np.zeros(len(self._vertex.activity))
        w[self._rows] = outcome.y
        w[np.abs(w) < NOISE * np.abs(w).max(initial=1e-300)] = 0.0
        slope = direction.along(w)
        if not (far > LEAST and slope > 0.5):
            return None
        w /= slope
        v = self._pulls(w)
        if not abs(self._left(w, v, y, z) - far) <= SHARP * far:
            return None
        times = min(
            _room(y, w, self._vertex.scaled.row_lower, self._vertex.scaled.row_upper),
            _room(z, v, self._vertex.scaled.column_lower, self._vertex.scaled.column_upper),
        )
        if not times > STEEPER * max(abs(direction.along(y)), NOT_ZERO):
            return None
        no_plan = bool(np.isinf(times))
        columns, values = self._moved(outcome.x[: self._distance] / far)
        return Range(
            reach=far,
            columns=columns,
            values=values,
            end_dual=None if no_plan else y + times * w,
            end_ray=w if no_plan else None,
        )

    def _pulls(self, w: Floats) -> Floats:
        """Reduced costs of multipliers alone, without what is rounding."""
        matrix = self._vertex.scaled.matrix
        v = -(matrix.T @ w)
        size = abs(matrix).T @ np.abs(w)
        return np.where(np.abs(v) <= NOISE * size, 0.0, v)

    def _left(self, w: Floats, v: Floats, y: Floats, z: Floats) -> float:
        """Distance that the multipliers leave at the vertex, until no plan can follow."""
        return _to_bounds(w, self._low, self._high, y) + _to_bounds(v, self._least, self._most, z)

    def _moved(self, values: Floats) -> tuple[Indices, Floats]:
        size = float(np.abs(values).max(initial=0.0))
        places = np.flatnonzero(np.abs(values) > 1e-13 * size)
        return self._columns[places], values[places]


def _to_bounds(more: Floats, low: Floats, high: Floats, dual: Floats) -> float:
    """Sum of multipliers times the distance to the bound each pushes to: none where one is held."""
    used = np.flatnonzero((more != 0.0) & (np.abs(dual) <= NOT_ZERO))
    bound = np.where(more[used] > 0, low[used], high[used])
    if not np.isfinite(bound).all():
        return np.inf
    return float(-(more[used] @ bound))


def _room(dual: Floats, more: Floats, lower: Floats, upper: Floats) -> float:
    """How many times `more` can be added before a multiplier turns against its bound.

    A multiplier may have any sign where both bounds are one; where it is zero, `more` has the
    right sign already.
    """
    turns = (np.abs(dual) > NOT_ZERO) & (dual * more < 0) & (lower != upper)
    return float(np.min(np.abs(dual[turns]) / np.abs(more[turns]), initial=np.inf))
