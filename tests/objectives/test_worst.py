from __future__ import annotations

import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import small

HANDED = "handed/-/home/2004/at_most"


def case(at_most: float = 50, **options: object) -> Case:
    """Rates 1 and 3 against 5: a point is 10 places in region 1 and 20 in region 2."""
    objective = {"kind": "worst", "indicator": "rate", "level": "region", "target": 5.0}
    rules = {"handed": {"kind": "contingent", "year": 2004, "at_most": at_most}}
    return small(rules).with_sections(objectives={"it": objective | options})


def test_hand_solved_worst_is_lifted_until_all_are_level() -> None:
    # 20 places bring region 1 to the rate of 3; the other 30 lift both by a point
    plan = check_value(case(), 1.0)
    assert plan == pytest.approx({"region:1/home/2004": 30, "region:2/home/2004": 20})
    assert initial_value(case()) == pytest.approx(4)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-1 / 30, 1 / 30))


def test_price_where_the_second_joins_the_worst_has_two_sides() -> None:
    price = check_price(case(20), HANDED)
    assert (price.more, price.less) == pytest.approx((-1 / 30, 0.1))


def test_price_is_zero_once_the_worst_is_capped() -> None:
    capped = case().with_rules(
        cap={"kind": "cap", "territories": ["region:1"], "at_most": 5},
    )
    check_value(capped, 3.5)
    assert check_price(capped, HANDED).more == 0
    assert check_price(capped, "cap/region:1/home/2004/at_most").more == pytest.approx(-0.1)


def test_by_population_the_worst_is_counted_in_places() -> None:
    # 40 missing in either: 25 each
    plan = check_value(case(weighting="population"), 15)
    assert plan == pytest.approx({"region:1/home/2004": 25, "region:2/home/2004": 25})
    price = check_price(case(weighting="population"), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.5, 0.5))


def test_nobody_missing_is_zero_and_not_less() -> None:
    check_value(case(200), 0)


def test_moving_target() -> None:
    # 20 handed to region 1 level both rates at 3, and the country's with them
    check_value(case(20, target="national"), 0)
    moving = case(5, target="national")
    # 75 places for 3 000 people are 2.5; region 1 has 15 for 1 000
    check_value(moving, 1.0)
    price = check_price(moving, HANDED)
    assert (price.more, price.less) == pytest.approx((-0.1 + 1 / 30, 0.1 - 1 / 30))


def test_all_years_are_the_mean_of_each_years_worst() -> None:
    both = case(20, years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "at_most": 30})
    # 2 points are missing in 2004 and 1 in 2005
    check_value(both, 1.5)
    price = check_price(both, HANDED)
    assert price.more == pytest.approx(-1 / 30)


def test_golden() -> None:
    check_golden(case(years="all").with_sections(years=[2004, 2005]).instance(), "objectives/worst")
