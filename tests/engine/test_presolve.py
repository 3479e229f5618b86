"""A smaller program has the same optima; a basis said to stay optimal is, by scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from programs import EFFORT, Dense, random_program
from studied import DISTANCE, EHPAD, prepared

from perequa.engine.plans_left import Goal, PlansLeft
from perequa.engine.presolve import presolve
from perequa.engine.scaling import scale
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages, whole
from perequa_models.errors import InternalError

OPTIONS = SolverOptions(presolve=False)


def goals_of(costs: np.ndarray) -> list[Goal]:
    return [Goal(cost=cost, offset=0.0) for cost in costs]


def with_shortfalls(rng: np.random.Generator) -> Dense:
    """Decisions under caps and an envelope; what is missing to each target is a column."""
    n = int(rng.integers(2, 7))
    caps, targets = rng.integers(0, 5, n), rng.integers(-2, 8, n)
    A = np.zeros((3 * n + 1, 2 * n + 1))
    A[:n, :n] = np.eye(n)
    A[n : 2 * n, :n] = np.tril(np.ones((n, n))) * (rng.random((n, n)) < 0.4) + np.eye(n)
    A[2 * n : 3 * n, : 2 * n] = A[n : 2 * n, : 2 * n]
    A[n : 2 * n, n : 2 * n] = np.eye(n) * rng.choice([1.0, 2.0], n)[:, None]
    A[2 * n : 3 * n, 2 * n] = rng.integers(1, 4, n)
    A[3 * n, :n] = rng.integers(1, 4, n)
    low = np.concatenate([np.full(n, -np.inf), targets, targets, [-np.inf]])
    up = np.concatenate([caps, np.full(2 * n, np.inf), [rng.integers(0, 3 * n)]])
    # some rows are written the other way round
    turned = np.where(rng.random(3 * n + 1) < 0.3, -1.0, 1.0)
    low, up = np.where(turned > 0, low, -up), np.where(turned > 0, up, -low)
    c = np.concatenate([rng.integers(-1, 2, n), rng.integers(0, 4, n + 1)]).astype(float)
    return Dense(A * turned[:, None], low, up, c, np.zeros(2 * n + 1), np.full(2 * n + 1, np.inf))


@pytest.mark.parametrize("kind", [random_program, with_shortfalls])
def test_the_smaller_program_has_the_same_optima(kind) -> None:  # noqa: ANN001
    rng = np.random.default_rng(12)
    rows = columns = 0
    for _ in range(150 * EFFORT):
        program = kind(rng)
        more = rng.integers(0, 4, (2, len(program.c))).astype(float)
        costs = np.vstack([np.abs(program.c), more])
        compiled = program.compiled(costs)
        left = PlansLeft.optimal(compiled, (), np.zeros((0, len(program.c))), OPTIONS)
        small = presolve(scale(compiled), whole(scale(compiled)), costs).scaled.matrix.shape
        rows += len(program.A) - small[0]
        columns += len(program.c) - small[1]
        for cost in costs:
            x = left.least(*goals_of(cost[None]))
            least, _ = replace(program, c=cost).solved()
            assert cost @ x == pytest.approx(least, rel=1e-9, abs=1e-9)
            assert (program.A @ x >= program.low - 1e-8).all()
            assert (program.A @ x <= program.up + 1e-8).all()
            assert (x >= program.least - 1e-9).all()
            assert (x <= program.most + 1e-9).all()
    assert rows > 100
    assert columns > 100


def test_goals_in_turn_have_the_same_optima() -> None:
    rng = np.random.default_rng(13)
    for _ in range(60 * EFFORT):
        program = with_shortfalls(rng)
        more = rng.integers(0, 4, (2, len(program.c))).astype(float)
        costs = np.vstack([np.maximum(program.c, 0.0), more])
        compiled = program.compiled(costs)
        left = PlansLeft.optimal(compiled, (1,), costs[:1], OPTIONS)
        values = costs @ left.least(*goals_of(costs[1:]))
        first, _ = replace(program, c=costs[0]).solved()
        second, _ = replace(program, c=costs[1]).solved((costs[:1], np.array([first + 1e-9])))
        assert values[:2] == pytest.approx([first, second], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("name", "least"), [(EHPAD, 0.3), ("ssiad-2004", 0.05)])
def test_a_scenario_has_rows_that_never_bind(name: str, least: float) -> None:
    program = prepared(name).program
    scaled = scale(program)
    small = presolve(scaled, whole(scaled), program.costs)
    assert len(small.rows) < (1.0 - least) * len(scaled.row)
    x = solve_stages(program, (1,), program.costs[:1], OPTIONS).stages[0].x / scaled.column
    again = small.whole(x[small.columns])
    cost = scaled.cost(program.costs[0])[0]
    assert cost @ again == pytest.approx(cost @ x, rel=1e-9)
    kept = cost @ again - small.cost(cost) @ x[small.columns]
    nothing = np.zeros(len(small.columns))
    assert kept == pytest.approx(cost @ small.whole(nothing), rel=1e-9)


def test_nobody_may_want_more_of_what_was_taken_as_small_as_it_can() -> None:
    program = with_shortfalls(np.random.default_rng(3))
    compiled = program.compiled(np.maximum(program.c, 0.0)[None])
    left = PlansLeft.optimal(compiled, (), np.zeros((0, len(program.c))), OPTIONS)
    scaled = scale(compiled)
    lowered = presolve(scaled, whole(scaled), compiled.costs).lowered
    assert lowered.any()
    with pytest.raises(InternalError, match="as small as it can"):
        left.least(Goal(cost=np.where(lowered, -1.0, 0.0), offset=0.0))


@pytest.mark.parametrize("kind", [random_program, with_shortfalls])
def test_a_plan_said_to_be_optimal_elsewhere_is(kind) -> None:  # noqa: ANN001
    rng = np.random.default_rng(14)
    told = wrong_elsewhere = 0
    for _ in range(60 * EFFORT):
        program = kind(rng)
        costs = rng.integers(0, 5, (3, len(program.c))).astype(float)
        left = PlansLeft.optimal(
            program.compiled(costs), (), np.zeros((0, len(program.c))), OPTIONS
        )
        weights = np.vstack([rng.dirichlet(np.ones(3), 12), np.eye(3)])
        weighed = left.weighed(goals_of(costs), weights)
        x = left.least_weighed(weighed, 0)
        optimal = left.least_too(weighed)
        assert optimal[0]
        for weight, said in zip(weights, optimal, strict=True):
            least, _ = replace(program, c=weight @ costs).solved()
            apart = weight @ costs @ x - least
            assert apart <= 1e-8 or not said
            told += bool(said)
            wrong_elsewhere += bool(apart > 1e-6)
    assert told > 60 * EFFORT * 2
    assert wrong_elsewhere > 50


def test_points_known_to_be_optimal_are_those_solved() -> None:
    scenario = prepared(EHPAD, DISTANCE)
    names = scenario.program.objective_names
    goals = [scenario.goal(row) for row in np.eye(len(names))]
    weights = np.random.default_rng(1).dirichlet(np.ones(len(names)), 80) / scenario.sizes(names)
    left = scenario.plans_left(scenario.priorities.before(1))
    weighed = left.weighed(goals, weights)
    found = [left.least_weighed(weighed, i) for i in range(80)]
    other = scenario.plans_left(scenario.priorities.before(1))
    x = other.least_weighed(weighed, 40)
    alike = other.least_too(weighed)
    assert alike[40]
    assert alike.sum() > 3
    assert not alike.all()
    apart = [weights[i] @ scenario.program.costs @ (x - found[i]) for i in range(80)]
    size = np.abs(scenario.program.costs @ x).max() * weights.max()
    assert np.abs(apart)[alike].max() <= 1e-9 * size
    # values are compared: where several plans are optimal the solver may end at any
    assert np.array(apart)[~alike].max() > 1e-6 * size
