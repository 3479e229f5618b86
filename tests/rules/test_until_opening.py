from __future__ import annotations

from typing import Any

import pytest
from golden import check_golden
from pricing import Case, check_every_price, first_value, places

from perequa_models.tree import Territory

TERRITORIES = [Territory("region", c, f"Region {c}", "") for c in "12"]
NEED = {"kind": "unmet_need", "level": "region", "measure": "training", "need": {"column": "asked"}}


def case(figures: dict[str, Any] | None = None, **rule: Any) -> Case:
    """Three places a year in each region; those of region 1 open in 2006, of region 2 at once."""
    places_of = {"kind": "contingent", "measure": "home", "by": ["region", "year"], "equals": 3}
    reserved = {
        "kind": "until_opening",
        "by": ["region", "year"],
        "measure": "home",
        "opens": {"column": "opens"},
        "one_off": "training",
    }
    return Case(
        sections={
            "years": [2004, 2005, 2006],
            "measures": {
                "home": {"cost": 10_000},
                "training": {"unit": "money", "recurrent": False},
            },
            "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
            "rules": {"places": places_of, "meanwhile": reserved | rule},
            "objectives": {"need": NEED | {"years": "last"}},
        },
        figures={
            "pop": {"region:1": 1000, "region:2": 2000},
            "installed": {"region:1": [10, 0], "region:2": [60, 0]},
            "asked": {"region:1": [0, 200_000], "region:2": [0, 50_000]},
            "opens": {"region:1": 2006},
        }
        | (figures or {}),
        by_measure=("installed", "asked") + (("carried",) if figures else ()),
        territories=TERRITORIES,
    )


def test_hand_solved_what_waits_for_its_opening_serves_once() -> None:
    # 30 000 reserved in 2004, 60 000 in 2005 (renewed and new), nothing once the places are open
    solved = case().solved()
    plan = places(solved)
    of_year = [plan[f"region:1/training/{y}"] for y in (2004, 2005, 2006)]
    assert of_year == pytest.approx([30_000, 60_000, 0])
    assert sum(plan[f"region:2/training/{y}"] for y in (2004, 2005, 2006)) == pytest.approx(0)
    assert first_value(solved) == pytest.approx(200_000 + 50_000 - 90_000)


def test_price_of_a_euro_reserved_by_an_earlier_plan() -> None:
    prices = check_every_price(case(), "meanwhile", step=1.0)
    assert [p.more for p in prices.values()] == pytest.approx([-1.0] * 6)
    before = check_every_price(case(at_most=20_000), "meanwhile", step=1.0)
    # region 2 asks for 50 000 only: 60 000 over three years are more than enough
    assert before["meanwhile/region:2/home/2004/at_most"].more == 0


def test_credits_of_four_months_reserve_four_months() -> None:
    late = case().with_sections(
        measures={
            "home": {"cost": 10_000, "opening_months": 4},
            "training": {"unit": "money", "recurrent": False},
        }
    )
    plan = places(late.solved())
    # a third of 30 000; then all of it and a third of the next 30 000
    assert [plan[f"region:1/training/{y}"] for y in (2004, 2005)] == pytest.approx([10_000, 40_000])


def test_what_is_due_for_earlier_places_is_not_reserved() -> None:
    plan = places(case({"carried": {"region:1": [7_000, 0], "region:2": [0, 0]}}).solved())
    assert plan["region:1/training/2004"] == pytest.approx(30_000)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"one_off": "home"}, "it is no one-off measure"),
        ({"measure": "training"}, "reserves credits of training for training itself"),
        ({"opens": {"column": "open"}}, "no table has a column 'open'"),
        ({"equals": 3}, "does not read equals"),
    ],
)
def test_wrong_scenarios_are_told(rule: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        case(**rule).instance()


def test_golden() -> None:
    check_golden(case().instance(), "rules/until_opening")
