"""Every breakpoint between two goals, against every vertex listed by brute force."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from programs import EFFORT, Dense, random_program
from scipy.special import comb
from studied import trading_program
from vertices import breakpoints, vertices

from perequa.engine.parametric import Point, Way
from perequa.engine.plans_left import Goal, PlansLeft
from perequa.engine.session import SolverOptions

OPTIONS = SolverOptions(presolve=False)


def way_of(program: Dense, costs: np.ndarray) -> Way:
    compiled = program.compiled(costs)
    plans = PlansLeft.optimal(compiled, (), np.zeros((0, len(program.c))), OPTIONS)
    return Way(plans, *(Goal(cost=cost, offset=0.0) for cost in costs))


def small(rng: np.random.Generator) -> Dense:
    """A degenerate program, small enough for all its vertices to be listed."""
    while True:
        program = random_program(rng)
        m, n = program.A.shape
        if comb(2 * (m + n), n) < 40_000:
            return program


@pytest.mark.parametrize("seed", range(4 * EFFORT))
@pytest.mark.parametrize("kind", [small, trading_program])
def test_no_breakpoint_is_missed(kind, seed: int) -> None:  # noqa: ANN001
    rng = np.random.default_rng(seed)
    count = 0
    for _ in range(25):
        program = kind(rng)
        costs = np.vstack([program.c, rng.integers(0, 20, len(program.c))])
        corners = vertices(program) @ costs.T
        expected = breakpoints(corners[:, 0], corners[:, 1])
        pieces = way_of(program, costs).pieces()
        found = [piece.start for piece in pieces[1:]]
        assert found == pytest.approx(expected, abs=1e-9)
        assert pieces[0].start == 0.0
        assert pieces[-1].end == 1.0
        for piece in pieces:
            for share in np.linspace(piece.start, piece.end, 7):
                least = (corners @ [1.0 - share, share]).min()
                assert piece.point.at(share) == pytest.approx(least, rel=1e-9, abs=1e-9)
        count += len(found)
    assert count > (20 if kind is trading_program else 0)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3, 1e6])
def test_the_scale_of_a_goal_hides_no_breakpoint(scale: float) -> None:
    rng = np.random.default_rng(11)
    for _ in range(20):
        program = trading_program(rng)
        costs = np.vstack([program.c, rng.integers(0, 20, len(program.c))])
        plain = way_of(program, costs).pieces()
        scaled = way_of(program, costs * np.array([[1.0], [scale]])).pieces()
        assert len(plain) == len(scaled)
        for one, other in zip(plain, scaled, strict=True):
            assert other.point.first == pytest.approx(one.point.first, abs=1e-9)
            share = one.end / (one.end + (1.0 - one.end) * scale)
            assert other.end == pytest.approx(share, rel=1e-9)


def test_the_ends_are_limits_not_ties() -> None:
    # three plans tie in the first goal: only the one least in the second stands at the start
    program = Dense(
        A=np.array([[1.0, 1.0, 1.0]]),
        low=np.array([1.0]),
        up=np.array([1.0]),
        c=np.array([1.0, 1.0, 5.0]),
        least=np.zeros(3),
        most=np.ones(3),
    )
    pieces = way_of(program, np.array([[1.0, 1.0, 5.0], [7.0, 3.0, 2.0]])).pieces()
    assert [(p.point.first, p.point.second) for p in pieces] == [(1, 3), (5, 2)]
    assert pieces[0].end == pytest.approx(0.8)  # 1 − s + 3 s = 5 (1 − s) + 2 s


def test_a_plan_stays_optimal_on_its_own_stretch() -> None:
    rng = np.random.default_rng(5)
    tried = 0
    for _ in range(40):
        program = trading_program(rng)
        costs = np.vstack([program.c, rng.integers(0, 20, len(program.c))])
        way = way_of(program, costs)
        for piece in way.pieces():
            assert way.stretch(piece.point) == pytest.approx((piece.start, piece.end), abs=1e-9)
            tried += 1
    assert tried > 60


def test_a_plan_between_two_extremes_is_optimal_at_one_share() -> None:
    rng = np.random.default_rng(6)
    for _ in range(20):
        program = trading_program(rng)
        way = way_of(program, np.vstack([program.c, rng.integers(0, 20, len(program.c))]))
        pieces = way.pieces()
        for left, right in pairwise(pieces):
            middle = Point(
                first=0.5 * (left.point.first + right.point.first),
                second=0.5 * (left.point.second + right.point.second),
                x=np.zeros(0),
            )
            assert way.stretch(middle) == pytest.approx((left.end, left.end), abs=1e-9)


def test_few_programs_are_solved() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        program = trading_program(rng)
        costs = np.vstack([program.c, rng.integers(0, 20, len(program.c))])
        plans = PlansLeft.optimal(
            program.compiled(costs), (), np.zeros((0, len(program.c))), OPTIONS
        )
        pieces = Way(plans, *(Goal(cost=cost, offset=0.0) for cost in costs)).pieces()
        assert plans.programs_solved <= 4 + 2 * max(0, len(pieces) - 1)


def test_plans_left_by_a_priority_stay_optimal_for_it() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        program = trading_program(rng)
        more = rng.integers(0, 20, (2, len(program.c))).astype(float)
        costs = np.vstack([program.c, more])
        compiled = program.compiled(costs)
        plans = PlansLeft.optimal(compiled, (1,), costs[:1], OPTIONS)
        least = program.solved()[0]
        goals = [Goal(cost=cost, offset=0.0) for cost in more]
        for order in (goals, goals[::-1], goals[:1]):
            assert program.c @ plans.least(*order) == pytest.approx(least, rel=1e-9)


class Listed:
    """Plans that are only pairs of values; of those that tie, the one listed first is found."""

    column_scale = np.ones(2)

    def __init__(self, *pairs: tuple[float, float]) -> None:
        self.pairs = np.array(pairs)

    def least(self, *goals: Goal) -> np.ndarray:
        left = self.pairs
        for goal in goals:
            values = left @ goal.cost
            left = left[values <= values.min() + 1e-12]
        return left[0]


def test_a_point_optimal_at_one_share_only_is_left_out() -> None:
    # where the ends meet three plans tie, and the one in the middle of them is found first
    plans = Listed((0.7, 0.7), (0.0, 2.0), (0.2, 1.2), (1.2, 0.2), (2.0, 0.0))
    goals = [Goal(cost=cost, offset=0.0) for cost in np.eye(2)]
    pieces = Way(plans, *goals).pieces()  # type: ignore[arg-type]
    found = [(p.point.first, p.point.second) for p in pieces]
    assert found == [(0.0, 2.0), (0.2, 1.2), (1.2, 0.2), (2.0, 0.0)]
    assert [p.end for p in pieces] == pytest.approx([0.2, 0.5, 0.8, 1.0])
