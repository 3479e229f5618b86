"""A program with one column more: how much of their own limits some rows get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa_models.keys import AuxiliaryKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.spread import Spread

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledLimits:
    """A program whose limits of some rows move together, all by the same scale.

    Attributes
    ----------
    program
        The program with the scale as its last column, in units of the largest limit moved: the
        solver then works with figures of the size of the limits.
    unit
        The largest limit moved: the column is the scale times this.
    """

    program: CompiledProgram
    unit: float

    def at(self, column: float) -> CompiledProgram:
        """Return the program at one value of the last column."""
        return self.between(column, column)

    def between(self, low: float, high: float) -> CompiledProgram:
        """Return the program with its last column between two values."""
        lower, upper = self.program.column_lower.copy(), self.program.column_upper.copy()
        lower[-1], upper[-1] = low, high
        return replace(self.program, column_lower=lower, column_upper=upper)


def scale_limits(program: CompiledProgram, rows: Sequence[int], name: str) -> ScaledLimits:
    """Let the limits of some rows follow one column.

    Parameters
    ----------
    program
        The compiled program.
    rows
        Rows of one unit, whose limits are not all zero.
    name
        The rule they belong to.
    """
    moved = np.array(rows, dtype=np.intp)
    limits = program.row_limit[moved]
    unit = float(np.abs(limits).max())
    share = np.zeros(program.matrix.shape[0])
    share[moved] = -limits / unit
    stated = np.zeros(program.matrix.shape[0])
    stated[moved] = limits
    matrix = sparse.csr_array(sparse.hstack([program.matrix, sparse.csr_array(share[:, None])]))
    matrix.eliminate_zeros()
    return ScaledLimits(
        program=replace(
            program,
            matrix=matrix,
            column_keys=(*program.column_keys, AuxiliaryKey(name, "scale", "", "", "", None)),
            row_lower=program.row_lower - stated,
            row_upper=program.row_upper - stated,
            column_lower=np.append(program.column_lower, -np.inf),
            column_upper=np.append(program.column_upper, np.inf),
            column_is_money=np.append(program.column_is_money, program.row_is_money[moved[0]]),
            costs=np.hstack([program.costs, np.zeros((len(program.costs), 1))]),
        ),
        unit=unit,
    )


def at_scale(program: CompiledProgram, rows: Sequence[int], scale: float) -> CompiledProgram:
    """Return a program whose limits of some rows are multiplied; it has no column more."""
    moved = np.array(rows, dtype=np.intp)
    more = np.zeros(program.matrix.shape[0])
    more[moved] = (scale - 1.0) * program.row_limit[moved]
    return replace(program, row_lower=program.row_lower + more, row_upper=program.row_upper + more)


def spread_with_scale(spread: Spread) -> Spread:
    """What the tie-break evens out, over a program with one column more."""
    return replace(
        spread,
        cost=np.append(spread.cost, 0.0),
        basis=np.append(spread.basis, 1.0),
        around=np.append(spread.around, 0.0),
        neutral=np.append(spread.neutral, 0.0),
        moved=np.append(spread.moved, 0.0),
    )
