from __future__ import annotations

import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import FIGURES, small

OBJECTIVE = {"kind": "distance_to_reference", "level": "region"}
REFERENCE = {
    "of": "handed",
    "parts": [{"name": "all", "share": 1.0, "basis": {"column": "pop"}}],
}


def case(cap: float = 5, **sections: object) -> Case:
    """30 places by population are 10 and 20; region 1 is capped."""
    return small(
        {
            "handed": {"kind": "contingent", "year": 2004, "equals": 30},
            "cap": {"kind": "cap", "territories": ["region:1"], "at_most": cap},
        }
    ).with_sections(objectives={"it": OBJECTIVE}, reference=REFERENCE, **sections)


def test_hand_solved_distance_counts_what_leaves_and_what_arrives() -> None:
    # 5 places instead of 10 in region 1, hence 25 instead of 20 in region 2
    plan = check_value(case(), 10)
    assert plan == pytest.approx({"region:1/home/2004": 5, "region:2/home/2004": 25})
    assert initial_value(case()) == pytest.approx(30)


def test_distance_is_zero_when_the_circulars_own_plan_is_allowed() -> None:
    check_value(case(10), 0)


def test_price_of_a_cap_that_keeps_the_plan_from_the_reference() -> None:
    price = check_price(case(), "cap/region:1/home/2004/at_most")
    # a place moves back: one less too few here, one less too many there
    assert (price.more, price.less) == pytest.approx((-2, 2))
    price = check_price(case(10), "cap/region:1/home/2004/at_most")
    assert (price.more, price.less) == pytest.approx((0, 2))


def test_price_of_the_contingent_leaves_the_reference_where_it_is() -> None:
    # 31 places against a reference of 30: one more too many in region 2
    price = check_price(case(), "handed/-/home/2004/equals")
    assert (price.more, price.less) == pytest.approx((1, -1))


def test_money_is_compared_in_money() -> None:
    money = Case(
        sections={
            "measures": {"aid": {"unit": "money"}},
            "indicators": {},
            "rules": {
                "handed": {"kind": "envelope", "at_most": 3_000},
                "cap": {"kind": "cap", "territories": ["region:1"], "at_most": 400},
            },
            "reference": REFERENCE | {"in": "credits"},
            "objectives": {"it": OBJECTIVE},
        },
        figures=FIGURES,
    )
    # 1 000 and 2 000 by population; region 1 capped at 400, and nothing makes region 2 take more
    plan = check_value(money, 600)
    assert plan == pytest.approx({"region:1/aid/2004": 400, "region:2/aid/2004": 2000})


def test_unit_is_that_of_the_measures_the_reference_shares() -> None:
    both = Case(
        sections={
            "measures": {"aid": {"unit": "money"}, "home": {"cost": 10_000}},
            "rules": {
                "handed": {"kind": "envelope", "measure": "aid", "at_most": 3_000},
                "places": {"kind": "contingent", "measure": "home", "equals": 3},
            },
            "reference": {"of": "handed", "parts": REFERENCE["parts"]},
            "objectives": {"it": OBJECTIVE},
        },
        figures=FIGURES,
    )
    assert both.solved().run.weighting.units == ("EUR",)
    places_too = both.with_sections(
        reference=[
            both.sections["reference"],
            {"of": "places", "parts": REFERENCE["parts"]},
        ]
    )
    assert places_too.solved().run.weighting.units == ("place",)
    assert case().solved().run.weighting.units == ("place",)


def test_golden() -> None:
    check_golden(case().instance(), "objectives/distance_to_reference")
