from __future__ import annotations

import pytest
from build import column
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import FIGURES, GAP, small

from perequa_models.tree import Territory, Tree

TREE = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])
UNFUNDED = {"unfunded": {"region:1": 15, "region:2": 60}}


def plain() -> Case:
    return small(
        {"cap": {"kind": "cap", "by": ["territory", "measure"], "at_most": {"column": "unfunded"}}},
        UNFUNDED,
    )


def yearly(**cap: object) -> Case:
    """Authorised places of region 1: 15 by the end of 2004 and 25 by the end of 2005."""
    return Case(
        sections={
            "years": [2004, 2005],
            "rules": {
                "cap": {
                    "kind": "cap",
                    "by": ["region", "year"],
                    "territories": ["region:1"],
                    "at_most": {"column": "authorised"},
                }
                | cap
            },
            "objectives": {"gap": GAP | {"years": "all"}},
        },
        figures=FIGURES,
        columns={
            "authorised": column(
                TREE, "authorised", {"region:1": [15, 25], "region:2": [0, 0]}, years=(2004, 2005)
            )
        },
    )


def test_hand_solved_cap_leaves_a_gap_that_money_cannot_close() -> None:
    # region 1 misses 40 and may have 15; region 2 misses 40 and may have 60
    solved = plain().solved()
    assert first_value(solved) == pytest.approx(25)
    assert places(solved) == pytest.approx({"region:1/home/2004": 15, "region:2/home/2004": 40})


def test_price_of_a_cap() -> None:
    prices = check_every_price(plain(), "cap")
    tight = prices["cap/region:1/home/2004/at_most"]
    assert (tight.more, tight.less) == pytest.approx((-1, 1))
    assert tight.up_to <= 40
    slack = prices["cap/region:2/home/2004/at_most"]
    assert (slack.more, slack.less) == (0, 0)
    assert slack.down_to == pytest.approx(40)


def test_without_year_the_cap_runs_over_the_whole_plan() -> None:
    solved = plain().with_sections(years=[2004, 2005]).solved()
    assert sum(v for k, v in places(solved).items() if "region:1" in k) == pytest.approx(15)
    assert str(solved.run.program.row_keys[0]) == "cap/region:1/home/-/at_most"


def test_plain_yearly_caps_add_up_and_cumulative_ones_do_not() -> None:
    # plain: 15 then 25 more close the gap of 40 in 2005; mean (25 + 0)/2. Region 2 has no cap.
    assert first_value(yearly().solved()) == pytest.approx(12.5)
    # cumulative: 15 then 10 more; mean (25 + 15)/2
    assert first_value(yearly(cumulative=True).solved()) == pytest.approx(20)


def test_price_of_a_cumulative_cap_counts_each_year_it_bounds() -> None:
    # one more in 2004 brings a place forward, one more in 2005 opens one: a year out of two each
    prices = check_every_price(yearly(cumulative=True), "cap")
    for year in (2004, 2005):
        price = prices[f"cap/region:1/home/{year}/at_most"]
        assert (price.more, price.less) == pytest.approx((-0.5, 0.5))
    # plain: a place of 2004 counts in both years; those of 2005 are 25 and the gap is just closed
    first = check_every_price(yearly(), "cap")["cap/region:1/home/2004/at_most"]
    assert (first.more, first.less) == pytest.approx((-0.5, 1.0))


def test_missing_cap_is_skipped_when_the_rule_says_so() -> None:
    case = small(
        {
            "cap": {
                "kind": "cap",
                "by": "region",
                "at_most": {"column": "unfunded", "missing": "skip"},
            }
        },
        {"unfunded": {"region:1": 15}},
    )
    rows = [str(k) for k in case.solved().run.program.row_keys if "cap" in str(k)]
    assert rows == ["cap/region:1/home/2004/at_most"]


def test_golden() -> None:
    check_golden(plain().instance(), "rules/cap")
    check_golden(yearly(cumulative=True).instance(), "rules/cap_cumulative")
