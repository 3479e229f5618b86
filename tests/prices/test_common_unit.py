"""Prices per 100 000 of the currency: the same for a rule in places and the same rule in money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pricing import Case
from small import FIGURES, GAP, small

from perequa.interpret.common_unit import units_per_100k
from perequa.interpret.rules import prices_table
from perequa.report.files import tables_of
from perequa.report.terminal import prices_text
from perequa.words import words_in


def per_100k(case: Case, rule: str) -> list[tuple[object, object]]:
    return [
        (r["effect_per_100k_more"], r["effect_per_100k_less"])
        for r in prices_table(case.solved().run, words_in("en")).records()
        if r["rule"] == rule
    ]


def test_a_rule_in_places_is_priced_as_the_same_rule_in_money() -> None:
    # the target is out of reach: ten places (100 000) more close ten of the gap
    money = small({"only": {"kind": "cap", "in": "credits", "at_most": 300_000}})
    places = small({"only": {"kind": "cap", "at_most": 30}})
    assert per_100k(places, "only") == [pytest.approx((-10, 10))]
    assert per_100k(money, "only") == [pytest.approx((-10, 10))]


def test_a_reserve_is_worth_what_the_places_held_back_cost() -> None:
    case = small(
        {
            "contingent": {"kind": "contingent", "equals": 30},
            "kept": {"kind": "reserve", "of": "contingent", "share": 0.1},
        }
    )
    assert per_100k(case, "kept") == [pytest.approx((10, -10))]


def test_what_the_envelope_pays_is_what_counts() -> None:
    case = small({"only": {"kind": "cap", "at_most": 30}})
    half = case.with_sections(measures={"home": {"cost": 20_000, "financed_share": 0.5}})
    assert per_100k(half, "only") == [pytest.approx((-10, 10))]


def test_places_of_different_costs_are_not_turned_into_money() -> None:
    figures = FIGURES | {"cost": {"region:1": 10_000, "region:2": 20_000}}
    case = Case(
        sections={
            "measures": {"home": {"cost": {"column": "cost"}}},
            "rules": {
                "all": {"kind": "cap", "at_most": 30},
                "each": {"kind": "cap", "by": "region", "at_most": 12},
            },
            "objectives": {"gap": GAP},
        },
        figures=figures,
    )
    assert per_100k(case, "all") == [(None, None)]
    # each region alone has one cost: a place less is 1 missing, in region 2 for twice the money
    assert [less for _, less in per_100k(case, "each")] == pytest.approx([10, 5])


def test_a_place_that_costs_nothing_has_no_price_in_money() -> None:
    case = small({"only": {"kind": "cap", "at_most": 30}})
    instance = case.solved().run.instance
    free = replace(instance, cost=np.zeros_like(instance.cost))
    program = case.solved().run.program
    assert units_per_100k(instance, program)[0] == 10
    assert np.isnan(units_per_100k(free, program)[0])


def ranked(case: Case) -> list[str]:
    tables = tables_of(case.solved().run, words_in("en"))
    lines = prices_text(tables["shadow_prices"], tables["rules"], words_in("en")).splitlines()[1:]
    told = [line for line in lines if "changes nothing." not in line and "improvement:" not in line]
    return [line.split()[0] for line in told]


def test_money_and_places_are_ranked_together_where_every_row_has_the_common_unit() -> None:
    # 1 place of cap: 10 per 100 000; 100 000 of the second envelope: 5, since places cost twice
    figures = FIGURES | {"cost": {"region:1": 10_000, "region:2": 20_000}}
    rules = {
        "cap": {"kind": "cap", "territories": ["region:1"], "at_most": 12},
        "money": {"kind": "envelope", "territories": ["region:2"], "at_most": 200_000},
    }
    case = Case(
        sections={
            "measures": {"home": {"cost": {"column": "cost"}}},
            "rules": rules,
            "objectives": {"gap": GAP},
        },
        figures=figures,
    )
    assert ranked(case) == ["cap", "envelope"]
    # with a row whose places have several costs, money comes apart and first
    everywhere = {"kind": "cap", "at_most": 22}
    assert ranked(case.with_rules(everywhere=everywhere))[0] == "envelope"


def test_places_that_cannot_be_funded_have_no_price_in_money() -> None:
    case = small(
        {
            "all": {"kind": "cap", "at_most": 30},
            "one": {"kind": "cap", "by": "region", "at_most": 20},
        }
    )
    run = case.solved().run
    closed = replace(run.instance, open_pairs=np.array([[True], [False]]))
    # the cap of region 2 counts nothing that can be funded, although the national one does
    assert np.isnan(units_per_100k(closed, run.program)).tolist()[:3] == [False, False, True]
