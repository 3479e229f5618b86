"""Rules over several years, solved by hand, and the price of an envelope in every year at once.

Rates are per 100 people and the target is 5: region 1 (1 000 people, 10 places) misses 40 places,
region 2 (2 000 people, 60 places) misses 40.
"""

from __future__ import annotations

from typing import Any

import pytest
from pricing import Case, check_every_price, first_value, places
from small import FIGURES, GAP

from perequa.engine.joint import JointMoves
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages

OPTIONS = SolverOptions()
YEARS = [2004, 2005, 2006]


def planned(
    rules: dict[str, Any], *, yearly: float = 10, gap: dict[str, Any] | None = None, closed: int = 0
) -> Case:
    """Three years of so many places, region 1 closing some every year."""
    total = {"kind": "contingent", "by": "year", "at_most": yearly}
    return Case(
        sections={
            "years": YEARS,
            "rules": {"yearly": total, **rules},
            "objectives": {"gap": GAP | (gap or {})},
        },
        figures=FIGURES | {"closed": {"region:1": closed, "region:2": 0}},
    )


def test_closures_are_places_to_replace() -> None:
    # 40 and 40 missing, 6 closed, 30 given
    assert first_value(planned({}, closed=2).solved()) == pytest.approx(40 + 40 + 6 - 30)


def test_the_furthest_from_the_target_grow_by_a_stated_pace() -> None:
    """As in a pace-of-change policy: 20 % a year for who stands below 2, whoever else is served."""
    pace = {
        "kind": "pace",
        "by": ["territory", "year"],
        "where": {"indicator": "rate", "below": 2.0},
        "growth_at_least": 0.2,
    }
    case = planned({"pace": pace}, gap={"territories": ["region:2"]})
    # region 1: 10, 12, 14.4, 17.28; region 2 has what is left of 30
    solved = case.solved()
    assert first_value(solved) == pytest.approx(40 - (30 - 7.28))
    plan = places(solved)
    assert [plan[f"region:1/home/{y}"] for y in YEARS] == pytest.approx([2, 2.4, 2.88])
    prices = check_every_price(case, "pace", step=0.01)
    # a place more the first year is 1.2 the second and 1.44 the third
    for year, price in zip(YEARS, (1.44, 1.2, 1.0), strict=True):
        assert prices[f"pace/region:1/home/{year}/at_least"].more == pytest.approx(price)


def test_a_cumulative_cap_prices_the_year_it_binds() -> None:
    cap = {"kind": "cap", "by": ["territory", "year"], "cumulative": True, "at_most": 12}
    case = planned({"cap": cap})
    assert first_value(case.solved()) == pytest.approx(80 - 24)
    prices = check_every_price(case, "cap", step=0.01)
    for region in ("1", "2"):
        last = prices[f"cap/region:{region}/home/2006/at_most"]
        assert (last.more, last.less) == pytest.approx((-1, 1))
        assert prices[f"cap/region:{region}/home/2004/at_most"].more == 0


def test_nobody_stays_far_from_the_target_and_closer_every_year() -> None:
    near = {
        f"near_{year}": {
            "kind": "distance",
            "indicator": "rate",
            "by": "territory",
            "year": year,
            "target": 5.0,
            "at_most": share,
        }
        for year, share in ((2004, 0.7), (2006, 0.5))
    }
    case = planned(near, gap={"territories": ["region:2"]})
    plan = places(case.solved())
    # 30 % of 50 the first year is 5 places more, half of 50 at the end 10 more
    assert plan["region:1/home/2004"] == pytest.approx(5)
    assert sum(plan[f"region:1/home/{y}"] for y in YEARS) == pytest.approx(15)


@pytest.mark.parametrize("years", ["last", "all"])
def test_the_price_of_every_year_at_once_is_a_whole_resolve(years: str) -> None:
    gap = {"years": years}
    run = planned({}, gap=gap, closed=2).solved().run
    rows = {i: 1.0 for i, key in enumerate(run.program.row_keys) if str(key).startswith("yearly/")}
    assert len(rows) == 3
    staged = solve_stages(run.program, (1,), run.stages[0].cost[None], OPTIONS)
    (more,) = JointMoves(staged, OPTIONS).together(rows)
    before = first_value(planned({}, gap=gap, closed=2).solved())
    there = first_value(planned({}, gap=gap, closed=2, yearly=11).solved())
    assert more.price == pytest.approx(there - before)
    # a place of the first year counts in three years, of the last in one
    assert more.price == pytest.approx(-3 if years == "last" else -2)
