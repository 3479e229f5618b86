from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places, row_of
from small import small

from perequa.interpret.establishments import overruns_table


def case(of: dict[str, object] | None = None, **reserve: object) -> Case:
    contingent = {"kind": "contingent", "equals": 50}
    return small(
        {
            "contingent": of or contingent,
            "reserve": {"kind": "reserve", "of": "contingent"} | reserve,
        },
        {"withheld": {"region:1": 20_000, "region:2": 40_000}},
    )


def test_hand_solved_reserve_is_taken_before_anyone_is_served() -> None:
    # a tenth of 50 is held back: 45 of the 80 missing places are funded
    solved = case(share=0.10).solved()
    assert first_value(solved) == pytest.approx(35)
    assert sum(places(solved).values()) == pytest.approx(45)
    assert row_of(solved, "contingent/-/home/2004/equals")["activity"] == pytest.approx(50)
    assert row_of(solved, "reserve/-/home/2004/equals")["activity"] == pytest.approx(5)


def test_price_of_the_reserve_and_of_what_it_is_taken_from() -> None:
    share = case(share=0.10)
    price = check_price(share, "reserve/-/home/2004/equals")
    assert price.limit == pytest.approx(5)
    assert (price.more, price.less) == pytest.approx((1, -1))
    # the reserve stays at 5 when the contingent moves alone: a whole place, not nine tenths
    price = check_price(share, "contingent/-/home/2004/equals")
    assert (price.more, price.less) == pytest.approx((-1, 1))


def test_share_follows_the_limit_a_planner_writes() -> None:
    more = case({"kind": "contingent", "equals": 60}, share=0.10)
    assert first_value(more.solved()) == pytest.approx(80 - 54)


def test_amount_stated_as_a_number() -> None:
    price = check_price(case(amount=8), "reserve/-/home/2004/equals")
    assert (price.limit, price.more) == (8, pytest.approx(1))


def test_amount_stated_by_a_column_is_taken_from_each_row() -> None:
    # envelopes of 200 000 less 20 000 and 40 000: 18 and 16 places
    by_region = case(
        {"kind": "envelope", "by": "region", "at_most": 200_000}, amount={"column": "withheld"}
    )
    assert places(by_region.solved()) == pytest.approx(
        {"region:1/home/2004": 18, "region:2/home/2004": 16}
    )
    prices = check_every_price(by_region, "reserve", step=1.0)
    assert [p.limit for p in prices.values()] == [20_000, 40_000]
    assert [p.more for p in prices.values()] == pytest.approx([1e-4, 1e-4])


OVER = {
    # ceilings of 100 000: regions 1 and 3 stand 60 000 and 30 000 above, region 3 justifies it
    "ceiling": {"region:1": 100_000, "region:2": 100_000, "region:3": 100_000},
    "base": {"region:1": 160_000, "region:2": 90_000, "region:3": 130_000},
    "overrun_justified": {"region:1": 0, "region:2": 0, "region:3": 1},
    "pop": {"region:1": 1000, "region:2": 2000, "region:3": 3000},
    "installed": {"region:1": 10, "region:2": 60, "region:3": 90},
}


def over(**envelope: object) -> Case:
    """Unjustified overruns of the base taken off later delegations."""
    return small(
        {
            "top": {"kind": "ceiling", "by": ["territory", "year"],
                    "at_most": {"column": "ceiling"}, "measure": "care"},
            "later": {"kind": "envelope", "by": ["region", "year"], "measure": "home",
                      "at_most": 40_000} | envelope,
            "due": {"kind": "reserve", "of": "later", "amount": {"overruns": "top"}},
        },
        OVER,
    ).with_sections(
        years=[2005, 2006],
        measures={"home": {"cost": 10_000}, "care": {"unit": "money"}},
    )  # fmt: skip


def with_care(case: Case) -> Case:
    """Bases of care alone, places of homes alone."""
    figures = dict(case.figures)
    for name, at in (("base", 0), ("installed", 1)):
        figures[name] = {
            region: [value, 0] if at == 0 else [0, value] for region, value in OVER[name].items()
        }
    return Case(sections=case.sections, figures=figures, by_measure=("base", "installed"))


def test_hand_solved_overruns_come_off_the_earliest_delegations() -> None:
    case = with_care(over())
    solved = case.solved()
    # region 1 owes 60 000: all of 2005 and half of 2006; the others owe nothing
    held = {k: row_of(solved, k)["activity"] for k in map(str, solved.run.program.row_keys)
            if k.startswith("due/region:1")}  # fmt: skip
    assert held == pytest.approx(
        {"due/region:1/home/2005/equals": 40_000, "due/region:1/home/2006/equals": 20_000}
    )
    plan = places(solved)
    assert [plan[f"region:1/home/{y}"] for y in (2005, 2006)] == pytest.approx([0, 2])
    assert [plan[f"region:3/home/{y}"] for y in (2005, 2006)] == pytest.approx([4, 4])
    table = {str(r["territory"]): r["deducted"] for r in overruns_table(solved.run).records()}
    assert table == {"1": 60_000, "3": 0}
    price = check_price(case, "due/region:1/home/2006/equals", step=1.0)
    assert (price.more, price.less) == pytest.approx((1e-4, -1e-4))


def test_a_national_delegation_loses_what_everyone_owes() -> None:
    solved = with_care(over(by=["year"], at_most=100_000)).solved()
    limits = [row_of(solved, f"due/-/home/{y}/equals")["limit"] for y in (2005, 2006)]
    assert limits == pytest.approx([60_000, 0])
    assert sum(v for k, v in places(solved).items() if "/home/" in k) == pytest.approx(4 + 10)


def test_an_unknown_ceiling_is_told() -> None:
    wrong = over().with_rules(due={"kind": "reserve", "of": "later", "amount": {"overruns": "t"}})
    with pytest.raises(AssertionError, match="no active rule 't'"):
        with_care(wrong).instance()


def test_reserve_above_what_it_is_taken_from_has_no_plan() -> None:
    assert case(amount=51).value() == float("inf")


def test_golden() -> None:
    check_golden(case(share=0.10).instance(), "rules/reserve")
