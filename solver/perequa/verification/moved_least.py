"""The first step of the tie-break: among optimal plans, those that transfer least.

Proven as a priority is, by complementary slackness: no plan of the optimal face moves less than one
that meets every bound a multiplier stands on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.verification.duals import contradicts, multipliers
from perequa.verification.feasibility import row_tolerance
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Arrays, Program
    from perequa.verification.outcome import Notebook

FILE = "solution.npz"
Face = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Rows and columns that are fixed."""


def check_moved_least(notes: Notebook, program: Program, solution: Arrays, face: Face) -> Face:
    """Check that nothing moves that need not, and fix what proves it.

    Parameters
    ----------
    face
        Rows and columns fixed by the priorities; there a multiplier may have any sign.
    """
    moved = program.arrays.get("tie_moved")
    if moved is None:
        return face
    if "moved_y" not in solution:
        notes.wrong(FILE, "", saying("lacks {arrays}", arrays="moved_y"))
        return face
    dual, plan = multipliers(program, moved, solution["moved_y"]), solution["plan"]
    activity, slack = program.matrix.times(plan), row_tolerance(program, plan)
    bounds, ends = (program.lower, program.upper), (program.least, program.most)
    near = 1e-9 * np.maximum(1.0, np.abs(plan))
    rows = contradicts(dual.y, dual.y_size, activity, bounds, slack) & ~face[0]
    columns = contradicts(dual.z, dual.z_size, plan, ends, near) & ~face[1]
    for names, where, value in (
        (program.row_ids, rows, dual.y),
        (program.col_ids, columns, dual.z),
    ):
        for i in np.flatnonzero(where):
            told = saying("multiplier of the least that transfers move")
            notes.wrong(FILE, names[i], told, float(value[i]), 0.0)
    return face[0] | dual.y_support, face[1] | dual.z_support
