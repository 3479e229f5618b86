"""Check 9: a run that found no plan proves that there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import wrong_signs
from perequa.verification.folder import read_arrays
from perequa.verification.outcome import Notebook

if TYPE_CHECKING:
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats

FILE = "farkas.npz"
ZERO = 1e-9
"""Share of the size of its own sum below which a combined coefficient counts as zero."""


def check_infeasible(folder: RunFolder) -> Check:
    """Combine the rows by the Farkas vector: the sum demands more than any plan can give."""
    notes = Notebook(9, "infeasible")
    program = folder.program
    y = read_arrays(folder.path / FILE, ["y"])["y"]
    if y.shape != (program.matrix.rows,) or not np.isfinite(y).all():
        notes.wrong(FILE, "y", "shape", y.shape, (program.matrix.rows,))
        return notes.close("Farkas vector")
    nothing = np.zeros_like(y)
    for i in np.flatnonzero(wrong_signs(y, nothing, (program.lower, program.upper))):
        notes.wrong(
            FILE, program.row_ids[i], "multiplier against a bound that does not exist", y[i]
        )
    combined = program.matrix.transposed.times(y)
    size = program.matrix.transposed.size.times(np.abs(y))
    combined = np.where(np.abs(combined) <= ZERO * size, 0.0, combined)
    bound = np.where(combined > 0, program.most, program.least)
    for j in np.flatnonzero((combined != 0) & ~np.isfinite(bound)):
        notes.wrong(
            FILE, program.col_ids[j], "a column without bound takes part", float(combined[j]), 0.0
        )
    possible = math.fsum((combined * _finite(bound, combined)).tolist())
    limit = np.where(y > 0, program.lower, program.upper)
    demanded = math.fsum((y * _finite(limit, y)).tolist())
    if not demanded > possible:
        notes.wrong(FILE, "", "the combined rows are not contradictory", demanded, f"> {possible}")
    used = int((y != 0).sum())
    return notes.close(
        f"{used} rows combined demand {demanded:g} where at most {possible:g} is possible"
    )


def _finite(bound: Floats, multiplier: Floats) -> Floats:
    """Bounds that take part; those that do not exist have been noted already."""
    return np.where((multiplier != 0) & np.isfinite(bound), bound, 0.0)
