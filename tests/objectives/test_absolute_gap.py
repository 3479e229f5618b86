from __future__ import annotations

import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import CONTENTED, small

HANDED = "handed/-/home/2004/equals"


def case(equals: float = 60, **options: object) -> Case:
    """Region 1 misses 40 places; region 2 misses none: every place there is one too many."""
    objective = {"kind": "absolute_gap", "indicator": "rate", "level": "region", "target": 5.0}
    rules = {"handed": {"kind": "contingent", "year": 2004, "equals": equals}}
    return small(rules, CONTENTED).with_sections(objectives={"it": objective | options})


def test_hand_solved_by_population_counts_places_on_either_side() -> None:
    # 40 of the 60 close the gap; the other 20 are too many wherever they go
    check_value(case(), 20)
    assert initial_value(case()) == pytest.approx(40)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((1, -1))


def test_price_turns_where_the_gap_is_just_closed() -> None:
    price = check_price(case(40), HANDED)
    assert (price.more, price.less) == pytest.approx((1, 1))


def test_hand_solved_by_territory_puts_the_surplus_where_it_weighs_least() -> None:
    # 20 too many are 2 points in region 1 and 1 point in region 2
    plan = check_value(case(weighting="territory"), 1.0)
    assert plan == pytest.approx({"region:1/home/2004": 40, "region:2/home/2004": 20})
    price = check_price(case(weighting="territory"), HANDED)
    assert (price.more, price.less) == pytest.approx((0.05, -0.05))


def test_moving_target_is_at_zero_where_the_two_rates_meet() -> None:
    # 110 places before and 40 handed out are 150 for 3 000 people: 50 and 100, nobody off target
    check_value(case(40, target="national"), 0)
    # with 10: 120 in all, 40 and 80 wanted against 20 and 100
    moving = case(10, target="national")
    check_value(moving, 40)
    # one more: 40.33 and 80.67 wanted against 21 and 100
    assert check_price(moving, HANDED).more == pytest.approx(-4 / 3)


def test_all_years_are_the_mean_of_the_years() -> None:
    both = case(30, years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "equals": 30})
    # 10 missing in 2004, 20 too many in 2005
    check_value(both, 15)
    assert check_price(both, HANDED).more == pytest.approx(0)


def test_golden() -> None:
    check_golden(case(weighting="territory").instance(), "objectives/absolute_gap")
