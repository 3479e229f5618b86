from __future__ import annotations

import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import FIGURES

TARGET = "target/region:1/home/2005/at_least"


def case() -> Case:
    """Places of 12 000 a year that open in October; region 1 must have 20 by the end of 2005."""
    return Case(
        sections={
            "years": [2004, 2005],
            "measures": {"home": {"cost": 12_000, "opening_months": 3}},
            "rules": {
                "target": {
                    "kind": "floor",
                    "in": "stock",
                    "territories": ["region:1"],
                    "year": 2005,
                    "at_least": 20,
                }
            },
            "objectives": {"it": {"kind": "spend", "normalise": "none"}},
        },
        figures=FIGURES | {"carried": {"region:1": 0, "region:2": 7_000}},
    )


def test_hand_solved_spending_is_put_off_to_the_last_year() -> None:
    # ten places of 2005 cost 3 000 each in the plan's years; those of 2004 would cost 12 000.
    # 7 000 are due for places funded before.
    plan = check_value(case(), 37_000)
    assert plan["region:1/home/2005"] == pytest.approx(10)
    assert initial_value(case()) == pytest.approx(7_000)


def test_price_of_a_place_is_what_it_costs_within_the_plan() -> None:
    price = check_price(case(), TARGET)
    assert (price.more, price.less) == pytest.approx((3_000, -3_000))
    now = case().with_rules(
        now={
            "kind": "floor",
            "in": "stock",
            "territories": ["region:1"],
            "year": 2004,
            "at_least": 15,
        }
    )
    # five places earlier: 12 000 each instead of 3 000
    check_value(now, 7_000 + 5 * 12_000 + 5 * 3_000)
    assert check_price(now, "now/region:1/home/2004/at_least").more == pytest.approx(9_000)


def test_nothing_is_spent_without_a_reason() -> None:
    check_value(case().with_rules(target={"kind": "cap", "at_most": 100}), 7_000)


def test_golden() -> None:
    check_golden(case().instance(), "objectives/spend")
