from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import column
from golden import check_golden
from pricing import Case, check_every_price, first_value, places
from small import small

from perequa.interpret.by_objective import by_objective_table
from perequa_models.calendars import CALENDARS, closed_each_year, left_after
from perequa_models.tree import Territory, Tree

if TYPE_CHECKING:
    from perequa_models.columns import Column

YEARS = [2013, 2014, 2015, 2016]
# ceilings of 100 000 and 200 000: region 1 stands 40 000 above, region 2 below
MONEY = {
    "tariff": {"region:1": 100_000, "region:2": 200_000},
    "base": {"region:1": 140_000, "region:2": 150_000},
}


def case(figures: dict[str, Any] | None = None, **converge: Any) -> Case:
    return small(
        {
            "envelope": {"kind": "envelope", "by": "year", "at_most": 20_000},
            "converge": {
                "kind": "converge",
                "by": ["territory", "year"],
                "at_most": {"column": "tariff"},
                "calendar": "2010_2016",
                "freed": {"envelope": 1},
            }
            | converge,
        },
        MONEY | (figures or {}),
    ).with_sections(years=YEARS, objectives=OBJECTIVES)


OBJECTIVES = {
    "gap": {
        "kind": "shortfall",
        "indicator": "rate",
        "level": "region",
        "target": 5.0,
        "years": "all",
    }
}


def limits(case: Case) -> dict[str, float]:
    return {str(r.key): r.limit for r in case.instance().rows if r.kind == "converge"}


def test_the_exact_fractions_leave_a_tenth_less_at_first_then_fifteen_hundredths() -> None:
    years = range(2010, 2017)
    exact = left_after(closed_each_year("2010_2016", years))
    assert exact == pytest.approx([0.90, 0.75, 0.60, 0.45, 0.30, 0.15, 0], abs=1e-15)
    printed = left_after(closed_each_year("2010_2016_printed", years))
    assert [round(left, 5) for left in printed] == [0.9, 0.75006, 0.60005, 0.45004, 0.30004,
                                                    0.15002, 0]  # fmt: skip


def test_a_seventh_of_the_first_gap_is_a_growing_part_of_the_one_left() -> None:
    years = range(2017, 2024)
    assert list(CALENDARS["2017_2023"].values()) == [1 / n for n in range(7, 0, -1)]
    left = left_after(closed_each_year("2017_2023", years))
    assert left == pytest.approx([n / 7 for n in range(6, -1, -1)], abs=1e-15)


def test_hand_solved_the_money_freed_opens_places_elsewhere() -> None:
    # 2013 to 2016 close 1/4, 1/3, 1/2 and all of what is left: 10 000 of 40 000 each year
    assert limits(case()) == pytest.approx(
        {
            f"converge/region:1/home/{y}/equals": g
            for y, g in zip(YEARS, (130_000, 120_000, 110_000, 100_000), strict=True)
        }
    )
    # so every year has 20 000 + 10 000: three places, of which region 1 in convergence gets none
    solved = case().solved()
    plan = places(solved)
    assert [plan[f"region:2/home/{y}"] for y in YEARS] == pytest.approx([3, 3, 3, 3])
    assert [plan[f"region:1/home/{y}"] for y in YEARS] == pytest.approx([0, 0, 0, 0])
    # 40 + 40 missing; 3, 6, 9, 12 closed: 80 − 7.5 in the mean
    assert first_value(solved) == pytest.approx(72.5)
    run = solved.run
    assert run.plan.freed.ravel()[:4] == pytest.approx([10_000] * 4)
    assert run.plan.budget[0, 0] == pytest.approx([130_000, 120_000, 110_000, 100_000])


@pytest.mark.parametrize(
    ("freed", "yearly"), [("returned", 2.0), ({"envelope": 0.5}, 2.5), ({"envelope": 1}, 3.0)]
)
def test_the_switch_says_who_gets_the_money(freed: Any, yearly: float) -> None:
    plan = places(case(freed=freed).solved())
    assert sum(plan.values()) == pytest.approx(4 * yearly)


def test_price_of_a_year_is_that_of_the_money_taken_now_and_given_back_next_year() -> None:
    prices = check_every_price(case(), "converge", step=10.0)
    # one euro less left in 2013 is one more to spend in 2013 and one less in 2014: a
    # ten-thousandth of a place one year earlier, a quarter of it in the mean of four years
    first = prices["converge/region:1/home/2013/equals"]
    assert (first.more, first.less) == pytest.approx((0.25e-4, -0.25e-4))
    last = prices["converge/region:1/home/2016/equals"]
    assert (last.more, last.less) == pytest.approx((0.25e-4, -0.25e-4))


def test_prices_where_the_money_is_returned_are_nothing() -> None:
    for price in check_every_price(case(freed="returned"), "converge", step=10.0).values():
        assert (price.more, price.less) == (0, 0)


def test_growth_of_the_budget_is_taken_too() -> None:
    growing = case().with_sections(measures={"home": {"cost": 10_000, "rate": 0.10}})
    freed = growing.solved().run.plan.freed[0, 0]
    # 140 000 renewed at 10 % is 154 000, of which 130 000 stay; then 143 000 less 120 000
    assert freed == pytest.approx([24_000, 23_000, 22_000, 21_000])
    check_every_price(growing, "converge", step=10.0)


