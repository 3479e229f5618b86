"""Totals at two levels against enumeration, and how a total is written by those below it."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from build import instance, scenario
from scipy import sparse
from tiny_whole import POPULATION, TERRITORIES

from perequa.engine.session import SolverOptions
from perequa.engine.whole_places import Question, nearest_whole, sums_of_sums
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.interpret.run import Solved

REGIONS = ((0, 1), (2, 3))


def drawn(seed: int) -> Solved:
    """Two regions of two departments: one envelope, costs and caps that differ."""
    draw = np.random.default_rng([17, seed])
    codes = [f"department:{code}" for code in POPULATION]
    rules: dict[str, Any] = {
        "envelope": {"kind": "envelope", "at_most": round(float(draw.uniform(40_000, 90_000)))},
        "cap": {"kind": "cap", "by": "territory", "at_most": {"column": "cap"}},
        "floor": {"kind": "floor", "by": "region", "in": "credits", "at_least": 9_000},
    }
    spec = scenario(
        whole=True,
        territories={"file": "territories.csv", "levels": ["region", "department"]},
        decide_at="department",
        measures={"home": {"cost": {"column": "cost"}}},
        rules=rules,
        objectives={
            "gap": {"kind": "shortfall", "indicator": "rate", "level": "department", "target": 5.0}
        },
    )
    figures: dict[str, dict[str, Any]] = {
        "pop": dict(zip(codes, draw.integers(100, 400, 4).tolist(), strict=True)),
        "installed": dict.fromkeys(codes, 0),
        "cap": dict(zip(codes, draw.uniform(1.2, 4.5, 4).round(1).tolist(), strict=True)),
        "cost": dict(zip(codes, (draw.integers(7, 13, 4) * 1000).tolist(), strict=True)),
    }
    found = solve_instance(instance(spec, figures, TERRITORIES), "case", prices=False)
    assert isinstance(found, Success)
    assert found.run.whole is not None
    return found.run


def beyond(total: float, wanted: float) -> float:
    """Places by which a total lies beyond the whole numbers around what is wanted."""
    return max(0.0, math.floor(wanted + 1e-6) - total, total - math.ceil(wanted - 1e-6))


def departures(x: np.ndarray, plan: np.ndarray) -> tuple[float, float]:
    """Of the country, of the regions together."""
    groups = [list(inside) for inside in REGIONS]
    regions = sum(beyond(plan[g].sum(), x[g].sum()) for g in groups)
    return beyond(plan.sum(), x.sum()), regions


def every_plan(run: Solved) -> Iterator[np.ndarray]:
    program = run.program
    rules = np.flatnonzero(program.is_rule)
    matrix = program.matrix.toarray()[rules][:, :4]
    lower, upper = program.row_lower[rules], program.row_upper[rules]
    for tried in itertools.product(range(6), repeat=4):
        plan = np.array(tried, dtype=float)
        activity = matrix @ plan
        if (activity >= lower - 1e-6).all() and (activity <= upper + 1e-6).all():
            yield plan


def order(x: np.ndarray, plan: np.ndarray) -> tuple[int, float, float]:
    """Finest totals give first, by as little as can be; then the nearest."""
    nation, regions = departures(x, plan)
    tier = 0 if nation + regions == 0 else 1 if nation == 0 else 2
    return tier, nation + regions, round(float(np.abs(plan - x).sum()), 6)


@pytest.mark.parametrize("seed", range(30))
def test_no_plan_keeps_more_totals_or_is_nearer(seed: int) -> None:
    run = drawn(seed)
    assert run.whole is not None
    assert run.whole.proven
    x = run.x.ravel()
    found = order(x, run.handed_out.x.ravel())
    assert found == pytest.approx(min(order(x, plan) for plan in every_plan(run)), abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_no_total_passes_the_whole_numbers_around_it(seed: int) -> None:
    """Two regions of three cells whose fractions lie on one side: rounding each would pass them."""
    draw = np.random.default_rng([23, seed])
    side = draw.choice([0.15, 0.55], (2, 1))
    around = (draw.integers(1, 3, (2, 3)) + side + draw.uniform(0.0, 0.3, (2, 3))).round(3).ravel()
    groups = np.array([[1] * 6, [1] * 3 + [0] * 3, [0] * 3 + [1] * 3], dtype=float)
    cost = draw.integers(7, 13, 6).astype(float)
    money = float(cost @ around) + draw.uniform(0.0, 20.0)
    wanted = groups @ around
    question = Question(
        matrix=sparse.csr_array(cost[None, :]),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([money]),
        around=around,
        most=np.full(6, np.inf),
        whole=np.ones(6, dtype=np.bool_),
        opening=np.zeros(6),
        weight=np.ones(6),
        totals=sparse.csr_array(groups),
        total_lower=np.floor(wanted),
        total_upper=np.ceil(wanted),
        depth=np.array([0, 1, 1]),
    )
    found = nearest_whole(question, SolverOptions())
    tried = np.array(list(itertools.product((-1, 0, 1, 2), repeat=6))) + np.floor(around)
    kept = tried @ groups.T
    inside = ((kept >= np.floor(wanted)) & (kept <= np.ceil(wanted))).all(axis=1)
    fits = inside & (tried @ cost <= money + 1e-6) & (tried >= 0).all(axis=1)
    assert fits.any()
    least = np.abs(tried[fits] - around).sum(axis=1).min()
    totals = groups @ found.x
    assert ((totals >= np.floor(wanted)) & (totals <= np.ceil(wanted))).all()
    assert float(np.abs(found.x - around).sum()) == pytest.approx(least, abs=1e-6)
    assert found.bound == pytest.approx(least, rel=1e-4)


def test_a_total_is_written_by_those_below_and_the_cells_they_leave() -> None:
    # the country of five cells; two regions, of which the second is not known; a third of one cell
    cells = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]])
    totals = sparse.csr_array(cells.astype(float))
    depth, known = np.array([0, 1, 1, 1]), np.array([True, True, False, True])
    parts, left = sums_of_sums(totals, depth, known)
    assert parts.toarray().tolist() == [[0, 1, 0, 1], [0] * 4, [0] * 4, [0] * 4]
    assert left.toarray()[0].tolist() == [0, 0, 1, 1, 0]
    assert np.array_equal(left.toarray()[1:], cells[1:])
    assert np.array_equal((parts @ totals + left).toarray(), cells)
