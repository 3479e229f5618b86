"""Prices and ranges of several limits moved together, against re-solves by scipy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, in_turn, random_program

from perequa.engine.joint import JointMove, JointMoves
from perequa.engine.prices import two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages

OPTIONS = SolverOptions()
STEP = 1e-4


def moves_of(program: Dense, costs: np.ndarray, rng: np.random.Generator) -> JointMoves:
    compiled = program.compiled(costs, money=rng.random(len(program.low)) < 0.3)
    return JointMoves(solve_stages(compiled, tuple(range(len(costs))), costs, OPTIONS), OPTIONS)


def moved(program: Dense, rates: dict[int, float], by: float) -> Dense:
    step = np.zeros(len(program.low))
    for row, rate in rates.items():
        step[row] = rate * by
    return replace(program, low=program.low + step, up=program.up + step)


def drawn(rng: np.random.Generator, rows: int) -> dict[int, float]:
    chosen = rng.choice(rows, size=min(rows, int(rng.integers(1, 4))), replace=False)
    return {int(i): float(rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 3.0])) for i in chosen}


@pytest.mark.parametrize("seed", range(6 * EFFORT))
def test_price_and_range_of_a_direction_are_those_of_a_re_solve(seed: int) -> None:
    rng = np.random.default_rng(11_000 + seed)
    possible = 0
    for trial in range(10):
        program = random_program(rng)
        moves = moves_of(program, program.c[None], rng)
        now, _ = program.solved()
        for _ in range(4):
            rates = drawn(rng, len(program.low))
            where = (seed, trial, rates)
            (move,) = moves.together(rates)
            assert move.exact, where
            there, _ = moved(program, rates, STEP).solved()
            assert math.isinf(there) == math.isinf(move.price), where
            if math.isinf(there):
                check_impossible(program, rates, move)
                continue
            possible += 1
            assert (there - now) / STEP == pytest.approx(move.price, rel=1e-4, abs=1e-4), where
            check_range(program, rates, move, now)
    assert possible > 10


def check_range(program: Dense, rates: dict[int, float], move: JointMove, now: float) -> None:
    end = 50.0 if math.isinf(move.reach) else move.reach
    for share in (0.5, 1.0):
        there, _ = moved(program, rates, share * end).solved()
        assert there == pytest.approx(now + share * end * move.price, rel=1e-8, abs=1e-7), rates
    if math.isinf(move.reach):
        return
    step = 1e-4 * max(1.0, end)
    there, _ = moved(program, rates, end + step).solved()
    if move.end_ray.size:
        assert math.isinf(there), rates
    else:
        assert there > now + (end + step) * move.price + 1e-4 * step, rates
    chord = np.zeros(len(program.c))
    chord[move.chord_columns] = move.chord_values
    assert program.c @ chord == pytest.approx(move.price, abs=1e-9)
    slope = sum(rate * move.dual[i] for i, rate in rates.items())
    assert slope == pytest.approx(move.price, abs=1e-9)


def check_impossible(program: Dense, rates: dict[int, float], move: JointMove) -> None:
    """The rows combined by the ray, once moved, ask for more than the columns can give."""
    ray = move.ray
    assert sum(rate * ray[i] for i, rate in rates.items()) > 0
    there = moved(program, rates, 1.0)
    pull = program.A.T @ ray
    asked = sum(v * (there.low[i] if v > 0 else there.up[i]) for i, v in enumerate(ray) if v)
    used = np.abs(pull) > 1e-9
    most = float(pull[used] @ np.where(pull > 0, program.most, program.least)[used])
    assert asked > most + 1e-9


@pytest.mark.parametrize("seed", range(3 * EFFORT))
def test_one_row_is_the_simplest_direction(seed: int) -> None:
    """The price of a row alone is the two-sided price, at every priority."""
    rng = np.random.default_rng(12_000 + seed)
    for _ in range(6):
        program = random_program(rng)
        costs = costs_of(rng, program, 2)
        compiled = program.compiled(costs, money=rng.random(len(program.low)) < 0.3)
        staged = solve_stages(compiled, (1, 2), costs, OPTIONS)
        moves = JointMoves(staged, OPTIONS)
        levels = two_sided_prices(compiled, staged, staged.stages[-1].x, OPTIONS)
        for sides in zip(*(level.sides for level in levels), strict=True):
            row, sign = sides[0].row, sides[0].sign
            for found in (moves.one(row, sign), moves.together({row: float(sign)})):
                prices = [move.price for move in found]
                assert prices == pytest.approx([s.price for s in sides], rel=1e-7, abs=1e-7)


def test_a_direction_follows_at_the_second_priority() -> None:
    rng = np.random.default_rng(13_000)
    step = 1e-3
    for _ in range(12):
        program = random_program(rng)
        costs = costs_of(rng, program, 2)
        moves = moves_of(program, costs, rng)
        rates = drawn(rng, len(program.low))
        found = [move.price for move in moves.together(rates)]
        now, there = in_turn(program, costs), in_turn(moved(program, rates, step), costs)
        if math.isinf(there[0]):
            assert found == [math.inf, math.inf]
            continue
        assert (np.array(there) - now) / step == pytest.approx(found, rel=1e-3, abs=1e-3)


def test_a_cap_together_with_its_money() -> None:
    # 1 300 pay exactly for 10 places at 30 and 25 at 40. Neither a euro nor a place of the second
    # kind is worth anything alone; a place with its 40 is worth its 0.8, as far as one likes.
    program = Dense(
        A=np.array([[30.0, 40.0], [1.0, 0.0], [0.0, 1.0]]),
        low=np.full(3, -np.inf),
        up=np.array([1300.0, 10.0, 25.0]),
        c=np.array([-1.0, -0.8]),
        least=np.zeros(2),
        most=np.full(2, np.inf),
    )
    moves = moves_of(program, program.c[None], np.random.default_rng(0))
    assert [moves.one(row, 1)[0].price for row in (0, 2)] == pytest.approx([0, 0])
    (both,) = moves.together({0: 40.0, 2: 1.0})
    assert (both.price, both.reach, both.exact) == (pytest.approx(-0.8), math.inf, True)
    # a place less with 70 less: 1.75 places of the second kind give them up, until all 25 have
    (less,) = moves.together({0: -70.0, 2: -1.0})
    assert (less.price, less.reach, less.exact) == (
        pytest.approx(1.4),
        pytest.approx(25 / 1.75),
        True,
    )


@pytest.mark.parametrize("rates", [{}, {0: 0.0}, {0: math.nan}, {0: math.inf}])
def test_a_direction_in_which_nothing_moves(rates: dict[int, float]) -> None:
    rng = np.random.default_rng(0)
    program = random_program(rng)
    with pytest.raises(ValueError, match="a direction needs rates"):
        moves_of(program, program.c[None], rng).together(rates)
