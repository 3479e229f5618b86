from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places

from perequa.interpret.transfers import transfers_table
from perequa_models.amounts import amounts_at

GAP = {"kind": "shortfall", "indicator": "rate", "level": "region", "target": 5.0, "years": "all"}


def case(**transfer: Any) -> Case:
    """Day places and homes, each from its own envelope; homes alone are missing (40 and 40)."""
    return Case(
        sections={
            "years": [2004, 2005],
            "measures": {"day": {"cost": 5_000}, "home": {"cost": 10_000}},
            "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
            "rules": {
                "days": {
                    "kind": "envelope",
                    "measure": "day",
                    "by": "year",
                    "at_most": 100_000,
                },
                "homes": {
                    "kind": "envelope",
                    "measure": "home",
                    "by": "year",
                    "at_most": 200_000,
                },
                "kept": {"kind": "floor", "measure": "day", "by": "year", "at_least": 8},
                "moved": {"kind": "transfer", "from": "days", "to": "homes", "at_most": 30_000}
                | transfer,
            },
            "objectives": {"gap": GAP},
        },
        figures={
            "pop": {"region:1": 1000, "region:2": 2000},
            "installed": {"region:1": [0, 10], "region:2": [0, 60]},
        },
        by_measure=("installed",),
    )


def moved(solved: Any) -> list[float]:
    return [float(row["moved"]) for row in transfers_table(solved.run).records()]


def test_hand_solved_money_moves_up_to_the_limit() -> None:
    # 20 homes a year from their own envelope, 3 more from what day places give up
    solved = case().solved()
    assert moved(solved) == pytest.approx([30_000, 30_000])
    assert first_value(solved) == pytest.approx((80 - 23 + 80 - 46) / 2)
    plan = places(solved)
    assert sum(v for k, v in plan.items() if "home/2004" in k) == pytest.approx(23)


def test_price_of_the_limit_is_that_of_the_places_it_makes() -> None:
    prices = check_every_price(case(), "moved", step=10.0)
    # a ten-thousandth of a home in both years, in the last one only
    assert prices["moved/-/-/2004/at_most"].more == pytest.approx(-1e-4)
    assert prices["moved/-/-/2005/at_most"].more == pytest.approx(-0.5e-4)
    # and the envelope the money leaves is worth nothing: it is not short of it
    assert check_price(case(), "days/-/day/2004/at_most", 10.0).more == 0


def test_what_leaves_counts_against_the_envelope_it_leaves() -> None:
    # 8 day places cost 40 000: 60 000 of the 100 000 can leave, whatever the limit
    wide = case(at_most=90_000)
    assert moved(wide.solved()) == pytest.approx([60_000, 60_000])
    price = check_price(wide, "days/-/day/2004/at_most", 10.0)
    assert (price.more, price.less) == pytest.approx((-1e-4, 1e-4))
    assert check_price(wide, "moved/-/-/2004/at_most", 10.0).more == 0


def test_it_never_goes_back() -> None:
    back = case(**{"from": "homes", "to": "days"})
    solved = back.solved()
    assert moved(solved) == pytest.approx([0, 0], abs=1e-9)
    assert first_value(solved) == pytest.approx((60 + 40) / 2)


def test_nothing_moves_without_a_reason_and_no_more_than_needed() -> None:
    # day places alone are missed by the objective: no home needs money
    idle = case().with_sections(
        objectives={"spend": {"kind": "spend", "normalise": "none", "priority": 1}}
    )
    assert moved(idle.solved()) == pytest.approx([0, 0], abs=1e-6)


def test_published_plan_is_even_among_those_that_move_least() -> None:
    # 50 000 must move over two years, in either; 45 homes in all, shared by population (1 000 and
    # 2 000 people) and evenly over the years, hence 25 000 each
    tied = case(at_most=40_000).with_sections(objectives={"gap": GAP | {"years": "last"}})
    total = {"kind": "envelope", "measure": "home", "at_most": 450_000}
    solved = tied.with_rules(total=total).solved()
    assert moved(solved) == pytest.approx([25_000, 25_000], rel=1e-9)
    plan = places(solved)
    for region, homes in (("1", 7.5), ("2", 15.0)):
        for year in (2004, 2005):
            assert plan[f"region:{region}/home/{year}"] == pytest.approx(homes)


