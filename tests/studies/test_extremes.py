"""Studies of scenarios whose weights leave costs of very different sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from extremes import RATE, written

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

FIGURES = {"00": (12304, 87, 4), "01": (88082, 875, 10), "02": (79722, 0, 30)}


def weighted(folder: Path) -> Path:
    """Squares of gaps beside a gini of weight 14 and a largest gap of weight a millionth."""
    objectives = {
        "spread": {"kind": "gini", "weight": 13.8},
        "tail": {"kind": "worst", "weight": 1e-6, "target": 3.0},
        "squares": {"kind": "squared_gap", "target": 100.0},
    }
    return written(
        folder / "scenario",
        FIGURES,
        rules={"envelope": {"kind": "envelope", "at_most": 60000, "by": "region"}},
        objectives={
            name: {"normalise": "none"} | RATE | stated for name, stated in objectives.items()
        },
    )


@pytest.mark.parametrize(
    "asked",
    [["margins", "--within", "1%"], ["margins", "--within", "0%"], ["limit", "--rule", "envelope"]],
)
def test_costs_a_million_million_times_one_another(tmp_path: Path, asked: list[str]) -> None:
    """The dual simplex fails on them, and a row of such costs is kept by no plan."""
    made = tmp_path / "study"
    study, *options = asked
    stated = [study, str(weighted(tmp_path)), *options, "-o", str(made), "--quiet"]
    assert main(["sensitivity", *stated]) == 0
    assert verify_run(made).holds


@pytest.mark.parametrize(
    "people", [(500, 2660, 4843, 500, 1000, 500), (1812, 500, 500, 1000, 500, 1135)]
)
def test_what_a_priority_gives_up_for_next_to_nothing(
    tmp_path: Path, people: tuple[int, ...]
) -> None:
    """Euros a head of small regions: a spread gives up cents for thousands of euros."""
    made = tmp_path / "study"
    scenario = written(
        tmp_path / "scenario",
        {f"{i:02d}": (pop, "", 4) for i, pop in enumerate(people)},
        years=[2004, 2005],
        measures={"home": {"unit": "money"}},
        indicators={"rate": {"measures": ["home"], "in": "budget", "population": "pop", "per": 1}},
        rules={"money": {"kind": "envelope", "at_most": 60000}},
        objectives={
            "apart": {"kind": "range", "years": "all", "normalise": 1000} | RATE,
            "off": {"kind": "shortfall", "target": 3.0, "normalise": "none"} | RATE,
            "far": {"kind": "absolute_gap", "target": 1.0, "priority": 2} | RATE,
        },
    )
    asked = ["margins", str(scenario), "--within", "1%", "-o", str(made), "--quiet"]
    assert main(["sensitivity", *asked]) == 0
    verdict = verify_run(made)
    assert verdict.holds, [str(d) for check in verdict.checks for d in check.disagreements]


def test_euros_that_weigh_nothing_beside_rates(tmp_path: Path) -> None:
    """Weights under which a plan is optimal, one of them of tens of thousands of euros."""
    kinds = {"apart": "range", "off": "absolute_gap"}
    scenario = written(
        tmp_path / "scenario",
        {"00": (10965, 0, 4), "01": (500, 10, 4)},
        years=[2004, 2005, 2006],
        measures={"home": {"cost": 8000, "opening_months": 6}},
        indicators={"rate": {"measures": ["home"], "population": "pop", "per": 1000}},
        rules={
            "cap": {"kind": "cap", "by": "territory", "at_most": 40},
            "ring": {"kind": "ring_fence", "territories": ["region:00"], "at_least": 20000},
            "ceiling": {"kind": "ceiling", "by": ["territory", "year"], "at_most": 100000},
        },
        objectives={
            **{name: {"kind": kind, "normalise": "none"} | RATE for name, kind in kinds.items()},
            "worst_off": {"kind": "worst", "years": "all", "weight": 0, "normalise": "none"} | RATE,
            "money": {"kind": "spend", "normalise": "none", "weight": 0},
        },
    )
    run, made = tmp_path / "run", tmp_path / "study"
    assert main(["solve", str(scenario), "-o", str(run), "--no-prices", "--quiet"]) == 0
    asked = ["implied", str(scenario), "--allocation", str(run), "-o", str(made), "--quiet"]
    assert main(["sensitivity", *asked]) == 0
    verdict = verify_run(made)
    assert verdict.holds, [str(d) for check in verdict.checks for d in check.disagreements]
