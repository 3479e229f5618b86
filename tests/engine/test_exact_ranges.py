"""Exact ranges of random degenerate programs against re-solves by scipy, and their proofs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, random_program

from perequa.engine import ranges
from perequa.engine.exact_ranges import exact_ranges
from perequa.engine.prices import AT_VERTEX, Prices, Side, two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import Staged, solve_stages

OPTIONS = SolverOptions()
EACH = 15
BEYOND = 1e-4
FAR = 50.0
"""Where a range without end is looked at, with limits of at most 30."""


def ranged(
    program: Dense, costs: np.ndarray, rng: np.random.Generator
) -> tuple[Staged, Prices, Prices]:
    """Prices as they are found, and with every range made exact; some rows are money."""
    compiled = program.compiled(costs, money=rng.random(len(program.low)) < 0.3)
    staged = solve_stages(compiled, tuple(range(len(costs))), costs, OPTIONS)
    inner = two_sided_prices(compiled, staged, staged.stages[-1].x, OPTIONS)[0]
    return staged, inner, exact_ranges(staged, inner, range(len(program.low)), OPTIONS)


@pytest.mark.parametrize("seed", range(20 * EFFORT))
def test_a_price_holds_to_the_end_of_its_range_and_no_further(seed: int) -> None:
    """About 100 finite prices a seed, 2 055 in all: half way, at the end, just beyond."""
    rng = np.random.default_rng(7_000 + seed)
    seen = 0
    for trial in range(EACH):
        program = random_program(rng)
        costs = costs_of(rng, program, 1 + trial % 2)
        _, inner, exact = ranged(program, costs, rng)
        now, _ = program.solved()
        for before, side in zip(inner.sides, exact.sides, strict=True):
            where = (seed, trial, side.row, side.sign)
            assert side.exact, where
            assert (side.price, side.dual, side.ray) == (before.price, before.dual, before.ray)
            if math.isinf(side.price):
                assert side == before, where
                continue
            seen += 1
            assert side.reach >= before.reach * (1 - 1e-9), where
            check_range(program, side, now, where)
    assert seen > 60


def check_range(program: Dense, side: Side, now: float, where: object) -> None:
    # the value is convex: straight at its ends and in the middle, it is straight
    end = FAR if math.isinf(side.reach) else side.reach
    for share in (0.5, 1.0):
        there, _ = program.moved(side.row, side.sign * share * end).solved()
        assert there == pytest.approx(now + share * end * side.price, rel=1e-8, abs=1e-7), where
    if math.isinf(side.reach):
        return
    step = BEYOND * max(1.0, end)
    there, _ = program.moved(side.row, side.sign * (end + step)).solved()
    if side.end_ray >= 0:
        assert math.isinf(there), where
    else:
        # coefficients are whole numbers up to 3: no dual is steeper by less than a hundredth
        assert there > now + (end + step) * side.price + 1e-3 * step, where


@pytest.mark.parametrize("seed", range(3 * EFFORT))
def test_every_end_carries_a_proof_that_numpy_can_check(seed: int) -> None:
    rng = np.random.default_rng(8_000 + seed)
    kinds = {"dual": 0, "ray": 0, "none": 0}
    for _ in range(EACH):
        program = random_program(rng)
        staged, _, prices = ranged(program, program.c[None], rng)
        assert len(prices.lams) == len(prices.duals)
        x = staged.stages[0].x
        for side in prices.sides:
            if math.isinf(side.price):
                continue
            chord = np.zeros(len(program.c))
            chord[side.chord_columns] = side.chord_values
            assert program.c @ chord == pytest.approx(side.price, abs=1e-9)
            if math.isinf(side.reach):
                kinds["none"] += 1
                check_endless(program, side, chord)
                continue
            if side.base == AT_VERTEX:
                check_feasible(program.moved(side.row, side.sign * side.reach), x, side, chord)
            here = program.c @ x
            if side.end_dual >= 0:
                kinds["dual"] += 1
                y = prices.duals[side.end_dual]
                assert side.sign * y[side.row] > side.price + 1e-6
                moved = program.moved(side.row, side.sign * side.reach)
                bound = proven(moved, y, program.c)
                assert bound == pytest.approx(here + side.price * side.reach, rel=1e-9, abs=1e-8)
            else:
                kinds["ray"] += 1
                w = prices.rays[side.end_ray]
                assert side.sign * w[side.row] > 0
                moved = program.moved(side.row, side.sign * side.reach)
                assert proven(moved, w, np.zeros(len(x))) == pytest.approx(0, abs=1e-8)
    assert min(kinds.values()) > 0


def check_feasible(program: Dense, x: np.ndarray, side: Side, chord: np.ndarray) -> None:
    there = x + side.reach * chord
    size = 1e-8 * (1 + np.abs(there).max())
    activity = program.A @ there
    assert (activity >= program.low - size).all()
    assert (activity <= program.up + size).all()
    assert (there >= program.least - size).all()
    assert (there <= program.most + size).all()


def check_endless(program: Dense, side: Side, chord: np.ndarray) -> None:
    """No row or column with a bound is carried towards it, the own limit moving along."""
    rate = program.A @ chord
    rate[side.row] -= side.sign
    for change, low, up in (
        (rate, program.low, program.up),
        (chord, program.least, program.most),
    ):
        assert (change[np.isfinite(low)] >= -1e-9).all()
        assert (change[np.isfinite(up)] <= 1e-9).all()


def proven(program: Dense, y: np.ndarray, cost: np.ndarray) -> float:
    """What the multipliers prove of the least value; signs that prove nothing fail the test."""
    bound = 0.0
    z = cost - program.A.T @ y
    for dual, low, up in ((y, program.low, program.up), (z, program.least, program.most)):
        used = np.abs(dual) > 1e-9
        at = np.where(dual > 0, low, up)[used]
        assert np.isfinite(at).all()
        bound += float(dual[used] @ at)
    return bound


def shares(low: float, up: float) -> Dense:
    """Two columns that share a total of 10, the first cheaper and at most `up`, at least `low`."""
    return Dense(
        A=np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]),
        low=np.array([10.0, low, -np.inf]),
        up=np.array([10.0, np.inf, up]),
        c=np.array([1.0, 2.0]),
        least=np.zeros(2),
        most=np.array([np.inf, 8.0]),
    )


def test_ends_worked_out_by_hand() -> None:
    # x1 = 6 at its cap, x2 = 4. A cap raised gains 1 until x2 = 0 (10); lowered it costs 1 until
    # the floor of 3. The total raised costs 2 until x2 = 8, its bound (14); lowered it gains 2
    # until x2 = 0 (6), and 1 beyond. The floor costs nothing until it meets the cap.
    _, _, prices = ranged(shares(3.0, 6.0), shares(3.0, 6.0).c[None], np.random.default_rng(0))
    found = {(s.row, s.sign): s for s in prices.sides}
    assert {key: s.price for key, s in found.items()} == pytest.approx(
        {(0, 1): 2, (0, -1): -2, (1, 1): 0, (1, -1): 0, (2, 1): -1, (2, -1): 1}
    )
    assert {key: s.reach for key, s in found.items()} == pytest.approx(
        {(0, 1): 4, (0, -1): 4, (1, 1): 3, (1, -1): math.inf, (2, 1): 4, (2, -1): 3}
    )
    assert {key for key, s in found.items() if s.end_ray >= 0} == {(0, 1), (1, 1), (2, -1)}


def test_the_solver_finds_the_ranges_that_walking_from_the_basis_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(9_000)
    for _ in range(EACH):
        program = random_program(rng)
        compiled = program.compiled()
        staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
        (prices,) = two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)
        rows = range(len(program.low))
        walked = exact_ranges(staged, prices, rows, OPTIONS)
        with monkeypatch.context() as patch:
            patch.setattr(ranges, "walk", lambda *_: None)
            solved = exact_ranges(staged, prices, rows, OPTIONS)
        asked = sum(not s.exact for s in prices.sides)
        assert walked.programs_solved == prices.programs_solved
        assert solved.programs_solved == prices.programs_solved + asked
        now, _ = program.solved()
        for ours, theirs in zip(walked.sides, solved.sides, strict=True):
            assert ours.exact
            assert theirs.exact
            assert ours.reach == pytest.approx(theirs.reach, rel=1e-9)
            if math.isfinite(theirs.price):
                check_range(program, theirs, now, (theirs.row, theirs.sign))


def test_later_priorities_keep_their_ranges() -> None:
    rng = np.random.default_rng(3)
    program = random_program(rng)
    costs = costs_of(rng, program, 2)
    compiled = program.compiled(costs)
    staged = solve_stages(compiled, (1, 2), costs, OPTIONS)
    first, second = two_sided_prices(compiled, staged, staged.stages[-1].x, OPTIONS)
    assert all(s.end_dual == s.end_ray == -1 for s in (*first.sides, *second.sides))


def test_rows_not_asked_stay_as_they_are() -> None:
    program = shares(3.0, 6.0)
    compiled = program.compiled()
    staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
    (prices,) = two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)
    assert exact_ranges(staged, prices, (), OPTIONS) is prices
    some = exact_ranges(staged, prices, (2,), OPTIONS)
    for before, after in zip(prices.sides, some.sides, strict=True):
        assert after.exact if before.row == 2 else after == before
