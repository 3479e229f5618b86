"""Strict priorities, one stage after another on the optimal face; never big weights.

After each stage the rows with a price become equalities and the columns with a reduced cost are
held: by complementary slackness what remains is exactly the set of plans optimal so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.factored_basis import FactoredBasis
from perequa.engine.scaling import ScaledProgram, scale
from perequa.engine.session import PRIMAL, Session, SolverOptions, basis_of
from perequa.engine.termination import Termination
from perequa.engine.vertex import Vertex, optimal_vertex

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.session import Statuses
    from perequa.ranked_rates import Ranked

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

NOT_ZERO = 1e-8
"""A dual counts as a price above this size, the smallest cost coefficient being at least 1."""
LEFT = 1e-14
"""Share of two duals that rounding leaves where they cancel."""
CANCELS = 2e-9
"""Share of its own terms below which a reduced cost is what rounding leaves of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The optimum at one priority, in natural units.

    Attributes
    ----------
    priority, cost
        The priority and the cost vector (n,) it minimises.
    x, y
        (n,), (m,): a vertex optimal for all priorities so far, and a dual with right signs.
    lam
        (P,): multipliers of the earlier priorities: ``z = cost − Aᵀy + Σ lam[j]·cost_j``.
    """

    priority: int
    cost: Floats
    x: Floats
    y: Floats
    lam: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """The set of plans optimal at every stage so far, in the units of the solver.

    Attributes
    ----------
    row_lower, row_upper, column_lower, column_upper
        Bounds, with priced rows made equalities and columns with a reduced cost held.
    rows, columns
        Which were made so.
    """

    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats
    rows: Flags
    columns: Flags


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What the stages leave behind.

    Attributes
    ----------
    termination
        Optimal, or how the first stage that failed ended.
    stages, face
        One for each priority solved; the plans that remain.
    scaled, session
        The scaled program, and the solver holding it (bounds restored to the program's own).
    first_basis, last_basis
        Optimal basis of the first stage, and of the last: optimal for every priority.
    ranked
        Orders of rates that the program takes for granted.
    ray
        (n,) where a stage is unbounded: a move that lowers it for ever, natural units.
    """

    termination: Termination
    stages: tuple[Stage, ...]
    face: Face
    scaled: ScaledProgram
    session: Session
    first_basis: object
    last_basis: object
    ranked: Ranked | None
    ray: Floats | None = None

    @cached_property
    def vertex(self) -> Vertex:
        """The vertex of the last priority, optimal for all, and what is active there."""
        return optimal_vertex(self)

    @cached_property
    def basis(self) -> FactoredBasis:
        """Its basis, factored: what is worked out once serves prices, ranges and joint moves."""
        return FactoredBasis(self.vertex)


def solve_stages(
    program: CompiledProgram,
    priorities: tuple[int, ...],
    stage_costs: Floats,
    options: SolverOptions,
    start: Statuses | None = None,
) -> Staged:
    """Minimise each cost in turn among the plans optimal for those before.

    Parameters
    ----------
    program
        The compiled program.
    priorities, stage_costs
        (P,), (P, n): in the order of service, natural units.
    options
        How the solver works.
    start
        A basis of the first stage to begin from; from scratch without one.
    """
    scaled = scale(program)
    session = Session(scaled.matrix, *scaled.bounds, options)
    if start is not None:
        session.set_basis(basis_of(start))
    face = whole(scaled)
    stages: list[Stage] = []
    held: list[tuple[Indices, Indices]] = []
    first_basis: object = None
    last_basis: object = None
    termination, ray = Termination.OPTIMAL, None
    for p, priority in enumerate(priorities):
        cost, factor = scaled.cost(stage_costs[p])
        session.set_cost(cost)
        outcome = session.solve(strategy=None if p == 0 else PRIMAL)
        termination = outcome.termination
        if termination is not Termination.OPTIMAL:
            ray = session.primal_ray() if termination is Termination.UNBOUNDED else None
            break
        last_basis = session.basis()
        first_basis = last_basis if p == 0 else first_basis
        y = without_rounding(outcome.y, cost)
        z = cost - scaled.matrix.T @ y
        newly = restrict(face, scaled, outcome.x, y, z)
        session.set_row_bounds(newly[0], face.row_lower[newly[0]], face.row_upper[newly[0]])
        session.set_column_bounds(
            newly[1], face.column_lower[newly[1]], face.column_upper[newly[1]]
        )
        natural_y = scaled.natural_y(y, factor)
        natural_z = stage_costs[p] - program.matrix.T @ natural_y
        x = np.clip(outcome.x, scaled.column_lower, scaled.column_upper)
        dual = (natural_y, natural_z)
        earlier = list(zip(stages, held, strict=True))
        stages.append(_stage(program, priority, stage_costs, scaled.natural_x(x), dual, earlier))
        held.append(newly)
    session.set_row_bounds(np.arange(session.m), scaled.row_lower, scaled.row_upper)
    session.set_column_bounds(np.arange(session.n), scaled.column_lower, scaled.column_upper)
    return Staged(
        termination=termination,
        stages=tuple(stages),
        face=face,
        scaled=scaled,
        session=session,
        first_basis=first_basis,
        last_basis=last_basis,
        ranked=program.ranked,
        ray=None if ray is None else scaled.natural_x(ray),
    )


