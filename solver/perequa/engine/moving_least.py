"""The first step of the tie-break where a scenario has transfers: move as little as possible.

Σ T is minimised on the optimal face, then what carries a multiplier is held, as after a priority.
A square of what moves would not do: hundreds of millions squared beside places leave no digits for
the proof.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.parts import LinearProgram, minimise_apart
from perequa.engine.stages import Face, Staged, restrict, without_rounding
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.session import SolverOptions

Floats = NDArray[np.float64]


def moving_least(staged: Staged, moved: Floats, options: SolverOptions) -> tuple[Staged, Floats]:
    """Keep of the optimal plans those that transfer least.

    Parameters
    ----------
    staged
        The stages and the face they leave, which is not changed.
    moved
        (n,): see `Spread`.

    Returns
    -------
    staged, y
        The same stages with the smaller face; (m,) the dual that proves the sum least, natural
        units. On rows and columns that a priority holds it has any sign.

    Raises
    ------
    NotProven
        When HiGHS does not prove the program.
    """
    face, scaled = _copied(staged.face), staged.scaled
    cost, factor = scaled.cost(moved)
    program = LinearProgram(
        matrix=scaled.matrix,
        row_lower=face.row_lower,
        row_upper=face.row_upper,
        column_lower=face.column_lower,
        column_upper=face.column_upper,
    )
    outcome = minimise_apart(program, cost, options)
    if outcome.termination is not Termination.OPTIMAL:
        message = f"the least that transfers move ended {outcome.termination.value}"
        raise NotProven(message)
    y = without_rounding(outcome.y, cost)
    restrict(face, scaled, outcome.x, y, cost - scaled.matrix.T @ y)
    return replace(staged, face=face), scaled.natural_y(y, factor)


def _copied(face: Face) -> Face:
    """Copy a face: bounds are held in place."""
    return Face(
        row_lower=face.row_lower.copy(),
        row_upper=face.row_upper.copy(),
        column_lower=face.column_lower.copy(),
        column_upper=face.column_upper.copy(),
        rows=face.rows.copy(),
        columns=face.columns.copy(),
    )
