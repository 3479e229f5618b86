"""What `verify` finds in a run in whole places, file by file, resealed each time."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.cli import main
from perequa.verification.recompute.whole import above, below
from perequa.verification.verdict import verify_run
from perequa_models.whole import ceilings, floors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[Path, Any], None]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("whole") / "run"
    arguments = ["solve", "ehpad-2004-rule", "--whole", "--quiet", "-o", str(made)]
    assert main([*arguments, "--set", "measures.ehpad.minimum=15"]) == 0
    return made


def plus(name: str, at: int, by: float) -> Change:
    def change(folder: Path, tiny: Any) -> None:
        with np.load(folder / "solution.npz") as stored:
            value = stored[name][at] + by
        tiny.change_array(folder / "solution.npz", name, at, value)

    return change


def cell(file: str, row: str, column: str, value: str) -> Change:
    return lambda folder, tiny: tiny.change_cell(folder / file, row, column, value)


def said(name: str, value: Any) -> Change:
    def change(folder: Path, _tiny: Any) -> None:
        path = folder / "run.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        record["whole"][name] = value
        path.write_text(json.dumps(record), encoding="utf-8")

    return change


def dropped(folder: Path, _tiny: Any) -> None:
    with np.load(folder / "solution.npz") as stored:
        arrays = {key: stored[key] for key in stored.files if key != "whole"}
    np.savez(folder / "solution.npz", **arrays)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (plus("whole", 0, 0.25), "is not whole"),
        (plus("whole", 6, -1.0), "is under the least opening"),
        (plus("whole", 0, 1.0), "breaks the rule"),
        (cell("whole.csv", "shortfall", "kept", "35000.0"), "kept"),
        (cell("whole.csv", "shortfall", "largest_remainder", "35000.0"), "largest_remainder"),
        (cell("whole.csv", "x/region:24/ehpad/2021", "wanted", "15.0"), "wanted"),
        (cell("whole.csv", "x/region:24/ehpad/2021", "about", "total"), "row"),
        (cell("allocation.csv", "24", "continuous_places", "15.0"), "continuous_places"),
        (cell("rules.csv", "envelope/-/ehpad/2021/at_most", "continuous_activity", "1"), "continu"),
        (said("distance", 4.0), "distance"),
        (said("bound", 4.0), "without proof"),
        (said("proven", False), "without proof"),
        (said("totals_loosened", 3), "totals_loosened"),
        (dropped, "lacks the plan in whole places"),
    ],
)
def test_a_change_is_found(
    solved: Path, tmp_path: Path, change: Change, word: str, tiny: Any
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(solved, folder)
    change(folder, tiny)
    tiny.seal(folder)
    checks = verify_run(folder).checks
    found = [str(d) for c in checks if c.number != 1 for d in c.disagreements]
    assert any(word in text for text in found), found[:5]


def test_the_untouched_run_holds(solved: Path) -> None:
    assert verify_run(solved).holds


def test_a_run_that_is_not_proven_nearest_is_checked_whole(
    solved: Path, tmp_path: Path, tiny: Any
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(solved, folder)
    path = folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record |= {"status": "limit", "exit_code": 5}
    record["whole"] |= {"proven": False}
    path.write_text(json.dumps(record), encoding="utf-8")
    tiny.seal(folder)
    verdict = verify_run(folder)
    assert verdict.holds
    assert {c.name for c in verdict.checks} >= {"plan", "optimum", "prices", "whole"}


def test_both_ways_of_rounding_agree() -> None:
    values = np.array([0.0, 0.3, 0.9999999, 1.0000001, 1.5, 7.0, 12.000002])
    assert [below(v) for v in values] == floors(values).tolist() == [0, 0, 1, 1, 1, 7, 12]
    assert [above(v) for v in values] == ceilings(values).tolist() == [0, 1, 1, 1, 2, 7, 13]
