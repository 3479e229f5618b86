"""Plans against the rows and columns of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Program
    from perequa.verification.outcome import Notebook
    from perequa.verification.sparse import Floats

FEASIBLE = 1e-9
"""Share of the size of its own sum by which a row may be passed."""
LEAST = 1e-9
"""Least distance, in the row's unit, that counts as passing it."""


def row_tolerance(program: Program, x: Floats) -> Floats:
    """How far rounding may carry each row past its bound, shape (m,)."""
    size = program.matrix.size.times(np.abs(x))
    for bound in (program.lower, program.upper):
        size = np.maximum(size, np.where(np.isfinite(bound), np.abs(bound), 0.0))
    return LEAST + FEASIBLE * size


def check_feasible(
    notes: Notebook,
    program: Program,
    x: Floats,
    activity: Floats,
    name: str,
    file: str = "solution.npz",
) -> None:
    """Note every row and column that a plan passes.

    Parameters
    ----------
    name
        How the plan is called in messages, e.g. ``x of priority 1``.
    file
        Where it is.
    """
    tolerance = row_tolerance(program, x)
    passed = (activity < program.lower - tolerance) | (activity > program.upper + tolerance)
    for i in np.flatnonzero(passed):
        notes.wrong(
            file,
            program.row_ids[i],
            saying("{plan} passes the row", plan=name),
            float(activity[i]),
            f"[{program.lower[i]}, {program.upper[i]}]",
        )
    margin = LEAST * np.maximum(1.0, np.abs(x))
    outside = (x < program.least - margin) | (x > program.most + margin)
    for j in np.flatnonzero(outside):
        notes.wrong(
            file,
            program.col_ids[j],
            saying("{plan} passes the column's bounds", plan=name),
            float(x[j]),
            f"[{program.least[j]}, {program.most[j]}]",
        )
