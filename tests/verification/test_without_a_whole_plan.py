"""A run whose rules allow no whole plan: its folder, and what can and cannot be checked of it."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from half_places import write_half
from mixed_projects import write_mixed
from two_regions import region, whole, written

from perequa import rounding
from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

WORD = "not proven: that no whole plan keeps every rule is the integer solver's word"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    source = write_half(tmp_path / "scenario")
    assert main(["solve", source, "-o", str(folder), "--quiet"]) == 4
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_folder_says_what_is_known_and_what_is_not(run: Path) -> None:
    said = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert (said["status"], said["exit_code"]) == ("infeasible", 4)
    assert (said["diagnosis"]["conflicts"], said["diagnosis"]["proven"]) == (0, False)
    certificate = json.loads((run / "certificate.json").read_text(encoding="utf-8"))
    assert (certificate["verdict"], certificate["proof"]) == ("unproven", None)
    (row,) = table(run / "conflicts.csv")
    assert (row["rule"], row["conflict"], row["side"]) == ("floor", "", "at_least")
    assert float(row["passed_by"]) == pytest.approx(0.75)
    assert table(run / "menus.csv") == table(run / "repairs.csv") == []
    assert (run / "inputs" / "territories.csv").is_file()
    assert not (run / "allocation.csv").exists()


def test_verify_says_that_it_is_not_proven(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(run)]) == 0
    told = capsys.readouterr().out
    assert WORD in told
    assert "a whole plan keeps all but 1 of them" in told


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "at least 0.75 places, broken by 0.75 places"),
        ("fr", "au moins 0,75 place, enfreint de 0,75 place"),
    ],
)
def test_show_tells_it_again(
    run: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", lang, "show", str(run)]) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variant", "rule", "by"), [("units", "some", 1), ("levels", "floor", 0.75)]
)
def test_other_whole_cases(tmp_path: Path, variant: str, rule: str, by: float) -> None:
    source, folder = write_half(tmp_path / "scenario"), tmp_path / "run"
    assert main(["solve", source, "--variant", variant, "-o", str(folder), "--quiet"]) == 4
    (row,) = table(folder / "conflicts.csv")
    assert (row["rule"], float(row["passed_by"])) == (rule, pytest.approx(by))
    assert main(["verify", str(folder)]) == 0


def test_nothing_is_listed_when_the_search_ends_in_time_without_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rounding, "broken_least", lambda *_: np.zeros(0))
    source, folder = write_half(tmp_path / "scenario"), tmp_path / "run"
    assert main(["solve", source, "-o", str(folder), "--quiet"]) == 4
    assert "none in whole places; change a rule" in capsys.readouterr().out
    assert table(folder / "conflicts.csv") == []
    assert main(["verify", str(folder)]) == 0
    assert main(["show", str(folder)]) == 0


def test_a_saved_run_is_compared(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = run.parent / "comparison"
    parts = f"{run.parent / 'scenario'}@parts"
    main(["compare", str(run), parts, "-o", str(there)])
    assert "the nearest breaks floor of One (at least 0.75 places)" in capsys.readouterr().out


def test_a_step_of_a_cascade_has_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {"odd": {"kind": "contingent", "equals": 2.5}}
    source = written(tmp_path / "scenario", whole(), None, {"2": region(odd)})
    folder = tmp_path / "run"
    asked = ["solve", source, "--whole", "-o", str(folder), "--jobs", "1", "--quiet"]
    assert main(asked) == 4
    step = folder / "steps" / "region-2"
    assert [row["rule"] for row in table(step / "conflicts.csv")] == ["odd"]
    assert "odd" in capsys.readouterr().out
    assert main(["verify", str(folder)]) == 0
    assert main(["verify", str(step)]) == 0


def test_beside_the_projects_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_mixed(tmp_path) / "scenario.yaml"
    rule = "{kind: contingent, measure: home, by: year, equals: 2.5}"
    odd = f"  odd: {{whole: true, rules.odd: {rule}}}\n"
    source.write_text(source.read_text(encoding="utf-8") + odd, encoding="utf-8")
    folder = tmp_path / "run"
    asked = ["solve", str(tmp_path), "--variant", "odd", "-o", str(folder), "--quiet"]
    assert main(asked) == 4
    assert "in whole places beside the projects chosen" in capsys.readouterr().out
    assert {row["rule"] for row in table(folder / "conflicts.csv")} == {"odd"}
    assert main(["verify", str(folder)]) == 0
    assert WORD in capsys.readouterr().out


def _more(arrays: dict[str, Any]) -> dict[str, Any]:
    return arrays | {"whole": arrays["whole"] + 1.0}


FORGERIES = {
    "half a place": lambda a: a | {"whole": a["whole"] + 0.5},
    "another whole plan": _more,
    "a continuous plan that breaks a rule": lambda a: a | {"plan": a["plan"] + 1.0},
    "no whole plan": lambda a: a | {"whole": np.zeros(0)},
    "a plan of another program": lambda a: a | {"whole": a["whole"][:-1]},
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_plans_that_are_not_what_is_listed_are_found(
    tiny: Any, run: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(run / "unrounded.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    np.savez(run / "unrounded.npz", **FORGERIES[name](arrays))
    tiny.seal(run)
    assert main(["verify", str(run)]) == 6
    assert "9. infeasible: WRONG" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [("half,,", "half,1,"), (",0.75,\n", ",0.5,\n"), ("floor/region:1/", "floor/region:2/")],
)
def test_rules_that_are_not_what_the_plan_breaks_are_found(
    tiny: Any, run: Path, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run / "conflicts.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")
    tiny.seal(run)
    assert main(["verify", str(run)]) == 6
    assert "9. infeasible: WRONG" in capsys.readouterr().out
