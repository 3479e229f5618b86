"""Units inside the solver change nothing a planner sees."""

from __future__ import annotations

import numpy as np
import pytest
from programs import random_program

from perequa.engine.prices import two_sided_prices
from perequa.engine.scaling import scale, size_factor
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages

OPTIONS = SolverOptions()


@pytest.mark.parametrize("seed", range(6))
def test_prices_and_values_do_not_depend_on_what_is_called_money(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(8):
        program = random_program(rng)
        runs = []
        for money in (np.zeros(len(program.low), bool), np.ones(len(program.low), bool)):
            compiled = program.compiled(money=money)
            staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
            (prices,) = two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)
            value = float(program.c @ staged.stages[0].x)
            runs.append((value, [(s.row, s.sign, s.price) for s in prices.sides]))
        assert runs[0][0] == pytest.approx(runs[1][0], rel=1e-9, abs=1e-9)
        assert [s[:2] for s in runs[0][1]] == [s[:2] for s in runs[1][1]]
        assert [s[2] for s in runs[0][1]] == pytest.approx([s[2] for s in runs[1][1]], abs=1e-9)


def test_scaled_program_is_the_same_program() -> None:
    rng = np.random.default_rng(7)
    program = random_program(rng)
    money = rng.random(len(program.low)) < 0.5
    scaled = scale(program.compiled(money=money))
    back = np.diag(1 / scaled.row) @ scaled.matrix.toarray() @ np.diag(1 / scaled.column)
    assert back == pytest.approx(program.A)
    finite = np.isfinite(program.up)
    assert (scaled.row_upper / scaled.row)[finite] == pytest.approx(program.up[finite])
    assert set(scaled.row[money]) <= {0.001}
    assert set(scaled.row[~money]) <= {1.0}


@pytest.mark.parametrize("smallest", [1e-9, 1e-3, 0.7, 1.0, 3.0, 1e5])
def test_smallest_coefficient_of_an_objective_is_brought_to_one(smallest: float) -> None:
    factor = size_factor(np.array([0.0, smallest, 5 * smallest]))
    assert 1.0 <= smallest * factor < 2.0
    assert np.log2(factor) == round(np.log2(factor))


def test_an_empty_objective_is_left_alone() -> None:
    assert size_factor(np.zeros(3)) == 1.0


def test_a_tiny_objective_is_still_optimal() -> None:
    # methods.md, section 8: coefficients of 1e-7 once came back 1e-4 short of the optimum
    rng = np.random.default_rng(11)
    for _ in range(10):
        program = random_program(rng)
        tiny = program.c * 1e-9
        staged = solve_stages(program.compiled(tiny[None]), (1,), tiny[None], OPTIONS)
        assert staged.stages[0].x @ program.c == pytest.approx(program.solved()[0], abs=1e-7)
