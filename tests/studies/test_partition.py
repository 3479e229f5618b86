"""The triangle of three weights, against every vertex listed by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from programs import EFFORT
from studied import DISTANCE, EHPAD, prepared, trading_program
from vertices import vertices

from perequa.checks import load
from perequa.engine.parametric import Way
from perequa.engine.partition import Part, triangle
from perequa.engine.plans_left import Goal, PlansLeft
from perequa.engine.session import SolverOptions
from perequa.pipeline import Success, solve_instance
from perequa.studies.weights import triangle_study
from perequa_models.errors import UsageError

OPTIONS = SolverOptions(presolve=False)
THRIFT = "objectives.thrift={kind: spend, normalise: 24100000}"


def drawn(rng: np.random.Generator):  # noqa: ANN201
    program = trading_program(rng)
    costs = np.vstack([program.c, rng.integers(0, 20, (2, len(program.c)))])
    plans = PlansLeft.optimal(program.compiled(costs), (), np.zeros((0, len(program.c))), OPTIONS)
    goals = [Goal(cost=cost, offset=0.0) for cost in costs]
    return plans, goals, vertices(program) @ costs.T


def inside(part: Part, weights: np.ndarray) -> bool:
    corners = part.corners[:, 1:]
    edges = np.roll(corners, -1, axis=0) - corners
    towards = weights[1:] - corners
    turns = edges[:, 0] * towards[:, 1] - edges[:, 1] * towards[:, 0]
    return bool((turns >= -1e-12).all() or (turns <= 1e-12).all())


@pytest.mark.parametrize("seed", range(4 * EFFORT))
def test_every_plan_and_its_part(seed: int) -> None:
    rng = np.random.default_rng(500 + seed)
    count = 0
    for _ in range(10):
        plans, goals, corners = drawn(rng)
        parts = triangle(plans, goals)
        assert sum(part.area for part in parts) == pytest.approx(1.0, abs=1e-9)
        values = np.array([part.values for part in parts])
        for weights in rng.dirichlet(np.ones(3), 60):
            least = (corners @ weights).min()
            assert (values @ weights).min() == pytest.approx(least, rel=1e-9)
            mine = [part for part in parts if inside(part, weights)]
            assert min(part.values @ weights for part in mine) == pytest.approx(least, rel=1e-9)
        for part in parts:
            assert part.corners.min() >= -1e-12
            for weights in [*part.corners, part.middle]:
                least = (corners @ weights).min()
                assert part.values @ weights == pytest.approx(least, rel=1e-9, abs=1e-9)
        count += len(parts)
    assert count > 20


def test_areas_against_a_fine_grid() -> None:
    rng = np.random.default_rng(3)
    plans, goals, corners = drawn(rng)
    parts = triangle(plans, goals)
    weights = rng.dirichlet(np.ones(3), 40_000)
    least = (weights @ corners.T).min(axis=1)
    for part in parts:
        share = np.mean(weights @ part.values <= least + 1e-9)
        assert share == pytest.approx(part.area, abs=0.02)


def test_an_edge_of_the_triangle_is_the_way_between_two() -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        plans, goals, _ = drawn(rng)
        found = {0.0, 1.0}
        for part in triangle(plans, goals):
            edge = part.corners[np.abs(part.corners[:, 2]) < 1e-12]
            found |= {round(float(w), 9) for w in edge[:, 1]}
        pieces = Way(plans, *goals[:2]).pieces()
        assert sorted(found) == pytest.approx([0.0, *(p.end for p in pieces)], abs=1e-8)


def test_three_objectives_of_a_scenario() -> None:
    answer = triangle_study(prepared(EHPAD, DISTANCE, THRIFT), ("shortfall", "distance", "thrift"))
    parts = list(answer.tables["triangle"].records())
    assert sum(part["area"] for part in parts) == pytest.approx(1.0)
    assert len(parts) > 3
    corners = list(answer.tables["corners"].records())
    for part in parts[:3]:
        mine = [c for c in corners if c["plan"] == part["plan"]]
        weights = {
            n: float(np.mean([c[n] for c in mine])) for n in ("shortfall", "distance", "thrift")
        }
        sets = [f"objectives.{name}.weight={weight!r}" for name, weight in weights.items()]
        found = solve_instance(
            load(EHPAD, (), [DISTANCE, THRIFT, *sets]).instance, "there", prices=False
        )
        assert isinstance(found, Success)
        rows = [r for r in answer.tables["plans"].records() if r["plan"] == part["plan"]]
        assert [r["places"] for r in rows] == pytest.approx(found.run.x.ravel(), abs=1e-5)


def test_three_different_objectives_are_needed() -> None:
    with pytest.raises(UsageError, match="three different"):
        triangle_study(prepared(EHPAD, DISTANCE), ("shortfall", "distance", "distance"))
