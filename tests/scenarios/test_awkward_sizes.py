"""Small scenarios whose figures differ so much in size that rounding once looked like a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pricing import Case, places
from small import FIGURES, GAP

from perequa.running import run_scenario
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reduced_cost_that_is_rounding_does_not_hold_a_decision() -> None:
    """A range of 1 200 weighs beside a share of a gap: terms of 1e8 cancel to 3e-8."""
    rate = {"indicator": "rate", "level": "region"}
    case = Case(
        sections={
            "measures": {"home": {"cost": 10_000, "financed_share": 0.8}},
            "indicators": {
                "rate": {"measures": ["home"], "in": "budget", "population": "pop", "per": 100}
            },
            "rules": {"cap": {"kind": "cap", "by": "region", "at_most": {"column": "cap"}}},
            "objectives": {
                "gap": {"kind": "absolute_gap", "weight": 0.5, **rate},
                "need": {
                    "kind": "unmet_need",
                    "level": "region",
                    "measure": "home",
                    "need": {"column": "need"},
                },
                "range": {"kind": "range", "normalise": "none", **rate},
            },
            "tie_break": {"toward": "equal"},
        },
        figures={
            "pop": {"region:1": 2500.5, "region:2": 2500.5},
            "installed": {"region:1": 0, "region:2": 10},
            "base": {"region:1": 200_000, "region:2": 10_000},
            "cap": {"region:1": 30, "region:2": 20},
            "need": {"region:1": 5, "region:2": 25},
        },
    )
    # a place closes a range of 320 a head, far dearer than a need: up to the cap of 20
    assert places(case.solved()) == pytest.approx(
        {"region:1/home/2004": 0, "region:2/home/2004": 20}
    )


def test_a_plan_in_which_nothing_is_needed_is_proven() -> None:
    """Every multiplier of the tie-break is rounding when there is nothing to even out."""
    case = Case(
        sections={
            "years": [2004, 2005],
            "measures": {"home": {"cost": 8000}},
            "objectives": {
                "range": {"kind": "range", "indicator": "rate", "level": "region"},
                "gap": {
                    "kind": "shortfall",
                    "indicator": "rate",
                    "level": "region",
                    "years": "all",
                    "priority": 2,
                },
            },
            "tie_break": {"toward": "equal"},
        },
        figures={
            "pop": {"region:1": 2000, "region:2": 2000},
            "installed": {"region:1": 10, "region:2": 10},
        },
    )
    assert set(places(case.solved()).values()) == {0.0}


def test_an_objective_only_told_does_not_spoil_a_proof_by_steps() -> None:
    """What is above and what is below a target are dependent columns that decide nothing."""
    case = Case(
        sections={
            "rules": {"envelope": {"kind": "envelope", "at_most": 400_000}},
            "objectives": {
                "gap": GAP,
                "told": GAP | {"kind": "absolute_gap", "weight": 0, "normalise": "none"},
            },
            "tie_break": {"method": "stepped"},
        },
        figures=FIGURES,
    )
    assert sum(places(case.solved()).values()) == pytest.approx(40)


EVENLY = {"name": "all", "rest": True, "basis": {"column": "pop"}}


def test_a_decision_far_cheaper_than_what_shares_its_cap_stands_at_zero_by_steps() -> None:
    """A place of the cap is priced by the dear measure, beyond every step of the cheap one."""
    case = Case(
        sections={
            "measures": {"cheap": {"cost": 1}, "dear": {"cost": 1_000_000}},
            "indicators": {
                "rate": {"measures": ["cheap", "dear"], "population": "pop", "per": 1000}
            },
            "rules": {
                "cap": {
                    "kind": "cap",
                    "measures": ["cheap", "dear"],
                    "by": ["region"],
                    "at_most": 10,
                },
            },
            "reference": [
                {"measure": name, "amount": amount, "in": "places", "parts": [EVENLY]}
                for name, amount in {"cheap": 5, "dear": 20}.items()
            ],
            "objectives": {"gap": GAP},
            "tie_break": {"toward": "reference", "method": "stepped"},
        },
        figures={"pop": {"region:1": 1000}, "installed": {"region:1": 10}},
    )
    assert places(case.solved()) == pytest.approx(
        {"region:1/cheap/2004": 0, "region:1/dear/2004": 10}
    )


SCENARIO = """
format: 1
name: cancelled
years: [2004, 2005]
territories: {file: territories.csv, levels: [region]}
measures: {day: {cost: 10000, opening_months: 4}}
supply: {file: supply.csv}
indicators: {rate: {measures: day, population: pop, per: 1000}}
rules:
  envelope: {kind: envelope, at_most: 1000000}
  pace: {kind: pace, growth_at_most: 2.0}
reference:
  measure: day
  year: 2004
  amount: 10
  in: places
  parts:
    - {name: a, share: 0.6, basis: missing_places, indicator: rate}
    - {name: b, rest: true, basis: {column: pop}}
objectives:
  worst: {kind: worst, level: region, indicator: rate, target: 100}
  money: {kind: spend, priority: 2, normalise: none}
tie_break: {toward: reference}
"""


def test_a_price_whose_terms_cancel_verifies(tmp_path: Path) -> None:
    """With all its money spent a plan spends no more: what the sum leaves is rounding."""
    people = "code,name,pop\n11,A,14845\n1e5,B,1000\n2A,C,14845\n01,D,1500\n"
    assert holds(tmp_path, SCENARIO, people, "territory,installed\n11,15\n1e5,10\n2A,70\n01,40\n")


MONEY = """
format: 1
name: rounded
years: [2004, 2005]
territories: {file: territories.csv, levels: [region]}
measures: {aid: {unit: money, opening_months: 4}}
supply: {file: supply.csv}
indicators: {rate: {measures: aid, in: budget, population: pop, per: 1}}
rules:
  floor: {kind: floor, by: region, in: credits, at_least: 1000}
  ceiling: {kind: ceiling, by: [territory, year], at_most: {column: highest}}
objectives:
  gap: {kind: absolute_gap, level: region, indicator: rate, target: national}
"""


def test_a_proof_that_keeps_entries_of_rounding_verifies(tmp_path: Path) -> None:
    """Moves of thousands cost nothing; what costs moves by a rounding of them."""
    people = "code,name,pop\n2A,A,300\n01,B,2500.5\n1e5,C,1000\n"
    supply = "territory,base,highest\n2A,10000,100000\n01,0,250000\n1e5,200000,250000\n"
    assert holds(tmp_path, MONEY, people, supply)


def holds(folder: Path, scenario: str, people: str, supply: str) -> bool:
    """Whether the run of a scenario, every range exact, verifies."""
    (folder / "scenario.yaml").write_text(scenario, encoding="utf-8")
    (folder / "territories.csv").write_text(people, encoding="utf-8")
    (folder / "supply.csv").write_text(supply, encoding="utf-8")
    run = run_scenario(str(folder), lambda column: folder / column, ranges="all")
    assert run.folder is not None, run.message
    return verify_run(run.folder).holds
