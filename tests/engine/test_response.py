"""How the published plan moves with a limit, against the plan solved again and against Clarabel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy
import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, in_turn, random_program

from perequa.engine.response import ActivePlan, active_plan, respond, without_rounding
from perequa.engine.session import SolverOptions
from perequa.engine.spread import Spread
from perequa.engine.stages import solve_stages
from perequa.engine.steady_moves import steady_moves
from perequa.engine.termination import Termination
from perequa.engine.tie_break import publish
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.engine.tie_break import Published

OPTIONS = SolverOptions()


@dataclass(frozen=True)
class Drawn:
    """A random program, its priorities and what its tie-break evens out."""

    program: Dense
    costs: np.ndarray
    spread: Spread

    def published(self, direction: Mapping[int, float], by: float) -> Published | None:
        """The plan once limits are moved; None when there is none."""
        moved = self.program
        for row, rate in direction.items():
            moved = moved.moved(row, by * rate)
        levels = tuple(range(len(self.costs)))
        staged = solve_stages(moved.compiled(self.costs), levels, self.costs, OPTIONS)
        if staged.termination is not Termination.OPTIMAL:
            return None
        return publish(staged, self.spread, "exact", OPTIONS)

    def active(self) -> tuple[ActivePlan, Published]:
        compiled = self.program.compiled(self.costs)
        levels = tuple(range(len(self.costs)))
        staged = solve_stages(compiled, levels, self.costs, OPTIONS)
        published = publish(staged, self.spread, "exact", OPTIONS)
        idle = np.zeros(len(self.program.low), dtype=bool)
        return active_plan(compiled, staged, self.spread, published, idle), published


def drawn(seed: int, count: int) -> Iterator[Drawn]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        program = random_program(rng)
        n = len(program.c)
        spread = Spread(
            cost=rng.integers(1, 4, n).astype(float),
            basis=rng.integers(1, 6, n).astype(float),
            around=np.where(rng.random(n) < 0.3, rng.integers(0, 3, n), 0.0).astype(float),
            neutral=np.ones(n),
            moved=np.zeros(n),
        )
        yield Drawn(program, costs_of(rng, program, int(rng.integers(1, 4))), spread)


def sides(at: ActivePlan) -> list[tuple[int, int]]:
    return [(int(i), s) for i in np.flatnonzero(at.low | at.high) for s in (1, -1)]


@pytest.mark.parametrize("seed", range(4 * EFFORT))
def test_the_plan_follows_the_rate_as_far_as_it_says_and_no_farther(seed: int) -> None:
    told = refused = 0
    for case in drawn(seed, 12):
        at, published = case.active()
        if published.method != "exact":
            continue
        for row, sign in sides(at):
            direction = {row: float(sign)}
            try:
                answer = respond(at, direction, OPTIONS)
            except NotProven:
                refused += 1
                continue
            if answer is None:
                assert case.published(direction, 1e-3) is None
                continue
            told += 1
            assert answer.prices == pytest.approx(case.costs @ answer.rate, abs=1e-9)
            for by in {min(answer.holds, 5.0), 0.5 * min(answer.holds, 5.0)}:
                there = case.published(direction, by)
                assert there is not None
                assert there.plan == pytest.approx(at.plan + by * answer.rate, abs=1e-6)
            if answer.holds < 20:
                beyond = case.published(direction, answer.holds + 0.1)
                straight = at.plan + (answer.holds + 0.1) * answer.rate
                assert beyond is None or np.abs(beyond.plan - straight).max() > 1e-6
    assert told > 40
    assert refused <= 1  # the quadratic program of one cone in some thousand proves nothing


@pytest.mark.parametrize("seed", range(3 * EFFORT))
def test_steady_moves_are_the_same_answers(seed: int) -> None:
    kept = 0
    for case in drawn(100 + seed, 15):
        at, published = case.active()
        if published.method != "exact":
            continue
        rows = sorted({row for row, _ in sides(at)})
        for row, sign, rate in steady_moves(at, published.y, rows):
            answer = respond(at, {row: float(sign)}, OPTIONS)
            assert answer is not None
            assert rate == pytest.approx(answer.rate, abs=1e-7)
            kept += 1
    assert kept > 10


def by_clarabel(case: Drawn, direction: Mapping[int, float], by: float) -> np.ndarray:
    """The most even plan of the optimal ones, by another solver."""
    moved = case.program
    for row, rate in direction.items():
        moved = moved.moved(row, by * rate)
    x = cvxpy.Variable(len(case.program.c))
    kept = []
    for matrix, low, up in (
        (moved.A, moved.low, moved.up),
        (np.eye(len(moved.c)), moved.least, moved.most),
    ):
        for i in range(len(low)):
            if np.isfinite(low[i]):
                kept.append(matrix[i] @ x >= low[i])
            if np.isfinite(up[i]):
                kept.append(matrix[i] @ x <= up[i])
    for cost, value in zip(case.costs, in_turn(moved, case.costs), strict=True):
        kept.append(cost @ x <= value + 1e-9)
    uneven = cvxpy.multiply(case.spread.square, cvxpy.square(x - case.spread.around))
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum(uneven)), kept)
    problem.solve(solver="CLARABEL")
    return np.asarray(x.value)


def test_the_rate_is_what_another_solver_sees() -> None:
    compared = 0
    for case in drawn(7, 12):
        at, published = case.active()
        if published.method != "exact":
            continue
        for row, sign in sides(at)[:4]:
            direction = {row: float(sign)}
            answer = respond(at, direction, OPTIONS)
            if answer is None:
                continue
            by = min(1.0, answer.holds)
            if by > 1e-3:
                there = by_clarabel(case, direction, by)
                assert there == pytest.approx(at.plan + by * answer.rate, abs=2e-3)
                compared += 1
    assert compared > 15


def test_several_limits_at_once() -> None:
    # two regions share 10 places; the envelope and the cap of the first grow together
    program = Dense(
        A=np.array([[1.0, 1.0], [1.0, 0.0]]),
        low=np.full(2, -np.inf),
        up=np.array([10.0, 4.0]),
        c=np.array([-2.0, -1.0]),
        least=np.zeros(2),
        most=np.array([np.inf, 20.0]),
    )
    ones = np.ones(2)
    spread = Spread(cost=ones, basis=ones, around=np.zeros(2), neutral=ones, moved=0 * ones)
    case = Drawn(program, program.c[None], spread)
    at, _ = case.active()
    both = respond(at, {0: 1.0, 1: 1.0}, OPTIONS)
    alone = respond(at, {1: 1.0}, OPTIONS)
    assert both is not None
    assert alone is not None
    assert both.rate == pytest.approx([1.0, 0.0], abs=1e-12)
    assert both.prices == pytest.approx([-2.0])
    assert both.holds == np.inf
    assert alone.rate == pytest.approx([1.0, -1.0], abs=1e-12)
    assert alone.holds == pytest.approx(6.0)


def test_an_idle_row_holds_nothing() -> None:
    # the second row says what a column of no weight is worth: it is completed, not obeyed
    program = Dense(
        A=np.array([[1.0, 0.0], [1.0, 1.0]]),
        low=np.array([3.0, 3.0]),
        up=np.array([3.0, np.inf]),
        c=np.array([1.0, 0.0]),
        least=np.zeros(2),
        most=np.full(2, np.inf),
    )
    spread = Spread(
        cost=np.array([1.0, 0.0]),
        basis=np.ones(2),
        around=np.zeros(2),
        neutral=np.ones(2),
        moved=np.zeros(2),
    )
    at, published = Drawn(program, program.c[None], spread).active()
    idle = np.array([False, True])
    freed = active_plan(at.program, at.staged, spread, published, idle)
    assert not freed.low[1]
    answer = respond(freed, {0: -1.0}, OPTIONS)
    assert answer is not None
    assert answer.rate[0] == pytest.approx(-1.0)


def test_a_move_that_is_all_rounding_is_no_move() -> None:
    move = np.array([1e-50, -1e-13, 1e-6])
    assert without_rounding(move, 1.0).tolist() == [0.0, 0.0, 1e-6]
    assert without_rounding(move * 1e-7).tolist() == (move * [0, 1, 1] * 1e-7).tolist()
