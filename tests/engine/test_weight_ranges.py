"""The interval of a weight on random programs, against whole re-solves inside and outside it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, random_program

from perequa.engine.session import SolverOptions
from perequa.engine.spread import Spread
from perequa.engine.stages import Staged, solve_stages
from perequa.engine.tie_break import publish
from perequa.engine.weight_range import WeightEnd, WeightRange, weight_ranges

OPTIONS = SolverOptions()
NEAR = 1e-3

Draw = Callable[[np.random.Generator], tuple[Dense, np.ndarray]]


def solved(program: Dense, costs: np.ndarray, weights: np.ndarray) -> tuple[Staged, np.ndarray]:
    """The stages ``weights @ costs`` and the published plan: the one nearest to nothing."""
    n = len(program.c)
    stage_costs = weights @ costs
    staged = solve_stages(program.compiled(costs), (1, 2)[: len(weights)], stage_costs, OPTIONS)
    ones, nothing = np.ones(n), np.zeros(n)
    spread = Spread(cost=ones, basis=ones, around=nothing, neutral=ones, moved=nothing)
    published = publish(staged, spread, "exact", OPTIONS)
    assert published.method == "exact" or published.free_cells == 0
    return staged, published.plan


def contested(rng: np.random.Generator) -> tuple[Dense, np.ndarray]:
    """A few things that several objectives want more of, or less, under shared limits."""
    n, m = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    A = rng.integers(0, 4, (m, n)).astype(float)
    A[0] = np.maximum(A[0], 1.0)
    program = Dense(
        A=A,
        low=np.full(m, -np.inf),
        up=rng.integers(2, 12, m).astype(float),
        c=rng.integers(-4, 2, n).astype(float),
        least=np.zeros(n),
        most=np.where(rng.random(n) < 0.5, rng.integers(1, 5, n), np.inf),
    )
    return program, np.vstack([program.c, rng.integers(-4, 2, (3, n)).astype(float)])


def of_any_kind(rng: np.random.Generator) -> tuple[Dense, np.ndarray]:
    program = random_program(rng)
    return program, costs_of(rng, program, 4)


@pytest.mark.parametrize("seed", range(5 * EFFORT))
@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize(("drawn", "least"), [(contested, 2), (of_any_kind, 0)])
def test_the_plan_is_the_same_inside_and_another_outside(
    seed: int, stages: int, drawn: Draw, least: int
) -> None:
    rng = np.random.default_rng(17_000 + seed)
    inside = outside = 0
    for trial in range(4):
        program, costs = drawn(rng)
        weights = np.zeros((stages, 4))
        # the weighted priority comes last, or first of two
        at = int(rng.integers(0, stages))
        weights[at, :3] = rng.integers(0, 3, 3)
        weights[at, 0] = max(1.0, weights[at, 0])
        weights[1 - at if stages > 1 else at, 3] = 1.0
        staged, plan = solved(program, costs, weights)
        stated = [(k, float(weights[at, k])) for k in range(4 if stages == 1 else 3)]
        for found in weight_ranges(program.compiled(costs), staged, plan, at, stated, OPTIONS):
            where = (seed, stages, trial, found.objective)
            check_proof(program, costs, weights, plan, found)
            for weight, same in tried(found):
                moved = weights.copy()
                moved[at, found.objective] = weight
                _, there = solved(program, costs, moved)
                gap = float(np.abs(there - plan).max())
                inside, outside = inside + same, outside + (not same)
                assert (gap <= 1e-6) == same, (where, weight, found.lowest.weight, gap)
    assert inside > least
    assert outside >= least


def tried(found: WeightRange) -> list[tuple[float, bool]]:
    """Weights to solve again at, and whether the plan is to be the same there."""
    low, high = found.lowest.weight, found.highest.weight
    assert 0 <= low <= found.weight <= high
    top = high if math.isfinite(high) else found.weight + 100.0
    weights = [(found.weight, True)]
    if top - low > 10 * NEAR:
        weights += [(low + NEAR, True), (0.5 * (low + top), True), (top - NEAR, True)]
    if low > 2 * NEAR:
        weights.append((low - NEAR, False))
    if math.isfinite(high):
        weights.append((high + NEAR, False))
    return weights


def check_proof(
    program: Dense, costs: np.ndarray, weights: np.ndarray, plan: np.ndarray, found: WeightRange
) -> None:
    """A dual for each end, and a direction that is better beyond it."""
    stage, k = found.stage, found.objective
    earlier = weights[:stage] @ costs
    for end, way in ((found.lowest, -1), (found.highest, 1)):
        cost = costs[k] if math.isinf(end.weight) else weights[stage] @ costs
        if math.isfinite(end.weight):
            cost = cost + (end.weight - found.weight) * costs[k]
        check_optimal(program, cost + end.lam[:stage] @ earlier, plan, end)
        if len(end.columns) == 0:
            assert end.weight in (0.0, math.inf)
            continue
        chord = np.zeros(len(plan))
        chord[end.columns] = end.values
        assert costs[k] @ chord == pytest.approx(-way)
        assert cost @ chord == pytest.approx(0, abs=1e-7 * (1 + np.abs(cost) @ np.abs(chord)))
        assert (earlier @ chord <= 1e-7).all()
        assert end.reach > 0
        there = plan + min(end.reach, 1.0) * chord
        for at, low, up in (
            (program.A @ there, program.low, program.up),
            (there, program.least, program.most),
        ):
            assert (at >= low - 1e-7).all()
            assert (at <= up + 1e-7).all()


def check_optimal(program: Dense, cost: np.ndarray, plan: np.ndarray, end: WeightEnd) -> None:
    z = cost - program.A.T @ end.y
    for dual, at, low, up in (
        (end.y, program.A @ plan, program.low, program.up),
        (z, plan, program.least, program.most),
    ):
        size = 1e-7 * (1 + np.abs(dual).max(initial=0))
        assert (at[dual > size] <= low[dual > size] + 1e-6).all()
        assert (at[dual < -size] >= up[dual < -size] - 1e-6).all()


def two_needs() -> tuple[Dense, np.ndarray]:
    """Ten places for two needs of 8 and 7: x + y ≤ 10, gaps 8 − x and 7 − y."""
    program = Dense(
        A=np.array([[1.0, 1.0]]),
        low=np.array([-np.inf]),
        up=np.array([10.0]),
        c=np.array([-1.0, 0.0]),
        least=np.zeros(2),
        most=np.array([8.0, 7.0]),
    )
    return program, np.array([[-1.0, 0.0], [0.0, -1.0]])


def test_by_hand() -> None:
    # the heavier need is served first; equal weights tie, and the tie-break shares evenly
    program, costs = two_needs()
    for weights, plan, first in (
        ([2.0, 1.0], [8, 2], (1.0, math.inf)),
        ([1.0, 2.0], [3, 7], (0.0, 2.0)),
        ([1.0, 1.0], [5, 5], (1.0, 1.0)),
        ([1.0, 0.0], [8, 0], (0.0, math.inf)),
    ):
        staged, found = solved(program, costs, np.array([weights]))
        assert found == pytest.approx(plan)
        stated = list(enumerate(weights))
        ranges = weight_ranges(program.compiled(costs), staged, found, 0, stated, OPTIONS)
        assert (ranges[0].lowest.weight, ranges[0].highest.weight) == pytest.approx(first)


def test_an_objective_that_no_decision_touches_may_weigh_anything() -> None:
    program, costs = two_needs()
    costs = np.vstack([costs, np.zeros(2)])
    staged, plan = solved(program, costs, np.array([[2.0, 1.0, 1.0]]))
    stated = [(0, 2.0), (1, 1.0), (2, 1.0)]
    *_, found = weight_ranges(program.compiled(costs), staged, plan, 0, stated, OPTIONS)
    assert (found.lowest.weight, found.highest.weight) == (0.0, math.inf)
    check_proof(program, costs, np.array([[2.0, 1.0, 1.0]]), plan, found)
