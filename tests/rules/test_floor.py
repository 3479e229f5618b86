from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places
from small import CONTENTED, small


def case(**floor: object) -> Case:
    return small(
        {
            "contingent": {"kind": "contingent", "equals": 30},
            "floor": {"kind": "floor", "by": "region"} | floor,
        },
        CONTENTED,
    )


def test_hand_solved_floor_takes_places_from_where_they_are_missing() -> None:
    # region 2 misses nothing and must have 10 of the 30: region 1 keeps 20 of the 40 it misses
    solved = case(at_least=10).solved()
    assert first_value(solved) == pytest.approx(20)
    assert places(solved) == pytest.approx({"region:1/home/2004": 20, "region:2/home/2004": 10})


def test_price_of_a_floor_is_the_place_it_moves() -> None:
    prices = check_every_price(case(at_least=10), "floor")
    moved = prices["floor/region:2/home/2004/at_least"]
    assert (moved.more, moved.less) == pytest.approx((1, -1))
    slack = prices["floor/region:1/home/2004/at_least"]
    assert (slack.more, slack.less) == (0, 0)
    assert slack.up_to == pytest.approx(20)
    assert slack.down_to == -float("inf")


def test_floor_that_nothing_can_lift() -> None:
    # 15 + 15 is the whole contingent: neither floor can rise, and lowering either frees a place
    prices = check_every_price(case(at_least=15), "floor")
    for price in prices.values():
        assert price.more == float("inf")
        assert price.up_to == 15
    assert prices["floor/region:2/home/2004/at_least"].less == pytest.approx(-1)
    assert prices["floor/region:1/home/2004/at_least"].less == 0


def test_floor_in_credits_is_priced_by_the_euro() -> None:
    price = check_price(
        case(at_least=100_000, **{"in": "credits"}),
        "floor/region:2/home/2004/at_least",
        step=1.0,
    )
    assert (price.more, price.less) == pytest.approx((1e-4, -1e-4))


def test_floor_on_a_stock_counts_the_places_before_the_plan() -> None:
    floor = case(at_least=105, territories=["region:2"], **{"in": "stock"})
    assert places(floor.solved())["region:2/home/2004"] == pytest.approx(5)
    price = check_price(floor, "floor/region:2/home/2004/at_least")
    assert price.limit == 105
    assert price.more == pytest.approx(1)


def test_golden() -> None:
    check_golden(case(at_least=10).instance(), "rules/floor")
