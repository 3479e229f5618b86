"""An interior point method for a convex separable quadratic program, from a point strictly inside.

References
----------
S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM Journal on
Optimization 2 (1992), 575-601.

R. J. Vanderbei, "Symmetric quasidefinite matrices", SIAM Journal on Optimization 5 (1995), 100-113.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.engine.convex import Flags, Floats, Quadratic

ROUNDS = 100
LARGE = 2000
"""Rows and columns above which the start and the factors are those of a large program.

Below, nothing is gained, and what was published keeps its last digits.
"""
CLOSE_ENOUGH = 1e-11
REGULAR = 1e-11
LEAST = 1e-20


@dataclass(slots=True)
class Iterate:
    """A point, its row activities, and the multipliers of rows and bounds."""

    v: Floats
    s: Floats
    y: Floats
    zl: Floats
    zu: Floats
    wl: Floats
    wu: Floats


def follow_path(q: Quadratic, v: Floats) -> Iterate:
    """Follow the central path from `v`, strictly inside every limit, to the optimum."""
    has = Bounds(q)
    p = _start(q, has, v)
    size = max(1e-12, float(np.abs(q.d * v + q.g).max(initial=0.0)))
    for _ in range(ROUNDS):
        gap_v = q.d * p.v + q.g - q.matrix.T @ p.y - p.zl + p.zu
        gap_s = p.y - p.wl + p.wu
        gap_p = q.matrix @ p.v - p.s
        mu = has.complementarity(p)
        if mu < CLOSE_ENOUGH * size and np.abs(gap_v).max(initial=0.0) < CLOSE_ENOUGH * size * 10:
            return p
        solve = has.factor(p)
        if solve is None:
            return p
        affine = has.direction(p, solve, gap_v, gap_s, gap_p, 0.0, None)
        a_p, a_d = has.steps(p, affine)
        after = has.complementarity_after(p, affine, a_p, a_d)
        sigma = (max(after, 0.0) / mu) ** 3 if mu > 0 else 0.0
        step = has.direction(p, solve, gap_v, gap_s, gap_p, sigma * mu, affine)
        a_p, a_d = has.steps(p, step)
        # one length for both keeps a quadratic objective's stationarity residual shrinking
        a = 0.995 * min(a_p, a_d)
        if not np.isfinite(a) or a < 1e-10:
            return p
        _move(p, step, min(a, 1.0))
    return p


def _move(p: Iterate, step: Iterate, a: float) -> None:
    p.v += a * step.v
    p.s += a * step.s
    p.y += a * step.y
    p.zl += a * step.zl
    p.zu += a * step.zu
    p.wl += a * step.wl
    p.wu += a * step.wu


def _start(q: Quadratic, has: Bounds, v: Floats) -> Iterate:
    """Start on the central path as near as one guess allows: every product of the same size."""
    s = q.matrix @ v
    s[has.equal] = q.row_lower[has.equal]
    p = Iterate(
        v=v.copy(),
        s=s,
        y=np.zeros(len(s)),
        zl=np.zeros(len(v)),
        zu=np.zeros(len(v)),
        wl=np.zeros(len(s)),
        wu=np.zeros(len(s)),
    )
    slacks = has.slacks(p)
    gradient = np.abs(q.d * v + q.g)
    mu = max(1e-6, float((gradient * slacks[0])[has.vl].mean()) if has.vl.any() else 1.0)
    # next to a bound that product asks for a multiplier thousands of times the gradient, and most
    # iterations of a large program would go into making it small again
    most = max(1e-12, float(gradient.max(initial=0.0))) if has.is_large else np.inf
    zl, zu, wl, wu = (np.minimum(mu / slack, most) for slack in slacks)
    p.zl = np.where(has.vl, zl, 0.0)
    p.zu = np.where(has.vu, zu, 0.0)
    p.wl = np.where(has.sl, wl, 0.0)
    p.wu = np.where(has.su, wu, 0.0)
    p.y = p.wl - p.wu
    return p


class Bounds:
    """Which bounds exist, and the linear algebra of one iteration."""

    def __init__(self, q: Quadratic) -> None:
        self.q = q
        self.equal = q.row_lower == q.row_upper
        self.vl, self.vu = np.isfinite(q.lower), np.isfinite(q.upper)
        self.sl = np.isfinite(q.row_lower) & ~self.equal
        self.su = np.isfinite(q.row_upper) & ~self.equal
        self.is_large = sum(q.matrix.shape) > LARGE
        self.count = max(1, int(self.vl.sum() + self.vu.sum() + self.sl.sum() + self.su.sum()))

    def slacks(self, p: Iterate) -> tuple[Floats, Floats, Floats, Floats]:
        """Distances to the four kinds of bounds, 1 where there is none.

        Never zero: a step that ends next to a bound is sometimes rounded onto it.
        """
        q = self.q
        return (
            np.where(self.vl, np.maximum(p.v - q.lower, LEAST), 1.0),
            np.where(self.vu, np.maximum(q.upper - p.v, LEAST), 1.0),
            np.where(self.sl, np.maximum(p.s - q.row_lower, LEAST), 1.0),
            np.where(self.su, np.maximum(q.row_upper - p.s, LEAST), 1.0),
        )

    def complementarity(self, p: Iterate) -> float:
        """Mean product of a slack and its multiplier."""
        sv, su, rl, ru = self.slacks(p)
        total = sv @ p.zl + su @ p.zu + rl @ p.wl + ru @ p.wu
        return float(total) / self.count

    def complementarity_after(self, p: Iterate, d: Iterate, a_p: float, a_d: float) -> float:
        """The same after a step, for the choice of the centring."""
        sv, su, rl, ru = self.slacks(p)
        total = (
            (sv + a_p * np.where(self.vl, d.v, 0.0)) @ (p.zl + a_d * d.zl)
            + (su - a_p * np.where(self.vu, d.v, 0.0)) @ (p.zu + a_d * d.zu)
            + (rl + a_p * np.where(self.sl, d.s, 0.0)) @ (p.wl + a_d * d.wl)
            + (ru - a_p * np.where(self.su, d.s, 0.0)) @ (p.wu + a_d * d.wu)
        )
        return float(total) / self.count

    def factor(self, p: Iterate) -> Any:  # noqa: ANN401 - scipy's own factors
        """Factor the quasi-definite system of this point; None when it is singular."""
        q = self.q
        sv, su, rl, ru = self.slacks(p)
        theta_v = p.zl / sv + p.zu / su
        theta_s = p.wl / rl + p.wu / ru
        lower_right = np.where(self.equal, REGULAR, 1.0 / np.maximum(theta_s, 1e-14))
        lower_right = np.where(self.equal | self.sl | self.su, lower_right, 1e14)
        if self.is_large:
            return self._ordered.factor(np.concatenate([-(q.d + theta_v + REGULAR), lower_right]))
        system = sparse.block_array(
            [
                [sparse.diags_array(-(q.d + theta_v + REGULAR)), q.matrix.T],
                [q.matrix, sparse.diags_array(lower_right)],
            ],
            format="csc",
        )
        try:
            return splu(system, permc_spec="MMD_AT_PLUS_A")
        except RuntimeError:
            return None

    @cached_property
    def _ordered(self) -> Ordered:
        return Ordered(self.q.matrix)

    def direction(
        self,
        p: Iterate,
        solve: Any,  # noqa: ANN401 - scipy's own factors
        gap_v: Floats,
        gap_s: Floats,
        gap_p: Floats,
        target: float,
        affine: Iterate | None,
    ) -> Iterate:
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
        found = solve.solve(right)
        dv, dy = found[:n], found[n:]
        ds = np.where(inequality, inverse * (right_s - dy), 0.0)
        return Iterate(
            v=dv,
            s=ds,
            y=dy,
            zl=np.where(self.vl, (cvl - p.zl * dv) / sv, 0.0),
            zu=np.where(self.vu, (cvu + p.zu * dv) / su, 0.0),
            wl=np.where(self.sl, (csl - p.wl * ds) / rl, 0.0),
            wu=np.where(self.su, (csu + p.wu * ds) / ru, 0.0),
        )

    def steps(self, p: Iterate, d: Iterate) -> tuple[float, float]:
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


class Ordered:
    """The systems ``[[−D, Aᵀ], [A, E]]`` of one matrix, in an order found once.

    They are quasi-definite: the diagonal will do for pivots, in any order (Vanderbei 1995). The
    order of least fill depends on A alone.

    Parameters
    ----------
    matrix
        A, shape (m, n).
    """

    def __init__(self, matrix: sparse.csr_array) -> None:
        m, n = matrix.shape
        system = sparse.block_array(
            [[-sparse.eye_array(n), matrix.T], [matrix, sparse.eye_array(m)]], format="csc"
        )
        found = splu(system, permc_spec="MMD_AT_PLUS_A", **BY_THE_DIAGONAL)
        self._order = np.argsort(found.perm_c)
        self._system = sparse.csc_array(system[self._order][:, self._order])
        column = np.repeat(np.arange(m + n), np.diff(self._system.indptr))
        self._diagonal = np.flatnonzero(self._system.indices == column)

    def factor(self, diagonal: Floats) -> Factors | None:
        """Factor the system of a diagonal, shape (n + m,); None when it is singular."""
        system = self._system.copy()
        system.data[self._diagonal] = diagonal[self._order]
        try:
            return Factors(splu(system, permc_spec="NATURAL", **BY_THE_DIAGONAL), self._order)
        except RuntimeError:
            return None


BY_THE_DIAGONAL: dict[str, Any] = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}


@dataclass(frozen=True, slots=True)
class Factors:
    """Factors of a system whose rows and columns were put in another order."""

    factors: Any
    order: NDArray[np.intp]

    def solve(self, right: Floats) -> Floats:
        """Solve for one right-hand side."""
        found = np.empty_like(right)
        found[self.order] = self.factors.solve(right[self.order])
        return found


def _longest(at: Floats, move: Floats, where: Flags) -> float:
    shrinking = where & (move < 0)
    if not shrinking.any():
        return np.inf
    return float(np.min(-at[shrinking] / move[shrinking]))
