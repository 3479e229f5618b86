"""Causes and repairs of random programs without a plan, against enumeration and against scipy."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from elastic import elastic_totals
from programs import EFFORT, Dense, random_program

from perequa.engine.causes import find_causes
from perequa.engine.infeasibility import Clashes
from perequa.engine.repair import cheapest_repair
from perequa.engine.session import SolverOptions
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram

OPTIONS = SolverOptions()


def without_a_plan(rng: np.random.Generator) -> Dense:
    """A random program whose limits are pushed until scipy finds no plan."""
    while True:
        program = random_program(rng)
        for row in rng.permutation(len(program.low))[: int(rng.integers(1, 5))]:
            up = np.isfinite(program.low[row]) and (np.isinf(program.up[row]) or rng.random() < 0.5)
            program = program.moved(int(row), float(rng.integers(1, 40)) * (1 if up else -1))
        if not feasible(program, list(range(len(program.low)))):
            return program


def feasible(program: Dense, kept: list[int]) -> bool:
    low, up = np.full(len(program.low), -np.inf), np.full(len(program.low), np.inf)
    low[kept], up[kept] = program.low[kept], program.up[kept]
    return bool(np.isfinite(replace(program, low=low, up=up, c=program.c * 0).solved()[0]))


def named(program: Dense, rules: list[str]) -> CompiledProgram:
    """The program with its rows shared out between rules."""
    compiled = program.compiled()
    keys = []
    for key, rule in zip(compiled.row_keys, rules, strict=True):
        assert isinstance(key, RowKey)
        keys.append(key._replace(rule=rule))
    return replace(compiled, row_keys=tuple(keys))


def minimal_conflicts(program: Dense) -> list[set[int]]:
    """Every irreducible set of rows without a plan, by enumeration."""
    found: list[set[int]] = []
    rows = range(len(program.low))
    for size in range(1, len(rows) + 1):
        for some in itertools.combinations(rows, size):
            if any(c <= set(some) for c in found):
                continue
            if not feasible(program, list(some)):
                found.append(set(some))
    return found


@pytest.mark.parametrize("seed", range(4 * EFFORT))
def test_every_cause_is_told_and_none_can_be_shortened(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    for _ in range(6):
        program = without_a_plan(rng)
        rules = [f"r{k}" for k in rng.integers(0, 4, len(program.low))]
        compiled = named(program, rules)
        causes = find_causes(compiled, Clashes(compiled, OPTIONS))
        told = [set(c.rows) for c in causes.conflicts]
        every = minimal_conflicts(program)
        assert causes.complete
        assert all(rows in every for rows in told)
        assert len({frozenset(rows) for rows in told}) == len(told)
        for clash in every:
            names = {rules[i] for i in clash}
            assert any(clash & rows and {rules[i] for i in rows} <= names for rows in told)
        for first, second in itertools.combinations(told, 2):
            same = {rules[i] for i in first} == {rules[i] for i in second}
            assert not (same and first & second)


@pytest.mark.parametrize("seed", range(6 * EFFORT))
def test_repairs_are_minimal_stage_by_stage(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    impossible = 0
    for _ in range(8):
        program = without_a_plan(rng)
        m = len(program.low)
        movable = np.flatnonzero(rng.random(m) < 0.8)
        stages = [s.tolist() for s in np.array_split(rng.permutation(movable), 3) if len(s)]
        money = np.zeros(m, dtype=bool)
        if len(stages) > 1:
            money[stages[1]] = True
        compiled = program.compiled(money=money)
        wanted = elastic_totals(program, stages)
        possible = Clashes(compiled, OPTIONS).has_plan_without(movable.tolist())
        assert possible == (wanted is not None and bool(stages))
        if wanted is None or not stages:
            impossible += 1
            continue
        repair = cheapest_repair(compiled, stages, OPTIONS)
        check_repair(program, stages, wanted, dict(repair.moves), repair.plan)
    assert impossible < 8


def check_repair(
    program: Dense,
    stages: list[list[int]],
    wanted: list[float],
    moves: dict[int, float],
    plan: np.ndarray,
) -> None:
    """The totals are the least there are, the plan fits, and no row moved can be left alone."""
    assert set(moves) <= {i for stage in stages for i in stage}
    found = [sum(abs(moves.get(i, 0.0)) for i in stage) for stage in stages]
    assert found == pytest.approx(wanted, abs=1e-4)  # what the slack lets through
    repaired = program
    for row, change in moves.items():
        repaired = repaired.moved(row, change)
    activity = program.A @ plan
    assert (activity >= repaired.low - 1e-7).all()
    assert (activity <= repaired.up + 1e-7).all()
    assert (plan >= program.least - 1e-9).all()
    assert (plan <= program.most + 1e-9).all()
    for row in moves:
        fewer = [[i for i in stage if i in moves and i != row] for stage in stages]
        without = elastic_totals(program, fewer)
        assert without is None or not np.allclose(without, wanted, atol=1e-4), row


def test_one_row_moves_where_one_is_enough() -> None:
    """Floors of 100, 1 000 and 1 000 in a total of 2 090: the large ones can give 5 each.

    As shares of their limits the two large floors would be the cheaper to move.
    """
    program = Dense(
        A=np.vstack([np.eye(3), np.ones((1, 3)), np.eye(3)[1:]]),
        low=np.array([100.0, 1000.0, 1000.0, -np.inf, 995.0, 995.0]),
        up=np.array([np.inf, np.inf, np.inf, 2090.0, np.inf, np.inf]),
        c=np.zeros(3),
        least=np.zeros(3),
        most=np.full(3, np.inf),
    )
    repair = cheapest_repair(program.compiled(), [[0, 1, 2]], OPTIONS)
    assert repair.moves == {0: -10.0}
    assert repair.plan == pytest.approx([90, 1000, 1000])


def test_the_largest_limit_moves_among_equals() -> None:
    program = Dense(
        A=np.vstack([np.eye(2), np.ones((1, 2))]),
        low=np.array([40.0, 4000.0, -np.inf]),
        up=np.array([np.inf, np.inf, 4030.0]),
        c=np.zeros(2),
        least=np.zeros(2),
        most=np.full(2, np.inf),
    )
    assert cheapest_repair(program.compiled(), [[0, 1]], OPTIONS).moves == {1: -10.0}
