"""Cheapest repairs by scipy, written apart from the engine: one elastic program per stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

if TYPE_CHECKING:
    from programs import Dense


SLACK = 1e-8
TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def elastic_totals(program: Dense, stages: list[list[int]]) -> list[float] | None:
    """Least total move of each stage in turn, by scipy; None when no move is enough."""
    m, n = program.A.shape
    A = np.hstack([program.A, -np.eye(m), np.eye(m)])
    movable = np.isin(np.arange(m), [i for stage in stages for i in stage])
    up, down = movable & np.isfinite(program.up), movable & np.isfinite(program.low)
    bounds = [*zip(program.least, program.most, strict=True)]
    bounds += [(0.0, np.inf if may else 0.0) for may in [*up, *down]]
    finite_up, finite_low = np.isfinite(program.up), np.isfinite(program.low)
    rows = [A[finite_up], -A[finite_low]]
    limits = [program.up[finite_up], -program.low[finite_low]]
    totals = []
    for stage in stages:
        cost = np.concatenate([np.zeros(n), *(2 * [np.isin(np.arange(m), stage) * 1.0])])
        found = linprog(cost, np.vstack(rows), np.concatenate(limits), bounds=bounds, options=TIGHT)
        if found.status == 2 and not totals:
            return None
        assert found.status == 0, found.message
        totals.append(float(found.fun))
        rows.append(cost[None])
        # wide enough that the solver's own tolerance does not close what is left
        limits.append(np.array([found.fun + SLACK * max(1.0, found.fun)]))
    return totals
