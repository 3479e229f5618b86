from __future__ import annotations

import pytest
from build import column
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import FIGURES

from perequa_models.tree import Territory, Tree

TREE = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])
HANDED = "handed/-/home/2004/at_most"


def case(at_most: float = 25, **options: object) -> Case:
    """Declared needs of 20 and 30 places, whatever is installed."""
    objective = {
        "kind": "unmet_need",
        "level": "region",
        "measure": "home",
        "need": {"column": "declared"},
    }
    return Case(
        sections={
            "rules": {"handed": {"kind": "contingent", "year": 2004, "at_most": at_most}},
            "objectives": {"it": objective | options},
        },
        figures=FIGURES | {"declared": {"region:1": 20, "region:2": 30}},
    )


def test_hand_solved_needs_are_met_place_by_place() -> None:
    check_value(case(), 25)
    assert initial_value(case()) == pytest.approx(50)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-1, 1))


def test_a_need_already_met_is_not_met_twice() -> None:
    check_value(case(60), 0)
    floor = {"kind": "floor", "territories": ["region:1"], "at_least": 24}
    # 4 of the 40 go beyond region 1's need: 16 for the 30 of region 2
    forced = case(40).with_rules(floor=floor)
    check_value(forced, 14)
    assert check_price(forced, "floor/region:1/home/2004/at_least").more == pytest.approx(1)


def test_places_of_earlier_years_count() -> None:
    # 25 then 10 more: 25 unmet in 2004, 15 in 2005
    both = case(years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "at_most": 10})
    check_value(both, 20)
    assert check_price(both, HANDED).more == pytest.approx(-1)
    last = both.with_sections(objectives={"it": case().sections["objectives"]["it"]})
    check_value(last, 15)


def test_needs_by_year() -> None:
    base = case(years="all").with_sections(years=[2004, 2005])
    base = base.with_rules(later={"kind": "contingent", "year": 2005, "at_most": 10})
    by_year = Case(
        sections=base.sections,
        figures=FIGURES,
        columns={
            "declared": column(
                TREE, "declared", {"region:1": [20, 30], "region:2": [30, 35]}, years=(2004, 2005)
            )
        },
    )
    # 50 − 25 and 65 − 35
    check_value(by_year, 27.5)


def test_golden() -> None:
    check_golden(case().instance(), "objectives/unmet_need")
