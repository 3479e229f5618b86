"""Two-sided prices of random degenerate programs against re-solves by scipy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from programs import EFFORT, Dense, random_program

from perequa.engine.prices import AT_VERTEX, Prices, two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import Staged, solve_stages
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram

OPTIONS = SolverOptions()
STEP = 1e-4
SEEDS = range(20 * EFFORT)
EACH = 12
"""Twenty seeds of twelve programs price about 1 900 sides, a sixth of them impossible."""


def priced(program: Dense, rng: np.random.Generator) -> tuple[CompiledProgram, Staged, Prices]:
    """Prices of a program, some of whose rows are told to be money (and so are scaled)."""
    compiled = program.compiled(money=rng.random(len(program.low)) < 0.3)
    staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
    assert staged.termination is Termination.OPTIMAL
    return compiled, staged, two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_are_those_of_a_re_solve(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(EACH):
        program = random_program(rng)
        _, _, prices = priced(program, rng)
        assert len(prices.sides) == 2 * len(program.low)
        now, _ = program.solved()
        for side in prices.sides:
            where = (seed, side.row, side.sign)
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


@pytest.mark.parametrize("seed", SEEDS[: len(SEEDS) // 2])
def test_every_price_carries_a_proof_that_numpy_can_check(seed: int) -> None:
    rng = np.random.default_rng(1_000 + seed)
    for _ in range(EACH):
        program = random_program(rng)
        _, staged, prices = priced(program, rng)
        x = staged.stages[0].x
        for side in prices.sides:
            if math.isinf(side.price):
                ray = prices.rays[side.ray]
                assert side.sign * ray[side.row] > 0
                check_impossible(program, x, side.row, side.sign, ray)
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
    activity = program.A @ x
    for dual, at, low, up in (
        (y, activity, program.low, program.up),
        (z, x, program.least, program.most),
    ):
        size = 1e-7 * (1 + np.abs(dual).max(initial=0))
        assert (at[dual > size] <= low[dual > size] + 1e-7).all()
        assert (at[dual < -size] >= up[dual < -size] - 1e-7).all()


def check_impossible(program: Dense, x: np.ndarray, row: int, sign: int, ray: np.ndarray) -> None:
    """The rows combined by the ray ask, once moved, for more than the columns can give."""
    moved = program.moved(row, sign * 1.0)
    pull = program.A.T @ ray
    pull[np.abs(pull) < 1e-9] = 0.0
    asked = sum(v * (moved.low[i] if v > 0 else moved.up[i]) for i, v in enumerate(ray) if v)
    most = sum(
        v * (program.most[j] if v > 0 else program.least[j]) for j, v in enumerate(pull) if v
    )
    assert asked > most + 1e-9, (row, sign, x)


def test_two_duals_of_one_corner() -> None:
    # methods.md, section 2: an envelope of 1 300 pays exactly for both caps. More money is worth
    # nothing, less costs 0.02; each cap is worth nothing more and 1 less, or the reverse.
    program = Dense(
        A=np.array([[30.0, 40.0], [1.0, 0.0], [0.0, 1.0]]),
        low=np.full(3, -np.inf),
        up=np.array([1300.0, 10.0, 25.0]),
        c=np.array([-1.0, -0.8]),
        least=np.zeros(2),
        most=np.full(2, np.inf),
    )
    _, _, prices = priced(program, np.random.default_rng(0))
    found = {(s.row, s.sign): s.price for s in prices.sides}
    assert found[0, 1] == pytest.approx(0)
    assert found[0, -1] == pytest.approx(0.02)
    # one more place under cap 1 must be paid for by 30/40 of a place under cap 2
    assert found[1, 1] == pytest.approx(-1 + 0.8 * 30 / 40)
    assert found[1, -1] == pytest.approx(1)
    assert found[2, 1] == pytest.approx(0)
    assert found[2, -1] == pytest.approx(0.8)
