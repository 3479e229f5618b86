"""The evaluator of `verify` against figures worked out by hand from the scenario reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.checks.numbers import parse_number
from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.activity import value_of
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.model import Model
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.reference import reference_places
from perequa.verification.recompute.transfers import amounts_of
from perequa.verification.tables import number

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.verification.recompute.rules import ExpectedRow

TREE = """level,code,name,parent
region,11,North,
region,24,South,
department,11,Aye,11
department,12,Bee,11
department,21,Cee,24
"""
SUPPLY = """level,territory,measure,installed,base,carried,closed,cap
department,11,mas,10,1000,500,1,4
department,12,mas,20,0,0,0,6
department,21,mas,30,0,0,0,8
"""
POPULATION = """level,territory,year,pop
department,11,2004,1000
department,11,2005,2000
department,12,2004,1000
department,12,2005,1000
department,21,2004,2000
department,21,2005,2000
"""
AYE, BEE, CEE = range(3)
CAPS = {"column": "cap", "times": 2, "plus": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "territories.csv").write_text(TREE, encoding="utf-8")
    (tmp_path / "supply.csv").write_text(SUPPLY, encoding="utf-8")
    (tmp_path / "population.csv").write_text(POPULATION, encoding="utf-8")
    return tmp_path


def model_of(folder: Path, **changes: Any) -> Model:
    scenario = {
        "name": "hand",
        "years": [2004, 2005],
        "territories": {"file": "territories.csv", "levels": ["region", "department"]},
        "decide_at": "department",
        "measures": {"mas": {"cost": 12000, "opening_months": 4, "rate": 0.1}},
        "supply": {"file": "supply.csv"},
        "columns": [{"file": "population.csv"}],
        "indicators": {"rate": {"measures": ["mas"], "population": "pop"}},
        "objectives": {},
        **changes,
    }
    return Model(scenario, folder, {p.name: p.name for p in folder.iterdir()})


def rows_of(model: Model) -> dict[str, ExpectedRow]:
    return {row.id: row for row in expected_rows(model)}


def plan(*places: float) -> Any:
    return np.array(places, dtype=float).reshape(3, 1, 2)


def test_credits_stock_and_budget_over_two_years(folder: Path) -> None:
    model = model_of(folder)
    x = plan(3, 6, 0, 0, 0, 0)
    quantities = model.supply.quantities
    # Four months of three places and 500 due; then four of six, and the eight left of the three.
    assert value_of(quantities["credits"], x)[AYE, 0].tolist() == [12500, 48000]
    # The table has no year: one place closes every year.
    assert value_of(quantities["stock"], x)[AYE, 0].tolist() == [12, 17]
    assert value_of(quantities["budget"], x)[AYE, 0] == pytest.approx([13600, 62960])
    assert value_of(quantities["full_year_credits"], x)[AYE, 0].tolist() == [36000, 72000]


def test_one_off_money_never_enters_the_next_budget(folder: Path) -> None:
    measures = {"mas": {"cost": 12000, "opening_months": 4, "rate": {2004: 0.1, 2005: 0.2}}}
    measures["mas"]["recurrent"] = False
    model = model_of(folder, measures=measures)
    budget = value_of(model.supply.quantities["budget"], plan(3, 6, 0, 0, 0, 0))[AYE, 0]
    assert budget == pytest.approx([1100 + 12500, 1100 * 1.2 + 48000])


def test_rows_of_the_plain_kinds(folder: Path) -> None:
    rules = {
        "all": {"kind": "contingent", "equals": 8},
        "money": {"kind": "envelope", "by": ["region", "year"], "at_most": 100000},
        "caps": {
            "kind": "cap",
            "by": "region",
            "at_most": {"column": "cap", "times": 2, "plus": 1},
        },
        "so_far": {"kind": "cap", "cumulative": True, "by": ["region", "year"], "at_most": 9},
        "growth": {"kind": "pace", "by": "region", "growth_at_most": 0.5, "growth_at_least": 0},
        "places": {"kind": "cap", "in": "stock", "year": 2005, "at_most": 99},
        "one": {"kind": "floor", "territories": ["region:24"], "year": 2004, "at_least": 1},
    }
    rows = rows_of(model_of(folder, rules=rules))
    assert sorted(rows) == sorted(
        [
            "all/-/mas/-/equals",
            "money/region:11/mas/2004/at_most",
            "money/region:11/mas/2005/at_most",
            "money/region:24/mas/2004/at_most",
            "money/region:24/mas/2005/at_most",
            "caps/region:11/mas/-/at_most",
            "caps/region:24/mas/-/at_most",
            "so_far/region:11/mas/2004/at_most",
            "so_far/region:11/mas/2005/at_most",
            "so_far/region:24/mas/2004/at_most",
            "so_far/region:24/mas/2005/at_most",
            *(
                f"growth/region:{r}/mas/{y}/{side}"
                for r in (11, 24)
                for y in (2004, 2005)
                for side in ("at_least", "at_most")
            ),
            "places/-/mas/2005/at_most",
            "one/region:24/mas/2004/at_least",
        ]
    )
    x = plan(1, 2, 3, 4, 5, 6)
    assert rows["all/-/mas/-/equals"].activity(x) == 21
    assert rows["money/region:11/mas/2005/at_most"].activity(x) == 4000 * 6 + 8000 * 4
    assert rows["money/region:11/mas/2004/at_most"].constant == 500
    assert rows["caps/region:11/mas/-/at_most"].limit == 21
    assert rows["so_far/region:11/mas/2005/at_most"].activity(x) == 10
    assert rows["so_far/region:11/mas/2004/at_most"].activity(x) == 4
    assert rows["places/-/mas/2005/at_most"].activity(x) == 60 - 2 + 21
    # 2005 less 1.5 times 2004: 30 − 2 + 10 − 1.5·(30 − 1 + 4)
    assert rows["growth/region:11/mas/2005/at_most"].activity(x) == 38 - 1.5 * 33
    assert rows["growth/region:11/mas/2004/at_least"].activity(x) == 33 - 30
    assert rows["growth/region:11/mas/2004/at_least"].unit == "place"
    assert rows["money/region:11/mas/2004/at_most"].unit == "money"


def test_deadlines_and_distances(folder: Path) -> None:
    (folder / "aims.csv").write_text(
        "level,territory,aim\nregion,11,20\ndepartment,21,30\n", encoding="utf-8"
    )
    rules = {
        "due": {
            "kind": "deadline",
            "by": "region",
            "by_year": 2005,
            "at_least": {"column": "cap"},
            "adjust": [{"territory": "region:24", "year": 2005, "plus": 2}],
        },
        "first": {"kind": "deadline", "by_year": 2004, "at_least": 3},
        "near": {
            "kind": "distance",
            "indicator": "rate",
            "by": "region",
            "year": 2005,
            "at_most": 0.2,
        },
        "own": {
            "kind": "distance",
            "indicator": "authorised",
            "by": "department",
            "year": 2004,
            "at_most": 0.5,
            "target": {"column": "aim"},
        },
        "money": {"kind": "distance", "indicator": "head", "at_most": 0, "target": 2.5},
    }
    columns = [{"file": "population.csv"}, {"file": "aims.csv"}]
    indicators = {
        "rate": {"measures": ["mas"], "population": "pop"},
        "authorised": {"measures": ["mas"], "population": "pop", "counts": "cap"},
        "head": {"measures": "mas", "population": "pop", "per": 1, "in": "budget"},
    }
    rows = rows_of(model_of(folder, rules=rules, columns=columns, indicators=indicators))
    x = plan(1, 2, 3, 4, 5, 6)
    due = rows["due/region:11/mas/2005/at_least"]
    assert (due.limit, due.activity(x)) == (10, 10)
    assert rows["due/region:24/mas/2005/at_least"].limit == 10
    first = rows["first/-/mas/2004/at_least"]
    assert (first.limit, first.activity(x)) == (3, 9)
    # 15 per 1 000 before the plan, 3 000 people in the North in 2005: 45 places, 36 of them
    near = rows["near/region:11/mas/2005/at_least"]
    assert near.limit == pytest.approx(36)
    assert near.activity(x) == 30 - 2 + 10
    # cap counts for places: 4 there, one closes; the target of Aye is that of its region
    own = rows["own/department:11/mas/2004/at_least"]
    assert (own.limit, own.activity(x)) == (pytest.approx(10), 4 - 1 + 1)
    assert rows["own/department:21/mas/2004/at_least"].limit == pytest.approx(30)
    # 2.50 a head for 4 000, then 5 000 people; a base of 1 000 renewed at 10 %
    money = rows["money/-/mas/2004/at_least"]
    assert (money.limit, money.unit) == (10000, "money")
    assert money.activity(x) == pytest.approx(1100 + 500 + 4000 * 9)
    assert rows["money/-/mas/2005/at_least"].limit == 12500


def test_transfers_and_the_least_they_must_move(folder: Path) -> None:
    rules = {
        "one": {"kind": "envelope", "by": ["region", "year"], "at_most": 50000},
        "other": {"kind": "envelope", "by": ["region", "year"], "at_most": 20000},
        "moved": {
            "kind": "transfer",
            "from": "one",
            "to": "other",
            "at_most": 900,
            "adjust": [{"territory": "region:24", "year": 2004, "plus": 50}],
        },
    }
    rows = expected_rows(model_of(folder, rules=rules))
    by_id = {row.id: row for row in rows}
    name = "moved/region:24/-/2004/at_most"
    assert (by_id[name].limit, by_id[name].held) == (950, True)
    assert by_id["one/region:24/mas/2004/at_most"].holds == {name: 1.0}
    assert by_id["other/region:24/mas/2004/at_most"].holds == {name: -1.0}
    # five places of Cee for four months cost 20 000, six cost 24 000: 4 000 more than the envelope
    x = plan(0, 0, 0, 0, 6, 0)
    bare = np.array([row.activity(x) for row in rows])
    amounts = amounts_of(rows, bare, np.array([row.limit for row in rows]))
    assert amounts[name] == 4000
    assert amounts["moved/region:11/-/2004/at_most"] == 0


def test_groups_that_cross_the_tree(folder: Path) -> None:
    (folder / "operators.csv").write_text(
        "level,territory,operator\ndepartment,11,x\ndepartment,21,x\ndepartment,12,\n",
        encoding="utf-8",
    )
    rules = {"ops": {"kind": "cap", "by": [{"column": "operator"}], "at_most": {"column": "cap"}}}
    columns = [{"file": "population.csv"}, {"file": "operators.csv"}]
    (row,) = expected_rows(model_of(folder, rules=rules, columns=columns))
    assert (row.id, row.limit) == ("ops/operator:x/mas/-/at_most", 12)
    assert row.activity(plan(1, 2, 30, 40, 5, 6)) == 14


def test_rules_linked_to_others(folder: Path) -> None:
    rules = {
        "money": {"kind": "envelope", "year": 2004, "at_most": 100000, "adjust": [{"plus": 5000}]},
        "kept": {"kind": "reserve", "of": "money", "share": 0.1},
        "taken": {"kind": "reserve", "of": "money", "amount": {"column": "base"}},
        "aside": {
            "kind": "ring_fence",
            "territories": ["region:24"],
            "set_aside": 30000,
            "of": "money",
        },
        "late": {"kind": "withhold", "territories": ["department:12"], "amount": 700, "year": 2004},
    }
    rows = rows_of(model_of(folder, rules=rules))
    assert rows["money/-/mas/2004/at_most"].limit == 105000
    # What is computed from a limit follows the one the planner wrote.
    assert rows["kept/-/mas/2004/equals"].limit == 10000
    assert rows["taken/-/mas/2004/equals"].limit == 1000
    assert set(rows["money/-/mas/2004/at_most"].holds) == {
        "kept/-/mas/2004/equals",
        "taken/-/mas/2004/equals",
    }
    aside = rows["aside/-/mas/2004/at_most"]
    assert aside.limit == 70000
    assert aside.activity(plan(1, 0, 2, 0, 4, 0)) == 3 * 4000 + 500
    late = rows["late/department:12/mas/2004/equals"]
    assert (late.limit, late.activity(plan(1, 0, 2, 0, 4, 0))) == (700, 8000)


@pytest.mark.parametrize(
    ("above", "word", "expected"),
    [
        ("freeze", "", 1100),
        ("forbid", "", 8),
        ("forbid", "clapet", 1100),
        ("freeze", "mecanique", 1150),
    ],
)
def test_ceiling(folder: Path, above: str, word: str, expected: float) -> None:
    (folder / "homes.csv").write_text(
        f"level,territory,exception,validated\ndepartment,11,{word},50\n", encoding="utf-8"
    )
    rules = {
        "top": {
            "kind": "ceiling",
            "territories": ["department:11"],
            "by": ["territory", "year"],
            "year": 2004,
            "at_most": {"column": "cap", "times": 2},
            "above": above,
            "exceptions": {"column": "exception", "amount": {"column": "validated"}},
        }
    }
    columns = [{"file": "population.csv"}, {"file": "homes.csv"}]
    (row,) = expected_rows(model_of(folder, rules=rules, columns=columns))
    assert row.limit == pytest.approx(expected)
    assert row.id == "top/department:11/mas/2004/at_most"


def test_limit_of_a_group_own_level_table_and_missing(folder: Path) -> None:
    (folder / "stated.csv").write_text(
        "level,territory,eur\nregion,11,70\ndepartment,11,30\ndepartment,12,30\n", encoding="utf-8"
    )
    (folder / "limits.csv").write_text(
        "territory,year,limit\nregion:11,2004,5\nregion:11,2005,6\nregion:24,2004,7\n"
        "region:24,2005,8\n",
        encoding="utf-8",
    )
    columns = [{"file": "population.csv"}, {"file": "stated.csv"}]
    skip = {"column": "eur", "missing": "skip"}
    rules = {
        "own": {"kind": "envelope", "by": "region", "at_most": skip},
        "finer": {"kind": "envelope", "by": "territory", "at_most": skip},
        "table": {"kind": "cap", "by": ["region", "year"], "at_most": {"file": "limits.csv"}},
    }
    rows = rows_of(model_of(folder, rules=rules, columns=columns))
    assert rows["own/region:11/mas/-/at_most"].limit == 70
    assert "own/region:24/mas/-/at_most" not in rows
    assert rows["finer/department:12/mas/-/at_most"].limit == 30
    assert rows["table/region:24/mas/2004/at_most"].limit == 7
    rules["own"]["at_most"] = {"column": "eur"}
    with pytest.raises(Unreadable, match="states nothing for region:24"):
        expected_rows(model_of(folder, rules=rules, columns=columns))


def test_where_selects_by_the_rate_before_the_plan(folder: Path) -> None:
    # 60 places for 4 000 people: 15 per 1 000; Aye has 10, Bee 20, Cee 15.
    below = {"kind": "floor", "by": "territory", "at_least": 1}
    rules = {"low": {**below, "where": {"indicator": "rate", "below": "national_initial"}}}
    assert list(rows_of(model_of(folder, rules=rules))) == ["low/department:11/mas/-/at_least"]
    rules = {"high": {**below, "where": {"indicator": "rate", "above": 14.9}}}
    assert len(rows_of(model_of(folder, rules=rules))) == 2


def test_objectives_by_definition(folder: Path) -> None:
    gap = {"indicator": "rate", "level": "department"}
    model = model_of(
        folder,
        objectives={
            "last": {"kind": "shortfall", **gap},
            "all": {"kind": "shortfall", "years": "all", **gap},
            "plain": {"kind": "absolute_gap", "weighting": "territory", **gap},
            "worst": {"kind": "worst", **gap},
            "range": {"kind": "range", "years": "all", **gap},
            "tail": {"kind": "cvar", "tail": 0.5, **gap},
            "unequal": {"kind": "gini", "weighting": "population", **gap},
            "people": {"kind": "cvar", "tail": 0.5, "weighting": "population", **gap},
            "moving": {"kind": "shortfall", "target": "national", **gap},
            "north": {"kind": "shortfall", "territories": ["region:11"], "target": 40, **gap},
            "need": {"kind": "unmet_need", "measure": "mas", "level": "region",
                     "need": {"column": "cap"}},
            "spend": {"kind": "spend"},
        },
    )  # fmt: skip
    x = plan(1, 2, 3, 4, 0, 0)
    # Places at the end: Aye 10, then 11; Bee 23, then 27; Cee 30. One closes a year in Aye.
    # Rates: 10, 23, 15; then 5.5, 27, 15. National: 15; then 68 ÷ 5 000 = 13.6.
    expected = {
        "last": 2 * 9.5,
        "all": (1 * 5 + 2 * 9.5) / 2,
        "plain": 9.5 + 12 + 0,
        "worst": 9.5,
        "range": (13 + 21.5) / 2,
        # one and a half of three territories, 2 500 of 5 000 people: 9.5 in Aye, 0 elsewhere
        "tail": 9.5 / 1.5,
        # 2, 1 and 2 fifths of the people at 5.5, 27 and 15, over the 15 before
        "unequal": (2 * 1 * 21.5 + 2 * 2 * 9.5 + 1 * 2 * 12) / 25 / 15,
        "people": 9.5 * 2 / 2.5,
        "moving": 2 * (13.6 - 5.5),
        "north": 2 * 34.5 + 13,
        # 10 declared in the North, 10 funded; 8 in the South, none.
        "need": 8,
        "spend": 4000 * 10 + 8000 * 4 + 500,
    }
    found = {name: objective_value(model, name, x) for name in expected}
    assert found == pytest.approx(expected)


def test_money_measures_have_their_base_for_places(folder: Path) -> None:
    (folder / "supply.csv").write_text(
        "level,territory,measure,base\ndepartment,11,aid,100\ndepartment,12,aid,200\n"
        "department,21,aid,300\n",
        encoding="utf-8",
    )
    indicators = {"rate": {"measures": ["aid"], "population": "pop", "per": 1}}
    model = model_of(folder, measures={"aid": {"unit": "money"}}, indicators=indicators)
    assert model.supply.installed[:, 0].tolist() == [100, 200, 300]
    assert model.rates("rate").national_initial == pytest.approx(600 / 4000)
    rules = {"all": {"kind": "contingent", "at_most": 5}}
    model = model_of(
        folder, measures={"aid": {"unit": "money"}}, indicators=indicators, rules=rules
    )
    assert expected_rows(model)[0].unit == "money"


def test_closed_pairs_hold_nothing(folder: Path) -> None:
    lines = [line for line in SUPPLY.splitlines() if ",12," not in line]
    (folder / "supply.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    supply = {"file": "supply.csv", "absent": "closed"}
    model = model_of(folder, supply=supply)
    assert model.supply.closed_pairs[:, 0].tolist() == [False, True, False]
    assert model.rates("rate").start[:2].tolist() == [10, 30]
    needs = {"need": {"kind": "unmet_need", "measure": "mas", "level": "department",
                      "need": {"column": "cap"}}}  # fmt: skip
    model = model_of(folder, supply=supply, objectives=needs)
    assert objective_value(model, "need", plan(1, 0, 0, 0, 3, 0)) == pytest.approx(3 + 5)
    # A region is closed only where all its departments are.
    model = model_of(folder, supply=supply, decide_at="region")
    assert model.supply.closed_pairs[:, 0].tolist() == [False, False]
    assert model.supply.installed[:, 0].tolist() == [10, 30]


def shared(folder: Path, *parts: dict[str, Any], **block: Any) -> list[float]:
    rules = {"all": {"kind": "contingent", "year": 2004, "equals": 40},
             "kept": {"kind": "reserve", "of": "all", "share": 0.1}}  # fmt: skip
    reference = {"of": "all", "parts": list(parts), **block}
    places = reference_places(model_of(folder, rules=rules, reference=reference))
    assert places is not None
    assert np.isnan(places[:, 0, 1]).all()
    return [round(float(v), 9) for v in places[:, 0, 0]]


def test_reference_by_population_and_by_places_missing(folder: Path) -> None:
    by_pop = {"name": "p", "share": 0.5, "basis": {"column": "pop"}}
    missing = {"name": "m", "rest": True, "basis": "missing_places", "indicator": "rate"}
    # 36 after the reserve: half by 1:1:2, half to Aye alone, the only one below 15.
    assert shared(folder, by_pop, missing) == [4.5 + 18, 4.5, 9]
    # Taken after the parts: the same share off each, the same totals.
    assert shared(folder, by_pop, missing, reserve="after") == [22.5, 4.5, 9]


def test_reference_caps_and_where_what_they_stop_goes(folder: Path) -> None:
    part = {"name": "p", "rest": True, "basis": {"column": "pop"}, "cap": {"column": "installed"}}
    # 36 by 1:1:2 is 9, 9, 18, all below 10, 20, 30.
    assert shared(folder, part) == [9, 9, 18]
    capped = {**part, "cap": 10}
    assert shared(folder, {**capped, "freed": "keep"}) == [9, 9, 10]
    assert shared(folder, capped) == [10, 10, 10]
    equal = {"name": "e", "share": 0, "basis": "equal"}
    first = {**capped, "rest": False, "share": 1, "freed": "next"}
    assert shared(folder, first, equal) == pytest.approx([9 + 8 / 3, 9 + 8 / 3, 10 + 8 / 3])
    over_block = {**equal, "cap": 11, "cap_over": "block", "freed": "same"}
    assert shared(folder, first, over_block) == [11, 11, 11]


def test_reference_floors(folder: Path) -> None:
    part = {"name": "p", "rest": True, "basis": {"column": "cap"}, "floor": 9}
    # By 4:6:8, 36 is 8, 12, 16.
    assert shared(folder, {**part, "financed": "scale"}) == pytest.approx(
        [9, 27 * 6 / 14, 27 * 8 / 14]
    )
    assert shared(folder, part) == [9 + 2, 9 + 3, 9 + 4]


def test_reference_mix_and_eligible(folder: Path) -> None:
    terms = [{"column": "pop", "weight": 1.5}, {"column": "installed", "weight": -0.5}]
    mix = {"name": "m", "rest": True, "basis": {"mix": terms}}
    # 1.5·(1/4, 1/4, 1/2) − 0.5·(1/6, 1/3, 1/2)
    assert shared(folder, mix) == pytest.approx([36 * 7 / 24, 36 * 5 / 24, 18])
    few = {**mix, "basis": "equal", "eligible": {"territories": ["region:11"]}}
    assert shared(folder, few) == [18, 18, 0]
    below = {**mix, "basis": "equal", "indicator": "rate", "eligible": {"below": 16}}
    assert shared(folder, below) == [18, 0, 18]


@pytest.mark.parametrize(
    ("written", "figure"),
    [
        ("1\u202f234,5", 1234.5),
        ("12 345", 12345.0),
        ("\u221212,5", -12.5),
        ("12,3 %", 0.123),
        ("1234.5", 1234.5),
    ],
)
def test_figures_as_french_tables_write_them(written: str, figure: float) -> None:
    assert number(written, "supply.csv", "line 2") == figure == parse_number(written)


@pytest.mark.parametrize("written", ["1 23", "1,2,3", "12 % %", "1/2", "douze", "1/2 %"])
def test_what_is_not_a_figure(written: str) -> None:
    with pytest.raises(Unreadable, match="is not a number"):
        number(written, "supply.csv", "line 2")
