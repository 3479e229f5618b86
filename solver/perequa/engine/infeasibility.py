"""Infeasible is confirmed before anyone is told, then reduced to the rules that clash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.scaling import scale
from perequa.engine.session import Session
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Why no plan exists.

    Attributes
    ----------
    farkas
        (m,) multipliers in natural units: the rows they combine ask for more than any plan holds.
    rows
        Rule rows that clash: no plan satisfies them together, and without any one of them one
        does (the rows of no rule left in place).
    """

    farkas: Floats
    rows: tuple[int, ...]


def confirm_infeasible(program: CompiledProgram, options: SolverOptions) -> Conflict:
    """Prove that no plan exists and name an irreducible set of clashing rows.

    Presolve is left out: it has declared feasible programs infeasible (HiGHS issues 2511, 1725).

    Raises
    ------
    NotProven
        When the solver's word cannot be confirmed.
    """
    scaled = scale(program)
    session = Session(
        scaled.matrix,
        scaled.row_lower,
        scaled.row_upper,
        scaled.column_lower,
        scaled.column_upper,
        options,
    )
    if session.solve(presolve=False).termination is not Termination.INFEASIBLE:
        raise NotProven("HiGHS called the program infeasible, and then did not without presolve")
    ray = session.dual_ray()
    farkas = None if ray is None else checked_farkas(program, ray * scaled.row)
    if farkas is None:
        raise NotProven("HiGHS called the program infeasible without a proof that holds")
    suspects = [int(i) for i in np.flatnonzero(program.is_rule & (farkas != 0.0))]
    others = np.flatnonzero(program.is_rule & (farkas == 0.0))
    session.set_row_bounds(others, np.full(len(others), -np.inf), np.full(len(others), np.inf))
    kept = list(suspects)
    for i in suspects:
        session.set_row_bound(i, -np.inf, np.inf)
        if session.solve(presolve=False).termination is Termination.INFEASIBLE:
            kept.remove(i)
        else:
            session.set_row_bound(i, float(scaled.row_lower[i]), float(scaled.row_upper[i]))
    return Conflict(farkas=farkas, rows=tuple(kept))


def checked_farkas(program: CompiledProgram, ray: Floats) -> Floats | None:
    """Return the ray with the sign that proves infeasibility, None when neither does.

    The rows combined by y give ``yᵀA x``; no x within its bounds reaches what they ask for.
    """
    for y in (ray, -ray):
        largest = float(np.abs(y).max(initial=0.0))
        y = np.where(np.abs(y) < 1e-10 * largest, 0.0, y)  # noqa: PLW2901
        asked = _at_bounds(y, program.row_lower, program.row_upper)
        pull = program.matrix.T @ y
        size = abs(program.matrix).T @ np.abs(y)
        pull = np.where(np.abs(pull) <= 1e-9 * size, 0.0, pull)
        possible = -_at_bounds(-pull, program.column_lower, program.column_upper)
        if np.isfinite(asked) and np.isfinite(possible) and asked > possible:
            return y
    return None


def _at_bounds(multiplier: Floats, lower: Floats, upper: Floats) -> float:
    """Least value of Σ multiplier·a over lower ≤ a ≤ upper."""
    bound = np.where(multiplier > 0, lower, upper)
    used = multiplier != 0
    return float((multiplier[used] * bound[used]).sum()) if used.any() else 0.0
