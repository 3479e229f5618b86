"""`perequa sensitivity`: folders, forms of output, and calls that cannot be carried out."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
from typing import TYPE_CHECKING

import pytest
from studied import DISTANCE, EHPAD

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ENDS = ["--from", "shortfall=1", "--to", "distance=1"]
CALLS = {
    "weights": (["weights", EHPAD, "--set", DISTANCE, *ENDS], "breakpoints"),
    "limit": (["limit", EHPAD, "--rule", "floor"], "curve"),
    "margins": (["margins", EHPAD, "--within", "1%"], "margins"),
    "frontier": (
        ["frontier", EHPAD, "--set", DISTANCE, "--objectives", "shortfall", "distance"],
        "frontier",
    ),
    "implied": (["implied", EHPAD, "--set", DISTANCE, "--allocation", "reference"], "implied"),
    "sweep": (["sweep", EHPAD, "--set", DISTANCE, "--samples", "9"], "acceptability"),
}
"""A call of each study, and its main table."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("study", list(CALLS))
def test_a_study_writes_its_folder_whole(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call, main_table = CALLS[study]
    assert main(["sensitivity", *call]) == 0
    told = capsys.readouterr()
    folder = tmp_path / "results" / f"{EHPAD}-{study}"
    assert told.out.rstrip().endswith(f"saved in results/{folder.name}")
    manifest = json.loads((folder / "manifest.json").read_bytes())["files"]
    for name, digest in manifest.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    written = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert written == {*manifest, "manifest.json"}
    record = json.loads((folder / "study.json").read_bytes())
    assert (record["study"], record["status"]) == (study, "optimal")
    assert record["asked"]["scenario"] == EHPAD
    assert record["scenario"]["name"] == EHPAD
    assert record["hashes"]["inputs/scenario.yaml"] == manifest["inputs/scenario.yaml"]
    assert record["timings"]["study"] > 0
    assert next(iter(record["tables"])) == main_table
    for name, columns in record["tables"].items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as table:
            assert next(csv.reader(table)) == columns
    assert [p.name for p in (tmp_path / "results").iterdir()] == [folder.name]


@pytest.mark.parametrize("study", list(CALLS))
def test_the_three_forms_say_the_same(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    call, main_table = CALLS[study]
    assert main(["sensitivity", *call, "--format", "csv", "-o", "a"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert main(["sensitivity", *call, "--format", "json", "-o", "b"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["study"]) == ("sensitivity", study)
    assert (document["schema_version"], document["exit_code"]) == (1, 0)
    assert document["folder"] == "b"
    written = document[main_table]
    assert [list(row) for row in written] == [list(row) for row in rows]
    for one, other in zip(written, rows, strict=True):
        for name, value in one.items():
            if isinstance(value, float | int) and not isinstance(value, bool):
                assert float(other[name]) == value
            else:
                assert other[name] == ("" if value is None else str(value))


@pytest.mark.parametrize("study", list(CALLS))
def test_the_same_bytes_twice(study: str, tmp_path: Path) -> None:
    call, _ = CALLS[study]
    for folder in ("one", "two"):
        assert main(["--quiet", "sensitivity", *call, "-o", folder]) == 0
    names = [p.name for p in (tmp_path / "one").glob("*.csv")]
    assert names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("study", list(CALLS))
def test_common_options_stand_anywhere(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    call, _ = CALLS[study]
    for place in range(3):
        arguments = ["sensitivity", *call]
        arguments.insert((0, 1, len(arguments))[place], "--quiet")
        assert main(arguments) == 0
    capsys.readouterr()
    for flag in ("-h", "--help"):
        assert main(["sensitivity", study, flag]) == 0
        shown = capsys.readouterr().out
        assert all(o in shown for o in ("--format", "--variant", "--set", "--lang", "--debug"))


@pytest.mark.parametrize("study", [study for study in CALLS if study != "implied"])
def test_without_a_plan_the_diagnosis_is_printed_and_saved(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call, _ = CALLS[study]
    scale = ["--from", "0.99", "--to", "1.01"] if study == "limit" else []
    infeasible = ["sensitivity", *call, *scale, "--variant", "infeasible_caps"]
    assert main(["--quiet", *infeasible]) == 4
    told = capsys.readouterr()
    folder = tmp_path / "results" / f"{EHPAD}-infeasible_caps-{study}"
    assert "No plan satisfies its rules together" in told.out
    assert "The cheapest ways out:" in told.out
    assert f"saved in results/{folder.name}" in told.out
    assert told.err == ""
    assert main(["verify", str(folder)]) == 0
    assert "9. infeasible: ok" in capsys.readouterr().out
    # the same bytes as `diagnose` writes
    assert main(["diagnose", EHPAD, *_sets(call), "--variant", "infeasible_caps", "-o", "d"]) == 4
    for name in ("conflicts.csv", "repairs.csv", "repair.yaml", "farkas.npz"):
        assert (folder / name).read_bytes() == (tmp_path / "d" / name).read_bytes()
    capsys.readouterr()
    assert main([*infeasible, "--format", "json"]) == 4
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["study"]) == ("sensitivity", study)
    assert (document["exit_code"], document["status"]) == (4, "infeasible")
    assert document["conflicts"]
    # repaired, the study takes the place of the diagnosis
    assert main(["--quiet", "sensitivity", *call, *scale, "-o", str(folder)]) == 0
    assert not (folder / "run.json").exists()


def _sets(call: list[str]) -> list[str]:
    return [w for one, w in itertools.pairwise(["", *call]) if "--set" in {one, w}]


def test_a_question_that_leaves_no_plan_of_a_feasible_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["limit", "scm-ssad-1998", "--rule", "unfunded", "--from", "0.1", "--to", "0.2"]
    assert main(["sensitivity", *call]) == 4
    told = capsys.readouterr()
    assert "whatever the scale of unfunded between 0.1 and 0.2" in told.err
    assert told.out == ""
    assert list(tmp_path.iterdir()) == []


SET = ["--set", DISTANCE]
LATER = ["--set", "objectives.distance.priority=2"]
BAD: list[tuple[int, list[str], str]] = [
    (2, [], "Usage:"),
    (2, ["nope"], "no study 'nope'"),
    (2, ["weights"], "SCENARIO"),
    (2, ["weights", EHPAD], "sensitivity.weights.vary"),
    (2, ["weights", EHPAD, "--from", "shortfall=1"], "--from and --to go together"),
    (2, ["weights", EHPAD, "--to", "shortfall=1"], "--from and --to go together"),
    (2, ["weights", EHPAD, "--from", "", "--to", "shortfall=1"], "OBJECTIVE=WEIGHT"),
    (2, ["weights", EHPAD, "--from", "shortfall", "--to", "shortfall=1"], "OBJECTIVE=WEIGHT"),
    (2, ["weights", EHPAD, "--from", "=1", "--to", "shortfall=1"], "OBJECTIVE=WEIGHT"),
    (2, ["weights", EHPAD, "--from", "shortfall=1,", "--to", "shortfall=1"], "OBJECTIVE=WEIGHT"),
    (2, ["weights", EHPAD, "--from", "shortfall=x", "--to", "shortfall=1"], "'x'"),
    (2, ["weights", EHPAD, "--from", "shortfall=", "--to", "shortfall=1"], "number"),
    (2, ["weights", EHPAD, "--from", "shortfall=nan", "--to", "shortfall=1"], "'nan'"),
    (2, ["weights", EHPAD, "--from", "shortfall=inf", "--to", "shortfall=1"], "'inf'"),
    (2, ["weights", EHPAD, "--from", "shortfall=-1", "--to", "shortfall=1"], "'-1'"),
    (2, ["weights", EHPAD, "--from", "shortfall=0", "--to", "shortfall=1"], "every weight is 0"),
    (2, ["weights", EHPAD, "--from", "shortfall=1,shortfall=1", "--to", "x=1"], "twice"),
    (2, ["weights", EHPAD, "--from", "shortfal=1", "--to", "shortfall=1"], "did you mean shortf"),
    (2, ["weights", EHPAD, *SET, *LATER, *ENDS], "different priorities"),
    (2, ["weights", EHPAD, *SET, *ENDS, "--format", "xml"], "xml"),
    (2, ["weights", EHPAD, *SET, *ENDS, "--nope"], "--nope"),
    (2, ["weights", EHPAD, *SET, *ENDS, "-o", "taken"], "not a run folder"),
    (2, ["weights", EHPAD, *SET, *ENDS, "--set", "years"], "PATH=VALUE"),
    (3, ["weights", "nowhere", *ENDS], "nowhere"),
    (3, ["weights", EHPAD, *ENDS, "--variant", "nope"], "nope"),
    (3, ["weights", EHPAD, *ENDS, "--set", "rules.flor.active=false"], "did you mean floor"),
    (3, ["weights", EHPAD, "--set", "objectives.thrift={kind: spend, priority: 2}",
         "--from", "thrift=1", "--to", "thrift=2"], "initial value"),
    (2, ["weights", EHPAD, "--triangle", "shortfall", "x"], "requires 3 arguments"),
    (2, ["weights", EHPAD, "--triangle", "shortfall", "x", "y"], "no such objective"),
    (2, ["weights", EHPAD, "--triangle", "shortfall", "x", "x"], "three different"),
    (2, ["weights", EHPAD, "--triangle", "a", "b", "c", *ENDS], "--triangle goes without"),
    (2, ["weights", EHPAD, "--triangle", "a", "b", "c", "--no-plans"], "every part"),
    (2, ["limit", EHPAD], "--rule"),
    (2, ["limit", EHPAD, "--rule", "flor"], "did you mean floor"),
    (2, ["limit", EHPAD, "--rule", "floor", "--from", "x"], "'x'"),
    (2, ["limit", EHPAD, "--rule", "floor", "--from", "2"], "to a greater one"),
    (2, ["limit", EHPAD, "--rule", "floor", "--from", "-1"], "a number ≥ 0"),
    (2, ["limit", EHPAD, "--rule", "floor", "--to", "nan"], "are numbers"),
    (2, ["limit", EHPAD, "--rule", "floor", "--to", "inf"], "are numbers"),
    (2, ["limit", EHPAD, "--rule", "floor", "--territory", "99"], "no such territory"),
    (2, ["limit", EHPAD, "--rule", "floor", "--territory", "11"], "region:11 or department:11"),
    (2, ["limit", EHPAD, "--rule", "floor", "--territory", "department:75"], "has no row there"),
    (2, ["limit", EHPAD, "--rule", "envelope", "--territory", "region:11"], "name no territory"),
    (2, ["limit", EHPAD, "--rule", "floor", "--measure", "ssiad"], "has no row there (ehpad)"),
    (2, ["limit", EHPAD, "--rule", "floor", "--year", "1999"], "has no row there (2021)"),
    (2, ["limit", EHPAD, "--rule", "floor", "--year", "x"], "'x'"),
    (2, ["limit", EHPAD, "--rule", "floor", "--set", "rules.floor.active=false"], "is not active"),
    (2, ["limit", EHPAD, "--rule", "floor", "--set", "rules.floor.at_least=0"], "are all 0"),
    (2, ["margins", EHPAD], "--within"),
    (2, ["margins", EHPAD, "--within", "1"], "a percentage"),
    (2, ["margins", EHPAD, "--within", "x%"], "a percentage"),
    (2, ["margins", EHPAD, "--within", "-1%"], "a percentage"),
    (2, ["margins", EHPAD, "--within", "1%", "--jobs", "0"], "--jobs"),
    (3, ["margins", EHPAD, "--within", "1%", "--variant", "nope"], "nope"),
    (2, ["frontier", EHPAD], "--objectives"),
    (2, ["frontier", EHPAD, "--objectives", "shortfall"], "requires 2 arguments"),
    (2, ["frontier", EHPAD, "--objectives", "shortfall", "shortfall"], "two different"),
    (2, ["frontier", EHPAD, "--objectives", "shortfall", "worst"], "no such objective"),
    (2, ["implied", EHPAD], "--allocation"),
    (2, ["implied", EHPAD, "--allocation", "reference", "--priority", "9"], "no objective there"),
    (2, ["implied", EHPAD, "--allocation", "reference", "--priority", "x"], "'x'"),
    (2, ["implied", EHPAD, "--allocation", "reference", "--set", "reference=null"], "no reference"),
    (3, ["implied", EHPAD, "--allocation", "nowhere.csv"], "nowhere.csv: error: no such file"),
    (3, ["implied", EHPAD, "--allocation", "taken"], "no such file"),
    (3, ["implied", EHPAD, "--allocation", "taken/mine.txt"], "taken/mine.txt:1: error: "),
    (2, ["frontier", EHPAD, "--objectives", "shortfal", "x"], "did you mean shortfall"),
    (2, ["sweep", EHPAD], "one of --samples N and --design FILE"),
    (2, ["sweep", EHPAD, "--samples", "0"], "--samples"),
    (2, ["sweep", EHPAD, "--samples", "x"], "'x'"),
    (3, ["sweep", EHPAD, "--samples", "9", "--design", "x.csv"], "no such file"),
    (2, ["sweep", EHPAD, "--samples", "9", "--design", "taken/mine.txt"], "without --samples"),
    (2, ["sweep", EHPAD, "--design", "taken/mine.txt", "--indices", "morris"], "without --samples"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "pop_75p=triangle:1..2"],
     "did you mean triangular"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "pop_75p=choice:pop_75p,pop_85p"],
     "no column pop_85p beside it"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "measures.ehpad.cost=choice:a,b"],
     "columns take the place of a column"),
    (2, ["sweep", EHPAD, "--samples", "9"], "Two objectives"),
    (2, ["sweep", EHPAD, *SET, *LATER, "--samples", "9"], "Two objectives"),
    (2, ["sweep", EHPAD, *SET, "--samples", "9", "--objective", "shortfal", "--objective",
         "distance"], "did you mean shortfall"),
    (2, ["sweep", EHPAD, *SET, *LATER, "--samples", "9", "--objective", "shortfall", "--objective",
         "distance"], "different priorities"),
    (2, ["sweep", EHPAD, *SET, "--samples", "1", "--lattice"], "at least 2 points"),
    (2, ["sweep", EHPAD, *SET, "--samples", "9", "--seed", "-1"], "--seed"),
    (2, ["sweep", EHPAD, *SET, "--samples", "9", "--jobs", "0"], "--jobs"),
    (2, ["sweep", EHPAD, *SET, "--samples", "9", "--against", "x"], "--against"),
    (2, ["sweep", EHPAD, *SET, "--samples", "9", "--against", "reference", "--set",
         "reference=null", "--set", "objectives.distance={kind: spend, normalise: 1}"],
     "no reference"),
    (2, ["sweep", EHPAD, "--design", "taken/d.csv", "--lattice"], "--design names the points"),
    (3, ["sweep", EHPAD, "--design", "nowhere.csv"], "no such file"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "pop_75p"], "FIGURE=LOW..HIGH"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "pop_75=0.9..1.1"], "did you mean pop_75p"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "measures.ehpad.cots=0.9..1.1"],
     "did you mean measures.ehpad.cost"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "years=0.9..1.1"], "no such figure"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "a=1..2", "--vary", "a=1..2"], "named twice"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "a=1..2", "--lattice"], "--vary goes without"),
    (2, ["sweep", EHPAD, "--samples", "4", "--indices", "sobol"], "--indices goes with --vary"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "pop_75p=1..2", "--territory", "11"],
     "--territory with --indices"),
    (2, ["sweep", EHPAD, "--samples", "4", "--vary", "pop_75p=1..2", "--indices", "morris",
         "--territory", "99"], "none decides of that code"),
    (2, ["sweep", EHPAD, "--samples", "3", "--vary", "pop_75p=1..2", "--indices", "sobol"],
     "a power of 2"),
    (2, ["sweep", EHPAD, *SET, "--design", "taken/mine.txt"], "--design mine: no such figure"),
    (2, ["sweep", EHPAD, *SET, "--samples", "9", "-o", "taken"], "not a run folder"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "call", "word"), BAD, ids=lambda v: str(v)[:60])
def test_bad_calls_are_told(
    status: int,
    call: list[str],
    word: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/mine.txt").write_text("mine", encoding="utf-8")
    assert main(["sensitivity", *call]) == status
    told = capsys.readouterr()
    assert word in told.err
    assert told.out == ""
    assert "Traceback" not in told.err
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["mine.txt", "taken"]


def test_a_bad_call_keeps_its_document(capsys: pytest.CaptureFixture[str]) -> None:
    call = ["weights", EHPAD, "--from", "x=1", "--to", "shortfall=1", "--format", "json"]
    assert main(["sensitivity", *call]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_code"]) == ("error", 2)
    assert "no such objective" in document["message"]
