"""Strict priorities against scipy solved stage by stage, and the duals they leave behind."""

from __future__ import annotations

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, in_turn, random_program

from perequa.engine.beside import other_thread
from perequa.engine.optimum_alone import Alone
from perequa.engine.session import SolverOptions
from perequa.engine.stages import Stage, solve_stages
from perequa.engine.termination import Termination
from perequa_models.errors import Infeasible

OPTIONS = SolverOptions()


@pytest.mark.parametrize("seed", range(10 * EFFORT))
def test_three_priorities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(12):
        program = random_program(rng)
        costs = costs_of(rng, program, 3)
        staged = solve_stages(program.compiled(costs), (1, 2, 3), costs, OPTIONS)
        assert staged.termination is Termination.OPTIMAL
        expected = in_turn(program, costs)
        for p, stage in enumerate(staged.stages):
            assert costs[p] @ stage.x == pytest.approx(expected[p], rel=1e-6, abs=1e-6)
            for j in range(p):
                assert costs[j] @ stage.x == pytest.approx(expected[j], rel=1e-7, abs=1e-7)
            check_dual(program, costs, stage, p, expected)


def check_dual(
    program: Dense, costs: np.ndarray, stage: Stage, p: int, values: list[float]
) -> None:
    """``z = c − Aᵀy + Σ lam·c`` has right signs and proves the stage's value without a solver."""
    y, lam = stage.y, stage.lam
    assert (lam >= 0).all()
    assert (lam[p:] == 0).all()
    z = costs[p] + lam @ costs - program.A.T @ y
    size = 1e-7 * (1 + np.abs(y).max(initial=0) + np.abs(z).max(initial=0) + lam.sum())
    bound = 0.0
    for dual, low, up in ((y, program.low, program.up), (z, program.least, program.most)):
        assert np.isfinite(low[dual > size]).all()
        assert np.isfinite(up[dual < -size]).all()
        kept = np.abs(dual) > size
        bound += float(dual[kept] @ np.where(dual > 0, low, up)[kept])
    bound -= sum(lam[j] * values[j] for j in range(p))
    assert bound == pytest.approx(values[p], rel=1e-5, abs=1e-5 * (1 + lam.sum()))


def test_dual_of_a_later_priority_is_not_mended_with_rounding() -> None:
    # a reduced cost of −9e-16 in the first stage, where the second holds a column: it was once
    # added 5e15 times to mend a sign that the second stage's own dual has right
    rng = np.random.default_rng(40)
    program = random_program(rng)
    for _ in range(5):
        costs_of(rng, program, 3)
        program = random_program(rng)
    costs = costs_of(rng, program, 3)
    staged = solve_stages(program.compiled(costs), (1, 2, 3), costs, OPTIONS)
    for p, stage in enumerate(staged.stages):
        assert stage.lam.sum() < 1e6
        check_dual(program, costs, stage, p, in_turn(program, costs))


def test_a_later_priority_never_gives_up_any_of_an_earlier_one() -> None:
    # x + y = 10; first x as small as possible, then y: the second cannot pull x back up
    program = Dense(
        A=np.array([[1.0, 1.0]]),
        low=np.array([10.0]),
        up=np.array([10.0]),
        c=np.array([1.0, 0.0]),
        least=np.array([2.0, 0.0]),
        most=np.full(2, np.inf),
    )
    costs = np.array([[1.0, 0.0], [0.0, 1e6]])
    staged = solve_stages(program.compiled(costs), (1, 5), costs, OPTIONS)
    assert [s.priority for s in staged.stages] == [1, 5]
    assert staged.stages[1].x == pytest.approx([2, 8])


def test_the_second_priority_chooses_among_the_optimal_plans_of_the_first() -> None:
    program = Dense(
        A=np.array([[1.0, 1.0]]),
        low=np.array([10.0]),
        up=np.array([np.inf]),
        c=np.array([1.0, 1.0]),
        least=np.zeros(2),
        most=np.full(2, 8.0),
    )
    costs = np.array([[1.0, 1.0], [0.0, 1.0]])
    staged = solve_stages(program.compiled(costs), (1, 2), costs, OPTIONS)
    assert staged.stages[1].x == pytest.approx([8, 2])
    assert staged.stages[1].cost @ staged.stages[1].x == pytest.approx(2)


