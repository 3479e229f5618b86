"""`verify` knows what transfers move, at a thousand million euros, and that none need move less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

INPUTS, PLAN, UNIQUENESS = 2, 3, 5
PROGRAM, SOLUTION = "program.npz", "solution.npz"
COLUMN = "moved/transferred/-/-/2008"
LARGE = {
    "mode": "integrated",
    "decide_at": "department",
    "rules.pa.at_most": "2000000000",
    "rules.moved": "{kind: transfer, from: pa, to: ph, at_most: 1500000000}",
    "rules.regions.growth_at_most": "4",
    "rules.departments.growth_at_most": "5",
    "objectives.ph_gap.target": "250",
    "objectives.pa_gap.priority": "2",
}


@pytest.fixture(params=["exact", "stepped"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A run that moves about a thousand million, less than it may."""
    folder = tmp_path / "run"
    sets = LARGE | {"tie_break.method": request.param}
    stated = [word for path, value in sets.items() for word in ("--set", f"{path}={value}")]
    assert main(["solve", "cascade-2007", *stated, "-o", str(folder), "--quiet"]) == 0
    return folder


def moved_in(folder: Path) -> float:
    header, line = (folder / "transfers.csv").read_text(encoding="utf-8").splitlines()
    return float(line.split(",")[header.split(",").index("moved")])


def place_of(folder: Path, names: str, name: str) -> int:
    with np.load(folder / PROGRAM) as stored:
        return [str(one) for one in stored[names]].index(name)


def wrong(tiny: Any, folder: Path, number: int) -> list[str]:
    tiny.seal(folder)
    checks = verify_run(folder).checks
    return [str(w) for check in checks if check.number == number for w in check.disagreements]


def test_a_thousand_million_is_proven(large: Path) -> None:
    assert verify_run(large).holds
    assert 5e8 < moved_in(large) < 1.5e9


def test_money_that_need_not_move_is_found(tiny: Any, large: Path) -> None:
    k = place_of(large, "col_id", COLUMN)
    tiny.change_array(large / SOLUTION, "plan", k, moved_in(large) + 1000.0)
    assert any("the least that transfers move" in line for line in wrong(tiny, large, UNIQUENESS))


def test_a_proof_that_says_nothing_is_found(tiny: Any, large: Path) -> None:
    tiny.change_array(large / SOLUTION, "moved_y", slice(None), 0.0)
    assert any(COLUMN in line for line in wrong(tiny, large, UNIQUENESS))


def test_what_is_made_least_is_what_the_rules_say(tiny: Any, large: Path) -> None:
    k = place_of(large, "col_id", COLUMN)
    tiny.change_array(large / PROGRAM, "tie_moved", k, 0.0)
    assert any(COLUMN in line for line in wrong(tiny, large, INPUTS))


@pytest.mark.parametrize(
    ("column", "value"), [("moved", "1.0"), ("limit", "1.0"), ("to", "pa"), ("source", "nobody")]
)
def test_a_log_that_says_otherwise_is_found(
    tiny: Any, large: Path, column: str, value: str
) -> None:
    tiny.change_cell(large / "transfers.csv", "moved", column, value)
    assert any("transfers.csv" in line for line in wrong(tiny, large, PLAN))
