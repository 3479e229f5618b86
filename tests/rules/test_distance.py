from __future__ import annotations

from typing import Any

import pytest
from build import column
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import GAP, small

from perequa_models.tree import Territory, Tree

TREE = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])
AUTHORISED = {"authorised": {"region:1": 14, "region:2": 60}}


def case(**distance: Any) -> Case:
    """Ten places a year; region 2 alone counts, region 1 (10 places of 50) must come nearer."""
    return small(
        {
            "yearly": {"kind": "contingent", "by": "year", "equals": 10},
            "near": {
                "kind": "distance",
                "indicator": "rate",
                "by": "territory",
                "year": 2005,
                "target": 5.0,
                "at_most": 0.7,
            }
            | distance,
        },
        AUTHORISED,
    ).with_sections(
        years=[2004, 2005],
        objectives={"gap": GAP | {"territories": ["region:2"], "years": "all"}},
    )


def test_hand_solved_who_is_too_far_is_brought_within_the_distance() -> None:
    # 30 % of the 50 places of region 1 are 15: five of the twenty places, in the second year
    plan = places(case().solved())
    assert plan["region:1/home/2004"] == pytest.approx(0)
    assert plan["region:1/home/2005"] == pytest.approx(5)
    # region 2 misses 30 in 2004, then 25
    assert first_value(case().solved()) == pytest.approx((30 + 25) / 2)


def test_price_is_that_of_a_place_required_in_its_year() -> None:
    prices = check_every_price(case(), "near")
    far = prices["near/region:1/home/2005/at_least"]
    assert (far.limit, far.more, far.less) == pytest.approx((15, 0.5, -0.5))
    # 60 of the 30 places asked: region 2 is near enough, and its limit says nothing
    assert prices["near/region:2/home/2005/at_least"].limit == pytest.approx(30)
    assert prices["near/region:2/home/2005/at_least"].more == 0


def test_each_year_follows_its_own_population() -> None:
    growing = column(
        TREE, "pop", {"region:1": [1000, 1200], "region:2": [2000] * 2}, (), (2004, 2005)
    )
    both = case(year=None)
    made = Case(
        sections=both.sections,
        figures={k: v for k, v in both.figures.items() if k != "pop"},
        columns={"pop": growing},
    )
    limits = {str(r.key): r.limit for r in made.instance().rows if r.key.rule == "near"}
    assert limits == pytest.approx(
        {
            "near/region:1/home/2004/at_least": 15,
            "near/region:1/home/2005/at_least": 18,
            "near/region:2/home/2004/at_least": 30,
            "near/region:2/home/2005/at_least": 30,
        }
    )
    prices = check_every_price(made, "near")
    # five places in 2004 and three more in 2005: a place earlier is missed twice by region 2
    assert prices["near/region:1/home/2004/at_least"].more == pytest.approx(0.5)
    assert prices["near/region:1/home/2005/at_least"].more == pytest.approx(0.5)


def test_each_territory_may_have_a_target_of_its_own() -> None:
    own = column(TREE, "aim", {"region:1": 2.0, "region:2": 4.0})
    made = case(target={"column": "aim"}, at_most=0.25)
    made = Case(sections=made.sections, figures=made.figures, columns={"aim": own})
    limits = {r.key.territory: r.limit for r in made.instance().rows if r.key.rule == "near"}
    assert limits == pytest.approx({"1": 15, "2": 60})
    together = made.with_rules(near=made.sections["rules"]["near"] | {"by": []})
    (row,) = [r for r in together.instance().rows if r.key.rule == "near"]
    assert row.limit == pytest.approx(75)
    check_every_price(together, "near")


def test_the_target_of_the_indicator_is_the_default() -> None:
    rate = {"measures": ["home"], "population": "pop", "per": 100}
    stated = case(target=None).with_sections(indicators={"rate": rate | {"target": 3.0}})
    limits = {r.key.territory: r.limit for r in stated.instance().rows if r.key.rule == "near"}
    assert limits == pytest.approx({"1": 9, "2": 18})
    # 70 places for 3 000 people before the plan
    national = case(target="national_initial").with_sections(
        indicators={"rate": rate | {"target": 3.0}}
    )
    limits = {r.key.territory: r.limit for r in national.instance().rows if r.key.rule == "near"}
    assert limits == pytest.approx({"1": 7, "2": 14})


def test_a_rate_that_counts_authorised_places_is_held_to_them() -> None:
    rate = {"measures": ["home"], "population": "pop", "per": 100, "counts": "authorised"}
    made = case().with_sections(indicators={"rate": rate})
    # 14 are counted from the start: one place is enough
    assert places(made.solved())["region:1/home/2005"] == pytest.approx(1)
    check_every_price(made, "near")


def test_a_rate_in_money_is_held_in_money() -> None:
    rate = {"measures": ["home"], "population": "pop", "per": 1, "in": "budget"}
    made = case(target=200.0, at_most=0.5).with_sections(
        indicators={
            "rate": rate,
            "places": {"measures": ["home"], "population": "pop", "per": 100},
        },
        objectives={"gap": GAP | {"indicator": "places", "territories": ["region:2"]}},
    )
    made = Case(
        sections=made.sections,
        figures=made.figures | {"base": {"region:1": 50_000, "region:2": 400_000}},
    )
    # half of 200 a head for 1 000 people, 50 000 there already: five places of 10 000
    rows = {r.key.territory: r for r in made.instance().rows if r.key.rule == "near"}
    assert (rows["1"].limit, rows["1"].unit) == (100_000, "money")
    plan = places(made.solved())
    assert sum(plan[f"region:1/home/{y}"] for y in (2004, 2005)) == pytest.approx(5)
    check_every_price(made, "near", step=10.0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"indicator": "rat"}, "no indicator 'rat'"),
        ({"measure": "home"}, "does not read measure"),
        ({"at_least": 5}, "does not read at_least"),
        ({"by": ["territory", "measure"]}, "cannot tell the measures of one rate apart"),
        ({"target": {"column": "missing"}}, "no table has a column 'missing'"),
    ],
)
def test_what_is_no_distance_is_told(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        case(**wrong).instance()


def test_a_target_that_is_not_stated_is_told_at_its_cell() -> None:
    made = case(target={"column": "aim"})
    aim = column(TREE, "aim", {"region:1": 2.0})
    with pytest.raises(AssertionError, match="aim is not stated for region:2"):
        Case(sections=made.sections, figures=made.figures, columns={"aim": aim}).instance()


def test_golden() -> None:
    check_golden(case(year=None).instance(), "rules/distance")
