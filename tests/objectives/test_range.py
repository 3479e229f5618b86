from __future__ import annotations

import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import small

HANDED = "handed/-/home/2004/equals"


def case(equals: float = 10, **options: object) -> Case:
    """Rates 1 and 3: ten places are a point in region 1, twenty a point in region 2."""
    objective = {"kind": "range", "indicator": "rate", "level": "region"}
    rules = {"handed": {"kind": "contingent", "year": 2004, "equals": equals}}
    return small(rules).with_sections(objectives={"it": objective | options})


def test_hand_solved_range_closes_from_below() -> None:
    plan = check_value(case(), 1.0)
    assert plan == pytest.approx({"region:1/home/2004": 10, "region:2/home/2004": 0})
    assert initial_value(case()) == pytest.approx(2)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.1, 0.1))


def test_price_is_zero_above_where_all_are_level() -> None:
    price = check_price(case(20), HANDED)
    assert (price.more, price.less) == pytest.approx((0, 0.1))
    assert price.up_to > 20


def test_weighting_changes_nothing_for_extreme_rates() -> None:
    population = case(weighting="population")
    check_value(population, 1.0)
    assert population.solved().run.weighting.units == ("rate point",)


def test_three_territories_the_middle_one_has_no_say() -> None:
    base = case()
    three = Case(
        sections=base.sections,
        figures={
            "pop": {"region:1": 1000, "region:2": 2000, "region:3": 1000},
            "installed": {"region:1": 10, "region:2": 60, "region:3": 20},
        },
    )
    # rates 1, 3, 2: ten places lift region 1 to the middle one
    assert check_value(three, 1.0)["region:3/home/2004"] == pytest.approx(0)
    price = check_price(three, HANDED)
    assert (price.more, price.less) == pytest.approx((-0.05, 0.1))


def test_all_years_are_the_mean_of_each_years_range() -> None:
    both = case(10, years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "equals": 5})
    check_value(both, (1.0 + 0.5) / 2)
    assert check_price(both, HANDED).more == pytest.approx(-0.1)
    assert check_price(both, "later/-/home/2005/equals").more == pytest.approx(-0.05)


def test_golden() -> None:
    check_golden(case().instance(), "objectives/range")