def whole(scaled: ScaledProgram) -> Face:
    """Every plan, before anything is optimal: the bounds of the program."""
    m, n = scaled.matrix.shape
    return Face(
        row_lower=scaled.row_lower.copy(),
        row_upper=scaled.row_upper.copy(),
        column_lower=scaled.column_lower.copy(),
        column_upper=scaled.column_upper.copy(),
        rows=np.zeros(m, dtype=np.bool_),
        columns=np.zeros(n, dtype=np.bool_),
    )


def restrict(
    face: Face, scaled: ScaledProgram, x: Floats, y: Floats, z: Floats
) -> tuple[Indices, Indices]:
    """Hold priced rows and columns at their bound; return those newly held."""
    rows = np.flatnonzero((np.abs(y) > NOT_ZERO) & ~face.rows)
    columns = np.flatnonzero((np.abs(z) > NOT_ZERO) & ~face.columns)
    columns = columns[np.abs(z[columns]) > CANCELS * _terms(scaled, y, columns)]
    bound = np.where(y > 0, scaled.row_lower, scaled.row_upper)[rows]
    face.row_lower[rows] = bound
    face.row_upper[rows] = bound
    at = np.where(z > 0, scaled.column_lower, scaled.column_upper)[columns]
    at = np.where(np.isfinite(at), at, x[columns])
    face.column_lower[columns] = at
    face.column_upper[columns] = at
    face.rows[rows] = True
    face.columns[columns] = True
    return rows, columns


def without_rounding(y: Floats, cost: Floats) -> Floats:
    """Leave out of a dual what is only rounding of the largest costs and duals, in solver's units.

    The smallest cost is of size one there: a price is never that small, and what is left of two
    large costs that cancel must not stand on a row alone, where nothing larger tells it is nothing.
    """
    largest = max(float(np.abs(cost).max(initial=0.0)), float(np.abs(y).max(initial=0.0)))
    nothing = max(NOT_ZERO * 1e-3, 16.0 * np.finfo(np.float64).eps * largest)
    return np.where(np.abs(y) < min(NOT_ZERO, nothing), 0.0, y)


def _terms(scaled: ScaledProgram, y: Floats, columns: Indices) -> Floats:
    """Size of what the rows take from the cost of some columns, (k,)."""
    size: Floats = abs(scaled.matrix[:, columns]).T @ np.abs(y)
    return size


def _stage(
    program: CompiledProgram,
    priority: int,
    stage_costs: Floats,
    x: Floats,
    dual: tuple[Floats, Floats],
    earlier: list[tuple[Stage, tuple[Indices, Indices]]],
) -> Stage:
    """Give the stage a dual whose signs are right for the whole program.

    On rows and columns held by an earlier stage the solver's dual has any sign. Adding that
    stage's own dual often enough mends it: its sign is right wherever it is not zero.
    """
    p = len(earlier)
    y, z = dual[0].copy(), dual[1].copy()
    lam = np.zeros(len(stage_costs))
    for j in range(p - 1, -1, -1):
        before, (rows, columns) = earlier[j]
        z_before = stage_costs[j] + before.lam @ stage_costs - program.matrix.T @ before.y
        times = max(
            _shortage(y, before.y, program.row_lower, program.row_upper, rows),
            _shortage(z, z_before, program.column_lower, program.column_upper, columns),
        )
        y = _added(y, times * before.y)
        z = _added(z, times * z_before)
        lam += times * before.lam
        lam[j] += times
    return Stage(priority=priority, cost=stage_costs[p], x=x, y=y, lam=lam)


def _added(first: Floats, second: Floats) -> Floats:
    """Add two duals; what is left where they cancel is rounding, of either sign."""
    total = first + second
    size = np.maximum(np.abs(first), np.abs(second))
    return np.where(np.abs(total) <= LEFT * size, 0.0, total)


def _shortage(dual: Floats, before: Floats, lower: Floats, upper: Floats, held: Indices) -> float:
    """How many times `before` must be added for `dual` to take its sign where it held a bound.

    Only what that stage held itself: elsewhere its dual is zero but for rounding, and nothing is
    mended by adding rounding often enough.
    """
    dual, before = dual[held], before[held]
    wrong = (lower[held] != upper[held]) & (dual * before < 0)
    return float(np.max(np.abs(dual[wrong]) / np.abs(before[wrong]), initial=0.0))
