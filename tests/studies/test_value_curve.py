"""Curves of the optimum as limits move, against vertices listed by brute force and scipy."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from programs import EFFORT, Dense, costs_of, in_turn, random_program
from scipy.special import comb
from studied import trading_program
from vertices import lower_hull, vertices

from perequa.engine.plans_left import Goal
from perequa.engine.scaled_limits import scale_limits
from perequa.engine.session import SolverOptions
from perequa.engine.value_curve import Curves, value_curves
from perequa_models.errors import Infeasible

OPTIONS = SolverOptions(presolve=False)
LOW, HIGH = 0.25, 2.5


def moved_rows(rng: np.random.Generator, program: Dense) -> list[int]:
    """One row, or several, whose limits are not all zero."""
    limits = np.where(np.isfinite(program.low), program.low, program.up)
    rows = [i for i in range(len(limits)) if limits[i] != 0 and rng.random() < 0.6]
    return rows or [int(np.argmax(np.abs(limits)))]


def with_scale(program: Dense, rows: list[int]) -> Dense:
    """The program with the scale of some limits as its last column."""
    limits = np.where(np.isfinite(program.low), program.low, program.up)
    stated = np.where(np.isin(np.arange(len(limits)), rows), limits, 0.0)
    return Dense(
        A=np.hstack([program.A, -stated[:, None]]),
        low=program.low - stated,
        up=program.up - stated,
        c=np.append(program.c, 0.0),
        least=np.append(program.least, LOW),
        most=np.append(program.most, HIGH),
    )


def at_scale(program: Dense, rows: list[int], s: float) -> Dense:
    factor = np.where(np.isin(np.arange(len(program.low)), rows), s, 1.0)
    return Dense(
        A=program.A, c=program.c, least=program.least, most=program.most,
        low=np.where(np.isfinite(program.low), program.low * factor, program.low),
        up=np.where(np.isfinite(program.up), program.up * factor, program.up),
    )  # fmt: skip


def curves_of(program: Dense, rows: list[int], costs: np.ndarray) -> tuple[Curves, float]:
    scaled = scale_limits(program.compiled(costs), rows, "r")
    goals = [Goal(cost=np.append(cost, 0.0), offset=0.0) for cost in costs]
    asked = scaled.between(LOW * scaled.unit, HIGH * scaled.unit)
    return value_curves(asked, goals, OPTIONS), scaled.unit


def small(rng: np.random.Generator) -> Dense:
    while True:
        program = random_program(rng)
        m, n = program.A.shape
        limits = np.where(np.isfinite(program.low), program.low, program.up)
        if comb(2 * (m + n + 1), n + 1) < 60_000 and limits.any():
            return program


@pytest.mark.parametrize("seed", range(4 * EFFORT))
@pytest.mark.parametrize("kind", [small, trading_program])
def test_every_bend_and_no_other(kind, seed: int) -> None:  # noqa: ANN001
    rng = np.random.default_rng(100 + seed)
    bends = 0
    for _ in range(25):
        program = kind(rng)
        rows = moved_rows(rng, program)
        corners = vertices(with_scale(program, rows))
        if len(corners) == 0:
            with pytest.raises(Infeasible):
                curves_of(program, rows, program.c[None])
            continue
        hull = lower_hull(np.column_stack([corners[:, -1], corners[:, :-1] @ program.c]))
        curves, unit = curves_of(program, rows, program.c[None])
        assert (curves.low / unit, curves.high / unit) == pytest.approx(
            (hull[0][0], hull[-1][0]), abs=1e-8
        )
        (level,) = curves.levels
        if len(hull) == 1:
            assert level[0].first == pytest.approx(hull[0][1], abs=1e-7)
            continue
        found = [(p.start / unit, p.first) for p in level]
        found.append((level[-1].end / unit, level[-1].last))
        assert np.array(found) == pytest.approx(np.array(hull), abs=1e-7)
        for part, (a, b) in zip(level, pairwise(hull), strict=True):
            slope = (b[1] - a[1]) / (b[0] - a[0])
            assert part.slope * unit == pytest.approx(slope, rel=1e-6, abs=1e-6)
        bends += len(hull) - 2
    assert bends > 10 or kind is small


@pytest.mark.parametrize("seed", range(3 * EFFORT))
def test_later_priorities_follow(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    bends = 0
    for _ in range(12):
        program = trading_program(rng)
        rows = moved_rows(rng, program)
        costs = costs_of(rng, program, 3)
        curves, unit = curves_of(program, rows, costs)
        for s in [
            *np.linspace(curves.low, curves.high, 9),
            *rng.uniform(curves.low, curves.high, 4),
        ]:
            expected = in_turn(at_scale(program, rows, s / unit), costs)
            if math.isinf(expected[0]):  # an end of the feasible stretch, missed by rounding
                assert min(s - curves.low, curves.high - s) < 1e-9 * unit
                continue
            for level, value in zip(curves.levels, expected, strict=True):
                part = next(p for p in level if p.start <= s <= p.end)
                # scipy's own tolerance on the earlier priorities is what limits the comparison
                assert part.at(s) == pytest.approx(value, rel=1e-6, abs=1e-6)
        for level in curves.levels:
            assert level[0].start == curves.low
            assert level[-1].end == curves.high
            for one, other in pairwise(level):
                assert one.end == other.start
                assert one.last == pytest.approx(other.first, rel=1e-9, abs=1e-8)
        bends += sum(len(level) - 1 for level in curves.levels[1:])
    assert bends > 8
