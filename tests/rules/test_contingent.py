from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places
from small import small

ROW = "contingent/-/home/2004/equals"


def case(**bound: float) -> Case:
    return small({"contingent": {"kind": "contingent", "measure": "home", "year": 2004} | bound})


def test_hand_solved_contingent_is_handed_out_in_full() -> None:
    # 80 places are missing and 50 are handed out: 30 stay missing. The tie-break spreads them by
    # population, 1 000 against 2 000 people: 50/3 and 100/3.
    solved = case(equals=50).solved()
    assert first_value(solved) == pytest.approx(30)
    assert places(solved) == pytest.approx(
        {"region:1/home/2004": 50 / 3, "region:2/home/2004": 100 / 3}
    )


def test_price_of_a_place_is_the_place_it_fills() -> None:
    price = check_price(case(equals=50), ROW)
    assert (price.more, price.less) == pytest.approx((-1, 1))


def test_price_where_every_gap_is_just_closed_has_two_sides() -> None:
    # the 81st place closes nothing, the 80th closes one
    price = check_price(case(equals=80), ROW)
    assert (price.more, price.less) == pytest.approx((0, 1))


def test_contingent_that_cannot_go_below_zero() -> None:
    price = check_price(case(equals=0), ROW)
    assert price.more == pytest.approx(-1)
    assert price.less == float("inf")
    assert price.down_to == 0


def test_each_bound_has_its_own_row() -> None:
    prices = check_every_price(case(at_most=50), "contingent")
    assert list(prices) == ["contingent/-/home/2004/at_most"]
    prices = check_every_price(case(at_least=90), "contingent")
    # the ten places nobody misses are handed out all the same, and cost nothing
    assert prices["contingent/-/home/2004/at_least"].more == 0


def test_golden() -> None:
    check_golden(case(equals=50).instance(), "rules/contingent")
