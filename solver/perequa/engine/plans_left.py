"""The plans that earlier priorities leave, held in one solver and asked one cost after another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from perequa.engine.optimal_cone import optimal_cone
from perequa.engine.presolve import presolve
from perequa.engine.scaling import size_factor
from perequa.engine.session import PRIMAL, Session, basis_of, some_of_basis, statuses_of
from perequa.engine.stages import Face, restrict, solve_stages, whole
from perequa.engine.termination import Termination
from perequa_models.errors import Infeasible, InternalError, NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.presolve import Presolved
    from perequa.engine.session import Outcome, SolverOptions, Statuses

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SAME = 1e-10
"""Relative difference within which two values of a goal are one and the same."""
A_TRIFLE = 1e-9
"""Places (or thousands of money) of the dearest decision that count for nothing."""

NOISE = (0.0, 1e-7, 1e-6, 1e-5, 1e-4)
"""Reduced costs taken for rounding, the least first, where the optimal face seems empty."""


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
        return cls(cost=program.weighed(weights), offset=float(weights @ program.offsets))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Plans to choose from and where the solver begins; plain arrays, fit for another process.

    Attributes
    ----------
    program
        The compiled program.
    presolved
        What the solver holds of it: the plans left, without what no objective needs.
    basis
        Where the solver begins; None for no basis.
    options
        How the solver works.
    """

    program: CompiledProgram
    presolved: Presolved
    basis: Statuses | None
    options: SolverOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Goals added up at many weightings.

    Attributes
    ----------
    costs
        (D, n') of the goals, over the columns the solver holds.
    weights
        (N, D).
    factors
        (N,): what the solver multiplies the cost of each weighting by.
    """

    costs: Floats
    weights: Floats
    factors: Floats


class PlansLeft:
    """Plans optimal at some priorities; the solver keeps its basis from one question to the next.

    Parameters
    ----------
    start
        The plans, and where the solver begins.
    """

    def __init__(self, start: Start) -> None:
        self.program = start.program
        self.programs_solved = 0
        self._presolved, self._options = start.presolved, start.options
        self._scaled = start.presolved.scaled
        self._face = whole(self._scaled)
        self._last = np.zeros(0)
        self._session = Session(self._scaled.matrix, *self._scaled.bounds, start.options)
        if start.basis is not None:
            self._session.set_basis(basis_of(start.basis))

    @classmethod
    def optimal(
        cls,
        program: CompiledProgram,
        priorities: tuple[int, ...],
        costs: Floats,
        options: SolverOptions,
    ) -> Self:
        """Return the plans optimal at some priorities.

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
        staged = solve_stages(program, priorities, costs, options)
        stop_unless_optimal(staged.termination)
        presolved = presolve(staged.scaled, staged.face, program.costs)
        basis = staged.last_basis
        if basis is not None:
            basis = some_of_basis(basis, presolved.rows, presolved.columns)
        start = Start(
            program=program,
            presolved=presolved,
            basis=None if basis is None else statuses_of(basis),
            options=options,
        )
        left = cls(start)
        left.programs_solved = len(priorities)
        return left

    def start(self) -> Start:
        """Return where another solver can go on from here, whatever this one is asked next."""
        return Start(
            program=self.program,
            presolved=self._presolved,
            basis=statuses_of(self._session.basis()),
            options=self._options,
        )

    def begin_again(self, start: Start) -> None:
        """Leave the present basis for that of a start over the same plans."""
        self._hold(self._face)
        self._session.forget_basis()
        if start.basis is not None:
            self._session.set_basis(basis_of(start.basis))

    @property
    def column_scale(self) -> Floats:
        """Natural size of one unit of the solver for each column, (n,): 1 place, 1 000 of money."""
        return self._presolved.unit

    def least(self, *goals: Goal) -> Floats:
        """Return a plan (n,) that is least in the first goal, then in the next, and so on."""
        found = self._asked(goals[0])
        stop_unless_optimal(found.termination)
        if len(goals) > 1:
            face = self._face
            for before, goal in pairwise(goals):
                face, found = self._next(face, before, found, goal)
            self._hold(self._face)
        return self._natural(found)

    def weighed(self, goals: Sequence[Goal], weights: Floats) -> Weighed:
        """Make ready to ask for goals added up with many weights (N, D) ≥ 0."""
        costs = np.array([self._unit_cost(goal) for goal in goals])
        sizes = np.abs(np.einsum("pd,dn->pn", weights, costs[:, costs.any(axis=0)]))
        least = np.where(sizes > 0.0, sizes, np.inf).min(axis=1, initial=np.inf)
        return Weighed(
            costs=np.array([self._presolved.cost(cost) for cost in costs]),
            weights=weights,
            factors=np.array([size_factor(np.array([size])) for size in least]),
        )

    def least_too(self, weighed: Weighed) -> Flags:
        """Say at which weightings (N,) the plan found last is the one a solve would end at.

        It was least in one goal, and the solver would begin at its basis.
        """
        found = optimal_cone(self._session, self._scaled, self._last, weighed.costs)
        return found.holds(weighed.weights, weighed.factors)

    def least_weighed(self, weighed: Weighed, i: int) -> Floats:
        """Return a plan (n,) that is least at one of the weightings."""
        # no BLAS: its sums depend on how many threads it is given, and whoever answers must find
        # the same
        cost = np.einsum("d,dn->n", weighed.weights[i], weighed.costs)
        found = self._solved(weighed.factors[i] * cost)
        stop_unless_optimal(found.termination)
        return self._natural(found)

    def _asked(self, goal: Goal) -> Outcome:
        return self._solved(self._cost(goal))

    def _solved(self, cost: Floats) -> Outcome:
        self._session.set_cost(cost)
        self.programs_solved += 1
        found = self._session.solve(strategy=PRIMAL, presolve=False)
        self._last = found.x
        return found

    def _next(self, face: Face, before: Goal, found: Outcome, goal: Goal) -> tuple[Face, Outcome]:
        """Ask a goal of the plans that are optimal for the one before.

        Rounding in its reduced costs may hold what should be free, so that the face seems empty:
        then less is held, as long as nothing of the goal before is given up.
        """
        z = self._cost(before) - self._scaled.matrix.T @ found.y
        value = before.value(self._natural(found))
        near = before.near(self.column_scale, value)
        for noise in NOISE:
            narrower = copy_of(face)
            y_, z_ = (np.where(np.abs(dual) <= noise, 0.0, dual) for dual in (found.y, z))
            restrict(narrower, self._scaled, found.x, y_, z_)
            self._hold(narrower)
            after = self._asked(goal)
            if after.termination is Termination.INFEASIBLE:
                continue
            stop_unless_optimal(after.termination)
            if noise == 0.0 or before.value(self._natural(after)) - value <= near:
                return narrower, after
        raise NotProven("the plans that are optimal so far are lost in rounding")

    def _cost(self, goal: Goal) -> Floats:
        """Return the cost of the columns the solver holds, (n',).

        Its size is that of the whole cost: what cancels when columns are put in for others would
        be raised from rounding.
        """
        cost = self._unit_cost(goal)
        return self._presolved.cost(cost * size_factor(cost))

    def _unit_cost(self, goal: Goal) -> Floats:
        """Return the cost of one unit of the solver in each column of the program, (n,)."""
        cost = goal.cost * self._presolved.unit
        if (cost[self._presolved.lowered] < 0.0).any():
            raise InternalError("a goal wants greater what was taken to be as small as it can")
        return cost

    def _natural(self, outcome: Outcome) -> Floats:
        x = np.clip(outcome.x, self._scaled.column_lower, self._scaled.column_upper)
        return self._presolved.whole(x) * self._presolved.unit

    def _hold(self, face: Face) -> None:
        rows, columns = np.arange(self._session.m), np.arange(self._session.n)
        self._session.set_row_bounds(rows, face.row_lower, face.row_upper)
        self._session.set_column_bounds(columns, face.column_lower, face.column_upper)


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