def test_optimum_alone_looks_at_one_objective_only() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        program = random_program(rng)
        costs = costs_of(rng, program, 3)
        alone = Alone(program.compiled(costs), OPTIONS)
        for k in (2, 0, 1, 0):
            assert alone.least(k) == pytest.approx(in_turn(program, costs[[k]])[0], abs=1e-8)


def test_the_first_priority_tells_the_optimum_of_an_objective_that_it_serves_alone() -> None:
    rng = np.random.default_rng(11)
    for _ in range(10):
        program = random_program(rng)
        costs = costs_of(rng, program, 3)
        compiled = program.compiled(costs)
        for weights in (np.array([0.0, 2.0, 0.0]), np.array([1.0, 2.0, 0.0])):
            staged = solve_stages(compiled, (1,), weights[None] @ costs, OPTIONS)
            alone = Alone(compiled, OPTIONS)
            alone.told_by(staged.stages[0].x, weights)
            # what two objectives share is the optimum of neither
            told = {1: in_turn(program, costs[[1]])[0]} if weights[0] == 0.0 else {}
            assert alone._found == pytest.approx(told, abs=1e-8)
            for k in range(3):
                assert alone.least(k) == pytest.approx(in_turn(program, costs[[k]])[0], abs=1e-8)


def test_optima_alone_are_the_same_from_another_thread() -> None:
    """To the last bit, and with a solver at work here meanwhile."""
    rng = np.random.default_rng(4)
    for _ in range(10):
        program = random_program(rng)
        costs = costs_of(rng, program, 3)
        compiled = program.compiled(costs)
        here = Alone(compiled, OPTIONS)
        wanted = {name: here.least(k) for k, name in enumerate(compiled.objective_names)}
        with other_thread() as other:
            least = Alone(compiled, OPTIONS).asked_of(other)
            solve_stages(compiled, (1, 2, 3), costs, OPTIONS)
            assert least() == wanted


def test_objectives_solved_ahead_are_those_solved_when_asked_for() -> None:
    rng = np.random.default_rng(12)
    for _ in range(10):
        program = random_program(rng)
        compiled = program.compiled(costs_of(rng, program, 3))
        wanted = {k: Alone(compiled, OPTIONS).least(k) for k in range(3)}
        ahead = Alone(compiled, OPTIONS)
        ahead.ahead(np.array([1.0, 0.0, 2.0]), lambda: False)
        assert ahead._found == wanted
        # what the first priority will tell is left to it
        ahead = Alone(compiled, OPTIONS)
        ahead.ahead(np.array([0.0, 1.0, 0.0]), lambda: False)
        assert ahead._found == {0: wanted[0], 2: wanted[2]}


def without_a_plan() -> Dense:
    """One column of at most 1, in a row that wants 10."""
    return Dense(
        A=np.array([[1.0]]),
        low=np.array([10.0]),
        up=np.array([np.inf]),
        c=np.array([1.0]),
        least=np.zeros(1),
        most=np.ones(1),
    )


def test_solving_ahead_ends_when_it_is_enough_and_where_there_is_no_plan() -> None:
    rng = np.random.default_rng(13)
    program = random_program(rng)
    compiled = program.compiled(costs_of(rng, program, 3))
    alone, asked = Alone(compiled, OPTIONS), iter([False, True])
    alone.ahead(np.ones(3), lambda: next(asked))
    assert alone._found == {0: Alone(compiled, OPTIONS).least(0)}
    alone = Alone(without_a_plan().compiled(np.array([[1.0]])), OPTIONS)
    alone.ahead(np.zeros(1), lambda: False)
    assert alone._found == {}
    with pytest.raises(Infeasible):
        alone.least(0)


def test_what_goes_wrong_in_the_other_thread_is_raised_here() -> None:
    alone = Alone(without_a_plan().compiled(np.array([[1.0]])), OPTIONS)
    with other_thread() as other, pytest.raises(Infeasible):
        alone.asked_of(other)()
    with pytest.raises(ZeroDivisionError), other_thread():
        raise ZeroDivisionError
