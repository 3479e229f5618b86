"""An envelope built from lines as a limit: by hand, its prices by solving again, its row frozen."""

from __future__ import annotations

from typing import Any

import pytest
from golden import check_golden
from pricing import Case, check_every_price, first_value, places, row_of
from small import FIGURES, GAP

LINES = {
    "granted": {"enters": "new_money", "territories": ["region:1"], "year": 2004, "amount": 50_000},
    "others": {
        "enters": "new_money",
        "territories": ["region:2"],
        "year": 2004,
        "months": 6,
        "amount": 20_000,
    },
    "saved": {"enters": "savings", "territories": ["region:2"], "year": 2004, "amount": 3_000},
}
BASE = {"region:1": 100_000, "region:2": 200_000}


def built(**rule: Any) -> Case:
    """Places that cost 10 000, two years at 2 %, an envelope for each region."""
    by_region = {"kind": "envelope", "by": ["region", "year"], "in": "budget", "at_most": "built"}
    return Case(
        sections={
            "years": [2004, 2005],
            "measures": {"home": {"cost": 10_000, "rate": 0.02}},
            "campaign": {"lines": LINES},
            "rules": {"built": by_region | rule},
            "objectives": {"gap": GAP | {"years": "all"}},
        },
        figures=FIGURES | {"base": BASE},
    )


def test_hand_solved_limits() -> None:
    solved = built().solved()
    # region 1: 100 000 at 2 % and 50 000; then that without indexing, the measure has its own rate
    first = row_of(solved, "built/region:1/home/2004/at_most")
    assert first["limit"] == 100_000 * 1.02 + 50_000
    later = row_of(solved, "built/region:1/home/2005/at_most")
    assert later["limit"] == pytest.approx(100_000 * 1.02**2 + 50_000, abs=1e-9)
    # region 2: 204 000 and 20 000 less 3 000; then 20 000 more for the six months that remain
    second = row_of(solved, "built/region:2/home/2004/at_most")
    assert second["limit"] == 204_000 + 20_000 - 3_000
    end = row_of(solved, "built/region:2/home/2005/at_most")
    assert end["limit"] == pytest.approx(204_000 * 1.02 + 20_000 - 3_000 + 20_000, abs=1e-9)


def test_hand_solved_plan() -> None:
    # A place of 2004 takes 10 000, and 10 200 of the second year, which renews it at 2 %. Region 1
    # has 50 000 in both years, so 50 000 / 10 200 places; region 2 has 20 000, then 20 000 more for
    # the months that remain: two places, and the 19 600 that they leave open in 2005.
    solved = built().solved()
    plan = places(solved)
    assert plan["region:1/home/2004"] == pytest.approx(50_000 / 10_200)
    assert plan["region:1/home/2005"] == pytest.approx(0, abs=1e-9)
    assert plan["region:2/home/2004"] == pytest.approx(2)
    assert plan["region:2/home/2005"] == pytest.approx(1.96)
    # a place of the second year counts half in the mean of both
    assert first_value(solved) == pytest.approx(80 - 50_000 / 10_200 - 2.98)


def test_prices_by_solving_again() -> None:
    prices = check_every_price(built(), "built", step=1.0)
    later = prices["built/region:1/home/2005/at_most"]
    # one euro more of the second year opens 1/10 200 of a place from the first on
    assert (later.more, later.less) == pytest.approx((-1 / 10_200, 1 / 10_200))


def test_one_limit_for_all_is_the_sum() -> None:
    alone, together = built().solved(), built(by=["year"]).solved()
    for year in (2004, 2005):
        parts = [row_of(alone, f"built/region:{r}/home/{year}/at_most") for r in (1, 2)]
        whole = row_of(together, f"built/-/home/{year}/at_most")
        assert whole["limit"] == pytest.approx(sum(part["limit"] for part in parts), abs=1e-9)


def test_an_envelope_of_billions_is_spent_to_the_last_cent() -> None:
    """What the lines leave fits exactly, though the limit is written to a millionth at best."""
    base = {"region:1": 4_987_654_321.07, "region:2": 3_456_789_012.34}
    case = built(by=["year"])
    places_wanted = {"kind": "contingent", "measure": "home", "year": 2004, "equals": 10}
    lines = {"all": {"enters": "new_money", "year": 2004, "months": 6, "amount": 50_000.0}}
    exact = Case(
        sections=case.sections
        | {
            "campaign": {"lines": lines},
            "measures": {"home": {"cost": 10_000, "opening_months": 6}},
            "rules": case.sections["rules"] | {"places": places_wanted},
        },
        figures=FIGURES | {"base": base},
    )
    solved = exact.solved()
    assert sum(places(solved).values()) == pytest.approx(10)
    # one place more would not
    more = exact.with_rules(places=places_wanted | {"equals": 10.001})
    assert more.value() == float("inf")


def test_golden() -> None:
    check_golden(built().instance(), "rules/envelope_built")
