"""`verify` proves ranges of weights where one objective weighs next to nothing."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from extremes import RATE, solved, written

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path


def test_an_end_that_takes_nearly_all_of_a_cost_off_leaves_rounding(tmp_path: Path) -> None:
    """A weight of a thousandth beside an objective a million times its size."""
    folder = tmp_path / "run"
    sets = [
        "objectives.it={kind: absolute_gap, indicator: ehpad_rate, level: region, weight: 0.001}",
        "objectives.shortfall.normalise=none",
    ]
    stated = [word for change in sets for word in ("--set", change)]
    assert main(["solve", "ehpad-2004-rule", *stated, "-o", str(folder), "--quiet"]) == 0
    assert verify_run(folder).holds


@pytest.mark.parametrize("weight", [1, 1e-4, 1000])
def test_an_end_near_nothing_is_found_by_itself(tmp_path: Path, weight: float) -> None:
    """Euros beside a spread of rates: the range of their weight begins at about 1e-8 of it."""
    figures = {"01": (81024, 0, 10), "02": (33825, 0, 30), "03": (59248, 311, 30),
               "04": (52292, 0, 10), "05": (29563, 892, 10), "06": (34431, 0, 4)}  # fmt: skip
    scenario = written(
        tmp_path / "both",
        figures,
        rules={"cap": {"kind": "cap", "by": "territory", "at_most": {"column": "auth"}}},
        objectives={
            "apart": {"kind": "range"} | RATE,
            "money": {"kind": "spend", "weight": weight, "normalise": "none"},
        },
    )
    run = solved(scenario, tmp_path / "run")
    with (run / "weight_ranges.csv").open(newline="", encoding="utf-8") as lines:
        lowest = {row["objective"]: float(row["lowest"]) for row in csv.DictReader(lines)}
    # a point more for the four regions without a place, at 10 000 a place, is a point less of
    # those that region 5 has more
    point = (81024 + 33825 + 52292 + 34431) / 100 * 10000
    assert lowest["apart"] == 0.0
    assert lowest["money"] == pytest.approx(1 / (point * 892 / 295.63), rel=1e-12)


def test_weights_a_hundred_thousand_million_times_one_another(tmp_path: Path) -> None:
    """What a small weight is worth is no rounding of what a large one is."""
    weights = {
        "apart": {"kind": "range", "weight": 4e-5},
        "squares": {"kind": "squared_gap", "weight": 2.5, "target": 100.0},
        "missing": {"kind": "shortfall", "weight": 5e5, "target": 3.0},
    }
    scenario = written(
        tmp_path / "far",
        {"00": (12304, 87, 4), "01": (88082, 875, 10), "02": (79722, 0, 30)},
        rules={"cap": {"kind": "cap", "by": "territory", "at_most": {"column": "auth"}}},
        objectives={
            **{name: {"normalise": "none"} | RATE | stated for name, stated in weights.items()},
            "money": {"kind": "spend", "weight": 2e-6, "normalise": "none"},
        },
    )
    solved(scenario, tmp_path / "run")
