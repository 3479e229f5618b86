"""Infeasible is confirmed before anyone is told, then reduced to the rules that clash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from perequa.engine.scaling import scale
from perequa.engine.session import Session
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import Outcome, SolverOptions

Floats = NDArray[np.float64]

LEAF = -1
"""Where a tree of a proof branches no more."""
RAY_NOISE = (0.0, 1e-9, 1e-7, 1e-5)
"""Shares of its largest multiplier below which those of a ray are rounding, the least first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Why no plan exists.

    Attributes
    ----------
    rows
        Rule rows that clash: no plan satisfies them together, and without any one of them one
        does (the rows of no rule left in place).
    leaves
        (m,) each, multipliers in natural units: the rows they combine ask for more than any plan
        holds. One, or one for each leaf of a tree that branches on projects.
    branch
        Column of each node of that tree (0 first, then 1), `LEAF` at a leaf.
    """

    rows: tuple[int, ...]
    leaves: tuple[Floats, ...]
    branch: tuple[int, ...] = (LEAF,)

    @property
    def farkas(self) -> Floats:
        """The multipliers of a program without projects."""
        return self.leaves[0]


class ClashFinder(Protocol):
    """What looks for clashing rows in a program some of whose rows are left out."""

    def without(self, left_out: Collection[int]) -> Conflict | None:
        """Return rows that clash although some are left out; None when a plan exists."""

    def has_plan_without(self, left_out: Collection[int]) -> bool:
        """Whether a plan exists once some rows are left out; that there is none is proven."""

    def has_plan_with(self, moves: Mapping[int, float], *, left_out: Collection[int] = ()) -> bool:
        """Whether a plan exists once some limits are moved and some rows left out."""


class Clashes:
    """Looks for clashing rows in a program some of whose rows are left out.

    Presolve is left out: it has declared feasible programs infeasible (HiGHS issues 2511, 1725).

    Parameters
    ----------
    program
        The compiled program.
    options
        How the solver works.
    """

    def __init__(self, program: CompiledProgram, options: SolverOptions) -> None:
        self._program = program
        self._scaled = scale(program)
        self._session = Session(
            self._scaled.matrix,
            self._scaled.row_lower,
            self._scaled.row_upper,
            self._scaled.column_lower,
            self._scaled.column_upper,
            options,
        )
        self._free = np.zeros(len(program.row_keys), dtype=np.bool_)

    def without(self, left_out: Collection[int]) -> Conflict | None:
        """Return rows that clash although some are left out; None when a plan exists.

        Raises
        ------
        NotProven
            When neither can be proven.
        """
        farkas = self._proof_without(left_out)
        return None if farkas is None else self._reduced(farkas)

    def has_plan_without(self, left_out: Collection[int]) -> bool:
        """Whether a plan exists once some rows are left out; that there is none is proven.

        Raises
        ------
        NotProven
            When neither can be proven.
        """
        return self._proof_without(left_out) is None

    def has_plan_with(self, moves: Mapping[int, float], *, left_out: Collection[int] = ()) -> bool:
        """Whether a plan exists once some limits are moved and some rows left out.

        Parameters
        ----------
        moves
            Change of the limit of each row moved, natural units.
        left_out
            Rows left out.
        """
        self._leave_out(left_out)
        for row, change in moves.items():
            step = change * float(self._scaled.row[row])
            lower, upper = self._scaled.row_lower[row] + step, self._scaled.row_upper[row] + step
            self._session.set_row_bound(row, float(lower), float(upper))
        try:
            return self._has_plan()
        finally:
            for row in moves:
                self._set_free(row, free=bool(self._free[row]))

    def _reduced(self, farkas: Floats) -> Conflict:
        """Free each row in turn; one that is missed by nobody stays free."""
        suspects = self._suspects(farkas)
        self._leave_out(np.flatnonzero(self._program.is_rule & (farkas == 0.0)).tolist())
        needed: list[int] = []
        while suspects:
            row = suspects.pop(0)
            self._set_free(row, free=True)
            if self._has_plan():
                self._set_free(row, free=False)
                needed.append(row)
                continue
            shorter = self._proof()
            if shorter is None:
                continue
            farkas = shorter
            # what this proof does without is missed by nobody either
            for spared in [i for i in suspects if farkas[i] == 0.0]:
                suspects.remove(spared)
                self._set_free(spared, free=True)
        if self._has_plan():
            raise NotProven("the rows that clash could not be told apart")
        proof = self._proof()
        if proof is None or self._suspects(proof) != sorted(needed):
            raise NotProven("the rows that clash could not be proven to")
        return Conflict(rows=tuple(sorted(needed)), leaves=(proof,))

    def _proof_without(self, left_out: Collection[int]) -> Floats | None:
        """Return the proof that no plan exists once some rows are left out; None when one does."""
        self._leave_out(left_out)
        if self._has_plan():
            return None
        farkas = self._proof()
        if farkas is None:
            raise NotProven("HiGHS called the program infeasible without a proof that holds")
        return farkas

    def _suspects(self, farkas: Floats) -> list[int]:
        return [int(i) for i in np.flatnonzero(self._program.is_rule & (farkas != 0.0))]

    def _has_plan(self) -> bool:
        return has_plan(self._session.solve(presolve=False))

    def _proof(self) -> Floats | None:
        ray = self._session.dual_ray()
        if ray is None:
            return None
        ray = np.where(self._free, 0.0, ray)
        largest = float(np.abs(ray).max(initial=0.0))
        for noise in RAY_NOISE:
            clean = np.where(np.abs(ray) < noise * largest, 0.0, ray)
            proof = checked_farkas(self._program, clean * self._scaled.row)
            if proof is not None:
                return proof
        return None

    def _leave_out(self, rows: Collection[int]) -> None:
        wanted = np.zeros_like(self._free)
        wanted[list(rows)] = True
        changed = np.flatnonzero(wanted != self._free)
        lower = np.where(wanted, -np.inf, self._scaled.row_lower)[changed]
        upper = np.where(wanted, np.inf, self._scaled.row_upper)[changed]
        self._session.set_row_bounds(changed, lower, upper)
        self._free = wanted

    def _set_free(self, row: int, *, free: bool) -> None:
        lower, upper = float(self._scaled.row_lower[row]), float(self._scaled.row_upper[row])
        self._session.set_row_bound(row, -np.inf if free else lower, np.inf if free else upper)
        self._free[row] = free


def has_plan(outcome: Outcome) -> bool:
    """Whether a solve found a plan.

    Raises
    ------
    NotProven
        When it proved neither that there is one nor that there is none.
    """
    if outcome.termination is Termination.OPTIMAL:
        return True
    if outcome.termination is Termination.INFEASIBLE:
        return False
    message = f"the solver ended without proof: {outcome.termination.value}"
    raise NotProven(message)


def checked_farkas(program: CompiledProgram, ray: Floats) -> Floats | None:
    """Return the ray with the sign that proves infeasibility, None when neither does.

    The rows combined by y give ``yᵀA x``; no x within its bounds reaches what they ask for.
    """
    for y in (ray, -ray):
        largest = float(np.abs(y).max(initial=0.0))
        y = np.where(np.abs(y) < 1e-10 * largest, 0.0, y)  # noqa: PLW2901
        if excess_of(program, y, (program.column_lower, program.column_upper)) > 0.0:
            return y
    return None


def excess_of(program: CompiledProgram, y: Floats, box: tuple[Floats, Floats]) -> float:
    """By how much rows combined by y ask for more than columns in a box can give.

    Parameters
    ----------
    program
        The compiled program.
    y
        (m,) multipliers, natural units.
    box
        Least and most of each column.

    Returns
    -------
    float
        Above 0: no plan in the box satisfies these rows. Minus infinity where a bound that does
        not exist takes part.
    """
    asked = _at_bounds(y, program.row_lower, program.row_upper)
    pull = program.matrix.T @ y
    size = abs(program.matrix).T @ np.abs(y)
    pull = np.where(np.abs(pull) <= 1e-9 * size, 0.0, pull)
    return asked + _at_bounds(-pull, *box)


def _at_bounds(multiplier: Floats, lower: Floats, upper: Floats) -> float:
    """Least value of Σ multiplier·a over lower ≤ a ≤ upper."""
    bound = np.where(multiplier > 0, lower, upper)
    used = multiplier != 0
    return float((multiplier[used] * bound[used]).sum()) if used.any() else 0.0
