"""How the published plan moves when limits move: a rate of change, and how far it holds.

The moves that stay feasible at first order form a cone. Among them the plan takes the one that is
cheapest at every priority in turn, then least uneven at first order, then least uneven at second
order: the published plan of the cone's own program, found by the same stages and the same
tie-break as the plan itself.

References
----------
J. F. Bonnans and A. Shapiro, "Perturbation Analysis of Optimization Problems", Springer (2000),
section 5.2 (directional derivatives of quadratic programs).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.orders import reach_of_orders
from perequa.engine.session import Session
from perequa.engine.stages import NOT_ZERO, solve_stages
from perequa.engine.termination import Termination
from perequa.engine.tie_break import publish
from perequa.engine.vertex import ACTIVE, reach
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.spread import Spread
    from perequa.engine.stages import Staged
    from perequa.engine.tie_break import Published

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALONG = 1e-8
"""Relative distance within which a limit moves with the plan."""
EVEN = 1e-11
"""Relative distance from what it is evened around at which a decision stands there."""
ROUNDING = 1e-12
"""Share of the largest entry of a move below which an entry is rounding."""
LOOSE = 1e-7
"""Tolerance of the program that says how far multipliers keep their signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How the published plan answers a move of limits, per unit of the move.

    Attributes
    ----------
    rate
        (n,) change of every column, natural units.
    prices
        (P,) change of the value of every priority.
    holds
        How many units of the move the plan follows that rate for.
    """

    rate: Floats
    prices: Floats
    holds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePlan:
    """The published plan and the limits it meets.

    Attributes
    ----------
    program, staged, spread
        The program, its solved stages, what the tie-break evens out.
    plan
        (n,) natural units.
    low, high, column_low, column_high
        Which limits the plan meets, (m,) and (n,). Rows and columns in `idle` meet none.
    idle
        Rows that only say what an objective of no weight is worth: every plan completes them.
    """

    program: CompiledProgram
    staged: Staged
    spread: Spread
    plan: Floats
    low: Flags
    high: Flags
    column_low: Flags
    column_high: Flags
    idle: Flags

    @property
    def gradient(self) -> Floats:
        """Gradient of the tie-break's function at the plan, natural units, (n,)."""
        away = self.plan - self.spread.around
        # what is even but for rounding must not become a cost of its own
        away[np.abs(away) <= EVEN * np.maximum(1.0, np.abs(self.plan))] = 0.0
        slope: Floats = 2.0 * self.spread.square * away
        return slope

    @property
    def costs(self) -> Floats:
        """Cost of every priority, natural units, (P, n)."""
        return np.array([stage.cost for stage in self.staged.stages])

    @property
    def least_first(self) -> Floats:
        """What is made least before anything is evened out: priorities, then what is moved."""
        if not self.spread.moved.any():
            return self.costs
        return np.vstack([self.costs, self.spread.moved])


def active_plan(
    program: CompiledProgram,
    staged: Staged,
    spread: Spread,
    published: Published,
    idle: Flags,
) -> ActivePlan:
    """Find which limits the published plan meets.

    Parameters
    ----------
    idle
        (m,) rows to leave out: those of objectives of no weight.
    """
    scaled, plan = staged.scaled, published.plan
    x = plan / scaled.column
    activity = scaled.matrix @ x
    near = ACTIVE * np.maximum(1.0, np.abs(activity))
    near_x = ACTIVE * np.maximum(1.0, np.abs(x))
    priced = _priced(staged)
    return ActivePlan(
        program=program,
        staged=staged,
        spread=spread,
        plan=plan,
        # a limit that carries a price is met, whatever rounding leaves between it and the plan
        low=((activity <= scaled.row_lower + near) | (priced > 0)) & ~idle,
        high=((activity >= scaled.row_upper - near) | (priced < 0)) & ~idle,
        column_low=x <= scaled.column_lower + near_x,
        column_high=x >= scaled.column_upper - near_x,
        idle=idle,
    )


def _priced(staged: Staged) -> Floats:
    """Sign of the price of each row at the first priority that prices it, (m,)."""
    sign = np.zeros(len(staged.scaled.row))
    for stage in staged.stages:
        factor = staged.scaled.cost(stage.cost)[1]
        dual = stage.y * factor / staged.scaled.row
        sign = np.where((sign == 0) & (np.abs(dual) > NOT_ZERO), np.sign(dual), sign)
    return sign


def respond(
    at: ActivePlan, direction: Mapping[int, float], options: SolverOptions
) -> Response | None:
    """Move limits by a direction and say how the published plan follows.

    Parameters
    ----------
    at
        The plan and the limits it meets; published by the exact tie-break.
    direction
        How much the limit of each row moves, natural units.
    options
        How the solver works.

    Returns
    -------
    Response or None
        None when no plan exists however small the move.

    Raises
    ------
    NotProven
        When the solver does not prove one of the programs.
    """
    cone = _cone(at, direction)
    costs = np.vstack([at.least_first, at.gradient])
    staged = solve_stages(cone, tuple(range(len(costs))), costs, options)
    if staged.termination is Termination.INFEASIBLE:
        return None
    if staged.termination is not Termination.OPTIMAL:
        message = f"the answer of the plan ended {staged.termination.value}"
        raise NotProven(message)
    nothing = np.zeros(len(at.plan))
    still = replace(at.spread, around=nothing, moved=nothing)
    published = publish(staged, still, "exact", options)
    if published.method != "exact":
        raise NotProven("the answer of the plan could not be made even")
    scaled = at.staged.scaled
    step = max((abs(by) * scaled.row[i] for i, by in direction.items()), default=0.0)
    rate = without_rounding(published.plan / scaled.column, step) * scaled.column
    return Response(rate=rate, prices=at.costs @ rate, holds=holds(at, direction, rate, options))


