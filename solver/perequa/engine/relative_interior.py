"""A point where every limit that can be slack is slack, by one linear program.

References
----------
R. M. Freund, R. Roundy, M. J. Todd, "Identifying the set of always-active constraints in a system
of linear inequalities by a single linear program", MIT Sloan working paper 1674-85 (1985).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.session import Session
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from perequa.engine.convex import Flags, Floats, Quadratic
    from perequa.engine.session import SolverOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A point where every limit that can be slack is slack, and the limits that cannot.

    Attributes
    ----------
    v
        The point.
    low, high, row_low, row_high
        Limits that hold everywhere in the feasible set.
    """

    v: Floats
    low: Flags
    high: Flags
    row_low: Flags
    row_high: Flags

    def problem(self, q: Quadratic) -> Quadratic:
        """Write the limits that always hold as equations."""
        return replace(
            q,
            row_lower=np.where(self.row_high, q.row_upper, q.row_lower),
            row_upper=np.where(self.row_low, q.row_lower, q.row_upper),
            lower=np.where(self.high, q.upper, q.lower),
            upper=np.where(self.low, q.lower, q.upper),
        )


def interior_point(q: Quadratic, options: SolverOptions) -> Inside | None:
    """Find a relative interior point by one linear program.

    Maximise Σ t with ``A v − t ≥ α·lower`` (and likewise for every limit), ``0 ≤ t ≤ 1``,
    ``α ≥ 1``: t is 1 wherever the limit can be slack and 0 where it never is.
    """
    n = q.matrix.shape[1]
    equal = q.row_lower == q.row_upper
    eye = sparse.eye_array(n, format="csr")
    sides = [
        (sparse.csr_array(q.matrix), np.isfinite(q.row_lower) & ~equal, q.row_lower, 1.0),
        (sparse.csr_array(q.matrix), np.isfinite(q.row_upper) & ~equal, q.row_upper, -1.0),
        (eye, np.isfinite(q.lower), q.lower, 1.0),
        (eye, np.isfinite(q.upper), q.upper, -1.0),
    ]
    blocks = [sparse.csr_array(q.matrix)[np.flatnonzero(equal)]]
    bounds = [q.row_lower[equal]]
    for matrix, has, bound, sign in sides:
        blocks.append(sign * matrix[np.flatnonzero(has)])
        bounds.append(sign * bound[has])
    body = sparse.vstack(blocks, format="csr")
    right = np.concatenate(bounds)
    e, count = int(equal.sum()), body.shape[0] - int(equal.sum())
    slack = sparse.vstack(
        [sparse.csr_array((e, count)), -sparse.eye_array(count, format="csr")], format="csr"
    )
    program = sparse.hstack([body, slack, sparse.csr_array(-right[:, None])], format="csc")
    session = Session(
        sparse.csc_array(program),
        np.zeros(e + count),
        np.where(np.arange(e + count) < e, 0.0, np.inf),
        np.concatenate([np.full(n, -np.inf), np.zeros(count), [1.0]]),
        np.concatenate([np.full(n, np.inf), np.ones(count), [np.inf]]),
        options,
    )
    session.set_cost(np.concatenate([np.zeros(n), -np.ones(count), [0.0]]))
    outcome = session.solve()
    if outcome.termination is not Termination.OPTIMAL:
        return None
    v = outcome.x[:n] / outcome.x[-1]
    never = outcome.x[n:-1] < 0.5
    marks, at = [], 0
    for _, has, _, _ in sides:
        mark = np.zeros(len(has), dtype=np.bool_)
        mark[has] = never[at : at + int(has.sum())]
        at += int(has.sum())
        marks.append(mark)
    return Inside(v=v, row_low=marks[0], row_high=marks[1], low=marks[2], high=marks[3])
