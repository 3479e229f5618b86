from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import small

from perequa.interpret.run import Failure
from perequa.pipeline import solve_instance

MONEY = {
    # ceilings of 1.35 times: 270 000 and 405 000
    "dominic": {"region:1": 200_000, "region:2": 300_000},
    "base": {"region:1": 100_000, "region:2": 500_000},
}


def case(figures: dict[str, object] | None = None, **ceiling: object) -> Case:
    return small(
        {
            "ceiling": {
                "kind": "ceiling",
                "by": ["territory", "year"],
                "at_most": {"column": "dominic", "times": 1.35},
            }
            | ceiling
        },
        MONEY | (figures or {}),
    )


def test_hand_solved_freeze_gives_nothing_new_to_who_is_above() -> None:
    # region 1 may grow from 100 000 to 270 000: 17 places of the 40 it misses. Region 2 stands at
    # 500 000 against 405 000: nothing new, 40 places stay missing.
    solved = case().solved()
    assert first_value(solved) == pytest.approx(23 + 40)
    assert places(solved) == pytest.approx({"region:1/home/2004": 17, "region:2/home/2004": 0})
    overrun = solved.run.instance.overruns
    assert [(o.base, o.ceiling, o.exception, o.justified) for o in overrun] == [
        (500_000, 405_000, "", False)
    ]


def test_price_of_a_ceiling_moves_the_limit_that_is_applied() -> None:
    prices = check_every_price(case(), "ceiling", step=1.0)
    low = prices["ceiling/region:1/home/2004/at_most"]
    assert low.limit == 270_000
    assert (low.more, low.less) == pytest.approx((-1e-4, 1e-4))
    frozen = prices["ceiling/region:2/home/2004/at_most"]
    assert frozen.limit == 500_000
    # a euro above the base renewed opens a ten-thousandth of a place; below it no plan exists
    assert frozen.more == pytest.approx(-1e-4)
    assert frozen.less == float("inf")


def test_forbid_has_no_plan_for_who_is_above() -> None:
    result = solve_instance(case(above="forbid").instance(), "case")
    assert isinstance(result, Failure)
    keys = [str(result.program.row_keys[i]) for i in result.conflict.rows]
    assert keys == ["ceiling/region:2/home/2004/at_most"]


def test_clapet_gives_nothing_and_mecanique_the_validated_amount() -> None:
    words = {"exception": {"region:1": "clapet", "region:2": "mecanique"}}
    amount = {"mechanical_effect": {"region:1": 0, "region:2": 50_000}}
    exceptions = {"column": "exception", "amount": {"column": "mechanical_effect"}}
    ceiling = case(words | amount, exceptions=exceptions)
    # region 1 is below its ceiling and gets nothing all the same; region 2 gets 50 000: 5 places
    assert places(ceiling.solved()) == pytest.approx(
        {"region:1/home/2004": 0, "region:2/home/2004": 5}
    )
    prices = check_every_price(ceiling, "ceiling", step=1.0)
    assert prices["ceiling/region:1/home/2004/at_most"].limit == 100_000
    assert prices["ceiling/region:2/home/2004/at_most"].limit == 550_000
    assert prices["ceiling/region:2/home/2004/at_most"].less == pytest.approx(1e-4)


POOL = {
    # one establishment, three budgets under ceilings of 270 000, 405 000 and 135 000
    "dominic": {"region:1": 200_000, "region:2": 300_000, "region:3": 100_000},
    "base": {"region:1": 100_000, "region:2": 500_000, "region:3": 100_000},
    "pop": {"region:1": 1000, "region:2": 2000, "region:3": 1000},
    "installed": {"region:1": 10, "region:2": 60, "region:3": 10},
    "home_of": {"region:1": "A", "region:2": "A", "region:3": "B"},
}


def pooled(figures: dict[str, object] | None = None, **ceiling: object) -> Case:
    return case(POOL | (figures or {}), by=[{"column": "home_of"}, "year"], **ceiling)


def test_budgets_of_one_establishment_share_a_ceiling_and_the_clapet_of_one() -> None:
    # A: 675 000 against a base of 600 000: 75 000 are left although region 2 stands above its own
    solved = pooled().solved()
    plan = places(solved)
    assert plan["region:1/home/2004"] + plan["region:2/home/2004"] == pytest.approx(7.5)
    assert plan["region:3/home/2004"] == pytest.approx(3.5)
    assert solved.run.instance.overruns == ()
    words = {"exception": {"region:2": "clapet"}}
    same = pooled(words, exceptions={"column": "exception"})
    assert places(same.solved()) == pytest.approx(plan)
    prices = check_every_price(pooled(), "ceiling", step=1.0)
    assert prices["ceiling/home_of:A/home/2004/at_most"].more == pytest.approx(-1e-4)


def test_a_pool_above_its_ceiling_is_one_overrun() -> None:
    above = {"base": {"region:1": 300_000, "region:2": 500_000, "region:3": 200_000}}
    (a, b) = pooled(above).solved().run.instance.overruns
    assert (a.label, a.node, a.base, a.ceiling) == ("A", None, 800_000, 675_000)
    # 125 000 to be deducted, three eighths of it where three eighths of the money are
    assert a.due == pytest.approx([46_875, 78_125])
    assert (b.label, b.due.sum()) == ("B", 65_000)
    words = {"exception": {"region:2": "mecanique"}, "mechanical_effect": {"region:2": 40_000}}
    exceptions = {"column": "exception", "amount": {"column": "mechanical_effect"}}
    more = pooled(above | words, exceptions=exceptions)
    limits = {str(row.key): row.limit for row in more.instance().rows}
    assert limits["ceiling/home_of:A/home/2004/at_most"] == 840_000
    assert [o.exception for o in more.instance().overruns] == ["mecanique", ""]
    assert more.instance().overruns[0].due.sum() == 0


def test_a_ceiling_on_a_whole_selection_is_an_overrun_of_its_territory() -> None:
    whole = case({"dominic": {"region:1": 200_000, "region:2": 300_000}}, by="region")
    (over,) = whole.instance().overruns
    assert (over.label, over.node) == ("2", 1)


def test_base_above_is_carried_to_each_year_by_the_yearly_rate() -> None:
    late = case().with_sections(
        years=[2004, 2005], measures={"home": {"cost": 10_000, "rate": 0.10}}
    )
    rows = {str(r.key): r.limit for r in late.instance().rows}
    assert rows["ceiling/region:2/home/2004/at_most"] == pytest.approx(550_000)
    assert rows["ceiling/region:2/home/2005/at_most"] == pytest.approx(605_000)
    assert rows["ceiling/region:1/home/2005/at_most"] == pytest.approx(270_000)
    # the plan exists: frozen means frozen at the base as renewed, not below it
    assert places(late.solved())["region:2/home/2005"] == pytest.approx(0)


def test_missing_ceiling_is_skipped_when_the_rule_says_so() -> None:
    skipping = case(
        {"dominic": {"region:1": 200_000}},
        at_most={"column": "dominic", "times": 1.35, "missing": "skip"},
    )
    assert places(skipping.solved()) == pytest.approx(
        {"region:1/home/2004": 17, "region:2/home/2004": 40}
    )


def test_golden() -> None:
    check_golden(case().instance(), "rules/ceiling")
