"""`perequa compare`: streams, exit statuses, the folder, and everything one may ask wrongly."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
from compared import cap, floor, scenario, written

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    *("scenarios.csv", "inputs.csv", "shares.csv", "winners.csv", "bands.csv", "equity.csv"),
    *("objectives.csv", "prices.csv", "attribution.csv", "study.json", "manifest.json"),
}
CONTRACT = {
    "inputs": {"territory", "scenario", "value"},
    "shares": {"territory", "scenario", "value"},
    "equity": {"territory", "scenario", "value"},
    "prices": {"territory", "scenario", "value"},
    "attribution": {"territory", "change", "contribution"},
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with two scenarios and a run of each."""
    variants = {"low": {"rules.low": cap(4)}, "too_much": {"rules.low": floor(50)}}
    written(tmp_path / "a", scenario("a", variants=variants))
    written(tmp_path / "b", scenario("b", {"low": cap(4)}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def runs(here: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    for name in ("a", "b"):
        assert main(["solve", name]) == 0
    capsys.readouterr()
    return here / "results"


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "study.json"}


def test_the_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "a", "b"]) == 0
    told = capsys.readouterr()
    folder = here / "results" / "a-compare"
    assert {path.name for path in folder.iterdir()} == FILES
    for name, columns in CONTRACT.items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert rows
        assert columns <= set(rows[0])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(manifest) == FILES - {"manifest.json"}
    fingerprint = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert f"saved in results/a-compare\nfingerprint {fingerprint}" in told.out
    record = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert record["study"] == "compare"
    assert record["asked"]["arguments"] == ["a", "b"]
    assert [one["name"] for one in record["scenarios"]] == ["a", "b"]
    assert record["scenarios"][1]["scenario"]["rules"]["low"]["at_most"] == 4
    assert record["attribution"][0]["method"] == "exact"
    assert set(record["timings"]) == {"read and solve", "attribute", "tables"}
    assert max(map(len, told.out.splitlines()[:-1])) <= 100


@pytest.mark.usefixtures("runs")
def test_runs_and_scenarios_tell_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "a", "b", "-o", "one"]) == 0
    assert main(["compare", "results/a", "results/b", "-o", "two"]) == 0
    assert capsys.readouterr().err == ""
    one, two = content(here / "one"), content(here / "two")
    for name in FILES - {"scenarios.csv", "study.json", "manifest.json"}:
        assert one[name] == two[name], name
    assert b"run" in two["scenarios.csv"]


@pytest.mark.usefixtures("runs")
def test_a_run_is_read_from_its_files_alone(here: Path) -> None:
    (here / "a").rename(here / "elsewhere")
    (here / "b" / "scenario.yaml").unlink()
    assert main(["compare", "results/a", "results/b", "-o", "out"]) == 0
    with (here / "out" / "attribution.csv").open(encoding="utf-8") as stream:
        moved = {
            (row["territory"], row["change"]): float(row["contribution"])
            for row in csv.DictReader(stream)
            if row["quantity"] == "places"
        }
    assert moved == {("1", "rules.low"): pytest.approx(-6), ("2", "rules.low"): pytest.approx(6)}


def test_variants_stand_behind_an_at(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "a", "a@low"]) == 0
    told = capsys.readouterr().out
    assert "2  a-low: optimal" in told
    assert re.search(
        r"rules\.low\n +1: not stated\n +2: .*\[scenario.yaml:\d+, variant low\]", told
    )
    # a path that exists is that path
    (here / "b").rename(here / "b@low")
    assert main(["compare", "a", "b@low"]) == 0
    assert "2  b: optimal" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_one_without_a_plan_is_a_row_and_decides_the_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compare", "a", "a@too_much", "b"]) == 4
    told = capsys.readouterr().out
    assert (
        "2  a-too_much: infeasible (4): no plan satisfies every rule: envelope (at most 300 000"
        in told.replace("\u202f", " ").replace("\u00a0", " ")
    )
    assert "What moves shares from 1 to 3" in told
    assert main(["compare", "a@too_much", "a", "b"]) == 4
    told = capsys.readouterr().out
    assert "note: a-too_much has no plan: the others are compared with a" in told
    # invalid comes before infeasible
    assert main(["compare", "a@too_much", "a", "nope"]) == 3


@pytest.mark.usefixtures("here")
def test_a_failed_run_folder_is_a_row_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "a", "--variant", "too_much", "-o", "failed"]) == 4
    assert main(["solve", "b", "--no-prices", "-o", "done"]) == 0
    capsys.readouterr()
    assert main(["compare", "done", "failed"]) == 4
    told = capsys.readouterr().out
    assert "2  a-too_much: infeasible (4): no plan satisfies every rule: " in told
    assert "note: b was solved without prices" in told