def test_a_ceiling_that_rises_tells_the_two_gaps_apart() -> None:
    by_year = Case(
        sections=case().sections,
        figures={k: v for k, v in case().figures.items() if k != "tariff"},
        columns={"tariff": _by_year([100_000, 100_000, 120_000, 120_000], [200_000] * 4)},
    )
    initial = list(limits(by_year).values())
    # 40 000 above at first: 30, 20, 10, 0 thousand above the ceiling of each year
    assert initial == pytest.approx([130_000, 120_000, 130_000, 120_000])
    remaining = by_year.with_rules(
        converge=by_year.sections["rules"]["converge"] | {"of": "remaining"}
    )
    # in 2015 the ceiling has reached the 120 000 that are left: the gap is closed for good
    assert list(limits(remaining).values()) == pytest.approx([130_000, 120_000, 120_000, 120_000])
    # 10 000 given back in 2015 are taken from the envelope: one place instead of three
    plan = places(by_year.solved())
    assert [plan[f"region:2/home/{y}"] for y in YEARS] == pytest.approx([3, 3, 1, 3])
    check_every_price(by_year, "converge", step=10.0)


def _by_year(*of_region: list[float]) -> Column:
    tree = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])
    values = {f"region:{i + 1}": figures for i, figures in enumerate(of_region)}
    return column(tree, "tariff", values, years=tuple(YEARS))


def test_a_band_spares_who_is_little_above() -> None:
    assert limits(case(band=0.40)) == {}
    assert len(limits(case(band=0.39))) == 4


def test_a_mapping_closes_what_it_says_of_the_gap_still_open() -> None:
    found = list(limits(case(calendar={2013: 0.5, 2015: 0.5})).values())
    assert found == pytest.approx([120_000, 120_000, 110_000, 110_000])


def test_the_budget_in_convergence_is_what_rates_in_money_count() -> None:
    both = case().with_sections(
        indicators={
            "rate": {"measures": ["home"], "population": "pop", "per": 100},
            "money": {"measures": ["home"], "in": "budget", "population": "pop", "per": 1},
        },
        objectives=OBJECTIVES
        | {
            "even": {
                "kind": "absolute_gap",
                "indicator": "money",
                "level": "region",
                "target": 100,
                "priority": 2,
            },
            "told": {"kind": "range", "indicator": "money", "level": "region", "weight": 0,
                     "normalise": "none", "priority": 2},
        },
    )  # fmt: skip
    solved = both.solved()
    even = next(i for i, n in enumerate(solved.run.weighting.names) if n == "even")
    assert solved.run.program.costs[even] @ solved.run.published.plan + solved.run.program.offsets[
        even
    ] == pytest.approx(0 + abs(200_000 - (150_000 + 4 * 30_000)))
    told = [
        record
        for record in by_objective_table(solved.run).records()
        if str(record["row"]).endswith("2016/equals") and record["objective"] == "told"
    ]
    # 135 a head in region 2, 100 in region 1: a euro more left to region 1 in 2016 is a euro less
    # for region 2, 1/1000 and 1/2000 a head
    assert told[0]["effect_of_one_more"] == pytest.approx(-1.5e-3, rel=1e-6)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"by": "year"}, "brings 2 territories and 1 measures down together"),
        ({"calendar": "2017_2023"}, "says nothing of 2013"),
        ({"at_most": None}, "states no ceiling"),
        ({"freed": {"envelope": 0.7, "other": 0.7}}, "hands over more than it frees"),
        ({"freed": {"envelop": 1}}, "no active rule 'envelop'"),
        ({"freed": {"first": 1}}, "frees enters 0 rows of first"),
        ({"freed": {"floor": 1}}, "cannot hand money over to floor"),
        ({"years": [2013]}, "does not read years"),
        ({"in": "credits"}, "cannot speak of credits"),
    ],
)
def test_wrong_scenarios_are_told(changed: dict[str, Any], told: str) -> None:
    wrong = case(**changed).with_rules(
        other={"kind": "envelope", "by": "year", "at_most": 1_000},
        first={"kind": "envelope", "year": 2013, "at_most": 1_000},
        floor={"kind": "floor", "by": "year", "in": "credits", "at_least": 0},
    )
    with pytest.raises(AssertionError, match=told):
        wrong.instance()


def test_two_calendars_for_one_establishment_are_told() -> None:
    again = case().sections["rules"]["converge"] | {"freed": "returned", "calendar": {2013: 1}}
    with pytest.raises(AssertionError, match="rules again and converge both bring down region:1"):
        case().with_rules(again=again).instance()


def test_money_that_convergence_adds_to_is_not_set_aside() -> None:
    fenced = {"kind": "ring_fence", "territories": ["region:2"], "set_aside": 100, "of": "envelope"}
    with pytest.raises(
        AssertionError, match="sets money of envelope aside, which convergence adds"
    ):
        case().with_rules(fenced=fenced).instance()


def test_one_off_money_does_not_converge() -> None:
    once = case().with_sections(measures={"home": {"cost": 10_000, "recurrent": False}})
    with pytest.raises(AssertionError, match="brings down home, which is one-off money"):
        once.instance()


def test_a_ceiling_says_that_who_comes_down_owes_nothing_later() -> None:
    top = {"kind": "ceiling", "by": ["territory", "year"], "at_most": {"column": "tariff"}}
    (over,) = case().with_rules(top=top).instance().overruns
    assert (over.label, over.exception, over.due.sum()) == ("1", "convergence", 0)
    assert over.base - over.ceiling == 40_000


def test_golden() -> None:
    check_golden(case().instance(), "rules/converge")
