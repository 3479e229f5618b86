"""Rates whose differences are added up: pairs written as needed give what all pairs give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pricing import Case, check_price, first_value, places
from scipy.optimize import linprog

from perequa import ranked_program
from perequa.engine import ordered_stages
from perequa.engine.order_search import find_order
from perequa.engine.ordered_stages import solve_ordered
from perequa.engine.orders import reach_of_orders
from perequa.engine.session import SolverOptions
from perequa.optimum import Clock, posed
from perequa.ranked_program import with_every_pair, with_orders
from perequa.weighting import objective_value
from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram

REGIONS = 14


@pytest.fixture(autouse=True)
def none_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranked_program, "EVERY_PAIR_UP_TO", 0)


def drawn(seed: int, **options: Any) -> Case:
    """Regions of unlike rates; floors raise some above others, and caps stop some below."""
    rng = np.random.default_rng(seed)
    names = [f"region:{i + 1:02d}" for i in range(REGIONS)]
    pop = rng.integers(500, 3000, REGIONS)
    installed = np.round(pop / 100 * rng.uniform(1, 4, REGIONS), 1)
    if seed % 2:  # whole numbers coincide, and the rates of some are level before and after
        pop, installed = np.round(pop, -3) + 1000, np.round(installed, -1) + 10
    figures = {
        "pop": dict(zip(names, pop.tolist(), strict=True)),
        "installed": dict(zip(names, installed.tolist(), strict=True)),
        "cap": dict(zip(names, rng.integers(2, 40, REGIONS).tolist(), strict=True)),
    }
    years = [2004, 2005]
    rules = {
        "first": {"kind": "contingent", "year": 2004, "at_most": int(rng.integers(40, 100))},
        "second": {"kind": "contingent", "year": 2005, "at_least": int(rng.integers(10, 80))},
        "cap": {"kind": "cap", "by": "region", "at_most": {"column": "cap"}},
        "floor": {"kind": "floor", "territories": names[:2], "year": 2004, "at_least": 3},
    }
    gini = {"kind": "gini", "indicator": "rate", "level": "region", "years": "all"} | options
    sections = {"rules": rules, "years": years, "objectives": {"it": gini}}
    return Case(sections=sections, figures=figures)


def program_of(case: Case) -> CompiledProgram:
    return posed(case.instance(), Clock())[2]


def least(program: CompiledProgram) -> float:
    """Optimum of a program by scipy."""
    equal = program.row_lower == program.row_upper
    low, high = np.isfinite(program.row_lower) & ~equal, np.isfinite(program.row_upper) & ~equal
    matrix = program.matrix.toarray()
    k = program.objective_names.index("it")
    found = linprog(
        program.costs[k] * 1e4,
        A_ub=np.vstack([matrix[high], -matrix[low]]),
        b_ub=np.concatenate([program.row_upper[high], -program.row_lower[low]]),
        A_eq=matrix[equal] if equal.any() else None,
        b_eq=program.row_lower[equal] if equal.any() else None,
        bounds=list(zip(program.column_lower, program.column_upper, strict=True)),
    )
    assert found.status == 0
    return float(found.fun) / 1e4 + float(program.offsets[k])


@pytest.mark.parametrize("weighting", ["territory", "population"])
@pytest.mark.parametrize("seed", range(6))
def test_value_is_that_of_all_pairs_and_of_the_definition(seed: int, weighting: str) -> None:
    case = drawn(seed, weighting=weighting, normalise="none")
    expected = least(with_every_pair(program_of(case)))
    success = case.solved()
    run = success.run
    assert run.program.ranked is not None
    assert not run.program.ranked.complete
    assert first_value(success) == pytest.approx(expected, rel=1e-8)
    defined = objective_value(run.instance, "it", run.plan, run.reference)
    assert defined == pytest.approx(first_value(success), rel=1e-9)
    assert run.alone["it"] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_plan_is_that_of_all_pairs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    few = places(drawn(seed).solved())
    monkeypatch.setattr(ranked_program, "EVERY_PAIR_UP_TO", 10_000)
    assert few == pytest.approx(places(drawn(seed).solved()), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_prices_and_their_ranges_are_those_of_solving_again(seed: int) -> None:
    case = drawn(seed)
    rows = ["first/-/home/2004/at_most", "second/-/home/2005/at_least"]
    for row in [*rows, "cap/region:03/home/-/at_most", "floor/-/home/2004/at_least"]:
        check_price(case, row)


def test_a_second_priority_does_not_give_up_the_index_of_the_first() -> None:
    gap = {"kind": "shortfall", "indicator": "rate", "level": "region", "priority": 2}
    case = drawn(2)
    alone = first_value(case.solved())
    both = case.with_sections(objectives=case.sections["objectives"] | {"gap": gap})
    run = both.solved().run
    defined = objective_value(run.instance, "it", run.plan, run.reference)
    assert defined == pytest.approx(alone, rel=1e-9)


def test_an_index_served_second_is_least_among_the_plans_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gap = {"kind": "shortfall", "indicator": "rate", "level": "region", "priority": 1}
    case = drawn(3, priority=2)
    both = case.with_sections(objectives=case.sections["objectives"] | {"gap": gap})
    few = both.solved().run
    monkeypatch.setattr(ranked_program, "EVERY_PAIR_UP_TO", 10_000)
    every = both.solved().run
    values = [objective_value(r.instance, "it", r.plan, r.reference) for r in (few, every)]
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_an_index_that_weighs_nothing_is_told_as_it_is() -> None:
    gap = {"kind": "shortfall", "indicator": "rate", "level": "region"}
    case = drawn(4, weight=0)
    run = case.with_sections(objectives=case.sections["objectives"] | {"gap": gap}).solved().run
    k = run.program.objective_names.index("it")
    told = run.program.costs[k] @ run.published.plan + run.program.offsets[k]
    defined = objective_value(run.instance, "it", run.plan, run.reference)
    assert told == pytest.approx(defined, rel=1e-9)


def test_the_order_found_is_solved_without_a_pivot_and_leaves_out_most_pairs() -> None:
    program = program_of(drawn(0))
    weights = np.ones((1, 1))
    found = find_order(program, weights[0], SolverOptions())
    assert found is not None
    solved = solve_ordered(program, (1,), weights, SolverOptions())
    ranked = solved.program.ranked
    assert ranked is not None
    assert solved.program.matrix.shape[0] - ranked.rows < ranked.possible / 4
    again = solved.staged.session.solve(presolve=False)
    assert again.objective == pytest.approx(
        float(solved.staged.stages[0].cost @ solved.staged.stages[0].x)
        * solved.staged.scaled.cost(solved.staged.stages[0].cost)[1],
        rel=1e-9,
    )


def without_a_limit(level: int) -> Case:
    """Regions of which none has a limit: every pair that stops one is left out at first."""
    rng = np.random.default_rng(level)
    names = [f"region:{i + 1:02d}" for i in range(REGIONS)]
    figures = {
        "pop": dict(zip(names, rng.integers(500, 3000, REGIONS).tolist(), strict=True)),
        "installed": dict(zip(names, rng.integers(10, 90, REGIONS).tolist(), strict=True)),
    }
    floor = {"kind": "floor", "territories": names[:2], "at_least": 3}
    gini = {"kind": "gini", "indicator": "rate", "level": "region", "normalise": "none"}
    return Case(sections={"rules": {"floor": floor}, "objectives": {"it": gini}}, figures=figures)


@pytest.mark.parametrize("seed", range(3))
def test_places_without_end_level_every_rate(seed: int) -> None:
    assert first_value(without_a_limit(seed).solved()) == pytest.approx(0, abs=1e-12)


def test_an_index_served_second_is_bounded_without_a_limit() -> None:
    case = without_a_limit(0)
    few = case.sections["objectives"]["it"] | {"territories": ["region:03", "region:04"]}
    both = {"few": few, "it": case.sections["objectives"]["it"] | {"priority": 2}}
    run = case.with_sections(objectives=both).solved().run
    for name in both:
        value = objective_value(run.instance, name, run.plan, run.reference)
        assert value == pytest.approx(0, abs=1e-12)


def test_stages_alone_write_what_a_move_without_end_reverses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ordered_stages, "find_order", lambda *_: None)
    assert first_value(without_a_limit(0).solved()) == pytest.approx(0, abs=1e-12)


def test_a_move_reaches_to_where_two_rates_without_a_row_meet() -> None:
    figures = {
        "pop": {"region:1": 1000, "region:2": 2000},
        "installed": {"region:1": 10, "region:2": 60},
    }
    gini = {"kind": "gini", "indicator": "rate", "level": "region"}
    handed = {"kind": "contingent", "at_most": 100}
    case = Case(sections={"rules": {"handed": handed}, "objectives": {"it": gini}}, figures=figures)
    program = program_of(case)
    # from 10 places to the 30 that bring region 1 to the 3 for 100 of region 2
    one = np.array([0]), np.array([1.0])
    assert reach_of_orders(program.ranked, np.zeros(2), *one) == pytest.approx(20)
    assert reach_of_orders(program.ranked, np.zeros(2), np.array([1]), np.ones(1)) == np.inf
    every = with_every_pair(program)
    assert reach_of_orders(every.ranked, np.zeros(2), *one) == np.inf


def test_a_study_is_refused_more_pairs_than_it_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranked_program, "MOST_PAIRS", 90)
    case = drawn(0)
    case.solved()
    with pytest.raises(InvalidScenario) as raised:
        with_every_pair(program_of(case))
    (problem,) = raised.value.problems
    assert (problem.received, problem.accepted) == ("182 pairs of rates in all", "at most 90 pairs")


def test_what_years_take_off_one_another_costs_nothing() -> None:
    """An order and the same turned round: a place that counts in both costs nothing."""
    names = [f"region:{i + 1}" for i in range(7)]
    unlike, rising = [1100, 700, 1300, 900, 1700, 2300, 1900], [*range(10, 80, 10)]
    figures = {
        "pop": dict(zip(names, unlike, strict=True)),
        "installed": dict(zip(names, rising, strict=True)),
    }
    handed = {"kind": "contingent", "year": 2004, "at_most": 10}
    gini = {"kind": "gini", "indicator": "rate", "level": "region", "years": "all"}
    sections = {"rules": {"handed": handed}, "years": [2004, 2005], "objectives": {"it": gini}}
    program = program_of(Case(sections=sections, figures=figures))
    assert program.ranked is not None
    turned = program.ranked.groups[1]
    groups = [program.ranked.groups[0], replace(turned, order=turned.order[::-1])]
    costs = with_orders(program, groups).costs[0]
    # counted in both years, what the one adds the other takes off, to the last bit
    assert not costs.reshape(7, 2)[:, 0].any()
    assert np.count_nonzero(costs.reshape(7, 2)[:, 1]) == 6
