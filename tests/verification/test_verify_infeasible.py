"""Check 9: a run that found no plan proves that there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.verification.outcome import Check

TABLES = (
    *("allocation", "totals", "indicators", "equity", "objectives", "rules", "shadow_prices"),
)


@pytest.fixture
def failed_run(tiny: Any, run: Path) -> Path:
    """C must get 1 and can get half a place: floor and cap clash."""
    for name in TABLES:
        (run / f"{name}.csv").unlink()
    for name in ("solution", "evidence"):
        (run / f"{name}.npz").unlink()
    tiny.change_cell(run / "inputs" / "supply.csv", "C", "unfunded", "0.5")
    for name in ("row_limit", "row_upper"):
        tiny.change_array(run / "program.npz", name, tiny.CAP_C, 0.5)
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record |= {"status": "infeasible", "exit_code": 4}
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    write_farkas(run, {tiny.FLOOR: 1.0, tiny.CAP_C: -1.0})
    tiny.seal(run)
    return run


def write_farkas(folder: Path, entries: dict[int, float]) -> None:
    y = np.zeros(9)
    for row, value in entries.items():
        y[row] = value
    np.savez(folder / "farkas.npz", y=y)


def proof(tiny: Any, folder: Path) -> Check:
    tiny.seal(folder)
    verdict = verify_run(folder)
    assert [check.number for check in verdict.checks] == [1, 2, 9]
    return verdict.checks[2]


def test_failed_run_holds(failed_run: Path) -> None:
    verdict = verify_run(failed_run)
    assert [f for check in verdict.checks for f in check.disagreements] == []
    assert verdict.status == "infeasible"
    assert "2 rows combined demand 0.5 where at most 0 is possible" in verdict.checks[2].what


def test_rows_that_do_not_contradict(tiny: Any, failed_run: Path) -> None:
    tiny.change_array(failed_run / "program.npz", "row_upper", tiny.CAP_C, 1.0)
    check = proof(tiny, failed_run)
    assert [f.what for f in check.disagreements] == ["the combined rows are not contradictory"]


def test_multiplier_against_no_bound(tiny: Any, failed_run: Path) -> None:
    write_farkas(failed_run, {tiny.FLOOR: -1.0, tiny.CAP_C: 1.0})
    check = proof(tiny, failed_run)
    assert {f.row for f in check.disagreements} >= {
        "floor/region:C/ssiad/2004/at_least",
        "cap/region:C/ssiad/2004/at_most",
    }


def test_column_that_does_not_cancel(tiny: Any, failed_run: Path) -> None:
    write_farkas(failed_run, {tiny.FLOOR: 1.0, tiny.CAP_C: -0.9})
    check = proof(tiny, failed_run)
    assert "x/region:C/ssiad/2004" in {f.row for f in check.disagreements}


def test_run_that_reached_a_limit_is_checked_as_far_as_it_goes(tiny: Any, failed_run: Path) -> None:
    record = json.loads((failed_run / "run.json").read_text(encoding="utf-8"))
    record |= {"status": "limit", "exit_code": 5}
    (failed_run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    tiny.seal(failed_run)
    assert [check.number for check in verify_run(failed_run).checks] == [1, 2]
