"""Two-sided prices of random degenerate programs against re-solves by scipy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, in_turn, random_program

from perequa.engine.cone_walk import ConeWalk
from perequa.engine.prices import AT_VERTEX, Prices, two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import Staged, solve_stages
from perequa.engine.termination import Termination

OPTIONS = SolverOptions()
STEP = 1e-4
SEEDS = range(20 * EFFORT)
EACH = 12
"""Twenty seeds of twelve programs price about 1 900 sides, a sixth of them impossible.

With ``PEREQUA_TEST_EFFORT=4`` the re-solves of this file look at 18 470 sides of first priorities.
"""


def priced(
    program: Dense, costs: np.ndarray, rng: np.random.Generator
) -> tuple[Staged, tuple[Prices, ...]]:
    """Prices of a program, some of whose rows are told to be money (and so are scaled)."""
    compiled = program.compiled(costs, money=rng.random(len(program.low)) < 0.3)
    priorities = tuple(range(1, len(costs) + 1))
    staged = solve_stages(compiled, priorities, costs, OPTIONS)
    assert staged.termination is Termination.OPTIMAL
    return staged, two_sided_prices(compiled, staged, staged.stages[-1].x, OPTIONS)


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_are_those_of_a_re_solve(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for trial in range(EACH):
        program = random_program(rng)
        _, (prices,) = priced(program, program.c[None], rng)
        assert len(prices.sides) == 2 * len(program.low)
        now, _ = program.solved()
        for side in prices.sides:
            where = (seed, trial, side.row, side.sign)
            there, _ = program.moved(side.row, side.sign * STEP).solved()
            if math.isinf(there):
                assert side.price == math.inf, where
                continue
            assert (there - now) / STEP == pytest.approx(side.price, rel=1e-4, abs=1e-4), where
            if side.price == 0.0 or side.reach < 1e-3:
                continue
            far = min(side.reach, 5.0)
            there, _ = program.moved(side.row, side.sign * far).solved()
            assert there - now == pytest.approx(far * side.price, rel=1e-6, abs=1e-6), where


@pytest.mark.parametrize("seed", range(10 * EFFORT))
def test_prices_of_both_bounds_of_a_row_when_maximising(seed: int) -> None:
    """Rows with two bounds, each a row here; the greatest value, its prices with turned signs.

    The other side is one ranged row, of which one bound moves: about 140 sides a seed.
    """
    rng = np.random.default_rng(20_000 + seed)
    seen = 0
    for trial in range(EACH):
        ranged = with_second_bounds(random_program(rng), rng)
        bounds = [(i, way) for i in range(len(ranged.low)) for way in ("low", "up")]
        stated = [(i, way) for i, way in bounds if np.isfinite(getattr(ranged, way)[i])]
        _, (prices,) = priced(one_row_a_bound(ranged, stated), ranged.c[None], rng)
        now = greatest(ranged)
        for side in prices.sides:
            row, way = stated[side.row]
            moved = getattr(ranged, way).copy()
            moved[row] += side.sign * STEP
            there = greatest(replace(ranged, **{way: moved}))
            where = (seed, trial, row, way, side.sign)
            seen += 1
            if math.isinf(there):
                assert side.price == math.inf, where
                continue
            assert (there - now) / STEP == pytest.approx(-side.price, rel=1e-4, abs=1e-4), where
    assert seen > 80


def with_second_bounds(program: Dense, rng: np.random.Generator) -> Dense:
    """The same optimum with a second bound on two rows in three, met by every other one."""
    _, x = program.solved()
    assert x is not None
    activity = program.A @ x
    slack = rng.integers(0, 3, len(activity)) * (rng.random(len(activity)) < 0.5)
    chosen = rng.random(len(activity)) < 2 / 3
    low = np.where(chosen & np.isinf(program.low), activity - slack, program.low)
    up = np.where(chosen & np.isinf(program.up), activity + slack, program.up)
    return replace(program, low=low, up=up)


def one_row_a_bound(ranged: Dense, stated: list[tuple[int, str]]) -> Dense:
    rows = [i for i, _ in stated]
    lower = np.array([way == "low" for _, way in stated])
    return replace(
        ranged,
        A=ranged.A[rows],
        low=np.where(lower, ranged.low[rows], -np.inf),
        up=np.where(lower, np.inf, ranged.up[rows]),
    )


def greatest(ranged: Dense) -> float:
    """Greatest value of −c by scipy on ranged rows, infinite when there is no plan."""
    least, plan = ranged.solved()
    return math.inf if plan is None else -least


@pytest.mark.parametrize("seed", range(16 * EFFORT))
def test_prices_of_every_priority_are_those_of_a_re_solve_in_turn(seed: int) -> None:
    rng = np.random.default_rng(5_000 + seed)
    step = 1e-3
    for trial in range(4):
        program = random_program(rng)
        costs = costs_of(rng, program, int(rng.integers(2, 4)))
        _, levels = priced(program, costs, rng)
        assert len(levels) == len(costs)
        now = in_turn(program, costs)
        for sides in zip(*(prices.sides for prices in levels), strict=True):
            row, sign = sides[0].row, sides[0].sign
            where = (seed, trial, row, sign)
            there = in_turn(program.moved(row, sign * step), costs)
            if math.isinf(there[0]):
                assert all(side.price == math.inf for side in sides), where
                continue
            found = (np.array(there) - now) / step
            assert found == pytest.approx([s.price for s in sides], rel=1e-3, abs=1e-3), where
            # a priority's price holds while those before it follow theirs
            for p, side in enumerate(sides):
                far = min(5.0, *(before.reach for before in sides[: p + 1]))
                if side.price == 0.0 or far < 1e-2:
                    continue
                there = in_turn(program.moved(row, sign * far), costs)
                assert there[p] - now[p] == pytest.approx(far * side.price, rel=1e-4, abs=1e-4), (
                    *where,
                    p,
                )


@pytest.mark.parametrize("seed", SEEDS[: len(SEEDS) // 2])
def test_every_price_carries_a_proof_that_numpy_can_check(seed: int) -> None:
    rng = np.random.default_rng(1_000 + seed)
    for _ in range(EACH):
        program = random_program(rng)
        staged, (prices,) = priced(program, program.c[None], rng)
        x = staged.stages[0].x
        for side in prices.sides:
            if math.isinf(side.price):
                ray = prices.rays[side.ray]
                assert side.sign * ray[side.row] > 0
                check_impossible(program, side.row, side.sign, ray)
                continue
            dual = prices.duals[side.dual]
            check_optimal_dual(program, x, dual)
            if side.price != 0.0:
                assert side.sign * dual[side.row] == pytest.approx(side.price, abs=1e-9)
            chord = np.zeros(len(program.c))
            chord[side.chord_columns] = side.chord_values
            assert program.c @ chord == pytest.approx(side.price, abs=1e-8)
            if side.base == AT_VERTEX:
                far = min(side.reach, 10.0)
                check_feasible(program.moved(side.row, side.sign * far), x + far * chord)


def test_the_solver_finds_the_prices_that_walking_from_the_basis_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng, solved = np.random.default_rng(6_000), 0
    for _ in range(2 * EACH):
        program = random_program(rng)
        compiled = program.compiled()
        staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
        (walked,) = two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)
        with monkeypatch.context() as patch:
            patch.setattr(ConeWalk, "cheapest", lambda *_: None)
            (found,) = two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)
        assert [s.price for s in walked.sides] == pytest.approx([s.price for s in found.sides])
        assert walked.programs_solved == 0
        solved += found.programs_solved
    assert solved > 30


def check_feasible(program: Dense, x: np.ndarray) -> None:
    size = 1e-8 * (1 + np.abs(x).max())
    activity = program.A @ x
    assert (activity >= program.low - size).all()
    assert (activity <= program.up + size).all()
    assert (x >= program.least - size).all()
    assert (x <= program.most + size).all()


def check_optimal_dual(program: Dense, x: np.ndarray, y: np.ndarray) -> None:
    """Signs and complementarity: y is one of the optimal duals at x."""
    z = program.c - program.A.T @ y
    for dual, at, low, up in (
        (y, program.A @ x, program.low, program.up),
        (z, x, program.least, program.most),
    ):
        size = 1e-7 * (1 + np.abs(dual).max(initial=0))
        assert (at[dual > size] <= low[dual > size] + 1e-7).all()
        assert (at[dual < -size] >= up[dual < -size] - 1e-7).all()


def check_impossible(program: Dense, row: int, sign: int, ray: np.ndarray) -> None:
    """The rows combined by the ray ask, once moved, for more than the columns can give."""
    moved = program.moved(row, sign * 1.0)
    pull = program.A.T @ ray
    pull[np.abs(pull) < 1e-9] = 0.0
    asked = sum(v * (moved.low[i] if v > 0 else moved.up[i]) for i, v in enumerate(ray) if v)
    most = sum(
        v * (program.most[j] if v > 0 else program.least[j]) for j, v in enumerate(pull) if v
    )
    assert asked > most + 1e-9, (row, sign)


def corner() -> Dense:
    """An envelope of 1 300 that pays exactly for 10 places at 30 and 25 at 40."""
    return Dense(
        A=np.array([[30.0, 40.0], [1.0, 0.0], [0.0, 1.0]]),
        low=np.full(3, -np.inf),
        up=np.array([1300.0, 10.0, 25.0]),
        c=np.array([-1.0, -0.8]),
        least=np.zeros(2),
        most=np.full(2, np.inf),
    )


def test_a_corner_where_no_dual_gives_both_sides() -> None:
    # more money buys nothing, the caps being met; less takes 1/40 of the place worth 0.8. One more
    # place under cap 1 is paid for by 30/40 of one under cap 2; under cap 2 it is worth nothing.
    _, (prices,) = priced(corner(), corner().c[None], np.random.default_rng(0))
    found = {(s.row, s.sign): s.price for s in prices.sides}
    assert found == pytest.approx(
        {(0, 1): 0, (0, -1): 0.02, (1, 1): -0.4, (1, -1): 1, (2, 1): 0, (2, -1): 0.8}
    )


def test_the_second_priority_follows_what_the_first_does_with_the_money() -> None:
    # first as many places of kind 1 as possible, then of kind 2. A euro less is taken from kind 2
    # alone: the last stage's dual, which holds the first still, would say nothing of cap 1.
    costs = np.array([[-1.0, 0.0], [0.0, -1.0]])
    _, (first, second) = priced(corner(), costs, np.random.default_rng(0))
    found = {
        (s.row, s.sign): (s.price, t.price) for s, t in zip(first.sides, second.sides, strict=True)
    }
    assert found[0, -1] == pytest.approx((0, 1 / 40))
    assert found[1, 1] == pytest.approx((-1, 30 / 40))
    assert found[1, -1] == pytest.approx((1, 0))
    assert found[2, -1] == pytest.approx((0, 1))


@pytest.mark.parametrize("seed", range(2 * EFFORT))
def test_a_dear_exchange_with_an_earlier_priority_leaves_no_trace(seed: int) -> None:
    """Costs are whole, those of the second priority thousands: so are its prices, or simple parts.

    A rounding of the first priority's price, exchanged at a thousand for one, would stand out.
    """
    rng = np.random.default_rng(seed)
    seen = 0
    for trial in range(EACH):
        program = random_program(rng)
        costs = costs_of(rng, program, 2) * np.array([[1.0], [1000.0]])
        _, (_, prices) = priced(program, costs, rng)
        for side in prices.sides:
            where = (seed, trial, side.row, side.sign, side.price)
            assert abs(side.price) < 1e-9 or abs(side.price) > 1e-2, where
            seen += side.price != 0.0
    assert seen > 20
