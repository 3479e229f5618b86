"""Duality checked from the arrays alone, with code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawn import QUICK, cases
from hypothesis import given

if TYPE_CHECKING:
    from pricing import Case

    from perequa.compilation import CompiledProgram


def at_bounds(dual: np.ndarray, low: np.ndarray, up: np.ndarray, size: float) -> float:
    """Σ dual·bound, each at the bound its sign speaks of, which must exist."""
    kept = np.abs(dual) > size
    bound = np.where(dual > 0, low, up)[kept]
    assert np.isfinite(bound).all()
    return float(dual[kept] @ bound)


@QUICK
@given(cases())
def test_strong_duality_and_complementary_slackness(case: Case) -> None:
    run = case.solved().run
    program = run.program
    stages = run.stages
    costs = np.array([stage.cost for stage in stages])
    values = [float(stage.cost @ stage.x) for stage in stages]
    for p, stage in enumerate(stages):
        z = costs[p] + stage.lam @ costs - program.matrix.T @ stage.y
        # money rows have duals per euro: compare each with what its own row can move
        row_size = abs(program.matrix).max(axis=1).toarray().ravel()
        size = 1e-9 * (1 + float(np.abs(stage.y * row_size).max()) + float(stage.lam.sum()))
        bound = at_bounds(
            stage.y * row_size, program.row_lower / row_size, program.row_upper / row_size, size
        )
        bound += at_bounds(z, program.column_lower, program.column_upper, size)
        bound -= sum(stage.lam[j] * values[j] for j in range(p))
        assert bound == pytest.approx(values[p], rel=1e-7, abs=1e-6)
        check_slackness(program, stage.y * row_size, z, run.published.plan, size)
        assert stage.cost @ run.published.plan == pytest.approx(values[p], rel=1e-9, abs=1e-7)


def check_slackness(
    program: CompiledProgram, y: np.ndarray, z: np.ndarray, plan: np.ndarray, size: float
) -> None:
    """Where a price is not zero the published plan stands at the limit."""
    activity = program.matrix @ plan
    for dual, at, low, up in (
        (y, activity, program.row_lower, program.row_upper),
        (z, plan, program.column_lower, program.column_upper),
    ):
        near = 1e-7 * (1 + np.abs(at))
        assert (np.abs(at - low) <= near)[dual > 100 * size].all()
        assert (np.abs(at - up) <= near)[dual < -100 * size].all()


@QUICK
@given(cases())
def test_the_plan_keeps_every_rule(case: Case) -> None:
    run = case.solved().run
    rows = {str(row.key): row for row in run.instance.rows}
    for key, activity in zip(run.program.row_keys, run.activity, strict=True):
        row = rows.get(str(key))
        if row is None:
            continue
        terms = [
            term.factor * getattr(run.plan, term.quantity).ravel()[term.cells].sum()
            for term in row.terms
        ]
        assert sum(terms) + row.constant == pytest.approx(activity, abs=1e-6)
        if key.side != "at_least":
            assert activity <= row.limit + 1e-6
        if key.side != "at_most":
            assert activity >= row.limit - 1e-6
    assert (run.x >= 0.0).all()
    assert not ((run.x > 0.0) & (run.x < 1e-12)).any()
