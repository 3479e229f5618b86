from __future__ import annotations

from typing import Any

import pytest
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import GAP, small

BACKLOG = {"backlog": {"region:1": 20, "region:2": 30}}


def case(**deadline: Any) -> Case:
    """Twenty places a year for three years; region 1 alone counts, region 2 has a backlog of 30."""
    return small(
        {
            "yearly": {"kind": "contingent", "by": "year", "equals": 20},
            "backlog": {
                "kind": "deadline",
                "by": "territory",
                "territories": ["region:2"],
                "by_year": 2005,
                "at_least": {"column": "backlog"},
            }
            | deadline,
        },
        BACKLOG,
    ).with_sections(
        years=[2004, 2005, 2006],
        objectives={"gap": GAP | {"territories": ["region:1"], "years": "all"}},
    )


def test_hand_solved_the_backlog_is_funded_when_it_must_be() -> None:
    # region 1 misses 40: all 20 of 2004, 10 of 2005 and the 20 of 2006 would be too many by 10
    plan = places(case().solved())
    in_time = plan["region:2/home/2004"] + plan["region:2/home/2005"]
    assert in_time == pytest.approx(30)
    # as late as it can be: 10 in 2004, 20 in 2005; region 1 misses 30, 30 and 10
    assert plan["region:1/home/2004"] == pytest.approx(10)
    assert first_value(case().solved()) == pytest.approx((30 + 30 + 10) / 3)


def test_price_is_that_of_a_place_in_every_year_it_is_missed() -> None:
    prices = check_every_price(case(), "backlog")
    # one more place to region 2 by 2005: one fewer for region 1 in all three years
    price = prices["backlog/region:2/home/2005/at_least"]
    assert (price.limit, price.more, price.less) == (30, pytest.approx(1), pytest.approx(-1))


def test_every_year_up_to_the_deadline_counts() -> None:
    late = case(by_year=2006)
    assert first_value(late.solved()) == pytest.approx((20 + 10 + 10) / 3)
    early = case(by_year=2004, at_least=15)
    assert first_value(early.solved()) == pytest.approx((35 + 15 + 0) / 3)
    check_every_price(early, "backlog")


def test_several_groups_have_a_backlog_each() -> None:
    both = case(territories=None, at_least={"column": "backlog"}, by_year=2006)
    prices = check_every_price(both, "backlog")
    assert len(prices) == 2
    assert prices["backlog/region:1/home/2006/at_least"].limit == 20


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"by_year": 2007}, "2007 is not a year of the plan"),
        ({"at_least": None}, "states no backlog"),
        ({"year": 2005}, "does not read year"),
        ({"at_least": None, "at_most": 3}, "does not read at_most"),
        ({"in": "credits"}, "cannot speak of credits"),
        ({"at_least": -1}, "below zero"),
    ],
)
def test_what_is_no_deadline_is_told(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        case(**wrong).instance()


def test_golden() -> None:
    check_golden(case(territories=None).instance(), "rules/deadline")
