"""Questions that cannot be answered: the exit status, a sentence that says what to do, no fault."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main
from perequa.running import run_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    FolderOf = Callable[..., Path]

BAD = [
    # what a rule is
    (["--rule", "envelop"], 2, "did you mean envelope?"),
    (["--rule", "ENVELOPE"], 2, "no such rule"),
    (["--rule", ""], 2, "no such rule"),
    (["--rule", "envelope/-/ehpad/2021/at_most"], 2, "no such rule"),
    (["--rule", "envelope,floor"], 2, "no such rule"),
    (["--rule"], 2, "requires an argument"),
    (["--rule", "envelope", "--rule", "envelope"], 2, "given twice"),
    (["--rule", "envelope", "--rule", "nothing"], 2, "--rule nothing: no such rule"),
    (["--rule", "région"], 2, "no such rule"),
    (["--rule", "x" * 500], 2, "no such rule"),
    # which of its rows
    (["--rule", "floor", "--measure", "ssiad"], 2, "no row as asked"),
    (["--rule", "floor", "--year", "2020"], 2, "no row as asked"),
    (["--rule", "floor", "--year", "soon"], 2, "not a valid integer"),
    (["--rule", "floor", "--year", "2021.5"], 2, "not a valid integer"),
    (["--rule", "floor", "--territory", "region:99"], 2, "no such territory"),
    (["--rule", "ring_fence", "--territory", "region:24"], 2, "no row as asked"),
    (["--rule", "caps", "--territory", "nation"], 2, "no such territory"),
    (["--measure", "ehpad"], 2, "say which with --rule"),
    (["--year", "2021"], 2, "say which with --rule"),
    (["--territory", "region:24", "--measure", "ehpad"], 2, "say which with --rule"),
    # which territory
    (["--territory", "93"], 2, "region:93 or department:93"),
    (["--territory", "region:"], 2, "no such territory"),
    (["--territory", ":93"], 2, "no such territory"),
    (["--territory", "region:093"], 2, "no such territory"),
    (["--territory", "Occitanie"], 2, "no such territory"),
    (["--territory", "regions:76"], 2, "did you mean region:76?"),
    (["--territory", "department:13"], 2, "places are decided at level region"),
    (["--territory", "department:13", "--rule", "floor", "--by", "0"], 2, "not 0"),
    (["--territory"], 2, "requires an argument"),
    (["--territory", "region:24", "--territory", "region:2A"], 2, "no such territory"),
    # by how much
    (["--by", "1000"], 2, "say which with --rule"),
    (["--territory", "region:24", "--by", "1"], 2, "say which with --rule"),
    (["--rule", "envelope", "--by", "0"], 2, "finite and not 0"),
    (["--rule", "envelope", "--by", "nan"], 2, "finite and not 0"),
    (["--rule", "envelope", "--by", "inf"], 2, "finite and not 0"),
    (["--rule", "envelope", "--by", "-inf"], 2, "finite and not 0"),
    (["--rule", "envelope", "--by", "1 000 000"], 2, "not a valid float"),
    (["--rule", "envelope", "--by", "1M"], 2, "not a valid float"),
    (["--rule", "envelope", "--by", "1,5"], 2, "not a valid float"),
    (["--rule", "envelope", "--by"], 2, "requires an argument"),
    (["--rule", "envelope", "--by", "1", "--by", "2"], 2, "one for all, or one for each"),
    (["--rule", "caps", "--rule", "envelope", "--by", "10"], 2, "give one --by for each --rule"),
    # what moves with it
    (["--linked"], 2, "--linked needs one --rule"),
    (["--rule", "envelope", "--linked"], 2, "--linked needs one --rule"),
    (["--rule", "envelope", "--rule", "floor", "--by", "1", "--linked"], 2, "--linked needs one"),
    (
        ["--rule", "floor", "--territory", "region:24", "--by", "1", "--linked"],
        2,
        "--linked moves the whole rule",
    ),
    (["--rule", "floor", "--by", "-150000", "--linked"], 2, "the limit of floor is below zero"),
    # the rest of the line
    (["--format", "xml"], 2, "'xml' is not one of"),
    (["--format", "csv"], 2, "'csv' is not one of"),
    (["--lang", "de"], 2, "'de' is not one of"),
    (["--protect", "envelope"], 2, "No such option"),
    (["another"], 2, "unexpected extra argument"),
    (["-o", "somewhere"], 2, "No such option"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), BAD)
def test_a_question_that_cannot_be_answered(
    folder_of: FolderOf,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    assert main(["explain", str(folder_of("ehpad-2004-rule")), *arguments]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "Traceback" not in told.err
    assert "fault in Perequa" not in told.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "Missing argument"),
        (["nowhere"], 3, "is not a run folder"),
        (["."], 3, "is not a run folder"),
        (["ehpad-2004-rule"], 3, "is not a run folder"),
        (["scenario.yaml"], 3, "is not a run folder"),
    ],
)
def test_a_path_that_is_no_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    (tmp_path / "scenario.yaml").write_text("format: 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["explain", *arguments]) == status
    assert said in capsys.readouterr().err


def test_an_inactive_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_scenario("ehpad-2004-rule", lambda name: tmp_path / name, variants=["no_caps"])
    assert main(["explain", str(run.folder), "--rule", "caps"]) == 2
    assert "is not active in this run" in capsys.readouterr().err


def test_a_rule_without_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sets = ["rules.no_data.amount=null"]
    run = run_scenario("dominic-2004", lambda name: tmp_path / name, sets=sets)
    assert main(["explain", str(run.folder), "--rule", "no_data"]) == 2
    assert "has no row in the program" in capsys.readouterr().err


def test_a_run_without_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_scenario("ehpad-2004-rule", lambda name: tmp_path / name, prices=False)
    assert main(["explain", str(run.folder)]) == 2
    assert "solved with --no-prices" in capsys.readouterr().err


def test_a_run_without_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variants = ["infeasible_caps"]
    run = run_scenario("ehpad-2004-rule", lambda name: tmp_path / name, variants=variants)
    assert run.folder is not None
    assert main(["explain", str(run.folder)]) == 2
    assert "has no plan" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["shadow_prices.csv", "run.json", "solution.npz"])
def test_a_run_that_was_changed(
    folder_of: FolderOf, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(folder_of("ehpad-2004-rule"), folder)
    with (folder / file).open("ab") as stream:
        stream.write(b" ")
    assert main(["explain", str(folder), "--rule", "envelope"]) == 6
    assert file in capsys.readouterr().err
    (folder / file).unlink()
    assert main(["explain", str(folder), "--rule", "envelope"]) == 6


def test_json_says_the_same_of_an_error(
    folder_of: FolderOf, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(folder_of("ehpad-2004-rule"))
    assert main(["explain", folder, "--rule", "envelop", "--format", "json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "explain"
    assert told["exit_code"] == 2
    assert "did you mean envelope?" in told["message"]


@pytest.mark.parametrize(
    "arguments", [[], ["--territory", "region:11"], ["--rule", "floor", "--by", "-1000"]]
)
def test_json_of_an_answer(
    folder_of: FolderOf, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    folder = str(folder_of("ehpad-2004-rule"))
    assert main(["explain", folder, *arguments, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "optimal"
    assert told["scenario"] == "ehpad-2004-rule"
    assert told["statements"]
    assert (told["rule"] is None) == ("--rule" not in arguments)
    assert (told["territory"] is None) == ("--territory" not in arguments)
