"""Least and most among nearly optimal plans, against every vertex listed by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from programs import EFFORT, Dense, in_turn
from studied import trading_program
from vertices import vertices

from perequa.engine.near_optimal import CHUNK, NearOptimal, Sum
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages

OPTIONS = SolverOptions(presolve=False)


def near(program: Dense, costs: np.ndarray, room: np.ndarray) -> NearOptimal:
    priorities = tuple(range(1, len(costs) + 1))
    staged = solve_stages(program.compiled(costs), priorities, costs, OPTIONS)
    return NearOptimal(staged, room, OPTIONS)


def sums_of(rng: np.random.Generator, n: int) -> list[Sum]:
    """Each column alone, then some together."""
    alone = [Sum(columns=np.array([j]), values=np.ones(1)) for j in range(n)]
    return [*alone, Sum(columns=np.arange(n), values=rng.integers(1, 9, n).astype(float))]


def corners_of(program: Dense, costs: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Vertices of the plans that cost no more than some limits."""
    return vertices(
        Dense(
            A=np.vstack([program.A, costs]),
            low=np.append(program.low, np.full(len(costs), -np.inf)),
            up=np.append(program.up, limits),
            c=program.c,
            least=program.least,
            most=program.most,
        )
    )


@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("within", [0.003, 0.2])
@pytest.mark.parametrize("seed", range(2 * EFFORT))
def test_margins_are_those_of_the_vertices(seed: int, within: float, levels: int) -> None:
    rng = np.random.default_rng(300 + seed)
    wide = 0
    for _ in range(10):
        program = trading_program(rng)
        n = len(program.c)
        costs = np.vstack([program.c, rng.integers(1, 20, n)])[:levels]
        optima = np.array(in_turn(program, costs))
        room = within * np.abs(optima)
        corners = corners_of(program, costs, optima + room)
        asked = sums_of(rng, n)
        found = near(program, costs, room).ranges(asked)
        for total, (least, most) in zip(asked, found, strict=True):
            values = corners[:, total.columns] @ total.values
            assert least == pytest.approx(values.min(), rel=1e-7, abs=1e-6)
            assert most == pytest.approx(values.max(), rel=1e-7, abs=1e-6)
            wide += most - least > 1e-6
    assert wide > 20


def test_no_room_leaves_the_optimal_plans() -> None:
    # x + y ≥ 4 at equal cost: either may carry all of it, up to its own bound
    program = Dense(
        A=np.array([[1.0, 1.0]]),
        low=np.array([4.0]),
        up=np.array([np.inf]),
        c=np.array([1.0, 1.0]),
        least=np.zeros(2),
        most=np.array([3.0, np.inf]),
    )
    asked = sums_of(np.random.default_rng(0), 2)[:2]
    found = near(program, program.c[None], np.zeros(1)).ranges(asked)
    assert np.array(found) == pytest.approx(np.array([[0, 3], [1, 4]]))


def test_an_objective_with_no_room_keeps_its_optimum() -> None:
    # first x alone counts and may be 1 worse; then y may not be worse at all
    program = Dense(
        A=np.array([[1.0, 1.0]]),
        low=np.array([4.0]),
        up=np.array([np.inf]),
        c=np.array([1.0, 0.0]),
        least=np.zeros(2),
        most=np.full(2, 9.0),
    )
    costs = np.array([[1.0, 0.0], [0.0, 1.0]])
    asked = sums_of(np.random.default_rng(0), 2)[:2]
    found = near(program, costs, np.array([1.0, 0.0])).ranges(asked)
    assert np.array(found) == pytest.approx(np.array([[0, 1], [3, 4]]), abs=1e-6)


def test_the_number_of_threads_changes_no_bit() -> None:
    rng = np.random.default_rng(9)
    program = trading_program(rng)
    n = len(program.c)
    columns = rng.integers(0, n, 3 * CHUNK + 5)
    asked = [Sum(columns=np.array([j]), values=rng.random(1)) for j in columns]
    plans = near(program, program.c[None], np.array([5.0]))
    one = plans.ranges(asked, 1)
    assert len(one) == len(asked)
    assert all(plans.ranges(asked, jobs) == one for jobs in (2, 3, 8))
