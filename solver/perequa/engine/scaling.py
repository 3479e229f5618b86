"""Units inside the solver: k€ instead of euros, objectives with coefficients of size one.

HiGHS compares reduced costs with an absolute tolerance: an objective whose coefficients are 1e-7
is declared optimal while 1e-4 away. The scale of an objective is therefore raised until its
smallest coefficient is at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram

Floats = NDArray[np.float64]

THOUSAND = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledProgram:
    """A program in the units of the solver.

    Attributes
    ----------
    matrix
        (m, n) by column, equal to ``diag(row) @ A @ diag(column)``.
    row_lower, row_upper, column_lower, column_upper
        Bounds in the units of the solver.
    row, column
        Scale of each row (0.001 for money) and column (1000 for money).
    """

    matrix: sparse.csc_array
    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats
    row: Floats
    column: Floats

    @property
    def bounds(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Bounds of the rows, then of the columns."""
        return self.row_lower, self.row_upper, self.column_lower, self.column_upper

    def cost(self, cost: Floats) -> tuple[Floats, float]:
        """Scale a cost vector; returns it with the factor it was multiplied by."""
        scaled = cost * self.column
        factor = size_factor(scaled)
        return scaled * factor, factor

    def natural_x(self, x: Floats) -> Floats:
        """Columns back in places and currency."""
        return x * self.column

    def natural_y(self, y: Floats, factor: float) -> Floats:
        """Row duals back per place and per currency unit, of the unscaled objective."""
        return y * self.row / factor


def size_factor(cost: Floats) -> float:
    """Power of two that brings the smallest coefficient of a cost to at least 1."""
    size = np.abs(cost[cost != 0.0])
    if size.size == 0:
        return 1.0
    return float(2.0 ** np.clip(np.ceil(-np.log2(size.min())), -20, 40))


def scale(program: CompiledProgram) -> ScaledProgram:
    """Put money in thousands."""
    row = np.where(program.row_is_money, 1.0 / THOUSAND, 1.0)
    column = np.where(program.column_is_money, THOUSAND, 1.0)
    matrix = sparse.csc_array(sparse.diags_array(row) @ program.matrix @ sparse.diags_array(column))
    matrix.sort_indices()
    return ScaledProgram(
        matrix=matrix,
        row_lower=program.row_lower * row,
        row_upper=program.row_upper * row,
        column_lower=program.column_lower / column,
        column_upper=program.column_upper / column,
        row=row,
        column=column,
    )
