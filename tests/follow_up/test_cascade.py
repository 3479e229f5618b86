"""A cascade is followed up by what its regions decided."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from two_regions import written

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def test_the_plan_is_that_of_the_regions(tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "next"
    arguments = ["-o", str(run), "--jobs", "1", "--no-prices", "--quiet"]
    assert main(["solve", written(tmp_path / "scenario"), *arguments]) == 0
    (tmp_path / "r.csv").write_text(
        "level,territory,year,authorised,funded,opened,opening_date\n"
        "department,A,2024,4,4,4,2024-01-01\ndepartment,B,2024,12,12,6,2024-01-01\n",
        encoding="utf-8",
    )
    assert main(["follow-up", str(run), str(tmp_path / "r.csv"), "-o", str(folder)]) == 0
    assert main(["verify", str(folder)]) == 0
    with (folder / "realisation.csv").open(encoding="utf-8", newline="") as stream:
        told = {(r["level"], r["territory"]): r for r in csv.DictReader(stream)}
    # 3.75 and 11.25 planned: whole places above are no more than planned
    assert float(told["department", "B"]["planned"]) == pytest.approx(11.25)
    assert float(told["region", "1"]["realisation_rate"]) == pytest.approx(10 / 15)
    assert float(told["nation", ""]["planned"]) == pytest.approx(30)
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        found = [(r["code"], r["territory"]) for r in csv.DictReader(stream)]
    assert found == [("missing", "C"), ("missing", "D")]
