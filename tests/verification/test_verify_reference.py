"""The circular's own formula, part by part: one cell changed, the manifest made anew."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

PLAN = 3
VARIANT = "eligible_after_first_half"


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["--variant", VARIANT, "--no-prices", "-o", str(folder), "--quiet"]
    assert main(["solve", "scm-ssad-1998", *arguments]) == 0
    return folder


def culprits(tiny: Any, folder: Path) -> set[str]:
    tiny.seal(folder)
    verdict = verify_run(folder)
    assert verdict.checks[0].verdict == "ok"
    (plan,) = [check for check in verdict.checks if check.number == PLAN]
    return {f"{f.file}: {f.row}" for f in plan.disagreements}


def change(path: Path, key: dict[str, str], column: str, value: str) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    chosen = [row for row in rows if all(row[name] == held for name, held in key.items())]
    assert chosen
    for row in chosen:
        assert row[column] != value
        row[column] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "culprit"),
    [
        ("parts", {"block": "0", "part": "by_need", "territory": "53"}, "amount", "1.0",
         "0/by_need/region/53/scm/1998"),
        ("parts", {"block": "1", "part": "least_equipped", "territory": "11"}, "basis", "1.0",
         "1/least_equipped/region/11/ssad/1998"),
        ("parts", {"block": "1", "part": "every_region", "territory": "53"}, "unit", "credits",
         "1/every_region/region/53/ssad/1998"),
        ("parts", {"block": "0", "part": "by_need", "territory": "53"}, "at_cap", "true",
         "0/by_need/region/53/scm/1998"),
        ("parts", {"block": "0", "part": "by_need", "territory": "53"}, "eligible", "false",
         "0/by_need/region/53/scm/1998"),
        ("freed", {"block": "0", "part": "least_equipped"}, "amount", "1.0",
         "0/least_equipped/every_region"),
        ("freed", {"block": "0", "part": "least_equipped"}, "goes_to", "nobody",
         "0/least_equipped/nobody"),
        ("freed", {"block": "1", "part": "every_region"}, "unit", "credits", "1/every_region/same"),
    ],
)  # fmt: skip
def test_a_changed_cell_is_found(
    tiny: Any,
    solved: Path,
    tmp_path: Path,
    table: str,
    key: dict[str, str],
    column: str,
    value: str,
    culprit: str,
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(solved, folder)
    change(folder / f"reference_{table}.csv", key, column, value)
    found = culprits(tiny, folder)
    assert f"reference_{table}.csv: {culprit}" in found
    assert {told.partition(":")[0] for told in found} == {f"reference_{table}.csv"}


def test_a_table_of_what_caps_stop_may_not_be_left_out(
    tiny: Any, solved: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(solved, folder)
    (folder / "reference_freed.csv").unlink()
    assert any("reference_freed.csv" in told for told in culprits(tiny, folder))


def test_what_is_read_of_the_rate_changes_who_takes_part(solved: Path) -> None:
    """Once the first half is given, some regions are no longer under the national rate."""
    with (solved / "reference_parts.csv").open(encoding="utf-8", newline="") as stream:
        after = {
            row["territory"]
            for row in csv.DictReader(stream)
            if row["part"] == "least_equipped" and row["eligible"] == "true" and row["block"] == "0"
        }
    plain = solved.parent / "plain"
    assert main(["solve", "scm-ssad-1998", "--no-prices", "-o", str(plain), "--quiet"]) == 0
    with (plain / "reference_parts.csv").open(encoding="utf-8", newline="") as stream:
        before = {
            row["territory"]
            for row in csv.DictReader(stream)
            if row["part"] == "least_equipped" and row["eligible"] == "true" and row["block"] == "0"
        }
    assert after < before