def without_rounding(move: Floats, step: float = 0.0) -> Floats:
    """Write what is rounding as nothing: beside the largest entry of a move, or beside its cause.

    Parameters
    ----------
    move
        (n,) the solver's units.
    step
        How far the limits move that cause it, the solver's units.
    """
    small = ROUNDING * max(step, float(np.abs(move).max(initial=0.0)))
    return np.where(np.abs(move) <= small, 0.0, move)


def _cone(at: ActivePlan, direction: Mapping[int, float]) -> CompiledProgram:
    """Write the program of the moves: limits that are met move or stay, the others are free."""
    moved = moved_limits(at, direction)
    return replace(
        at.program,
        row_lower=np.where(at.low, moved, -np.inf),
        row_upper=np.where(at.high, moved, np.inf),
        column_lower=np.where(at.column_low, 0.0, -np.inf),
        column_upper=np.where(at.column_high, 0.0, np.inf),
        # what may be reversed at once has a row; the others hold along any move, if short
        ranked=None,
    )


def moved_limits(at: ActivePlan, direction: Mapping[int, float]) -> Floats:
    """Lay a direction over the rows, (m,)."""
    moved = np.zeros(len(at.low))
    moved[list(direction)] = list(direction.values())
    return moved


def holds(
    at: ActivePlan, direction: Mapping[int, float], rate: Floats, options: SolverOptions
) -> float:
    """Largest move for which the plan follows one rate: no limit is met, no multiplier turns.

    Both are exact: a ratio test over the limits not met, and one program over the multipliers,
    whose signs say whether the moved plan is still the most even of the cheapest.
    """
    scaled = at.staged.scaled
    x, move = at.plan / scaled.column, rate / scaled.column
    leaving = scaled.matrix @ move - moved_limits(at, direction) * scaled.row
    met = reach(
        np.where(at.idle, 0.0, leaving),
        scaled.matrix @ x,
        np.where(at.low, -np.inf, scaled.row_lower),
        np.where(at.high, np.inf, scaled.row_upper),
    )
    met = min(
        met,
        reach(
            move,
            x,
            np.where(at.column_low, -np.inf, scaled.column_lower),
            np.where(at.column_high, np.inf, scaled.column_upper),
        ),
    )
    ordered = reach_of_orders(at.staged.ranked, at.plan, np.arange(len(rate)), rate)
    return min(met, ordered, _turns(at, leaving, move, options))


def _turns(at: ActivePlan, leaving: Floats, move: Floats, options: SolverOptions) -> float:
    """Largest θ at which multipliers of the right signs still prove the moved plan the most even.

    Maximise θ with ``∇q + θ·H·d + Σ μ_k c_k = Aᵀy + z``: y and z are zero but for limits met all
    along the move and have the signs of those limits; μ ≥ 0 are the multipliers of the priorities.
    """
    scaled = at.staged.scaled
    size = 1.0 + np.abs(move).max(initial=0.0)
    stays, stays_x = np.abs(leaving) <= ALONG * size, np.abs(move) <= ALONG * size
    low, high = at.low & stays, at.high & stays
    column_low, column_high = at.column_low & stays_x, at.column_high & stays_x
    rows, columns = np.flatnonzero(low | high), np.flatnonzero(column_low | column_high)
    gradient = at.gradient * scaled.column
    bend = 2.0 * at.spread.square * scaled.column**2 * move
    unit = float(max(np.abs(gradient).max(initial=0.0), np.abs(bend).max(initial=0.0))) or 1.0
    costs = np.array([scaled.cost(cost)[0] for cost in at.least_first])
    n, p = len(move), len(costs)
    places = sparse.csc_array(
        (np.ones(len(columns)), (columns, np.arange(len(columns)))), shape=(n, len(columns))
    )
    system = sparse.hstack(
        [
            sparse.csc_array(sparse.csr_array(scaled.matrix)[rows].T),
            places,
            sparse.csc_array(-costs.T),
            sparse.csc_array(-bend[:, None] / unit),
        ],
        format="csc",
    )
    session = Session(
        sparse.csc_array(system),
        gradient / unit,
        gradient / unit,
        np.concatenate(
            [
                np.where(high[rows], -np.inf, 0.0),
                np.where(column_high[columns], -np.inf, 0.0),
                np.zeros(p + 1),
            ]
        ),
        np.concatenate(
            [
                np.where(low[rows], np.inf, 0.0),
                np.where(column_low[columns], np.inf, 0.0),
                np.full(p + 1, np.inf),
            ]
        ),
        replace(options, tolerance=LOOSE),
    )
    session.set_cost(np.append(np.zeros(session.n - 1), -1.0))
    outcome = session.solve()
    if outcome.termination is Termination.UNBOUNDED:
        return np.inf
    if outcome.termination is not Termination.OPTIMAL:
        message = f"how far the plan follows a move ended {outcome.termination.value}"
        raise NotProven(message)
    return max(0.0, float(outcome.x[-1]))
