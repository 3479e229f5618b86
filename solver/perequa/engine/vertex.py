"""The optimal vertex of the first priority, in the solver's units: what is active there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.orders import reach_of_orders
from perequa.engine.session import basic_places

if TYPE_CHECKING:
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.stages import Staged
    from perequa.ranked_rates import Ranked

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

ACTIVE = 1e-9
"""Relative distance within which a limit is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """A vertex optimal at every priority, its duals and its basis.

    Attributes
    ----------
    scaled
        The program in the solver's units.
    costs, factors
        (P, n), (P,): cost of each priority in the solver's units, `factors` times the natural one.
    rows
        The matrix by row.
    x, duals, activity
        (n,), (P, m), (m,): the vertex, a dual for each priority, the activity of the rows.
    low, high, column_low, column_high
        Which limits are active.
    basic, basic_rows
        (m,) basic variables (column j as j, row i as −(i + 1)); whether each row is basic.
    basis
        The solver's own form of it.
    ranked
        Orders of rates that the program takes for granted.
    """

    scaled: ScaledProgram
    costs: Floats
    factors: Floats
    rows: sparse.csr_array
    x: Floats
    duals: Floats
    activity: Floats
    low: Flags
    high: Flags
    column_low: Flags
    column_high: Flags
    basic: Indices
    basic_rows: Flags
    basis: object
    ranked: Ranked | None

    def reach_of_orders(self, columns: Indices, values: Floats) -> float:
        """How far columns can move, solver's units, before an order taken for granted breaks."""
        if self.ranked is None:
            return np.inf
        natural = self.x * self.scaled.column
        return reach_of_orders(self.ranked, natural, columns, values * self.scaled.column[columns])


def optimal_vertex(staged: Staged) -> Vertex:
    """Gather the vertex of the last priority, which is optimal for all."""
    scaled, stages = staged.scaled, staged.stages
    costs = [scaled.cost(stage.cost) for stage in stages]
    factors = np.array([factor for _, factor in costs])
    columns, rows = basic_places(staged.last_basis)
    basic_rows = np.zeros(len(scaled.row), dtype=np.bool_)
    basic_rows[rows] = True
    x = stages[-1].x / scaled.column
    activity = scaled.matrix @ x
    near_row = ACTIVE * np.maximum(1.0, np.abs(activity))
    near_column = ACTIVE * np.maximum(1.0, np.abs(x))
    return Vertex(
        scaled=scaled,
        costs=np.array([cost for cost, _ in costs]),
        factors=factors,
        rows=sparse.csr_array(scaled.matrix),
        x=x,
        duals=np.array([s.y for s in stages]) * factors[:, None] / scaled.row,
        activity=activity,
        low=activity <= scaled.row_lower + near_row,
        high=activity >= scaled.row_upper - near_row,
        column_low=x <= scaled.column_lower + near_column,
        column_high=x >= scaled.column_upper - near_column,
        basic=np.concatenate([columns, -rows - 1]),
        basic_rows=basic_rows,
        basis=staged.last_basis,
        ranked=staged.ranked,
    )


def reach(rate: Floats, at: Floats, low: Floats, high: Floats) -> float:
    """Longest step along `rate` that keeps `at` within its bounds."""
    if rate.size == 0:
        return np.inf
    small = 1e-10 * max(1.0, float(np.abs(rate).max()))
    up, down = rate > small, rate < -small
    with np.errstate(invalid="ignore"):
        room = np.concatenate([(high - at)[up] / rate[up], (low - at)[down] / rate[down]])
    return float(max(0.0, room.min())) if room.size else np.inf
