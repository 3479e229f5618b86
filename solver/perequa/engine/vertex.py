"""The optimal vertex of the first priority, in the solver's units: what is active there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.session import DUAL
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

ACTIVE = 1e-9
"""Relative distance within which a limit is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """An optimal vertex, its dual and its basis.

    Attributes
    ----------
    scaled, cost, factor
        The program and the cost in the solver's units; the cost is `factor` times the natural one.
    rows
        The matrix by row.
    x, y, activity
        (n,), (m,), (m,).
    low, high, column_low, column_high
        Which limits are active.
    basic, basic_rows
        (m,) basic variables (column j as j, row i as −(i + 1)); whether each row is basic.
    """

    scaled: ScaledProgram
    cost: Floats
    factor: float
    rows: sparse.csr_array
    x: Floats
    y: Floats
    activity: Floats
    low: Flags
    high: Flags
    column_low: Flags
    column_high: Flags
    basic: Indices
    basic_rows: Flags
    basis: object


def first_vertex(staged: Staged) -> Vertex:
    """Find the optimal basis of the first priority again, and what is active there.

    Raises
    ------
    NotProven
        When the solver does not confirm it.
    """
    scaled, session, stage = staged.scaled, staged.session, staged.stages[0]
    cost, factor = scaled.cost(stage.cost)
    session.set_cost(cost)
    session.set_basis(staged.first_basis)
    if session.solve(strategy=DUAL, presolve=False).termination is not Termination.OPTIMAL:
        raise NotProven("the optimum of the first priority was not found again")
    basic = session.basic_variables()
    basic_rows = np.zeros(session.m, dtype=np.bool_)
    basic_rows[-basic[basic < 0] - 1] = True
    x = stage.x / scaled.column
    activity = scaled.matrix @ x
    near_row = ACTIVE * np.maximum(1.0, np.abs(activity))
    near_column = ACTIVE * np.maximum(1.0, np.abs(x))
    return Vertex(
        scaled=scaled,
        cost=cost,
        factor=factor,
        rows=sparse.csr_array(scaled.matrix),
        x=x,
        y=stage.y * factor / scaled.row,
        activity=activity,
        low=activity <= scaled.row_lower + near_row,
        high=activity >= scaled.row_upper - near_row,
        column_low=x <= scaled.column_lower + near_column,
        column_high=x >= scaled.column_upper - near_column,
        basic=basic,
        basic_rows=basic_rows,
        basis=session.basis(),
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
