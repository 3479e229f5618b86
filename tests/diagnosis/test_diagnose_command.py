"""`perequa diagnose` and `perequa solve` on exit 4: statuses, messages, documents, protection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from infeasible import SCENARIOS

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

SHARED = SCENARIOS["two_causes_behind_one_row"]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(SHARED.write(tmp_path / "clash"))


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    found: dict[str, Any] = json.loads(told.out)
    return found


def test_it_says_why_and_what_to_do(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", source]) == 4
    told = capsys.readouterr()
    assert told.err == ""
    lines = [line.strip().replace("\u202f", " ") for line in told.out.splitlines()]
    assert lines[0] == "clash: no plan satisfies every rule"
    assert lines[1].startswith("2 causes.")
    assert "cap (Ain, ssiad, 2004): at most 4 places" in lines
    assert "envelope (ssiad, 2004): at most 250 000 EUR" in lines
    assert "floor (Ain, ssiad, 2004): lower by 6 places, to 4 places" in lines
    assert "cap rules only: impossible, none is in cause 2" in lines
    assert "saved in results/clash-diagnose" in lines
    folder = tmp_path / "results" / "clash-diagnose"
    assert (folder / "study.json").is_file()
    assert main(["solve", str(folder / "repair.yaml"), "--no-prices"]) == 0


def test_solve_prints_the_same(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", source]) == 4
    diagnosed = capsys.readouterr().out.splitlines()
    assert main(["solve", source]) == 4
    solved = capsys.readouterr().out.splitlines()
    assert solved[:-1] == diagnosed[:-1]
    assert solved[-1] == "saved in results/clash"
    assert main(["solve", source, "--format", "json"]) == 4
    (run,) = document(capsys)["runs"]
    assert {row["conflict"] for row in run["conflicts"]} == {1, 2}
    assert {row["menu"] for row in run["repairs"]} == {"preference", "floor_only"}


def test_the_document(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", source, "--format", "json", "-o", "here"]) == 4
    found = document(capsys)
    assert (found["command"], found["status"], found["exit_code"]) == ("diagnose", "infeasible", 4)
    assert (found["scenario"], found["folder"]) == ("clash", "here")
    assert len(found["fingerprint"]) == 64
    by_menu = {row["menu"]: row for row in found["menus"]}
    assert by_menu["floor_only"]["possible"] is True
    assert by_menu["cap_only"] == {
        "scenario": "clash", "menu": "cap_only", "possible": False, "blocked_by": 2,
        "rows": None, "territories": None, "places": None, "money": None, "file": None,
        "projects": None,
    }  # fmt: skip
    (moved,) = [row for row in found["repairs"] if row["menu"] == "preference"]
    assert (moved["rule"], moved["territory"], moved["measure"]) == ("floor", "A", "ssiad")
    assert (moved["year"], moved["unit"], moved["change"]) == (2004, "place", -6.0)


def test_protected_rules_never_move(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["diagnose", source, "--format", "json"]
    assert main([*command, "--protect", "floor"]) == 4
    found = document(capsys)
    assert {row["rule"] for row in found["repairs"]} == {"cap", "envelope"}
    # the floor of Ain is kept at its 10 places: 6 above its cap, 30 in all against 25
    moved = {row["rule"]: row["change"] for row in found["repairs"]}
    assert moved == pytest.approx({"cap": 6.0, "envelope": 50_000.0})
    assert [row["menu"] for row in found["menus"]] == ["preference", "envelope_only", "cap_only"]
    assert {row["conflict"] for row in found["conflicts"]} == {1, 2}


def test_nothing_left_to_move(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    protected = ["--protect", "floor", "--protect", "cap"]
    assert main(["diagnose", source, *protected]) == 4
    told = capsys.readouterr().out
    assert "impossible, no repair exists among the rules that are not protected" in told
    assert main(["diagnose", source, *protected, "--protect", "envelope"]) == 4
    told = capsys.readouterr().out
    assert "impossible, no repair exists among the rules that are not protected" in told


def test_a_scenario_with_a_plan_is_0_and_nothing_is_written(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change = ["--set", "rules.floor.at_least=4"]
    assert main(["diagnose", source, *change]) == 0
    told = capsys.readouterr().out
    assert told == "clash: a plan satisfies every rule: nothing to diagnose\n"
    assert not (tmp_path / "results").exists()
    assert main(["diagnose", source, *change, "--format", "json"]) == 0
    found = document(capsys)
    assert (found["status"], found["exit_code"], found["folder"]) == ("feasible", 0, None)
    assert (found["conflicts"], found["repairs"]) == ([], [])


def test_an_unknown_rule_names_the_nearest(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", source, "--protect", "flor"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--protect flor: no such rule" in told.err
    assert "did you mean floor?" in told.err
    assert main(["diagnose", source, "--protect", "flor", "--format", "json"]) == 2
    assert "did you mean floor?" in document(capsys)["message"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 2),
        (["clash", "clash"], 2),
        (["clash", "--protect"], 2),
        (["clash", "--protect", ""], 2),
        (["clash", "--protect", "region:A"], 2),
        (["clash", "--protect", "floor/region:A/ssiad/2004/at_least"], 2),
        (["clash", "--format", "csv"], 2),
        (["clash", "--set", "rules.floor.at_least"], 2),
        (["clash", "--set", "mode=cascade"], 2),
        (["clash", "--nope"], 2),
        (["clash", "-o", "clash"], 2),
        (["clash", "-o", "clash/scenario.yaml"], 2),
        (["nowhere"], 3),
        ([""], 3),
        (["clash/supply.csv"], 3),
        (["clash", "--variant", "nope"], 3),
        (["clash", "--set", "rules.floor.at_least=many"], 3),
        (["clash", "--set", "rules.flor.at_least=3"], 3),
        (["clash", "--set", "rules.floor.at_least=-3"], 3),
        (["clash", "--set", "rules.floor.territories=[Z]"], 3),
        (["clash", "--set", "rules.floor.adjust=[{year: 2004, side: sideways, plus: 1}]"], 3),
        (["clash", "--set", "rules.floor.adjust=[{side: at_most, plus: 1}]"], 3),
    ],
)
@pytest.mark.usefixtures("source")
def test_malformed_calls(
    arguments: list[str], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", *arguments]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err
    assert "Traceback" not in told.err
    assert "internal error" not in told.err
    assert (tmp_path / "clash" / "scenario.yaml").is_file()
    assert not (tmp_path / "results").exists()


def test_an_earlier_diagnosis_is_replaced(source: str, tmp_path: Path) -> None:
    assert main(["diagnose", source]) == 4
    assert main(["diagnose", source, "--protect", "floor"]) == 4
    names = {path.name for path in (tmp_path / "results" / "clash-diagnose").iterdir()}
    assert "repair-floor_only.yaml" not in names
    assert "repair-cap_only.yaml" not in names
    assert "repair.yaml" in names


def test_the_shipped_variant_without_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At 5 % of installed, Mayotte may open nothing and Guyane 9.95 places; the floor is 14.94."""
    out = str(tmp_path / "out")
    command = ["diagnose", "ehpad-2004-rule", "--variant", "infeasible_caps", "-o", out]
    assert main([*command, "--format", "json"]) == 4
    found = document(capsys)
    clash = {(row["conflict"], row["rule"], row["territory"]) for row in found["conflicts"]}
    assert clash == {(1, "caps", "03"), (1, "floor", "03"), (2, "caps", "06"), (2, "floor", "06")}
    moved = {(r["menu"], r["territory"]): r["change"] for r in found["repairs"]}
    place = 24_100_000 / 3600
    assert moved == pytest.approx(
        {
            ("preference", "03"): 9.95 * place - 100_000,
            ("preference", "06"): -100_000,
            ("floor_only", "03"): 9.95 * place - 100_000,
            ("floor_only", "06"): -100_000,
            ("cap_only", "03"): 100_000 / place - 9.95,
            ("cap_only", "06"): 100_000 / place,
        }
    )
    for name in ("repair.yaml", "repair-cap_only.yaml"):
        solved = ["solve", f"{out}/{name}", "--no-prices", "-o", str(tmp_path / "solved")]
        assert main(solved) == 0
