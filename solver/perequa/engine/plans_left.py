"""The plans that earlier priorities leave, held in one solver and asked one cost after another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.session import PRIMAL, Session
from perequa.engine.stages import Face, restrict, solve_stages
from perequa.engine.termination import Termination
from perequa.engine.tie_break import LOOSE
from perequa_models.errors import Infeasible, NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import Outcome, SolverOptions

Floats = NDArray[np.float64]


SAME = 1e-10
"""Relative difference within which two values of a goal are one and the same."""
A_TRIFLE = 1e-9
"""Places (or thousands of money) of the dearest decision that count for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A linear objective over plans, natural units.

    Attributes
    ----------
    cost, offset
        (n,) and a constant: its value is ``cost @ x + offset``.
    """

    cost: Floats
    offset: float

    @classmethod
    def of(cls, program: CompiledProgram, weights: Floats) -> Goal:
        """Add up the objectives of a program, each times its weight (K,)."""
        return cls(cost=weights @ program.costs, offset=float(weights @ program.offsets))

    @classmethod
    def mixed(cls, weights: Sequence[float], goals: Sequence[Goal]) -> Goal:
        """Add up goals, each times its weight."""
        each = list(zip(weights, goals, strict=True))
        return cls(
            cost=np.sum([w * goal.cost for w, goal in each], axis=0),
            offset=sum(w * goal.offset for w, goal in each),
        )

    def near(self, column_scale: Floats, *values: float) -> float:
        """Difference below which values of this size are one and the same.

        Parameters
        ----------
        column_scale
            Natural size of one unit of the solver for each column, (n,).
        """
        trifle = A_TRIFLE * float(np.abs(self.cost * column_scale).max(initial=0.0))
        return SAME * max(abs(value) for value in values) + trifle

    def value(self, x: Floats) -> float:
        """Value at a plan, added up without rounding."""
        used = np.flatnonzero(self.cost)
        return math.fsum([*(self.cost[used] * x[used]).tolist(), self.offset])


class PlansLeft:
    """Plans optimal at some priorities; the solver keeps its basis from one question to the next.

    Parameters
    ----------
    program
        The compiled program.
    priorities, costs
        (P,), (P, n) what was served before, in order; none leaves every plan of the program.
    options
        How the solver works.

    Raises
    ------
    Infeasible
        When no plan satisfies every rule.
    NotProven
        When the solver does not say.
    """

    def __init__(
        self,
        program: CompiledProgram,
        priorities: tuple[int, ...],
        costs: Floats,
        options: SolverOptions,
    ) -> None:
        staged = solve_stages(program, priorities, costs, options)
        stop_unless_optimal(staged.termination)
        self.program = program
        self._options = options
        self.programs_solved = len(priorities)
        self._scaled, self._face = staged.scaled, staged.face
        face = staged.face
        self._session = Session(
            staged.scaled.matrix,
            face.row_lower,
            face.row_upper,
            face.column_lower,
            face.column_upper,
            options,
        )
        if staged.last_basis is not None:
            self._session.set_basis(staged.last_basis)

    @property
    def column_scale(self) -> Floats:
        """Natural size of one unit of the solver for each column, (n,): 1 place, 1 000 of money."""
        return self._scaled.column

    def least(self, *goals: Goal) -> Floats:
        """Return a plan (n,) that is least in the first goal, then in the next, and so on."""
        face, x = copy_of(self._face), np.zeros(0)
        for k, goal in enumerate(goals):
            cost, _ = self._scaled.cost(goal.cost)
            self._session.set_cost(cost)
            outcome = self._session.solve(strategy=PRIMAL, presolve=False)
            self.programs_solved += 1
            if k > 0 and outcome.termination is Termination.INFEASIBLE:
                outcome = self._loosely(face, cost)
            stop_unless_optimal(outcome.termination)
            x = np.clip(outcome.x, self._scaled.column_lower, self._scaled.column_upper)
            if k + 1 < len(goals):
                z = cost - self._scaled.matrix.T @ outcome.y
                self._hold(face, *restrict(face, self._scaled, outcome.x, outcome.y, z))
        if len(goals) > 1:
            every = np.arange(self._session.m), np.arange(self._session.n)
            self._hold(self._face, *every)
        return self._scaled.natural_x(x)

    def _loosely(self, face: Face, cost: Floats) -> Outcome:
        """Solve on a face that seems empty by rounding: limits that meet in one point miss it."""
        loose = Session(
            self._scaled.matrix,
            face.row_lower,
            face.row_upper,
            face.column_lower,
            face.column_upper,
            replace(self._options, tolerance=LOOSE),
        )
        loose.set_cost(cost)
        self.programs_solved += 1
        return loose.solve(presolve=False)

    def _hold(self, face: Face, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> None:
        self._session.set_row_bounds(rows, face.row_lower[rows], face.row_upper[rows])
        self._session.set_column_bounds(
            columns, face.column_lower[columns], face.column_upper[columns]
        )


def copy_of(face: Face) -> Face:
    """Return a face that can be narrowed without changing the first."""
    return Face(
        row_lower=face.row_lower.copy(),
        row_upper=face.row_upper.copy(),
        column_lower=face.column_lower.copy(),
        column_upper=face.column_upper.copy(),
        rows=face.rows.copy(),
        columns=face.columns.copy(),
    )


def stop_unless_optimal(termination: Termination) -> None:
    """Raise what a solve that found no optimum means.

    Raises
    ------
    Infeasible
        When no plan satisfies every rule.
    NotProven
        When the solver does not say.
    """
    if termination is Termination.INFEASIBLE:
        raise Infeasible("no plan satisfies every rule")
    if termination is not Termination.OPTIMAL:
        message = f"the solver ended without proof: {termination.value}"
        raise NotProven(message)
