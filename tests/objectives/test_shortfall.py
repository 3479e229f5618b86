from __future__ import annotations

import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import small

HANDED = "handed/-/home/2004/at_most"


def case(at_most: float = 50, **options: object) -> Case:
    """40 places are missing in either region; region 1 has half the people of region 2."""
    objective = {"kind": "shortfall", "indicator": "rate", "level": "region", "target": 5.0}
    rules = {"handed": {"kind": "contingent", "year": 2004, "at_most": at_most}}
    return small(rules).with_sections(objectives={"it": objective | options})


def test_hand_solved_by_population_counts_missing_places() -> None:
    # 80 missing less 50 handed out
    check_value(case(), 30)
    assert initial_value(case()) == pytest.approx(80)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-1, 1))


def test_hand_solved_by_territory_serves_the_least_populated_first() -> None:
    # a place is 0.1 point in region 1 and 0.05 in region 2: 40 close region 1's gap of 4 points,
    # 10 leave 1.5 of region 2's gap of 2
    plan = check_value(case(weighting="territory"), 1.5)
    assert plan == pytest.approx({"region:1/home/2004": 40, "region:2/home/2004": 10})
    price = check_price(case(weighting="territory"), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.05, 0.05))
    # at 40 the last place went to region 1 and the next goes to region 2
    price = check_price(case(40, weighting="territory"), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.05, 0.1))


def test_places_above_the_target_close_no_gap_elsewhere() -> None:
    check_value(case(100), 0)


def test_default_target_is_the_rate_of_the_country_before_the_plan() -> None:
    # 70 places for 3 000 people: 23.33 and 46.67 wanted, 13.33 missing in region 1 alone
    start = case(5, target="national_initial")
    assert initial_value(start) == pytest.approx(40 / 3)
    check_value(start, 40 / 3 - 5)


def test_moving_target_rises_with_what_is_handed_out() -> None:
    # 80 places in all after 10: 26.67 wanted in region 1, which has 10 + 10. A place raises its
    # target by a third of a place.
    moving = case(10, target="national")
    check_value(moving, 20 / 3)
    price = check_price(moving, HANDED)
    assert (price.more, price.less) == pytest.approx((-2 / 3, 2 / 3))


def test_all_years_are_the_mean_of_the_years() -> None:
    # 50 places of 2004 count in both years, the 10 of 2005 in one: (30 + 20)/2
    both = case(years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "at_most": 10})
    check_value(both, 25)
    assert check_price(both, HANDED).more == pytest.approx(-1)
    assert check_price(both, "later/-/home/2005/at_most").more == pytest.approx(-0.5)


def test_restricted_to_some_territories() -> None:
    only = case(50, territories=["region:2"])
    plan = check_value(only, 0)
    assert plan == pytest.approx({"region:1/home/2004": 0, "region:2/home/2004": 40})


def test_restricted_by_a_column_read_as_the_rules_read_it() -> None:
    for value, written in ((1.0, True), (1.0, "1"), ("public", "public")):
        other = 0.0 if value == 1.0 else "private"
        base = case(50, territories={"column": "status", "equals": written})
        only = Case(
            sections=base.sections,
            figures=base.figures | {"status": {"region:1": other, "region:2": value}},
        )
        assert check_value(only, 0)["region:2/home/2004"] == pytest.approx(40)


def test_golden() -> None:
    check_golden(case(weighting="territory").instance(), "objectives/shortfall")
    check_golden(
        case(target="national", years="all").with_sections(years=[2004, 2005]).instance(),
        "objectives/shortfall_national",
    )
