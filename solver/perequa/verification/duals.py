"""Multipliers against their bounds: signs, supports and the bound they prove."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.words import saying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import Program
    from perequa.verification.outcome import Notebook
    from perequa.verification.sparse import Floats

SIGN = 1e-9
"""Share of the size of its own sum below which a multiplier counts as zero."""
GAP = 1e-9
"""Largest distance between a value and the bound that a dual proves, relative."""
ROUNDED = 1e-14
"""Share of the size of the sum that makes a bound within which the bound is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """A dual solution: y on rows, z on columns, and below what each is rounding.

    Attributes
    ----------
    y, z
        Shapes (m,), (n,).
    y_size, z_size
        Largest absolute value that counts as zero, same shapes.
    """

    y: Floats
    z: Floats
    y_size: Floats
    z_size: Floats

    @property
    def y_support(self) -> NDArray[np.bool_]:
        """Rows whose multiplier is not zero."""
        return np.abs(self.y) > self.y_size

    @property
    def z_support(self) -> NDArray[np.bool_]:
        """Columns whose reduced cost is not zero."""
        return np.abs(self.z) > self.z_size


def multipliers(program: Program, cost: Floats, y: Floats) -> Multipliers:
    """Derive the reduced costs of a dual and judge the size of each figure.

    Parameters
    ----------
    cost
        Cost of every column, shape (n,); for a later priority, the earlier costs added with
        their multipliers.
    """
    matrix = program.matrix
    z = cost - matrix.transposed.times(y)
    size = np.abs(cost) + matrix.transposed.size.times(np.abs(y))
    largest = float(np.abs(cost).max(initial=0.0))
    with np.errstate(divide="ignore"):
        y_size = SIGN * largest / matrix.largest_in_row
    return Multipliers(y=y, z=z, y_size=y_size, z_size=SIGN * size)


def wrong_signs(value: Floats, size: Floats, bounds: tuple[Floats, Floats]) -> NDArray[np.bool_]:
    """Where a multiplier pushes against a bound that does not exist."""
    lower, upper = bounds
    return ((value > size) & np.isneginf(lower)) | ((value < -size) & np.isposinf(upper))


def proven_bound(program: Program, dual: Multipliers) -> float:
    """Value that no plan can go below: Σ y·(row bound) + Σ z·(column bound), by ``math.fsum``.

    Multipliers against a bound that does not exist are left out; `wrong_signs` finds them.
    """
    terms = _terms(program, dual)
    return math.fsum(terms[terms != 0].tolist())


def allowed_gap(program: Program, dual: Multipliers, value: float, earlier: float = 0.0) -> float:
    """How far the bound that a dual proves may stand from the value it proves.

    A later priority whose optimum is next to nothing is proven by terms that cancel: where the
    least spending is 0, thousands of millions of euros may stand on either side.

    Parameters
    ----------
    earlier
        Size of what else was added up: of what earlier priorities take off, Σ λ·|their value|.
    """
    size = bound_size(program, dual) + earlier
    return GAP * max(1.0, abs(value)) + ROUNDED * size


def bound_size(program: Program, dual: Multipliers) -> float:
    """Size of the sum that makes the bound of a dual."""
    return float(np.abs(_terms(program, dual)).sum())


def _terms(program: Program, dual: Multipliers) -> Floats:
    """What each row and column adds to the bound, shape (m + n,)."""
    return np.concatenate(
        [
            _at_bounds(dual.y, (program.lower, program.upper)),
            _at_bounds(dual.z, (program.least, program.most)),
        ]
    )


def _at_bounds(value: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    bound = np.where(value > 0, bounds[0], bounds[1])
    return value * np.where((value != 0) & np.isfinite(bound), bound, 0.0)


def off_bound(
    support: NDArray[np.bool_],
    sign: Floats,
    activity: Floats,
    bounds: tuple[Floats, Floats],
    tolerance: Floats,
) -> NDArray[np.bool_]:
    """Where a multiplier is not zero although its bound is not met (complementarity)."""
    bound = np.where(sign > 0, bounds[0], bounds[1])
    with np.errstate(invalid="ignore"):
        return support & ~(np.abs(activity - bound) <= tolerance)


def note_signs(
    notes: Notebook, program: Program, dual: Multipliers, where: tuple[str, str]
) -> None:
    """Note every multiplier that pushes against a bound that does not exist.

    Parameters
    ----------
    where
        The file, and what the dual is called.
    """
    rows = (program.row_ids, dual.y, dual.y_size, (program.lower, program.upper))
    columns = (program.col_ids, dual.z, dual.z_size, (program.least, program.most))
    for names, value, size, bounds in (rows, columns):
        for i in np.flatnonzero(wrong_signs(value, size, bounds)):
            notes.wrong(
                where[0],
                f"{where[1]}, {names[i]}",
                saying("sign of the multiplier"),
                float(value[i]),
                "≤ 0" if value[i] > 0 else "≥ 0",
            )


def contradicts(
    multiplier: Floats,
    size: Floats,
    activity: Floats,
    bounds: tuple[Floats, Floats],
    slack: Floats,
) -> NDArray[np.bool_]:
    """Where a multiplier has a wrong sign, or its bound is not met."""
    lower, upper = bounds
    away_low = activity > lower + slack
    away_high = activity < upper - slack
    return (
        wrong_signs(multiplier, size, bounds)
        | ((multiplier > size) & away_low)
        | ((multiplier < -size) & away_high)
    )
