"""Implied weights against every vertex listed by brute force, and weights known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from programs import EFFORT
from scipy.optimize import linprog
from studied import trading_program
from vertices import vertices

from perequa.engine.inverse import Implied, implied_weights
from perequa.engine.parametric import Way
from perequa.engine.plans_left import Goal, PlansLeft
from perequa.engine.session import SolverOptions

OPTIONS = SolverOptions(presolve=False)


def drawn(rng: np.random.Generator, count: int):  # noqa: ANN201
    """A program, some costs over it, and its vertices."""
    program = trading_program(rng)
    costs = np.vstack([program.c, rng.integers(0, 20, (count - 1, len(program.c)))])
    return program, costs / costs.max(axis=1)[:, None], vertices(program)


def implied(program, costs: np.ndarray, values: np.ndarray) -> Implied:  # noqa: ANN001
    plans = PlansLeft.optimal(program.compiled(costs), (), np.zeros((0, len(program.c))), OPTIONS)

    def rival_at(weights: np.ndarray) -> np.ndarray:
        return costs @ plans.least(Goal(cost=weights @ costs, offset=0.0))

    return implied_weights(values, rival_at, OPTIONS)


def by_brute_force(values: np.ndarray, corners: np.ndarray) -> float:
    """Least over weights of the most any vertex gains, by scipy."""
    count = len(values)
    cuts = np.column_stack([values - corners, -np.ones(len(corners))])
    found = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=cuts,
        b_ub=np.zeros(len(cuts)),
        A_eq=np.append(np.ones(count), 0.0)[None],
        b_eq=[1.0],
        bounds=[*[(0, 1)] * count, (None, None)],
    )
    assert found.status == 0
    return float(found.fun)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("seed", range(2 * EFFORT))
def test_known_weights_are_recovered(seed: int, count: int) -> None:
    rng = np.random.default_rng(400 + seed)
    for _ in range(10):
        program, costs, corners = drawn(rng, count)
        known = rng.dirichlet(np.ones(count))
        plan = corners[np.argmin(corners @ costs.T @ known)]
        found = implied(program, costs, costs @ plan)
        assert found.loss == 0.0
        assert (found.least <= known + 1e-8).all()
        assert (known <= found.most + 1e-8).all()
        assert found.weights.sum() == pytest.approx(1.0)
        # the weights told make the plan optimal too
        gains = (costs @ plan - corners @ costs.T) @ found.weights
        assert gains.max() <= 1e-8


@pytest.mark.parametrize("seed", range(2 * EFFORT))
def test_two_weights_have_the_stretch_of_the_way(seed: int) -> None:
    rng = np.random.default_rng(410 + seed)
    tried = 0
    for _ in range(10):
        program, costs, _ = drawn(rng, 2)
        plans = PlansLeft.optimal(
            program.compiled(costs), (), np.zeros((0, len(program.c))), OPTIONS
        )
        pieces = Way(plans, *(Goal(cost=cost, offset=0.0) for cost in costs)).pieces()
        for piece in pieces:
            found = implied(program, costs, np.array([piece.point.first, piece.point.second]))
            assert (found.least[1], found.most[1]) == pytest.approx(
                (piece.start, piece.end), abs=1e-7
            )
            assert found.weights[1] == pytest.approx(0.5 * (piece.start + piece.end), abs=1e-7)
            tried += 1
    assert tried > 12


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("seed", range(2 * EFFORT))
def test_what_is_lost_where_nothing_makes_it_optimal(seed: int, count: int) -> None:
    rng = np.random.default_rng(420 + seed)
    lossy = 0
    for _ in range(15):
        program, costs, corners = drawn(rng, count)
        values = costs @ (corners[rng.integers(len(corners))] * 0.7 + corners.mean(axis=0) * 0.3)
        found = implied(program, costs, values)
        expected = by_brute_force(values, corners @ costs.T)
        assert found.loss == pytest.approx(max(0.0, expected), abs=1e-8)
        lost = ((values - corners @ costs.T) @ found.weights).max()
        assert lost == pytest.approx(found.loss, abs=1e-7)
        lossy += found.loss > 1e-6
    assert lossy > 8
