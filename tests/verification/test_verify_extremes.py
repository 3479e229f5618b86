"""`verify` proves runs whose figures leave nothing, next to nothing, or a great deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from extremes import RATE, solved, written

if TYPE_CHECKING:
    from pathlib import Path


def test_a_region_that_is_the_country_misses_its_rate_by_rounding_only(tmp_path: Path) -> None:
    """Square gaps are laid in steps of the gaps before the plan, of which there are none."""
    scenario = written(
        tmp_path / "one",
        # 29 places for 4 877 people: the national rate comes out 1e-16 beside the region's own
        {"01": (4877.3, 29, 3)},
        rules={"cap": {"kind": "cap", "by": "territory", "at_most": {"column": "auth"}},
               "handed": {"kind": "contingent", "at_least": 1}},
        objectives={"it": {"kind": "squared_gap", "normalise": "none"} | RATE},
    )  # fmt: skip
    solved(scenario, tmp_path / "run")


def test_no_spending_after_a_spread_that_no_money_narrows(tmp_path: Path) -> None:
    """What proves that nothing need be spent is billions that cancel."""
    scenario = written(
        tmp_path / "apart",
        # the lowest region may get nothing, the highest has sixty times more than the others
        {"00": (67218, 5, 0), "01": (399, 5707, 30), "02": (2897, 412, 10), "03": (8013, 228, 30)},
        rules={"cap": {"kind": "cap", "by": "territory", "at_most": {"column": "auth"}}},
        objectives={
            "apart": {"kind": "range"} | RATE,
            "money": {"kind": "spend", "priority": 2, "normalise": "none"},
        },
    )
    solved(scenario, tmp_path / "run")


def test_money_for_thousands_of_millions_of_places(tmp_path: Path) -> None:
    """HiGHS says "unbounded" of spending that ends at nothing, 8 000 000 000 places away."""
    people = (500, 32069, 29086, 541, 617, 21349, 4393, 500, 2000, 1000)
    installed = (30, 5, 30, 11, 6148, 1457, 30, 0, 5, 5)
    scenario = written(
        tmp_path / "plenty",
        {f"{i:02d}": (pop, n, 4) for i, (pop, n) in enumerate(zip(people, installed, strict=True))},
        measures={"home": {"cost": 37.5}},
        rules={"money": {"kind": "envelope", "by": ["region", "year"], "at_most": 3e11}},
        objectives={
            "worst_off": {"kind": "cvar", "tail": 0.5} | RATE,
            "money": {"kind": "spend", "priority": 2, "normalise": "none"},
        },
    )
    solved(scenario, tmp_path / "run")


def test_no_rule_at_all_and_an_objective_that_is_only_told(tmp_path: Path) -> None:
    """Beside duals of hundreds of thousands, rounding stands alone on rows of what is only told."""
    people = (10860, 359, 49210, 64373, 54564, 74148)
    installed = (497, 150, 0, 0, 0, 567)
    objectives = {
        "told": {"kind": "shortfall", "target": 100.0, "weighting": "territory", "weight": 0},
        "apart": {"kind": "range", "weight": 0.3},
        "tail": {"kind": "cvar", "tail": 0.5, "priority": 2, "weighting": "population"},
    }
    scenario = written(
        tmp_path / "free",
        {f"{i:02d}": (pop, n, 4) for i, (pop, n) in enumerate(zip(people, installed, strict=True))},
        objectives={
            **{name: {"normalise": "none"} | RATE | its for name, its in objectives.items()},
            "money": {"kind": "spend", "priority": 2, "weight": 0.3, "normalise": 1000},
        },
    )
    solved(scenario, tmp_path / "run")


@pytest.mark.parametrize("tail", [0.5, 0.25])
def test_a_threshold_that_may_stand_anywhere_moves_no_decision(tmp_path: Path, tail: float) -> None:
    """Half of four regions are worst off: the threshold lies anywhere before the third."""
    scenario = written(
        tmp_path / "tail",
        {"00": (1000, 5, 4), "01": (1000, 8, 0), "02": (1000, 17, 30), "03": (1000, 40, 4)},
        rules={
            "cap": {"kind": "cap", "by": "territory", "at_most": {"column": "auth"}},
            "handed": {"kind": "contingent", "at_most": 6},
        },
        objectives={"tail": {"kind": "cvar", "tail": tail} | RATE},
        tie_break={"method": "stepped"},
    )
    solved(scenario, tmp_path / "run")
