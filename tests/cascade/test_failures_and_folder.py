"""What a cascade writes, how it fails, and who notices when it is changed."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from resigning import resigned
from two_regions import GAP, region, whole, written

from perequa.cascade import solving
from perequa.cascade.solving import run_any
from perequa.cli import main
from perequa.running import FinishedRun
from perequa_models.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.checks import Loaded

IMPOSSIBLE = {"kind": "floor", "territories": ["department:C"], "at_least": 1000}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    few = region({"few": {**IMPOSSIBLE, "at_least": 2}})
    source = written(tmp_path / "scenario", None, None, {"2": few})
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--jobs", "1", "--quiet"]) == 0
    return tmp_path / "run"


def test_a_region_that_fails_is_a_row_and_the_others_are_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(tmp_path / "scenario", None, None, {"2": region({"too_much": IMPOSSIBLE})})
    folder = tmp_path / "run"
    assert main(["solve", source, "-o", str(folder), "--jobs", "1", "--format", "json"]) == 4
    document = json.loads(capsys.readouterr().out)
    (told,) = document["runs"]
    assert (document["exit_code"], told["status"]) == (4, "infeasible")
    ended = {r["step"]: r for r in table(folder / "cascade.csv")}
    assert [ended[s]["exit_code"] for s in ("nation", "region-1", "region-2")] == ["0", "0", "4"]
    assert float(ended["region-2"]["handed_down"]) == pytest.approx(15000)
    assert ended["region-2"]["used"] == ""
    assert (folder / "steps" / "region-2" / "conflicts.csv").is_file()
    assert {r["step"] for r in table(folder / "allocation.csv")} == {"nation", "region-1"}
    assert table(folder / "decentralisation.csv")[0]["cascade"] == ""
    assert not (folder / "unkept.csv").exists()
    assert main(["verify", str(folder)]) == 0


def test_a_limit_stated_for_the_rule_handed_down_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"kind": "envelope", "at_most": 3, "by": "year"}
    source = written(tmp_path / "scenario", None, region({"envelope": own}))
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--jobs", "1"]) == 0
    assert "replaced by what is handed down" in capsys.readouterr().err
    ended = {r["step"]: r["used"] for r in table(tmp_path / "run" / "cascade.csv")}
    assert float(ended["region-1"]) == pytest.approx(15000)


def test_the_repair_of_a_region_is_a_scenario(tmp_path: Path) -> None:
    source = written(tmp_path / "scenario", None, None, {"2": region({"too_much": IMPOSSIBLE})})
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--jobs", "1"]) == 4
    repair = tmp_path / "run" / "steps" / "region-2" / "repair.yaml"
    assert main(["solve", str(repair), "-o", str(tmp_path / "repaired"), "--quiet"]) == 0
    assert [r["territory"] for r in table(tmp_path / "repaired" / "allocation.csv")] == ["C", "D"]
    assert main(["verify", str(tmp_path / "repaired")]) == 0


def test_a_nation_without_a_plan_leaves_its_regions_unsolved(tmp_path: Path) -> None:
    rules = {"all": {"kind": "floor", "in": "credits", "at_least": 99999}}
    source = written(tmp_path / "scenario", whole(rules=rules))
    folder = tmp_path / "run"
    assert main(["solve", source, "-o", str(folder), "--jobs", "1"]) == 4
    ended = {r["step"]: r["status"] for r in table(folder / "cascade.csv")}
    assert ended == {"nation": "infeasible", "integrated": "not_solved",
                     "region-1": "not_solved", "region-2": "not_solved"}  # fmt: skip
    assert main(["verify", str(folder)]) == 0


@pytest.mark.parametrize(
    ("code", "status"), [(1, "error"), (3, "invalid"), (5, "limit"), (4, "infeasible")]
)
def test_the_exit_status_is_the_first_that_occurred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, status: str
) -> None:
    """Region One has no plan (4); Two ends as told, by a solver that is replaced."""
    real = solving.run_loaded

    def ended(loaded: Loaded, *rest: Any) -> FinishedRun:
        name = loaded.raw.column_name
        if name.endswith("region-2") and code == 1:
            raise InternalError("a fault")
        if name.endswith("region-2"):
            return FinishedRun(name=name, status=status, exit_code=code)
        return real(loaded, *rest)

    monkeypatch.setattr(solving, "run_loaded", ended)
    floor = {**IMPOSSIBLE, "territories": ["department:A"]}
    source = written(tmp_path / "scenario", None, None, {"1": region({"too_much": floor})})
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--jobs", "1"]) == code
    told = {r["step"]: (r["status"], r["exit_code"]) for r in table(tmp_path / "run/cascade.csv")}
    assert told["region-1"] == ("infeasible", "4")
    assert told["region-2"] == (status, str(code))
    assert told["nation"] == ("optimal", "0")


def test_several_years_are_handed_down_one_by_one(tmp_path: Path) -> None:
    """20 places of four months in the first year: 10 for each region, 4 000 and then 8 000 due."""
    stated = whole(
        years=[2024, 2025],
        measures={"home": {"cost": 1200, "opening_months": 4}},
        rules={
            "envelope": {"kind": "envelope", "by": "year", "at_most": 20000},
            "first": {"kind": "contingent", "year": 2024, "equals": 20},
        },
    )
    source = written(tmp_path / "scenario", stated)
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--jobs", "1", "--quiet"]) == 0
    told = {(r["step"], r["year"]): r for r in table(tmp_path / "run" / "handed_down.csv")}
    assert len(told) == 4
    for year in ("2024", "2025"):
        received = sum(float(told[f"region-{i}", year]["handed_down"]) for i in (1, 2))
        assert received <= 20000 + 1e-6
        assert all(
            float(told[f"region-{i}", year]["used"])
            <= float(told[f"region-{i}", year]["handed_down"]) + 1e-6
            for i in (1, 2)
        )
    assert float(told["region-1", "2024"]["handed_down"]) == pytest.approx(4000)
    assert float(told["region-1", "2025"]["handed_down"]) >= 8000 - 1e-6
    assert main(["verify", str(tmp_path / "run")]) == 0


def test_no_table_depends_on_how_many_processes(tmp_path: Path) -> None:
    source = written(tmp_path / "scenario")
    for jobs in (1, 3):
        run_any(source, lambda _, jobs=jobs: tmp_path / str(jobs), jobs=jobs)
    files = {p.relative_to(tmp_path / "1") for p in (tmp_path / "1").rglob("*") if p.is_file()}
    assert files == {p.relative_to(tmp_path / "3") for p in (tmp_path / "3").rglob("*")
                     if p.is_file()}  # fmt: skip
    for name in files:
        if name.name not in ("run.json", "manifest.json"):  # they hold timings
            assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_every_step_is_a_run_of_its_own(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in ("steps/nation", "steps/region-1", "steps/region-2", "integrated"):
        assert main(["verify", str(run / step)]) == 0
    capsys.readouterr()
    assert main(["verify", str(run)]) == 0
    printed = capsys.readouterr().out
    for name in ("steps: ok", "cascade: ok", "decentralisation: ok"):
        assert name in printed


def test_a_territory_is_explained_in_the_step_that_decides_on_it(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(run), "--territory", "department:C"]) == 0
    assert "Gamma (department:C) gets" in capsys.readouterr().out
    assert main(["explain", str(run), "--territory", "region:2"]) == 0
    assert "Two (region:2) gets 15 places" in capsys.readouterr().out
    assert main(["explain", str(run), "--rule", "few"]) == 0
    assert main(["explain", str(run), "--rule", "envelope"]) == 2
    assert "several steps answer" in capsys.readouterr().err
    assert main(["explain", str(run), "--rule", "envelope", "--step", "region-1"]) == 0
    assert main(["explain", str(run), "--rule", "envelope", "--step", "region_1"]) == 2
    assert "did you mean region-1" in capsys.readouterr().err


def less_handed(run: Path) -> None:
    path = run / "steps" / "region-1" / "inputs" / "handed_down" / "envelope.csv"
    path.write_text("year,limit\n2024,14000.0\n", encoding="utf-8")


def rule_lifted(run: Path) -> None:
    path = run / "steps" / "region-2" / "run.json"
    record = json.loads(path.read_text("utf-8"))
    del record["scenario"]["rules"]["few"]
    path.write_text(json.dumps(record), encoding="utf-8")


def other_target(run: Path) -> None:
    path = run / "steps" / "region-1" / "run.json"
    record = json.loads(path.read_text("utf-8"))
    record["scenario"]["indicators"]["rate"]["national_initial"] = 3.0
    path.write_text(json.dumps(record), encoding="utf-8")


def other_table(run: Path) -> None:
    path = run / "steps" / "region-1" / "inputs" / "supply.csv"
    path.write_text(path.read_text("utf-8").replace("B,90", "B,91"), encoding="utf-8")


def cheaper(run: Path) -> None:
    path = run / "decentralisation.csv"
    lines = path.read_text("utf-8").splitlines()
    cells = lines[1].split(",")
    cells[-2] = str(float(cells[-2]) - 1.0)
    path.write_text("\n".join([lines[0], ",".join(cells), ""]), encoding="utf-8")


def other_row(run: Path) -> None:
    path = run / "allocation.csv"
    path.write_text(path.read_text("utf-8").replace("Gamma", "Gammo"), encoding="utf-8")


def more_used(run: Path) -> None:
    path = run / "handed_down.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace("15000.0,0.0", "14000.0,0.0", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (less_handed, "12. cascade: WRONG"),
        (rule_lifted, "12. cascade: WRONG"),
        (other_target, "12. cascade: WRONG"),
        (other_table, "12. cascade: WRONG"),
        (cheaper, "13. decentralisation: WRONG"),
        (other_row, "13. decentralisation: WRONG"),
        (more_used, "13. decentralisation: WRONG"),
    ],
)
def test_a_forged_cascade_is_found_although_its_manifests_agree(
    run: Path, forge: Callable[[Path], None], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    forge(run)
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} != before
    resigned(run)
    assert main(["verify", str(run)]) == 6
    printed = capsys.readouterr().out
    assert "1. files: ok" in printed
    assert told in printed


def bad(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(stated: dict[str, Any]) -> None:
        steps = stated["cascade"]["steps"]
        where = {"first": steps[0], "second": steps[1], "whole": stated}
        place, _, name = key.partition(".")
        where[place][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (bad("whole.cascade", None), "missing_key"),
        (bad("first.decide_at", "department"), "wrong_level"),
        (bad("second.decide_at", "region"), "wrong_level"),
        (bad("second.decide_at", "departmnt"), "unknown_level"),
        (bad("second.hands_down", []), "missing_key"),
        (bad("second.scenario", None), "missing_key"),
        (bad("second.scenario", "regions/nobody.yaml"), "missing_file"),
        (bad("second.scenario", "../default.yaml"), "outside_folder"),
        (bad("second.own", {"region:9": "regions/default.yaml"}), "unknown_territory"),
        (bad("first.scenario", "regions/default.yaml"), "unused_key"),
        (bad("second.hand_down", {}), "unknown_key"),
    ],
)
def test_what_is_wrong_with_the_steps_is_told(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], code: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    stated = whole()
    change(stated)
    if stated["cascade"] is None:
        del stated["cascade"]
    elif stated["cascade"]["steps"][1].get("scenario", "") is None:
        del stated["cascade"]["steps"][1]["scenario"]
    source = written(tmp_path / "scenario", stated)
    assert main(["validate", source, "--format", "json"]) == 3
    found = json.loads(capsys.readouterr().out)["findings"]
    assert code in {f["code"] for f in found}
    assert all(f["line"] for f in found if f["code"] == code)
    assert main(["solve", source, "-o", str(tmp_path / "run")]) == 3
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (region(measures={}), "unknown_key"),
        ({"rules": {}}, "missing_key"),
        (region({"unfunded": {"kind": "cap", "at_most": 3}}), "inherited_rule"),
        ({"rules": {"envelope": {"kind": "envelope", "equals": 3}}, "objectives": {"gap": GAP}},
         "handed_down"),
        (region({"cap": {"kind": "cap", "by": "department", "at_most": -3}}), "negative_limit"),
        (region({"cap": {"kind": "cap", "at_most": 3, "where": {"column": "pop", "equals": 1},
                         "territories": {"column": "pop", "equals": 1}}}), "two_conditions"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_of_a_region_is_told_there(
    tmp_path: Path, part: dict[str, Any], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unfunded = {"kind": "cap", "by": "department", "at_most": {"column": "unfunded"}}
    source = written(tmp_path / "scenario", whole(rules={"unfunded": unfunded}), None, {"2": part})
    assert main(["validate", source, "--format", "json"]) == 3
    found = json.loads(capsys.readouterr().out)["findings"]
    (told,) = [f for f in found if f["code"] == code]
    assert told["file"].endswith("2.yaml")


def test_other_commands_say_what_they_cannot_do_with_a_cascade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(tmp_path / "scenario")
    for command in (["formulation", source], ["diagnose", source]):
        assert main(command) == 2
        assert "one of its steps" in capsys.readouterr().err
    assert main(["validate", source, "--set", "mode=integrated", "--set", "decide_at=department"])\
        == 0  # fmt: skip


def test_one_region_of_a_national_table_is_a_scenario(tmp_path: Path) -> None:
    stated = whole(mode="integrated", decide_at="department")
    stated["territories"]["within"] = "region:2"
    source = written(tmp_path / "scenario", stated)
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--quiet"]) == 0
    assert [r["territory"] for r in table(tmp_path / "run" / "allocation.csv")] == ["C", "D"]
    assert main(["verify", str(tmp_path / "run")]) == 0
    stated["territories"]["within"] = "region:3"
    source = written(tmp_path / "scenario", stated)
    assert main(["validate", source]) == 3
