from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import FIGURES, GAP, small


def case(**pace: object) -> Case:
    """Two years; only the gap at the end of the second counts."""
    return small(
        {"pace": {"kind": "pace", "by": ["region", "year"], "territories": ["region:1"]} | pace}
    ).with_sections(years=[2004, 2005])


def test_hand_solved_growth_is_bounded_year_after_year() -> None:
    # region 1 may go from 10 to 15 and then to 22.5 places: 27.5 of its 50 stay missing
    solved = case(growth_at_most=0.5).solved()
    assert first_value(solved) == pytest.approx(27.5)
    assert places(solved)["region:1/home/2004"] == pytest.approx(5)
    assert places(solved)["region:1/home/2005"] == pytest.approx(7.5)


def test_price_of_pace_compounds() -> None:
    prices = check_every_price(case(growth_at_most=0.5), "pace")
    first = prices["pace/region:1/home/2004/at_most"]
    later = prices["pace/region:1/home/2005/at_most"]
    assert first.limit == later.limit == 0
    # a place more allowed in 2004 allows half a place more again in 2005
    assert (first.more, first.less) == pytest.approx((-1.5, 1.5))
    assert (later.more, later.less) == pytest.approx((-1, 1))


def test_growth_required_takes_places_from_others() -> None:
    # region 2 must grow by 10 % from 60 twice, 66 then 72.6, out of 20 places: 7.4 for region 1
    forced = case(growth_at_least=0.1, territories=["region:2"]).with_rules(
        contingent={"kind": "contingent", "at_most": 20}
    )
    objectives = {"gap": GAP | {"territories": ["region:1"]}}
    forced = forced.with_sections(objectives=objectives)
    solved = forced.solved()
    assert first_value(solved) == pytest.approx(40 - 7.4)
    prices = check_every_price(forced, "pace")
    assert prices["pace/region:2/home/2005/at_least"].more == pytest.approx(1)
    assert prices["pace/region:2/home/2004/at_least"].more == pytest.approx(1.1)


def test_hand_solved_pace_of_a_budget() -> None:
    # budget 200 000: 2004 up to 210 000, one place; 2005 up to 220 500, 1.05 places more
    budget = Case(
        sections={
            "years": [2004, 2005],
            "rules": {
                "pace": {"kind": "pace", "in": "budget", "by": "region", "growth_at_most": 0.05}
            },
            "objectives": {"gap": GAP},
        },
        figures=FIGURES | {"base": {"region:1": 200_000, "region:2": 400_000}},
    )
    solved = budget.solved()
    assert places(solved) == pytest.approx(
        {
            "region:1/home/2004": 1,
            "region:1/home/2005": 1.05,
            "region:2/home/2004": 2,
            "region:2/home/2005": 2.1,
        }
    )
    prices = check_every_price(budget, "pace", step=1.0)
    assert prices["pace/region:1/home/2004/at_most"].more == pytest.approx(-1.05e-4)
    assert prices["pace/region:1/home/2005/at_most"].less == pytest.approx(1e-4)


def test_both_sides_may_be_stated() -> None:
    both = case(growth_at_least=0.5, growth_at_most=0.5)
    assert places(both.solved())["region:1/home/2005"] == pytest.approx(7.5)
    # between the two nothing is free: neither side can move by itself into the other
    prices = check_every_price(both, "pace")
    assert prices["pace/region:1/home/2004/at_least"].more == float("inf")
    assert prices["pace/region:1/home/2004/at_most"].less == float("inf")
    assert prices["pace/region:1/home/2004/at_most"].more == pytest.approx(-1.5)


def test_golden() -> None:
    check_golden(case(growth_at_least=0.0, growth_at_most=0.5).instance(), "rules/pace")
