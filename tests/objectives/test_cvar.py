from __future__ import annotations

import numpy as np
import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from scipy.optimize import linprog
from small import small

from perequa.weighting import objective_value
from perequa_models.quantities import Quantities

HANDED = "handed/-/home/2004/at_most"
POP = [1000, 2000, 500, 1500]
INSTALLED = [10, 60, 5, 45]


def case(at_most: float = 50, **options: object) -> Case:
    """Rates 1 and 3 against 5: a point is 10 places in region 1 and 20 in region 2."""
    objective = {
        "kind": "cvar", "tail": 0.5, "indicator": "rate", "level": "region", "target": 5.0,
    }  # fmt: skip
    rules = {"handed": {"kind": "contingent", "year": 2004, "at_most": at_most}}
    return small(rules).with_sections(objectives={"it": objective | options})


def four(at_most: float = 60, **options: object) -> Case:
    """Four regions missing 4, 2, 4 and 2 points, capped."""
    drawn = case(at_most, **options)
    columns = {"pop": POP, "installed": INSTALLED, "cap": [15, 20, 12, 18]}
    figures = {
        name: {f"region:{i + 1}": v for i, v in enumerate(values)}
        for name, values in columns.items()
    }
    cap = {"kind": "cap", "by": "region", "at_most": {"column": "cap"}}
    return Case(sections=drawn.sections, figures=figures).with_rules(cap=cap)


def test_hand_solved_half_of_two_territories_is_the_worst_one() -> None:
    # 20 places bring region 1 to the rate of 3; the other 30 lift both by a point
    plan = check_value(case(), 1.0)
    assert plan == pytest.approx({"region:1/home/2004": 30, "region:2/home/2004": 20})
    assert initial_value(case()) == pytest.approx(4)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-1 / 30, 1 / 30))


def test_hand_solved_the_whole_tail_is_the_mean_of_territories() -> None:
    # 4 and 2 points are missing: 40 places close region 1, the other 10 half a point of region 2
    check_value(case(tail=1), (0 + 1.5) / 2)
    price = check_price(case(tail=1), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.025, 0.025))


def test_hand_solved_a_territory_at_the_edge_counts_in_part() -> None:
    # three quarters of two territories: the worst-off one and half of the other
    assert initial_value(case(tail=0.75)) == pytest.approx((4 * 0.5 + 2 * 0.25) / 0.75)
    # two quarters of people: region 1 is a third, region 2 gives the rest
    by_people = case(weighting="population")
    assert initial_value(by_people) == pytest.approx((4 / 3 + 2 * (1 / 2 - 1 / 3)) / 0.5)


def test_price_where_the_tail_changes_members_has_two_sides() -> None:
    price = check_price(case(20), HANDED)
    assert (price.more, price.less) == pytest.approx((-1 / 30, 0.1))


def test_nobody_missing_is_zero_and_not_less() -> None:
    check_value(case(200), 0)


def test_moving_target() -> None:
    check_value(case(20, target="national"), 0)
    price = check_price(case(5, target="national"), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.1 + 1 / 30, 0.1 - 1 / 30))


@pytest.mark.parametrize("weighting", ["territory", "population"])
@pytest.mark.parametrize("tail", [0.1, 0.3, 0.6, 1])
def test_optimum_is_that_of_the_tail_taken_worst_first(tail: float, weighting: str) -> None:
    """By duality of the definition: least over x of the most over q, one program by scipy."""
    people = np.array(POP) / 100
    share = people / people.sum() if weighting == "population" else np.full(4, 0.25)
    # least Σ v u + α h with u + h ≥ s, s ≥ 5 − (installed + x)/people, all by scipy
    gap = 5 - np.array(INSTALLED) / people
    one = np.eye(4)
    cost = np.concatenate([np.zeros(4), np.zeros(4), share, [tail]]) / tail
    rows = np.vstack(
        [
            np.hstack([-one / people, -one, np.zeros((4, 5))]),
            np.hstack([np.zeros((4, 4)), one, -one, -np.ones((4, 1))]),
            np.hstack([np.ones((1, 4)), np.zeros((1, 9))]),
        ]
    )
    right = np.concatenate([-gap, np.zeros(4), [60]])
    caps = four().figures["cap"].values()
    bounds = [(0, cap) for cap in caps] + [(0, None)] * 8 + [(None, None)]
    found = linprog(cost, A_ub=rows, b_ub=right, bounds=bounds)
    check_value(four(tail=tail, weighting=weighting), found.fun)
    for row in (HANDED, "cap/region:1/home/2004/at_most", "cap/region:3/home/2004/at_most"):
        check_price(four(tail=tail, weighting=weighting), row)


@pytest.mark.parametrize("tail", [0.1, 0.3, 0.6, 1])
def test_value_by_definition_is_the_mean_of_many_small_shares(tail: float) -> None:
    # by population: one entry for each of the 5 000 people, the largest first
    instance = four(tail=tail, weighting="population").instance()
    places = np.array([3.0, 0.0, 7.0, 30.0]).reshape(instance.shape)
    plan = Quantities(instance, places)
    rates = 100 * (np.array(INSTALLED) + places.ravel()) / np.array(POP)
    missing = np.sort(np.repeat(np.maximum(5 - rates, 0), POP))[::-1]
    mean = missing[: round(tail * 5000)].mean()
    reference = four(tail=tail).solved().run.reference
    assert objective_value(instance, "it", plan, reference) == pytest.approx(mean, rel=1e-12)


def test_all_years_are_the_mean_of_each_years_tail() -> None:
    both = case(20, years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "at_most": 30})
    check_value(both, 1.5)
    assert check_price(both, HANDED).more == pytest.approx(-1 / 30)


def test_golden() -> None:
    both = case(years="all", tail=0.75).with_sections(years=[2004, 2005])
    check_golden(both.instance(), "objectives/cvar")
