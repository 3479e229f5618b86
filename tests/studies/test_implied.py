"""`sensitivity implied`: plans made with known weights, circulars, tables that cannot be read."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from studied import DISTANCE, EHPAD, WORST, least_by_scipy, prepared, text_of

from perequa.cli import main
from perequa.io.findings import InvalidInput
from perequa.studies.implied import implied_study

SCM = "scm-ssad-1998"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def weights_told(answer) -> dict[str, dict[str, float]]:  # noqa: ANN001
    return {row["objective"]: row for row in answer.tables["implied"].records()}


@pytest.mark.parametrize(("shortfall", "distance"), [(0.97, 0.03), (0.94, 0.06), (0.5, 0.5)])
def test_the_weights_of_a_run_are_recovered(shortfall: float, distance: float) -> None:
    sets = [DISTANCE, f"objectives.shortfall.weight={shortfall}"]
    sets.append(f"objectives.distance.weight={distance}")
    options = [word for change in sets for word in ("--set", change)]
    assert main(["solve", EHPAD, *options, "--no-prices", "-o", "run"]) == 0
    answer = implied_study(prepared(EHPAD, DISTANCE), "run")
    told = weights_told(answer)
    assert answer.tables["violations"].rows == ()
    for name, known in (("shortfall", shortfall), ("distance", distance)):
        assert told[name]["distance"] == 0.0
        assert told[name]["least_weight"] < known < told[name]["most_weight"]
    # the breakpoints that `weights` finds between the two
    ends = {0.03: (0, 0.0436493), 0.06: (0.0436493, 0.0836474), 0.5: (0.0836474, 1)}[distance]
    found = told["distance"]["least_weight"], told["distance"]["most_weight"]
    assert found == pytest.approx(ends, abs=1e-6)


def test_what_a_circular_loses() -> None:
    scenario = prepared(EHPAD, "rules.caps.active=false")
    answer = implied_study(scenario, "reference")
    assert answer.tables["violations"].rows == ()
    (row,) = answer.tables["implied"].records()
    cost, offset = scenario.program.costs[0], scenario.program.offsets[0]
    optimum = least_by_scipy(scenario.program, cost) + offset
    assert row["weight"] == 1.0
    assert row["distance"] == pytest.approx(row["value"] - optimum, rel=1e-9)
    assert row["relative_distance"] == pytest.approx(row["value"] / optimum - 1.0, rel=1e-9)


def test_limits_violated_are_told_and_taken_where_the_allocation_stands() -> None:
    answer = implied_study(prepared(EHPAD), "reference")
    (row,) = answer.tables["violations"].records()
    assert (row["rule"], row["territory"], row["side"]) == ("caps", "04", "at_most")
    assert row["activity"] - row["limit"] == pytest.approx(row["violation"])
    assert (row["kind"], row["territory_name"]) == ("cap", "La Réunion")
    told = text_of(answer)
    assert "  caps (La Réunion, ehpad, 2021): at most 145.5 places, the allocation has" in told
    assert row["row"] not in told
    assert row["violation"] == pytest.approx(172.3 - 145.5, abs=0.1)
    (found,) = answer.tables["implied"].records()
    assert found["distance"] > 0
    # the same as with that one cap raised
    raised = {"territory": "region:04", "plus": row["violation"]}
    other = implied_study(prepared(EHPAD, f"rules.caps.adjust=[{raised}]"), "reference")
    (again,) = other.tables["implied"].records()
    assert again["distance"] == pytest.approx(found["distance"], rel=1e-6)


def test_reserves_count_where_their_rules_put_them() -> None:
    # 7 000 places less a tenth held back are what the reference hands out: nothing is violated
    rules = {
        r["rule"] for r in implied_study(prepared(SCM), "reference").tables["violations"].records()
    }
    assert rules == {"unfunded"}


def test_a_later_priority_is_measured_among_plans_no_worse_before() -> None:
    scenario = prepared(SCM)
    assert main(["solve", SCM, "--no-prices", "-o", "run"]) == 0
    answer = implied_study(scenario, "run", priority=2)
    (row,) = answer.tables["implied"].records()
    assert row["objective"] == "shortfall"
    assert row["distance"] == pytest.approx(0.0, abs=1e-4)


def test_three_objectives() -> None:
    scenario = prepared(EHPAD, DISTANCE, WORST)
    told = weights_told(implied_study(scenario, "reference"))
    assert sum(row["weight"] for row in told.values()) == pytest.approx(1.0)
    assert {row["distance"] for row in told.values()} == {0.0}
    # all the weight on the distance to the reference makes the reference optimal
    assert told["distance"]["most_weight"] == 1.0


def write(path: Path, rows: list[list[object]], header: str = "territory,places") -> str:
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(header + "\n")
        csv.writer(stream, lineterminator="\n").writerows(rows)
    return str(path)


def test_a_short_table_is_enough(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.csv", [["11", 1000], ["region:93", "500,5"], ["24", ""]])
    answer = implied_study(prepared(EHPAD), file)
    assert answer.facts["cells_not_stated"] == 15
    assert "says nothing of 15 cells" in text_of(answer)
    assert list(answer.files) == ["inputs/allocation/mine.csv"]
    floors = [r for r in answer.tables["violations"].records() if r["rule"] == "floor"]
    assert len(floors) == 16
    assert np.allclose([r["violation"] for r in floors], 100_000)


def test_places_where_none_can_be_funded(tmp_path: Path) -> None:
    supply = Path(__file__).parents[2] / "scenarios/ssiad-2004/supply.csv"
    assert main(["new", "mine", "--from", "ssiad-2004"]) == 0
    lines = supply.read_text(encoding="utf-8").splitlines()
    gone = lines[-1].split(",")[0]
    Path("mine/supply.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    scenario = prepared("mine", "supply.absent=closed", "rules.population_share.active=false")
    file = write(tmp_path / "a.csv", [[gone, 2004, 7]], "territory,year,places")
    rows = list(implied_study(scenario, file).tables["violations"].records())
    (closed,) = [r for r in rows if r["rule"] == "closed"]
    assert (closed["territory"], closed["year"], closed["violation"]) == (gone, 2004, 7.0)


@pytest.mark.parametrize(
    ("rows", "header", "code", "line"),
    [
        ([["11", 5]], "code,places", "missing_column", 1),
        ([["11", 5]], "territory,beds", "missing_column", 1),
        ([["99", 5]], "territory,places", "unknown_territory", 2),
        ([["11", 5], ["department:75", 5]], "territory,places", "unknown_territory", 3),
        ([["11", "x"]], "territory,places", "not_an_amount", 2),
        ([["11", -1]], "territory,places", "not_an_amount", 2),
        ([["11", "1,234"]], "territory,places", "not_an_amount", 2),
        ([["11", 5], ["11", 6]], "territory,places", "duplicate_row", 3),
        ([["11", 2020, 5]], "territory,year,places", "unknown_year", 2),
        ([["11", "ssiad", 5]], "territory,measure,places", "unknown_measure", 2),
        ([["11", 5, 6]], "territory,places", "ragged_row", 2),
    ],
)
def test_a_table_that_cannot_be_read(
    rows: list[list[object]], header: str, code: str, line: int, tmp_path: Path
) -> None:
    file = write(tmp_path / "bad.csv", rows, header)
    with pytest.raises(InvalidInput) as caught:
        implied_study(prepared(EHPAD), file)
    found = caught.value.findings
    assert code in {finding.code for finding in found}
    assert {finding.line for finding in found if finding.code == code} == {line}
    assert all(finding.file == file for finding in found)
