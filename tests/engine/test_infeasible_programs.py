"""No plan: the proof is a Farkas ray that checks, the conflict cannot be made smaller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from programs import EFFORT, Dense, random_program

from perequa.engine.infeasibility import Clashes, Conflict, checked_farkas
from perequa.engine.session import SolverOptions

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram

OPTIONS = SolverOptions()


def confirm_infeasible(program: CompiledProgram, options: SolverOptions) -> Conflict:
    """The first conflict the engine finds."""
    conflict = Clashes(program, options).without(())
    assert conflict is not None
    return conflict


def without_a_plan(rng: np.random.Generator) -> Dense:
    """A random program whose limits are pushed until scipy finds no plan."""
    while True:
        program = random_program(rng)
        rows = rng.permutation(len(program.low))[: int(rng.integers(1, 4))]
        for row in rows:
            up = np.isfinite(program.low[row]) and (np.isinf(program.up[row]) or rng.random() < 0.5)
            program = program.moved(int(row), float(rng.integers(1, 40)) * (1 if up else -1))
        if np.isinf(program.solved()[0]):
            return program


def asks_too_much(program: Dense, y: np.ndarray) -> bool:
    """Whether the rows combined by y ask for more than the columns can give."""
    pull = program.A.T @ y
    pull[np.abs(pull) < 1e-9 * (np.abs(program.A).T @ np.abs(y) + 1e-300)] = 0.0
    with np.errstate(invalid="ignore"):
        asked = np.where(y > 0, y * program.low, y * program.up)[y != 0].sum()
        given = np.where(pull > 0, pull * program.most, pull * program.least)[pull != 0].sum()
    return bool(asked > given)


@pytest.mark.parametrize("seed", range(6 * EFFORT))
def test_ray_and_conflict_of_random_programs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        program = without_a_plan(rng)
        money = rng.random(len(program.low)) < 0.3
        conflict = confirm_infeasible(program.compiled(money=money), OPTIONS)
        assert asks_too_much(program, conflict.farkas)
        check_irreducible(program, conflict.rows)


def check_irreducible(program: Dense, rows: tuple[int, ...]) -> None:
    """The rows named clash, and leaving any one of them out leaves a plan."""

    def only(kept: list[int]) -> float:
        low, up = np.full(len(program.low), -np.inf), np.full(len(program.low), np.inf)
        low[kept], up[kept] = program.low[kept], program.up[kept]
        return replace(program, low=low, up=up, c=np.zeros(len(program.c))).solved()[0]

    assert np.isinf(only(list(rows)))
    for left_out in rows:
        assert np.isfinite(only([row for row in rows if row != left_out])), left_out


def small(**changes: np.ndarray) -> Dense:
    """Floors of 6 on each of two territories, 10 places in all, and a cap nobody minds."""
    program = Dense(
        A=np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]),
        low=np.array([6.0, 6.0, -np.inf, -np.inf]),
        up=np.array([np.inf, np.inf, 10.0, 50.0]),
        c=np.zeros(2),
        least=np.zeros(2),
        most=np.full(2, np.inf),
    )
    return replace(program, **changes)


def test_conflict_of_two_floors_and_a_total_leaves_the_cap_out() -> None:
    conflict = confirm_infeasible(small().compiled(), OPTIONS)
    assert conflict.rows == (0, 1, 2)
    # 6 + 6 > 10: one of each floor against one of the total
    assert conflict.farkas[:3] / conflict.farkas[0] == pytest.approx([1, 1, -1])


def test_conflict_with_a_column_that_cannot_be_opened_names_the_row_alone() -> None:
    closed = small(most=np.array([0.0, np.inf]))
    assert confirm_infeasible(closed.compiled(), OPTIONS).rows == (0,)


def test_a_ray_that_proves_nothing_is_refused() -> None:
    compiled = small().compiled()
    assert checked_farkas(compiled, np.array([1.0, 1.0, -1.0, 0.0])) is not None
    # of the other sign it proves the same once turned round
    turned = checked_farkas(compiled, np.array([-1.0, -1.0, 1.0, 0.0]))
    assert turned is not None
    assert turned[0] > 0
    assert checked_farkas(compiled, np.array([1.0, 0.0, -1.0, 0.0])) is None
    assert checked_farkas(compiled, np.zeros(4)) is None


def test_a_feasible_program_is_not_confirmed() -> None:
    feasible = small(up=np.array([np.inf, np.inf, 12.0, 50.0]))
    assert Clashes(feasible.compiled(), OPTIONS).without(()) is None