def test_json_is_one_document(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "a", "b", "a@too_much", "--format", "json"]) == 4
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["command"], found["exit_code"], found["status"]) == ("compare", 4, "infeasible")
    assert found["schema_version"] == 1
    assert found["compared_with"] == "a"
    assert [row["status"] for row in found["scenarios"]] == ["optimal", "optimal", "infeasible"]
    assert {row["change"] for row in found["attribution"]} == {"rules.low"}
    assert found["folder"] == "results/a-compare"
    assert main(["compare", "a", "b", "--format", "csv"]) == 0
    assert capsys.readouterr().out == (here / "results/a-compare/shares.csv").read_text(
        encoding="utf-8"
    )


def test_the_same_files_twice_give_the_same_bytes(here: Path) -> None:
    assert main(["compare", "a", "b", "-o", "one"]) == 0
    assert main(["compare", "a", "b", "-o", "two"]) == 0
    one, two = content(here / "one"), content(here / "two")
    del one["manifest.json"], two["manifest.json"]  # they hold the hash of the timings
    assert one == two


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        ([], 2, "Missing argument"),
        (["a"], 2, "needs two runs or scenarios"),
        (["a", "a"], 2, "are the same"),
        (["a", "./a"], 2, "are the same"),
        (["a", "a/scenario.yaml"], 2, "are the same"),
        (["a@low", "a@low"], 2, "are the same"),
        (["a", "a@"], 2, "write SCENARIO@variant"),
        (["a", "a@low+"], 2, "write SCENARIO@variant"),
        (["a", "@low"], 2, "write SCENARIO@variant"),
        (["a", "results/a@low"], 2, "takes no variant"),
        (["a", "nowhere"], 3, "no such scenario"),
        (["a", "results"], 3, "holds no scenario.yaml"),
        (["a", "results/a/allocation.csv"], 3, "allocation.csv"),
        (["a", "a@lwo"], 3, "did you mean low?"),
        (["a", "b", "-o", "a"], 2, "is not a run folder"),
        (["a", "b", "-o", "a/supply.csv"], 2, "is a file"),
        (["a", "b", "-o", "results/a"], 2, "something else than a comparison"),
        (["results/a", "results/b", "-o", "results/b"], 2, "something else than a comparison"),
        (["a", "b", "--orders", "2"], 2, "--orders"),
    ],
)
def test_bad_calls(
    arguments: list[str],
    status: int,
    word: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = set(here.rglob("*"))
    assert main(["compare", *arguments]) == status
    told = capsys.readouterr()
    assert word in told.err
    assert "Traceback" not in told.err
    assert set(here.rglob("*")) == before


def test_a_changed_run_folder_is_refused(
    runs: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = runs / "b" / "allocation.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("26.0", "27.0"), encoding="utf-8")
    assert main(["compare", "a", "results/b"]) == 6
    told = capsys.readouterr().err
    assert "results/b was changed after it was written (allocation.csv: SHA-256" in told
    assert "perequa verify results/b" in told
    assert not (here / "results" / "a-compare").exists()
    (runs / "b" / "manifest.json").unlink()
    assert main(["compare", "a", "results/b"]) == 6
    assert "manifest.json" in capsys.readouterr().err


def test_a_report_added_later_does_not_matter(runs: Path) -> None:
    (runs / "b" / "notes.txt").write_text("seen", encoding="utf-8")
    assert main(["compare", "results/a", "results/b"]) == 0


@pytest.mark.usefixtures("here")
def test_a_study_is_not_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "a", "b"]) == 0
    assert main(["compare", "a", "results/a-compare"]) == 2
    assert "is the folder of a study" in capsys.readouterr().err
    assert main(["compare", "a", "b"]) == 0  # an earlier comparison is replaced


def test_two_of_the_same_name_are_told_apart(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", "a", "-o", "one"]) == 0
    assert main(["solve", "a", "--set", "rules.envelope.at_most=360000", "-o", "two"]) == 0
    capsys.readouterr()
    assert main(["compare", "one", "two"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1  one: optimal\n2  two: optimal\n")
    assert "2: 360000   [--set rules.envelope.at_most=360000]" in told
    assert (here / "results" / "one-compare").is_dir()


def test_exact_beyond_ten_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(here / "many", scenario("many", {f"cap_{i}": cap(4 + i) for i in range(11)}))
    assert main(["compare", "a", "many", "--exact"]) == 2
    assert "11 changes lead from a to many" in capsys.readouterr().err
    assert main(["compare", "a", "many", "--orders", "4"]) == 0
    told = capsys.readouterr().out
    assert "Shapley, orders drawn" in told
    assert "  others: 5 more changes, apart in attribution.csv" in told


@pytest.mark.usefixtures("here")
def test_an_unknown_variant_is_a_row_beside_two_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compare", "a", "b", "a@lwo"]) == 3
    told = capsys.readouterr()
    assert "3  a-lwo: invalid (3): the scenario has no variant 'lwo'" in told.out
    assert "did you mean low?" in told.err
