from __future__ import annotations

from typing import Any

import pytest
from build import column
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import GAP, small

from perequa_models.tree import Territory, Tree

TREE = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])


def case(**milestones: Any) -> Case:
    """Sixty places at once if money were all: the awards are paid in three years."""
    return small(
        {
            "envelope": {"kind": "envelope", "at_most": 600_000},
            "quality": {"kind": "milestones", "by": "territory", "paid": {2004: 0.5, 2006: 1}}
            | milestones,
        }
    ).with_sections(years=[2004, 2005, 2006], objectives={"gap": GAP | {"years": "all"}})


def test_hand_solved_half_of_an_award_waits_for_the_last_milestone() -> None:
    # 60 places in all: 30 in 2004, none in 2005, 30 in 2006. 80 are missing: 50, 50, 20
    solved = case().solved()
    plan = places(solved)
    of_year = [sum(v for k, v in plan.items() if k.endswith(str(y))) for y in (2004, 2005, 2006)]
    assert of_year == pytest.approx([30, 0, 30])
    assert first_value(solved) == pytest.approx((50 + 50 + 20) / 3)
    for region in "12":
        whole = sum(plan[f"region:{region}/home/{y}"] for y in (2004, 2005, 2006))
        assert plan[f"region:{region}/home/2004"] == pytest.approx(0.5 * whole)


QUARTERS = {2004: 0.5, 2005: 0.75, 2006: 1}


def test_price_is_that_of_money_paid_a_year_ahead_of_its_milestone() -> None:
    prices = check_every_price(case(paid=QUARTERS), "quality", step=10.0)
    assert len(prices) == 4
    # a euro paid in 2004 instead of 2005: a ten-thousandth of a place in one year of three more
    first = prices["quality/region:1/home/2004/at_most"]
    assert (first.limit, first.more) == (0, pytest.approx(-1e-4 / 3))


def test_one_year_ahead_is_worth_nothing_where_the_next_milestone_stands_in_the_way() -> None:
    prices = check_every_price(case(), "quality", step=10.0)
    assert prices["quality/region:1/home/2004/at_most"].more == 0


def test_in_places_one_more_is_a_place_ahead() -> None:
    prices = check_every_price(case(paid=QUARTERS, **{"in": "places"}), "quality")
    assert prices["quality/region:2/home/2004/at_most"].more == pytest.approx(-1 / 3)


def shares(*of_region: list[float]) -> Case:
    stated = {f"region:{i + 1}": s for i, s in enumerate(of_region)}
    by_year = column(TREE, "reached", stated, years=(2004, 2005, 2006))
    made = case(paid={"column": "reached"})
    return Case(sections=made.sections, figures=made.figures, columns={"reached": by_year})


def test_each_establishment_has_its_own_milestones() -> None:
    plan = places(shares([0, 0, 1], [1, 1, 1]).solved())
    # region 1 has reached nothing before 2006, region 2 all of it at once
    assert [plan[f"region:1/home/{y}"] for y in (2004, 2005)] == pytest.approx([0, 0])
    assert plan["region:2/home/2004"] == pytest.approx(40)
    check_every_price(shares([0, 0.25, 1], [0.5, 1, 1]), "quality", step=10.0)


@pytest.mark.parametrize(
    "paid", [{2004: 0.5, 2005: 0.4, 2006: 1}, {2004: 0.5, 2006: 0.9}, {2003: 1}]
)
def test_shares_that_fall_or_do_not_end_at_one_are_told(paid: dict[int, float]) -> None:
    with pytest.raises(AssertionError, match="cannot pay an award of region:1 out"):
        case(paid=paid).instance()


def test_one_award_has_one_set_of_shares() -> None:
    two = shares([0, 0, 1], [1, 1, 1])
    together = two.with_rules(quality=two.sections["rules"]["quality"] | {"by": "measure"})
    with pytest.raises(AssertionError, match="cannot pay an award of the selection out"):
        together.instance()


def test_golden() -> None:
    check_golden(case().instance(), "rules/milestones")
