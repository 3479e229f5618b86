"""Rows that say the same on random programs, and the price of moving them together by re-solves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, in_turn, random_program

from perequa.engine.joint import JointMoves
from perequa.engine.same_rows import HeldBy, rows_held_by_others
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages
from perequa_models.keys import AuxiliaryKey, RowKey

OPTIONS = SolverOptions()
STEP = 1e-4
INF = np.inf


def with_copies(program: Dense, rng: np.random.Generator) -> Dense:
    """Some rows said again at another scale, some looser, one as a sum of others."""
    A, low, up = list(program.A), list(program.low), list(program.up)
    for i in np.flatnonzero(program.A.any(axis=1)).tolist():
        if rng.random() < 0.5:
            factor, slack = float(rng.integers(1, 4)), float(rng.integers(0, 2))
            A.append(factor * program.A[i])
            equal = program.low[i] == program.up[i]
            low.append(factor * (program.low[i] - slack) if not equal or slack == 0 else -np.inf)
            up.append(factor * (program.up[i] + slack))
    return replace(program, A=np.array(A), low=np.array(low), up=np.array(up))


def moved(program: Dense, rates: dict[int, float], by: float) -> Dense:
    step = np.zeros(len(program.low))
    step[list(rates)] = by * np.array(list(rates.values()))
    return replace(program, low=program.low + step, up=program.up + step)


@pytest.mark.parametrize("seed", range(16 * EFFORT))
def test_joint_prices_are_those_of_a_re_solve(seed: int) -> None:
    rng = np.random.default_rng(9_000 + seed)
    checked = 0
    for trial in range(8):
        program = with_copies(random_program(rng), rng)
        costs = costs_of(rng, program, int(rng.integers(1, 4)))
        compiled = program.compiled(costs, money=rng.random(len(program.low)) < 0.3)
        staged = solve_stages(compiled, tuple(range(1, len(costs) + 1)), costs, OPTIONS)
        joint = JointMoves(staged, OPTIONS)
        now = np.array(in_turn(program, costs))
        for i, by in rows_held_by_others(compiled).items():
            for sign in (1.0, -1.0) if by.group else ():
                rates = {row: sign * rate for row, rate in by.group}
                where = (seed, trial, i, sign)
                prices = joint.together(rates)
                there = np.array(in_turn(moved(program, rates, STEP), costs))
                checked += 1
                if math.isinf(there[0]):
                    assert prices[0].price == math.inf, where
                    continue
                found = (there - now) / STEP
                assert found == pytest.approx([p.price for p in prices], rel=1e-3, abs=1e-3), where
                far = min(2.0, prices[0].reach)
                there = np.array(in_turn(moved(program, rates, far), costs))
                assert there[0] - now[0] == pytest.approx(far * prices[0].price, abs=1e-6), where
    assert checked > 10


def sum_of_parts(rng: np.random.Generator) -> Dense:
    """A first row that the next ones add up to, each part in units of its own, and one more."""
    n, count = int(rng.integers(3, 7)), int(rng.integers(2, 4))
    part_of = np.concatenate([np.arange(count), rng.integers(0, count, n - count)])
    whole = rng.integers(1, 4, n).astype(float)
    scale = rng.integers(1, 4, count).astype(float)
    parts = np.where(part_of == np.arange(count)[:, None], scale[:, None] * whole, 0.0)
    limits = scale * rng.integers(1, 6, count)
    other = rng.integers(0, 3, n).astype(float)
    up = [float((limits / scale).sum()), *limits, float(rng.integers(1, 12))]
    return Dense(
        A=np.vstack([whole, parts, other]),
        low=np.full(count + 2, -np.inf),
        up=np.array(up),
        c=-rng.integers(0, 5, n).astype(float),
        least=np.zeros(n),
        most=np.full(n, np.inf),
    )


@pytest.mark.parametrize("seed", range(8 * EFFORT))
def test_the_price_of_a_sum_moved_with_its_parts(seed: int) -> None:
    rng = np.random.default_rng(13_000 + seed)
    for trial in range(6):
        program = sum_of_parts(rng)
        compiled = program.compiled()
        whole, *parts = compiled.row_keys
        keys = (replaced(whole, "whole"), *parts[:-1], replaced(parts[-1], "other"))
        compiled = replace(compiled, row_keys=keys)
        by = rows_held_by_others(compiled)[0]
        assert (by.how, by.rows) == ("sum", tuple(range(1, len(keys) - 1)))
        joint = JointMoves(solve_stages(compiled, (1,), program.c[None], OPTIONS), OPTIONS)
        for sign in (1.0, -1.0):
            rates = {row: sign * rate for row, rate in by.group}
            (price,) = joint.together(rates)
            far = min(price.reach, 0.5)
            there, _ = moved(program, rates, far).solved()
            change = there - program.solved()[0]
            assert change == pytest.approx(far * price.price, abs=1e-7), (seed, trial, sign)


@pytest.mark.parametrize("seed", range(8 * EFFORT))
def test_a_row_held_by_others_says_nothing_of_its_own(seed: int) -> None:
    """Left out, it could not be passed; and every repetition is found (each pair compared)."""
    rng = np.random.default_rng(11_000 + seed)
    for _ in range(10):
        program = with_copies(random_program(rng), rng)
        found = rows_held_by_others(program.compiled())
        for i in found:
            if program.low[i] == program.up[i]:
                continue
            rest = np.arange(len(program.low)) != i
            bare = replace(program, A=program.A[rest], low=program.low[rest], up=program.up[rest])
            way, bound = (-1, -program.up[i]) if math.isinf(program.low[i]) else (1, program.low[i])
            least, _ = replace(bare, c=way * program.A[i]).solved()
            assert least >= bound - 1e-7
        assert {i for pair in repeated(program) for i in pair} <= set(found)


def repeated(program: Dense) -> list[tuple[int, int]]:
    """Pairs of rows that state the same bound on the same side, one a multiple of the other."""
    pairs = []
    free = program.least < program.most
    A = np.where(free, program.A, 0.0)
    fixed = program.A @ np.where(free, 0.0, program.least)
    for i in range(len(A)):
        for j in range(i):
            size = np.abs(A[i]).max(), np.abs(A[j]).max()
            if min(size) == 0 or not np.array_equal(A[i] * size[1], A[j] * size[0]):
                continue
            for bound in (program.low, program.up):
                both = (bound[i] - fixed[i]) * size[1], (bound[j] - fixed[j]) * size[0]
                if np.isfinite(both).all() and both[0] == pytest.approx(both[1], abs=1e-12):
                    pairs.append((i, j))
    return pairs


def held(
    A: list[list[float]], low: list[float], up: list[float], **bounds: list[float]
) -> dict[int, HeldBy]:
    n = len(A[0])
    program = Dense(
        A=np.array(A, dtype=float),
        low=np.array(low, dtype=float),
        up=np.array(up, dtype=float),
        c=np.ones(n),
        least=np.array(bounds.get("least", [0.0] * n), dtype=float),
        most=np.array(bounds.get("most", [np.inf] * n), dtype=float),
    )
    compiled = program.compiled()
    # rows of one rule are parts of a sum: here the first row is a rule of its own
    keys = tuple(
        replaced(key, "whole" if i == 0 else "parts") for i, key in enumerate(compiled.row_keys)
    )
    return rows_held_by_others(replace(compiled, row_keys=keys))


def replaced(key: RowKey | AuxiliaryKey, rule: str) -> RowKey:
    assert isinstance(key, RowKey)
    return key._replace(rule=rule)


def test_multiples_on_the_same_side() -> None:
    found = held([[1, 2], [2, 4]], [-INF, -INF], [3, 6])
    assert found[0] == HeldBy(rows=(1,), how="identical", group=((0, 1.0), (1, 2.0)))
    assert found[1] == HeldBy(rows=(0,), how="identical", group=((0, 0.5), (1, 1.0)))


def test_the_looser_of_two_is_held_by_the_tighter() -> None:
    assert held([[1, 2], [2, 4]], [-INF, -INF], [4, 6]) == {
        0: HeldBy(rows=(1,), how="looser", group=())
    }
    assert held([[1, 2], [2, 4]], [2, 6], [INF, INF]) == {
        0: HeldBy(rows=(1,), how="looser", group=())
    }


def test_opposite_sides_and_opposite_forms_stand_alone() -> None:
    assert held([[1, 2], [1, 2]], [-INF, 3], [3, INF]) == {}
    assert held([[1, 2], [-1, -2]], [-INF, -3], [3, INF]) == {}
    assert held([[1, 2], [1, 2.0001]], [-INF, -INF], [3, 3]) == {}


def test_an_equality_holds_both_sides() -> None:
    found = held([[1, 1], [1, 1], [2, 2], [1, 1]], [3, -INF, 6, 1], [3, 3, INF, INF])
    assert found[0].rows == (1, 2)
    assert found[1].rows == (0, 2)
    assert found[2].group == ((0, 0.5), (1, 0.5), (2, 1.0))
    assert found[3] == HeldBy(rows=(0, 2), how="looser", group=())


def test_a_sum_in_the_proportions_of_the_whole() -> None:
    # 10 x + 20 y + 30 z ≤ 90: x + 2 y ≤ 3 and z ≤ 2 add up to 30 + 60
    found = held([[10, 20, 30], [1, 2, 0], [0, 0, 1]], [-INF] * 3, [90, 3, 2])
    assert found == {0: HeldBy(rows=(1, 2), how="sum", group=((0, 1.0), (1, 3 / 90), (2, 2 / 90)))}
    looser = held([[10, 20, 30], [1, 2, 0], [0, 0, 1]], [-INF] * 3, [95, 3, 2])
    assert looser == {0: HeldBy(rows=(1, 2), how="looser_sum", group=())}
    alone = HeldBy(rows=(), how="looser", group=())
    for A, up in (
        ([[10, 20, 30], [1, 2, 0], [0, 0, 1]], [85, 3, 2]),  # tighter than the sum: it holds alone
        ([[10, 20, 30], [1, 1, 0], [0, 0, 1]], [90, 3, 2]),  # other proportions
        ([[10, 20, 30], [1, 2, 0], [0, 1, 1]], [90, 3, 2]),  # a cell twice
        ([[10, 20, 0], [1, 2, 0], [0, 0, 1]], [90, 3, 2]),  # one part is the whole
    ):
        assert held(A, [-INF] * 3, up).get(0, alone).how == "looser"
    floors = held([[1, 1], [1, 0], [0, 1]], [5, 2, 3], [INF] * 3)
    assert floors == {0: HeldBy(rows=(1, 2), how="sum", group=((0, 1.0), (1, 0.4), (2, 0.6)))}


def test_cells_that_cannot_move_do_not_count() -> None:
    # the third column is held at 4: it takes 4 of the first row's limit
    found = held([[1, 1, 1], [1, 1, 0]], [-INF] * 2, [9, 5], least=[0, 0, 4], most=[INF, INF, 4])
    assert found[0].how == found[1].how == "identical"
