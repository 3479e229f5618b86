"""The one plan that is published: the most even of the optimal ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.convex import Quadratic
from perequa.engine.moving_least import moving_least
from perequa.engine.quadratic import solve_quadratic
from perequa.engine.stepped import Stepped, solve_stepped
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.session import SolverOptions
    from perequa.engine.spread import Spread
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]

LOOSE = 1e-7
"""Tolerance of the second attempt where the optimal face seems empty by rounding."""
EXACT_UP_TO = 2500
"""Free cells above which the stepped method is the default (scenario reference, section 6)."""
NOTHING = 1e-12
"""Distance from its lower bound at which a decision is set to it."""
ROUNDING = 1e-15
"""Multipliers of the rows that are none, where the dearest place counts for two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The published plan and the proof that it is the only one.

    Attributes
    ----------
    plan
        (n,) in natural units.
    method
        How it was found.
    y
        (m,) multipliers of the rows in the quadratic program, natural units; empty when stepped.
    stepped
        What proves the stepped method's plan; None when exact.
    free_cells
        Decisions left open by the objectives.
    moved_y
        (m,) dual of the least that transfers move; None where nothing can move.
    """

    plan: Floats
    method: Literal["exact", "stepped"]
    y: Floats
    stepped: Stepped | None
    free_cells: int
    moved_y: Floats | None = None


def publish(
    staged: Staged,
    spread: Spread,
    wanted: Literal["exact", "stepped"] | None,
    options: SolverOptions,
) -> Published:
    """Choose the plan among those optimal at every priority.

    Parameters
    ----------
    staged
        The stages and the face they leave.
    spread
        What is evened out.
    wanted
        The method the scenario asks for; by default exact up to `EXACT_UP_TO` free cells. Where
        the exact method cannot prove its answer the stepped one is used, and `method` says so.
    """
    if spread.moved.any():
        least, moved_y = moving_least(staged, spread.moved, options)
        return replace(_publish(least, spread, wanted, options), moved_y=moved_y)
    return _publish(staged, spread, wanted, options)


def _publish(
    staged: Staged,
    spread: Spread,
    wanted: Literal["exact", "stepped"] | None,
    options: SolverOptions,
) -> Published:
    free = (staged.face.column_lower < staged.face.column_upper) & (spread.cost > 0)
    cells = int(free.sum())
    by_square = wanted == "exact" or (wanted is None and cells <= EXACT_UP_TO)
    try:
        return _published(staged, spread, options, cells, by_square=by_square)
    except NotProven:
        # limits that meet in one point may miss each other by rounding on the optimal face; the
        # certificate still judges the plan
        loose = replace(options, tolerance=LOOSE)
        return _published(staged, spread, loose, cells, by_square=by_square)


def _published(
    staged: Staged, spread: Spread, options: SolverOptions, cells: int, *, by_square: bool
) -> Published:
    if by_square:
        exact = _exact(staged, spread, options)
        if exact is not None:
            plan, y = exact
            return Published(plan=plan, method="exact", y=y, stepped=None, free_cells=cells)
    stepped = solve_stepped(staged, spread, options)
    return Published(
        plan=stepped.plan, method="stepped", y=np.zeros(0), stepped=stepped, free_cells=cells
    )


def _exact(staged: Staged, spread: Spread, options: SolverOptions) -> tuple[Floats, Floats] | None:
    """Solve the quadratic program on the face with its fixed columns taken out."""
    face, scaled = staged.face, staged.scaled
    free = np.flatnonzero(face.column_lower < face.column_upper)
    held = np.where(face.column_lower == face.column_upper, face.column_lower, 0.0)
    square = spread.square * scaled.column**2
    size = square.max(initial=0.0) or 1.0
    matrix = sparse.csr_array(scaled.matrix)
    moved = matrix @ held
    inside = matrix[:, free]
    rows = np.flatnonzero(np.diff(inside.indptr) > 0)
    quadratic = Quadratic(
        d=2.0 * square[free] / size,
        g=-2.0 * (square * spread.around / scaled.column)[free] / size,
        matrix=inside[rows],
        row_lower=(face.row_lower - moved)[rows],
        row_upper=(face.row_upper - moved)[rows],
        lower=face.column_lower[free],
        upper=face.column_upper[free],
    )
    found = solve_quadratic(quadratic, options)
    if found is None:
        return None
    x = held.copy()
    low = face.column_lower[free]
    # next to nothing is nothing: 1e-27 places come out where 0 is meant
    near = np.abs(found.v - low) <= NOTHING * np.maximum(1.0, np.abs(found.v))
    x[free] = np.where(near, low, found.v)
    x = np.clip(x, scaled.column_lower, scaled.column_upper)
    y = np.zeros(len(scaled.row))
    # where nothing is uneven every multiplier is rounding
    y[rows] = np.where(np.abs(found.y) <= ROUNDING, 0.0, found.y) * size
    return scaled.natural_x(x), scaled.natural_y(y, 1.0)
