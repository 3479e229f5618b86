"""Check 5: no other plan is optimal in every priority and as even as this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import SIGN, contradicts, off_bound
from perequa.verification.feasibility import row_tolerance
from perequa.verification.moved_least import check_moved_least
from perequa.verification.optimum import stages_of
from perequa.verification.outcome import Notebook
from perequa.verification.stepped import check_stepped
from perequa.words import saying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import HoldsArrays, Program
    from perequa.verification.moved_least import Face
    from perequa.verification.optimum import Stage
    from perequa.verification.outcome import Check

FILE = "solution.npz"
FAINT = 1e-4
"""Share of what counts as zero beside the largest cost below which a multiplier is rounding."""


def check_uniqueness(folder: HoldsArrays) -> Check:
    """Check the multipliers of the tie-break.

    That the plan lies on the optimal face of every priority is part of check 4.
    """
    notes = Notebook(5, "uniqueness")
    program, solution = folder.program, folder.solution
    stages = stages_of(program, solution)
    method = str(solution["tie_method"])
    face = _face(program, stages, solution["plan"])
    face = check_moved_least(notes, program, solution, face)
    if method == "exact":
        return _exact(notes, folder, program, face)
    if method == "stepped":
        return check_stepped(notes, program, solution, face)
    notes.wrong(FILE, "tie_method", saying("method of the tie-break"), method, "exact or stepped")
    return notes.close(saying("tie-break"))


def _exact(notes: Notebook, folder: HoldsArrays, program: Program, face: Face) -> Check:
    """Stationarity, signs and complementarity of the quadratic program on the optimal face."""
    solution = folder.solution
    y = solution["tie_y"]
    plan, matrix = solution["plan"], program.matrix
    square, linear = program.arrays["tie_square"], program.arrays["tie_linear"]
    z = 2 * square * plan + linear - matrix.transposed.times(y)
    size = 2 * square * np.abs(plan) + np.abs(linear) + matrix.transposed.size.times(np.abs(y))
    fixed_rows, fixed_columns = face
    largest = float(size.max(initial=0.0))
    with np.errstate(divide="ignore"):
        y_size = SIGN * largest / matrix.largest_in_row
    activity = matrix.times(plan)
    slack = row_tolerance(program, plan)
    rows = contradicts(y, y_size, activity, (program.lower, program.upper), slack) & ~fixed_rows
    columns = (
        contradicts(
            z, np.full(len(z), SIGN * largest), plan, (program.least, program.most),
            1e-9 * np.maximum(1.0, np.abs(plan)),
        )
        & ~fixed_columns
    )  # fmt: skip
    for names, where, value in ((program.row_ids, rows, y), (program.col_ids, columns, z)):
        for i in np.flatnonzero(where):
            notes.wrong(FILE, names[i], saying("multiplier of the tie-break"), float(value[i]), 0.0)
    cells = np.array([name.startswith("x/") for name in program.col_ids])
    free = cells & ~fixed_columns & (program.most > program.least)
    for j in np.flatnonzero(free & ~(square > 0)):
        notes.wrong(
            FILE,
            program.col_ids[j],
            saying("the tie-break is not strictly convex"),
            float(square[j]),
            "> 0",
        )
    return notes.close(
        saying(
            "exact: stationarity of {cells} free cells, strictly convex, hence one plan",
            cells=int(free.sum()),
        )
    )


def _face(program: Program, stages: list[Stage], plan: NDArray[np.float64]) -> Face:
    """Rows and columns fixed on the optimal face: those that carry a multiplier, or are fixed."""
    rows = program.lower == program.upper
    columns = program.least == program.most
    activity, slack = program.matrix.times(plan), row_tolerance(program, plan)
    for stage in stages:
        faint = _faint(program, stage)
        off = off_bound(faint, stage.dual.y, activity, (program.lower, program.upper), slack)
        rows |= stage.dual.y_support | (faint & ~off)
        columns |= stage.dual.z_support
    return rows, columns


def _faint(program: Program, stage: Stage) -> NDArray[np.bool_]:
    """Rows whose multiplier is small beside the largest cost, not beside what it prices.

    An objective of weight 1e-6 counted in large units has multipliers that would be rounding if
    they came from the others; but the columns of these rows hold nothing greater.
    """
    matrix, dual = program.matrix, stage.dual
    with np.errstate(divide="ignore", invalid="ignore"):
        priced = np.where(matrix.value != 0.0, dual.z_size[matrix.index] / np.abs(matrix.value), 0)
    own = np.zeros(matrix.rows)
    np.maximum.at(own, matrix.row_of, priced)
    return np.abs(dual.y) > np.maximum(own, FAINT * dual.y_size)
