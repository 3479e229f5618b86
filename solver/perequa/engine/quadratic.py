"""The optimum of a convex separable quadratic program, to what its conditions can prove.

Four steps, each of which can be checked on its own. One linear program finds a point where every
limit that can be slack is slack: the others are equations in disguise, and an interior point method
needs to know. That method then finds which limits hold at the optimum. The equations of those
limits give the optimum to the last digit instead of the 1e-6 an interior point stops at. A last
linear program gives multipliers of the right sign, or says that there are none. HiGHS's own
quadratic solver failed on one of three such programs when tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from perequa.engine.convex import Quadratic
from perequa.engine.interior_point import REGULAR, Bounds, follow_path
from perequa.engine.relative_interior import interior_point
from perequa.engine.session import Session
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.engine.convex import Flags, Floats
    from perequa.engine.interior_point import Iterate
    from perequa.engine.session import SolverOptions

CORRECTIONS = 30
PROVEN = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadraticOptimum:
    """The optimum and multipliers of its rows; None of it is returned unless it proves itself."""

    v: Floats
    y: Floats


def solve_quadratic(problem: Quadratic, options: SolverOptions) -> QuadraticOptimum | None:
    """Solve, or return None when the optimality conditions cannot be met to 1e-9."""
    inside = interior_point(problem, options)
    if inside is None:
        return None
    known = inside.problem(problem)
    free = np.flatnonzero(known.lower < known.upper)
    v = np.where(known.lower < known.upper, 0.0, known.lower)
    rest = _without_held(known, free, v)
    found = _polish(rest, follow_path(rest, inside.v[free]))
    if found is None:
        return None
    v[free] = found
    y = _multipliers(problem, v, options)
    return None if y is None else QuadraticOptimum(v=v, y=y)


def _without_held(q: Quadratic, free: NDArray[np.intp], held: Floats) -> Quadratic:
    """Take out the columns that cannot move; `held` holds their values and zeros."""
    moved = q.matrix @ held
    return Quadratic(
        d=q.d[free],
        g=q.g[free],
        matrix=q.matrix[:, free],
        row_lower=q.row_lower - moved,
        row_upper=q.row_upper - moved,
        lower=q.lower[free],
        upper=q.upper[free],
    )


def _polish(q: Quadratic, p: Iterate) -> Floats | None:
    """Solve the equations of the limits that hold, correcting the guess where it fails."""
    has = Bounds(q)
    sv, su, rl, ru = has.slacks(p)
    low = has.vl & (p.zl > sv)
    high = has.vu & (p.zu > su)
    row_low = has.sl & (p.wl > rl)
    row_high = has.su & (p.wu > ru)
    v, y = p.v.copy(), p.y.copy()
    for _ in range(CORRECTIONS):
        solved = _equations(
            q, has, v, y, _Held(low=low, high=high, row_low=row_low, row_high=row_high)
        )
        if solved is None:
            return None
        v, y = solved
        z = q.d * v + q.g - q.matrix.T @ y
        activity = q.matrix @ v
        scale_z = PROVEN * max(1e-12, float(np.abs(q.d * v + q.g).max(initial=0.0)))
        scale_v = PROVEN * np.maximum(1.0, np.abs(v))
        scale_s = PROVEN * np.maximum(1.0, np.abs(activity))
        wrong = [
            ~low & has.vl & (v < q.lower - scale_v),
            ~high & has.vu & (v > q.upper + scale_v),
            ~row_low & has.sl & (activity < q.row_lower - scale_s),
            ~row_high & has.su & (activity > q.row_upper + scale_s),
            low & ~high & (z < -scale_z),
            high & ~low & (z > scale_z),
            row_low & (y < -scale_z),
            row_high & (y > scale_z),
        ]
        if not any(w.any() for w in wrong):
            return v
        low, high = (low | wrong[0]) & ~wrong[4], (high | wrong[1]) & ~wrong[5]
        row_low = (row_low | wrong[2]) & ~wrong[6]
        row_high = (row_high | wrong[3]) & ~wrong[7]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Limits taken as equations."""

    low: Flags
    high: Flags
    row_low: Flags
    row_high: Flags


def _equations(
    q: Quadratic, has: Bounds, v: Floats, y: Floats, held: _Held
) -> tuple[Floats, Floats] | None:
    """Newton corrections from the present point with held limits as equations.

    The small regularisation keeps the correction nearest to the present multipliers, which the
    interior point left strictly inside: dependent limits keep multipliers of the right sign.
    """
    v, y = v.copy(), y.copy()
    columns = held.low | held.high
    v[columns] = np.where(held.low, q.lower, q.upper)[columns]
    rows = held.row_low | held.row_high | has.equal
    active, free = np.flatnonzero(rows), np.flatnonzero(~columns)
    matrix = q.matrix[active][:, free]
    bound = np.where(held.row_low | has.equal, q.row_lower, q.row_upper)[active]
    y[~rows] = 0.0
    system = sparse.block_array(
        [
            [-sparse.diags_array(q.d[free] + REGULAR), matrix.T],
            [matrix, sparse.diags_array(np.full(len(active), REGULAR))],
        ],
        format="csc",
    )
    try:
        factors = splu(system, permc_spec="MMD_AT_PLUS_A")
    except RuntimeError:
        return None
    for _ in range(12):
        gap_v = (q.d * v + q.g - q.matrix.T @ y)[free]
        gap_s = bound - (q.matrix @ v)[active]
        found = factors.solve(np.concatenate([gap_v, gap_s]))
        if not np.isfinite(found).all():
            return None
        v[free] += found[: len(free)]
        y[active] += found[len(free) :]
        if np.abs(found).max(initial=0.0) < 1e-15 * (1.0 + np.abs(v).max(initial=0.0)):
            break
    return v, y


def _multipliers(q: Quadratic, v: Floats, options: SolverOptions) -> Floats | None:
    """Multipliers of the rows that prove `v` optimal, None when no feasible move is refuted.

    Minimising the gradient over the moves that the limits allow at `v` gives 0 at the optimum,
    and its dual is the proof.
    """
    activity = q.matrix @ v
    near_v = PROVEN * np.maximum(1.0, np.abs(v))
    near_s = PROVEN * np.maximum(1.0, np.abs(activity))
    session = Session(
        sparse.csc_array(q.matrix),
        np.where(activity <= q.row_lower + near_s, 0.0, -np.inf),
        np.where(activity >= q.row_upper - near_s, 0.0, np.inf),
        np.where(v <= q.lower + near_v, 0.0, -np.inf),
        np.where(v >= q.upper - near_v, 0.0, np.inf),
        options,
    )
    gradient = q.d * v + q.g
    # at a minimum that no limit holds back the gradient is rounding: not to be blown up
    size = (
        max(float(np.abs(gradient).max(initial=0.0)), PROVEN * float(q.d.max(initial=0.0))) or 1.0
    )
    session.set_cost(gradient / size)
    outcome = session.solve()
    if outcome.termination is not Termination.OPTIMAL:
        return None
    return outcome.y * size