def test_moving_less_comes_before_being_even() -> None:
    # 30 homes in all, 10 000 each, all the same to the objective whatever the year: the even plan
    # has 15 a year, and the envelope of 2004 pays for 10; 15 then cost a transfer of 50 000
    short = case(at_most=90_000).with_sections(objectives={"gap": GAP | {"years": "last"}})
    homes = short.sections["rules"]["homes"] | {"adjust": [{"year": 2004, "plus": -100_000}]}
    total = {"kind": "envelope", "measure": "home", "at_most": 300_000}
    for method in ("exact", "stepped"):
        solved = (
            short.with_rules(homes=homes, total=total)
            .with_sections(tie_break={"method": method})
            .solved()
        )
        assert moved(solved) == pytest.approx([0.0, 0.0], abs=1e-9)
        plan = places(solved)
        assert sum(v for k, v in plan.items() if "home/2004" in k) == pytest.approx(10)


@pytest.mark.parametrize("method", ["exact", "stepped"])
def test_a_thousand_million_euros_are_proven_like_little_money(method: str) -> None:
    # the same with ten thousand times the people, the places and the money: every run is certified
    # before it is published
    size = 10_000
    large = case(at_most=30_000 * size)
    rules = large.sections["rules"]
    for name, key in (("days", "at_most"), ("homes", "at_most"), ("kept", "at_least")):
        rules = rules | {name: rules[name] | {key: rules[name][key] * size}}
    large = replace(
        large.with_sections(rules=rules, tie_break={"method": method}),
        figures={
            "pop": {"region:1": 1000 * size, "region:2": 2000 * size},
            "installed": {"region:1": [0, 10 * size], "region:2": [0, 60 * size]},
        },
    )
    assert rules["days"]["at_most"] == 1e9
    solved = large.solved()
    assert solved.run.published.method == method
    assert moved(solved) == pytest.approx([3e8, 3e8], rel=1e-9)
    plan = places(solved)
    assert sum(v for k, v in plan.items() if "home/2004" in k) == pytest.approx(23 * size)


@pytest.mark.parametrize("method", ["exact", "stepped"])
def test_either_method_of_the_tie_break_moves_the_same_each_year(method: str) -> None:
    tied = case(at_most=40_000).with_sections(
        objectives={"gap": GAP | {"years": "last"}}, tie_break={"method": method}
    )
    tied = tied.with_rules(total={"kind": "envelope", "measure": "home", "at_most": 450_000})
    solved = tied.solved()
    assert solved.run.published.method == method
    assert sum(moved(solved)) == pytest.approx(50_000)


def test_the_least_a_plan_needs_is_what_it_moves() -> None:
    solved = case().solved()
    run = solved.run
    amounts = amounts_at(run.instance, run.plan)
    assert list(amounts.values()) == pytest.approx(moved(solved))


def test_a_reserve_is_taken_from_the_limit_and_not_from_what_is_moved() -> None:
    held = case().with_rules(back={"kind": "reserve", "of": "days", "share": 0.5})
    # half of the day envelope is kept, 40 000 pay for 8 places: 10 000 can leave
    assert moved(held.solved()) == pytest.approx([10_000, 10_000])
    check_every_price(held, "back", step=10.0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"at_most": None}, "does not say how much may move"),
        ({"to": "days"}, "not two of the same groups"),
        ({"to": "kept"}, "cannot move money to kept"),
        ({"from": "nobody"}, "no active rule 'nobody'"),
        ({"by": "year"}, "does not read by"),
        ({"at_most": -1}, "below zero"),
    ],
)
def test_what_is_no_transfer_is_told(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        case(**wrong).instance()


def test_groups_must_be_the_same_and_moved_once() -> None:
    apart = case().with_rules(homes={"kind": "envelope", "measure": "home", "at_most": 400_000})
    with pytest.raises(AssertionError, match="not two of the same groups"):
        apart.instance()
    again = {"kind": "transfer", "from": "homes", "to": "days", "at_most": 5}
    with pytest.raises(AssertionError, match="another transfer does already"):
        case().with_rules(then=again).instance()
    aside = {"kind": "ring_fence", "of": "days", "set_aside": 5.0, "territories": ["region:1"]}
    with pytest.raises(AssertionError, match="which a transfer changes"):
        case().with_rules(then=aside).instance()


def test_golden() -> None:
    check_golden(case().instance(), "rules/transfer")
