"""How the published plan answers each of many limits, moved one at a time, up and down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from perequa.engine.response import respond
from perequa.engine.session import Session
from perequa.engine.steady_moves import steady_moves
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.engine.prices import Prices
    from perequa.engine.response import ActivePlan
    from perequa.engine.session import SolverOptions

Floats = NDArray[np.float64]

SPANNED = 1e-9
"""Relative remainder of a cost that the equations of the optimal face explain."""
REFINEMENTS = 4
VARIES = 1e-6
"""Relative width from which a cost differs between optimal plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMoves:
    """Rates of change of the published plan.

    Attributes
    ----------
    rows
        Positions of the rows followed.
    rates
        By row and side (+1 raised, −1 lowered): change (n,) of every column per unit of the limit,
        natural units; None where no plan exists however small the move. A side that the solver
        could not prove is absent.
    constant
        For each cost asked: whether it has one value on all optimal plans; None where it has now
        but need not once a limit moves.
    published
        Whether the rates are those of the published plan; otherwise of one optimal plan, and only
        what is the same on all of them can be told.
    """

    rows: frozenset[int]
    rates: Mapping[tuple[int, int], Floats | None]
    constant: tuple[bool | None, ...]
    published: bool


def plan_moves(
    at: ActivePlan, tie_y: Floats, rows: Sequence[int], costs: Floats, options: SolverOptions
) -> PlanMoves:
    """Move each limit by itself and say how the plan follows.

    Parameters
    ----------
    at, tie_y
        The plan, the limits it meets and their multipliers in the tie-break.
    rows
        Rows whose limits move. One that the plan does not meet moves nothing.
    costs
        (K, n): what is asked whether it is the same on all optimal plans.
    options
        How the solver works.
    """
    met = [i for i in rows if at.low[i] or at.high[i]]
    rates: dict[tuple[int, int], Floats | None] = {
        (i, sign): rate for i, sign, rate in steady_moves(at, tie_y, met)
    }
    still = np.zeros(len(at.plan))
    for i in rows:
        for sign in (1, -1):
            if i not in met:
                rates[i, sign] = still
            elif (i, sign) not in rates:
                try:
                    answer = respond(at, {i: float(sign)}, options)
                except NotProven:
                    continue
                rates[i, sign] = None if answer is None else answer.rate
    return PlanMoves(
        rows=frozenset(rows),
        rates=rates,
        constant=_constant(at, costs, options),
        published=True,
    )


def optimal_moves(
    at: ActivePlan,
    levels: Sequence[Prices],
    rows: Sequence[int],
    costs: Floats,
    options: SolverOptions,
) -> PlanMoves:
    """Say how some optimal plan follows each limit: the moves that prove the prices.

    Where the duals of the present limits give the price of a side, the plans optimal after the
    move meet the same limits: a cost that these add up to moves alike on all of them.

    Parameters
    ----------
    at, rows, costs, options
        As for `plan_moves`.
    levels
        The prices of each priority.
    """
    rates: dict[tuple[int, int], Floats | None] = {}
    by_level = [{(side.row, side.sign): side for side in level.sides} for level in levels]
    for key in ((i, sign) for i in rows for sign in (1, -1)):
        sides = [level[key] for level in by_level]
        if np.isinf(sides[0].price):
            rates[key] = None
        elif all(side.dual == 0 for side in sides):
            rate = np.zeros(len(at.plan))
            rate[sides[-1].chord_columns] = sides[-1].chord_values
            rates[key] = rate
    return PlanMoves(
        rows=frozenset(rows),
        rates=rates,
        constant=_constant(at, costs, options),
        published=False,
    )


def _constant(at: ActivePlan, costs: Floats, options: SolverOptions) -> tuple[bool | None, ...]:
    """Whether each cost is the same on every optimal plan.

    It is, wherever the limits stand, when the equations of the optimal face add up to it. When
    they do not, its least and its most on the face say whether it is so now.
    """
    face, scaled = at.staged.face, at.staged.scaled
    free = np.flatnonzero(face.column_lower < face.column_upper)
    if len(free) == 0:
        return (True,) * len(costs)
    inside = costs[:, free] * scaled.column[free]
    size = np.abs(costs * scaled.column).max(axis=1, initial=0.0)
    equations = sparse.csr_array(scaled.matrix)[np.flatnonzero(face.row_lower == face.row_upper)][
        :, free
    ]
    spanned = np.abs(_rest(equations, inside)).max(axis=1) <= SPANNED * np.maximum(size, 1e-300)
    varies = [k for k in range(len(costs)) if not spanned[k]]
    wide = _varies(at, costs[varies], options) if varies else []
    known = dict(zip(varies, wide, strict=True))
    return tuple(True if spanned[k] else (False if known[k] else None) for k in range(len(costs)))


def _rest(equations: sparse.csr_array, costs: Floats) -> Floats:
    """Return what of each cost no sum of the equations explains, by least squares."""
    r, f = equations.shape
    if r == 0:
        return costs
    system = sparse.block_array(
        [
            [sparse.eye_array(f), equations.T],
            [equations, -1e-12 * sparse.eye_array(r)],
        ],
        format="csc",
    )
    factors = splu(system, permc_spec="MMD_AT_PLUS_A")
    rest, nothing = costs.T, np.zeros((r, len(costs)))
    for _ in range(REFINEMENTS):  # what the corner that keeps the system regular leaves over
        explained = factors.solve(np.vstack([rest, nothing]))[f:]
        rest = rest - equations.T @ explained
    return rest.T


def _varies(at: ActivePlan, costs: Floats, options: SolverOptions) -> list[bool]:
    """Whether the least and the most of each cost differ on the optimal face.

    Raises
    ------
    NotProven
        When the solver does not say.
    """
    face, scaled = at.staged.face, at.staged.scaled
    session = Session(
        scaled.matrix, face.row_lower, face.row_upper, face.column_lower, face.column_upper, options
    )
    session.set_basis(at.staged.last_basis)
    found = []
    for natural in costs:
        cost, _ = scaled.cost(natural)
        ends = []
        for sign in (1.0, -1.0):
            session.set_cost(sign * cost)
            outcome = session.solve()
            if outcome.termination is Termination.UNBOUNDED:
                ends.append(-np.inf)
                continue
            if outcome.termination is not Termination.OPTIMAL:
                message = f"an objective on the optimal face ended {outcome.termination.value}"
                raise NotProven(message)
            ends.append(outcome.objective)
        found.append(-ends[1] - ends[0] > VARIES * max(1.0, abs(ends[0])))
    return found
