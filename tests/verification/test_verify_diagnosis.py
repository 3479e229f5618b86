"""Check 9 on a diagnosis: every conflict has its own proof, every repair its own plan."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from infeasible import SCENARIOS

from perequa.running import diagnose_scenario
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

FLOOR = "floor/region:A/ssiad/2004/at_least"


@pytest.fixture
def diagnosed(tmp_path: Path) -> Path:
    source = SCENARIOS["two_causes_behind_one_row"].write(tmp_path / "scenario")
    diagnose_scenario(str(source), lambda _: tmp_path / "found")
    return tmp_path / "found"


def wrong(tiny: Any, folder: Path) -> list[str]:
    tiny.seal(folder)
    checks = verify_run(folder).checks
    assert [check.number for check in checks] == [1, 2, 9]
    assert [str(d) for check in checks[:2] for d in check.disagreements] == []
    return [str(d) for d in checks[2].disagreements]


def rewrite(path: Path, change: Any) -> None:
    """Pass the rows of a CSV file through a function that returns those to keep."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
        header = list(rows[0])
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def test_an_untouched_diagnosis_holds(tiny: Any, diagnosed: Path) -> None:
    assert wrong(tiny, diagnosed) == []
    assert "2 conflicts each with its own proof" in verify_run(diagnosed).checks[2].what
    assert "2 repairs each with a plan" in verify_run(diagnosed).checks[2].what


def test_a_rule_left_out_of_a_conflict(tiny: Any, diagnosed: Path) -> None:
    rewrite(diagnosed / "conflicts.csv", lambda rows: rows[:-1])
    (told,) = wrong(tiny, diagnosed)
    assert "conflict 2: clashes but not listed" in told


def test_a_least_change_that_the_proof_does_not_say(tiny: Any, diagnosed: Path) -> None:
    def doubled(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        least = float(rows[0]["least_change"])
        return [rows[0] | {"least_change": str(least * (1 + 1e-6))}, *rows[1:]]

    rewrite(diagnosed / "conflicts.csv", doubled)
    (told,) = wrong(tiny, diagnosed)
    assert "least_change" in told


def test_a_rule_added_to_a_conflict(tiny: Any, diagnosed: Path) -> None:
    rewrite(diagnosed / "conflicts.csv", lambda rows: [*rows, rows[-1] | {"conflict": "1"}])
    (told,) = wrong(tiny, diagnosed)
    assert "conflict 1: listed but not proven to clash" in told


def test_a_conflict_left_out(tiny: Any, diagnosed: Path) -> None:
    rewrite(
        diagnosed / "conflicts.csv", lambda rows: [row for row in rows if row["conflict"] == "1"]
    )
    assert any("conflicts: found [1], expected 1 to 2" in told for told in wrong(tiny, diagnosed))


def test_a_conflict_whose_rows_do_not_contradict(tiny: Any, diagnosed: Path) -> None:
    with np.load(diagnosed / "farkas.npz") as stored:
        arrays = {name: stored[name].copy() for name in stored.files}
    start, end = arrays["conflict_ptr"][1:3]
    arrays["conflict_val"][start:end][np.argmin(np.abs(arrays["conflict_val"][start:end]))] *= 0.5
    np.savez(diagnosed / "farkas.npz", **arrays)
    assert wrong(tiny, diagnosed)


def test_a_limit_that_is_not_the_programs(tiny: Any, diagnosed: Path) -> None:
    tiny.change_cell(diagnosed / "conflicts.csv", FLOOR, "limit", "11")
    (told,) = wrong(tiny, diagnosed)
    assert "limit: found 11.0, expected 10.0" in told


def test_a_repair_that_is_not_enough(tiny: Any, diagnosed: Path) -> None:
    tiny.change_cell(diagnosed / "repairs.csv", FLOOR, "change", "-5.9")
    tiny.change_cell(diagnosed / "repairs.csv", FLOOR, "new_limit", "4.1")
    (told,) = wrong(tiny, diagnosed)
    assert told.startswith("repairs.npz, preference, floor/region:A")


def test_a_new_limit_that_does_not_follow(tiny: Any, diagnosed: Path) -> None:
    tiny.change_cell(diagnosed / "repairs.csv", FLOOR, "new_limit", "4.1")
    (told,) = wrong(tiny, diagnosed)
    assert "new_limit: found 4.1, expected 4.0" in told


def test_a_repair_without_a_plan(tiny: Any, diagnosed: Path) -> None:
    tiny.change_cell(diagnosed / "repairs.csv", FLOOR, "menu", "envelope_only")
    told = wrong(tiny, diagnosed)
    assert any("a repair without a plan" in text for text in told)


def test_a_repair_of_a_row_that_does_not_exist(tiny: Any, diagnosed: Path) -> None:
    tiny.change_cell(diagnosed / "repairs.csv", FLOOR, "row", FLOOR.replace("A", "Z"))
    assert any("no such row in the program" in text for text in wrong(tiny, diagnosed))


def test_a_plan_below_nothing(tiny: Any, diagnosed: Path) -> None:
    tiny.change_array(diagnosed / "repairs.npz", "plan", (0, 1), -1.0)
    assert any("bound of the column" in text for text in wrong(tiny, diagnosed))
