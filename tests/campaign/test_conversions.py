"""Places that change category: stock and rates by hand, what is refused, what `verify` finds."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from campaigns import SCENARIO, written

from perequa.checks import load
from perequa.cli import main
from perequa.io.findings import InvalidInput
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "territory,classes,beds\n01,2,\n11,4,6\n"
WARD = {
    "from": "school",
    "to": "home",
    "places": {"column": "classes"},
    "year": 2004,
    "because": "classes closed",
}
BEDS = {
    "from": "health",
    "to": "home",
    "places": {"column": "beds", "missing": "skip"},
    "year": 2005,
}
COLUMNS = [{"file": "money.csv"}, {"file": "classes.csv"}]


def scenario(folder: Path, **conversions: Any) -> str:
    made = written(folder, conversions=conversions, columns=COLUMNS)
    (folder / "classes.csv").write_text(TABLE, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conversions")
    made = folder / "run"
    source = scenario(folder / "scenario", ward=WARD, beds=BEDS)
    assert main(["solve", source, "-o", str(made), "--no-prices", "--quiet"]) == 0
    return made


def table(run: Path, name: str) -> list[dict[str, str]]:
    with (run / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_stock_by_hand(run: Path) -> None:
    # region 11: 60 homes and 10 schools; 4 schools become homes in 2004, 6 beds in 2005
    cells = {
        (row["measure"], row["year"]): row
        for row in table(run, "allocation")
        if row["territory"] == "11" and row["places"]
    }
    for measure, start, arriving in (("home", 60, {2004: 4, 2005: 6}), ("school", 10, {2004: -4})):
        stock = float(start)
        for year in (2004, 2005):
            row = cells[measure, str(year)]
            assert float(row["installed_before"]) == pytest.approx(stock)
            stock += float(row["places"]) + arriving.get(year, 0)
            assert float(row["installed_after"]) == pytest.approx(stock)
    rates = {
        (row["indicator"], row["year"]): float(row["after"])
        for row in table(run, "indicators")
        if row["territory"] == "11"
    }
    after = float(cells["school", "2004"]["installed_after"])
    assert rates["schools", "2004"] == pytest.approx(after / 2000 * 100)


def test_conversions_are_listed(run: Path) -> None:
    found = [
        (r["conversion"], r["territory"], r["year"], r["from"], r["to"], r["places"], r["because"])
        for r in table(run, "conversions")
    ]
    assert found == [
        ("ward", "01", "2004", "school", "home", "2.0", "classes closed"),
        ("ward", "11", "2004", "school", "home", "4.0", "classes closed"),
        ("beds", "11", "2005", "health", "home", "6.0", ""),
    ]
    assert main(["verify", str(run)]) == 0


def test_places_are_as_many_before_and_after(tmp_path: Path) -> None:
    moved = load(scenario(tmp_path / "with", ward=WARD)).instance
    still = load(scenario(tmp_path / "without")).instance
    np.testing.assert_array_equal(moved.closed.sum(axis=1), still.closed.sum(axis=1))
    assert (moved.closed[:, :, 0] != still.closed[:, :, 0]).any()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"from": "home", "to": "home"}, "inconsistent"),
        ({"from": "health", "to": "army"}, "not_places"),
        ({"to": "training"}, "not_places"),
        ({"year": 2010}, "unknown_year"),
        ({"places": {"column": "classes", "times": 10}}, "too_many_converted"),
        ({"places": {"column": "classes", "times": -1}}, "negative_amount"),
        ({"places": {"column": "beds"}}, "missing_value"),
        ({"places": {"column": "clases"}}, "unknown_column"),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], code: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(scenario(tmp_path, ward=WARD | change))
    assert code in {finding.code for finding in caught.value.findings}


def test_a_changed_line_is_found(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    path = folder / "conversions.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("home,4.0,", "home,5.0,"), encoding="utf-8")
    found = [d for check in verify_run(folder).checks for d in check.disagreements]
    assert any(d.file == "conversions.csv" and d.what == "places" for d in found)


def test_next_year_starts_from_what_was_converted(run: Path, tmp_path: Path) -> None:
    returns = tmp_path / "returns.csv"
    lines = ["territory,measure,year,authorised,funded,opened,opening_date,closed"]
    lines.extend(
        f"{row['territory']},{row['measure']},2004,0,0,0,,"
        for row in table(run, "allocation")
        if row["year"] == "2004" and row["places"]
    )
    returns.write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "next"
    assert main(["follow-up", str(run), str(returns), "-o", str(out)]) == 0
    supply = {(r["territory"], r["measure"]): r for r in table(out, "next_supply")}
    # nothing opened: what is left of the schools, and the homes they have become
    assert float(supply["11", "school"]["installed"]) == 6
    assert float(supply["11", "home"]["installed"]) == 64
    assert SCENARIO["years"][0] == 2004
    assert main(["verify", str(out)]) == 0
