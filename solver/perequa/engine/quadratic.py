"""A convex separable quadratic program, to the accuracy its optimality conditions can prove.

An interior point method (Mehrotra's predictor and corrector, bounds on both sides of rows and
columns) finds which limits hold; the equations of those limits are then solved on their own, so
that the published plan satisfies its optimality conditions to 1e-9 instead of the 1e-6 an interior
point stops at. HiGHS's own quadratic solver failed on one of three such programs when tried.

References
----------
S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM Journal on
Optimization 2 (1992), 575-601.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 200
CLOSE_ENOUGH = 1e-10
PROVEN = 1e-9
REGULAR = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadratic:
    """min ½ Σ d·v² + g·v, row_lower ≤ A v ≤ row_upper, lower ≤ v ≤ upper."""

    d: Floats
    g: Floats
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadraticOptimum:
    """The optimum and multipliers of its rows; None of it is returned unless it proves itself."""

    v: Floats
    y: Floats


@dataclass(slots=True)
class _Iterate:
    v: Floats
    s: Floats
    y: Floats
    zl: Floats
    zu: Floats
    wl: Floats
    wu: Floats


def solve_quadratic(problem: Quadratic) -> QuadraticOptimum | None:
    """Solve, or return None when the optimality conditions cannot be met to 1e-9."""
    point = _interior(problem)
    return None if point is None else _polish(problem, point)


def _interior(q: Quadratic) -> _Iterate | None:
    has = _Bounds(q)
    p = _start(q, has)
    for _ in range(ROUNDS):
        gap_v = q.d * p.v + q.g - q.matrix.T @ p.y - p.zl + p.zu
        gap_s = p.y - p.wl + p.wu
        gap_p = q.matrix @ p.v - p.s
        mu = has.complementarity(p)
        size = 1.0 + np.abs(q.g).max(initial=0.0)
        if (
            mu < CLOSE_ENOUGH * size
            and np.abs(gap_v).max(initial=0.0) < CLOSE_ENOUGH * size * 10
            and np.abs(gap_p).max(initial=0.0) < CLOSE_ENOUGH * 100
        ):
            return p
        solve = has.factor(p)
        if solve is None:
            return p
        affine = has.direction(p, solve, gap_v, gap_s, gap_p, 0.0, None)
        a_p, a_d = has.steps(p, affine)
        after = has.complementarity_after(p, affine, a_p, a_d)
        sigma = (after / mu) ** 3 if mu > 0 else 0.0
        step = has.direction(p, solve, gap_v, gap_s, gap_p, sigma * mu, affine)
        a_p, a_d = has.steps(p, step)
        # one length for both keeps a quadratic objective's stationarity residual shrinking
        a = 0.9995 * min(a_p, a_d)
        if not np.isfinite(a) or a < 1e-13:
            return p
        _move(p, step, min(a, 1.0))
    return p


def _move(p: _Iterate, step: _Iterate, a: float) -> None:
    p.v += a * step.v
    p.s += a * step.s
    p.y += a * step.y
    p.zl += a * step.zl
    p.zu += a * step.zu
    p.wl += a * step.wl
    p.wu += a * step.wu


def _start(q: Quadratic, has: _Bounds) -> _Iterate:
    v = _inside(np.zeros(len(q.g)), q.lower, q.upper)
    s = _inside(q.matrix @ v, q.row_lower, q.row_upper)
    s[has.equal] = q.row_lower[has.equal]
    size = max(1.0, float(np.abs(q.g).max(initial=0.0)))
    return _Iterate(
        v=v,
        s=s,
        y=np.zeros(len(s)),
        zl=np.where(has.vl, size, 0.0),
        zu=np.where(has.vu, size, 0.0),
        wl=np.where(has.sl, size, 0.0),
        wu=np.where(has.su, size, 0.0),
    )


def _inside(at: Floats, lower: Floats, upper: Floats) -> Floats:
    """Move a point strictly inside its bounds."""
    width = upper - lower
    margin = np.where(np.isfinite(width), np.minimum(1.0, 0.25 * width), 1.0)
    low = np.where(np.isfinite(lower), lower + margin, at)
    high = np.where(np.isfinite(upper), upper - margin, at)
    return np.where(np.isfinite(upper), np.minimum(np.maximum(at, low), high), np.maximum(at, low))


class _Bounds:
    """Which bounds exist, and the linear algebra of one iteration."""

    def __init__(self, q: Quadratic) -> None:
        self.q = q
        self.equal = q.row_lower == q.row_upper
        self.vl, self.vu = np.isfinite(q.lower), np.isfinite(q.upper)
        self.sl = np.isfinite(q.row_lower) & ~self.equal
        self.su = np.isfinite(q.row_upper) & ~self.equal
        self.count = max(1, int(self.vl.sum() + self.vu.sum() + self.sl.sum() + self.su.sum()))

    def slacks(self, p: _Iterate) -> tuple[Floats, Floats, Floats, Floats]:
        """Distances to the four kinds of bounds, 1 where there is none."""
        q = self.q
        return (
            np.where(self.vl, p.v - q.lower, 1.0),
            np.where(self.vu, q.upper - p.v, 1.0),
            np.where(self.sl, p.s - q.row_lower, 1.0),
            np.where(self.su, q.row_upper - p.s, 1.0),
        )

    def complementarity(self, p: _Iterate) -> float:
        """Mean product of a slack and its multiplier."""
        sv, su, rl, ru = self.slacks(p)
        total = sv @ p.zl + su @ p.zu + rl @ p.wl + ru @ p.wu
        return float(total) / self.count

    def complementarity_after(self, p: _Iterate, d: _Iterate, a_p: float, a_d: float) -> float:
        """The same after a step, for the choice of the centring."""
        sv, su, rl, ru = self.slacks(p)
        total = (
            (sv + a_p * np.where(self.vl, d.v, 0.0)) @ (p.zl + a_d * d.zl)
            + (su - a_p * np.where(self.vu, d.v, 0.0)) @ (p.zu + a_d * d.zu)
            + (rl + a_p * np.where(self.sl, d.s, 0.0)) @ (p.wl + a_d * d.wl)
            + (ru - a_p * np.where(self.su, d.s, 0.0)) @ (p.wu + a_d * d.wu)
        )
        return float(total) / self.count

    def factor(self, p: _Iterate) -> object | None:
        """Factor the quasi-definite system of this point; None when it is singular."""
        q = self.q
        sv, su, rl, ru = self.slacks(p)
        theta_v = p.zl / sv + p.zu / su
        theta_s = p.wl / rl + p.wu / ru
        lower_right = np.where(self.equal, REGULAR, 1.0 / np.maximum(theta_s, 1e-14))
        lower_right = np.where(self.equal | self.sl | self.su, lower_right, 1e14)
        system = sparse.block_array(
            [
                [sparse.diags_array(-(q.d + theta_v + REGULAR)), q.matrix.T],
                [q.matrix, sparse.diags_array(lower_right)],
            ],
            format="csc",
        )
        try:
            return splu(system)
        except RuntimeError:
            return None

    def direction(
        self,
        p: _Iterate,
        solve: object,
        gap_v: Floats,
        gap_s: Floats,
        gap_p: Floats,
        target: float,
        affine: _Iterate | None,
    ) -> _Iterate:
        """One Newton direction toward complementarity `target`, corrected by the affine one."""
        n = len(p.v)
        sv, su, rl, ru = self.slacks(p)
        cvl = np.where(self.vl, target - sv * p.zl, 0.0)
        cvu = np.where(self.vu, target - su * p.zu, 0.0)
        csl = np.where(self.sl, target - rl * p.wl, 0.0)
        csu = np.where(self.su, target - ru * p.wu, 0.0)
        if affine is not None:
            cvl -= np.where(self.vl, affine.v * affine.zl, 0.0)
            cvu += np.where(self.vu, affine.v * affine.zu, 0.0)
            csl -= np.where(self.sl, affine.s * affine.wl, 0.0)
            csu += np.where(self.su, affine.s * affine.wu, 0.0)
        theta_s = p.wl / rl + p.wu / ru
        right_v = gap_v - cvl / sv + cvu / su
        # rows: theta_s·ds + dy = −gap_s + csl/rl − csu/ru, and A dv − ds = −gap_p
        right_s = -gap_s + csl / rl - csu / ru
        inequality = ~self.equal
        inverse = np.where(inequality, 1.0 / np.maximum(theta_s, 1e-14), 0.0)
        right = np.concatenate([right_v, -gap_p + np.where(inequality, inverse * right_s, 0.0)])
        found = solve.solve(right)  # type: ignore[attr-defined]
        dv, dy = found[:n], found[n:]
        ds = np.where(inequality, inverse * (right_s - dy), 0.0)
        return _Iterate(
            v=dv,
            s=ds,
            y=dy,
            zl=np.where(self.vl, (cvl - p.zl * dv) / sv, 0.0),
            zu=np.where(self.vu, (cvu + p.zu * dv) / su, 0.0),
            wl=np.where(self.sl, (csl - p.wl * ds) / rl, 0.0),
            wu=np.where(self.su, (csu + p.wu * ds) / ru, 0.0),
        )

    def steps(self, p: _Iterate, d: _Iterate) -> tuple[float, float]:
        """Longest primal and dual steps that keep every slack and multiplier positive."""
        sv, su, rl, ru = self.slacks(p)
        primal = min(
            _longest(sv, d.v, self.vl),
            _longest(su, -d.v, self.vu),
            _longest(rl, d.s, self.sl),
            _longest(ru, -d.s, self.su),
        )
        dual = min(
            _longest(p.zl, d.zl, self.vl),
            _longest(p.zu, d.zu, self.vu),
            _longest(p.wl, d.wl, self.sl),
            _longest(p.wu, d.wu, self.su),
        )
        return min(primal, 1.0), min(dual, 1.0)


def _longest(at: Floats, move: Floats, where: Flags) -> float:
    shrinking = where & (move < 0)
    if not shrinking.any():
        return np.inf
    return float(np.min(-at[shrinking] / move[shrinking]))


def _polish(q: Quadratic, p: _Iterate) -> QuadraticOptimum | None:
    """Solve the equations of the limits that hold, correcting the guess where it fails."""
    has = _Bounds(q)
    sv, su, rl, ru = has.slacks(p)
    low = has.vl & (p.zl > sv)
    high = has.vu & (p.zu > su)
    row_low = has.sl & (p.wl > rl)
    row_high = has.su & (p.wu > ru)
    v, y = p.v.copy(), p.wl - p.wu
    y[has.equal] = p.y[has.equal]
    for _ in range(30):
        solved = _equations(q, has, v, y, low | high, row_low | row_high, low, row_low)
        if solved is None:
            return None
        v, y = solved
        z = q.d * v + q.g - q.matrix.T @ y
        activity = q.matrix @ v
        scale_z = PROVEN * max(1.0, float(np.abs(q.g).max(initial=0.0)))
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
            return _proved(q, v, y, z, low | high)
        low, high = (low | wrong[0]) & ~wrong[4], (high | wrong[1]) & ~wrong[5]
        row_low = (row_low | wrong[2]) & ~wrong[6]
        row_high = (row_high | wrong[3]) & ~wrong[7]
        y = np.where(has.equal | row_low | row_high, y, 0.0)
    return None


def _proved(q: Quadratic, v: Floats, y: Floats, z: Floats, held: Flags) -> QuadraticOptimum | None:
    """Accept the point only when nothing moves it: stationary where it is free."""
    size = max(1.0, float(np.abs(q.g).max(initial=0.0)))
    if np.abs(z[~held]).max(initial=0.0) > PROVEN * size:
        return None
    return QuadraticOptimum(v=v, y=y)


def _equations(
    q: Quadratic,
    has: _Bounds,
    v: Floats,
    y: Floats,
    held: Flags,
    rows: Flags,
    low: Flags,
    row_low: Flags,
) -> tuple[Floats, Floats] | None:
    """Newton corrections from the present point with held limits as equations.

    The small regularisation keeps the correction nearest to the present multipliers, which the
    interior point left strictly inside: dependent limits keep multipliers of the right sign.
    """
    v, y = v.copy(), y.copy()
    v[held] = np.where(low, q.lower, q.upper)[held]
    active = np.flatnonzero(rows | has.equal)
    free = np.flatnonzero(~held)
    matrix = q.matrix[active][:, free]
    bound = np.where(row_low | has.equal, q.row_lower, q.row_upper)[active]
    y[~(rows | has.equal)] = 0.0
    size = sparse.diags_array(q.d[free] + REGULAR)
    system = sparse.block_array(
        [[-size, matrix.T], [matrix, sparse.diags_array(np.full(len(active), REGULAR))]],
        format="csc",
    )
    try:
        factors = splu(system)
    except RuntimeError:
        return None
    for _ in range(12):
        gap_v = (q.d * v + q.g - q.matrix.T @ y)[free]
        gap_s = bound - (q.matrix @ v)[active]
        found = factors.solve(np.concatenate([gap_v, gap_s]))
        v[free] += found[: len(free)]
        y[active] += found[len(free) :]
        if np.abs(found).max(initial=0.0) < 1e-15 * (1.0 + np.abs(v).max(initial=0.0)):
            break
    return v, y
