from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places, row_of
from small import small


def case(of: dict[str, object] | None = None, **reserve: object) -> Case:
    contingent = {"kind": "contingent", "equals": 50}
    return small(
        {
            "contingent": of or contingent,
            "reserve": {"kind": "reserve", "of": "contingent"} | reserve,
        },
        {"withheld": {"region:1": 20_000, "region:2": 40_000}},
    )


def test_hand_solved_reserve_is_taken_before_anyone_is_served() -> None:
    # a tenth of 50 is held back: 45 of the 80 missing places are funded
    solved = case(share=0.10).solved()
    assert first_value(solved) == pytest.approx(35)
    assert sum(places(solved).values()) == pytest.approx(45)
    assert row_of(solved, "contingent/-/home/2004/equals")["activity"] == pytest.approx(50)
    assert row_of(solved, "reserve/-/home/2004/equals")["activity"] == pytest.approx(5)


def test_price_of_the_reserve_and_of_what_it_is_taken_from() -> None:
    share = case(share=0.10)
    price = check_price(share, "reserve/-/home/2004/equals")
    assert price.limit == pytest.approx(5)
    assert (price.more, price.less) == pytest.approx((1, -1))
    # the reserve stays at 5 when the contingent moves alone: a whole place, not nine tenths
    price = check_price(share, "contingent/-/home/2004/equals")
    assert (price.more, price.less) == pytest.approx((-1, 1))


def test_share_follows_the_limit_a_planner_writes() -> None:
    more = case({"kind": "contingent", "equals": 60}, share=0.10)
    assert first_value(more.solved()) == pytest.approx(80 - 54)


def test_amount_stated_as_a_number() -> None:
    price = check_price(case(amount=8), "reserve/-/home/2004/equals")
    assert (price.limit, price.more) == (8, pytest.approx(1))


def test_amount_stated_by_a_column_is_taken_from_each_row() -> None:
    # envelopes of 200 000 less 20 000 and 40 000: 18 and 16 places
    by_region = case(
        {"kind": "envelope", "by": "region", "at_most": 200_000}, amount={"column": "withheld"}
    )
    assert places(by_region.solved()) == pytest.approx(
        {"region:1/home/2004": 18, "region:2/home/2004": 16}
    )
    prices = check_every_price(by_region, "reserve", step=1.0)
    assert [p.limit for p in prices.values()] == [20_000, 40_000]
    assert [p.more for p in prices.values()] == pytest.approx([1e-4, 1e-4])


def test_reserve_above_what_it_is_taken_from_has_no_plan() -> None:
    assert case(amount=51).value() == float("inf")


def test_golden() -> None:
    check_golden(case(share=0.10).instance(), "rules/reserve")
