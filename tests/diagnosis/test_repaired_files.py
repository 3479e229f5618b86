"""The repaired scenario stands alone: folders, variants, changes, adjustments already there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from infeasible import CAP_A, FLOOR_A, FLOORS, SCENARIOS, Scenario

from perequa.checks import load
from perequa.cli import main
from perequa.interpret.diagnosis import adjustments
from perequa.io.yaml_text import write_yaml
from perequa.running import diagnose_scenario, run_scenario
from perequa.verification.verdict import verify_run
from perequa_models.catalogue import RULE_KINDS
from perequa_models.errors import InvalidScenario
from perequa_models.figures.limits import adjusted
from perequa_models.keys import RowKey
from perequa_models.precedence import CLASSES, class_of

if TYPE_CHECKING:
    from pathlib import Path

SOUND: dict[str, dict[str, Any]] = {"floor": FLOOR_A, "cap": CAP_A | {"at_most": 20}}


def test_what_a_variant_a_change_and_another_folder_say_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scenario extends one elsewhere; the cap is lowered by a variant, the floor raised."""
    Scenario(rules=SOUND, causes=()).write(tmp_path / "base")
    mine = tmp_path / "mine"
    mine.mkdir()
    variants = {"tight": {"rules.cap.at_most": 4}, "other": {"rules.cap.title": "other"}}
    text = write_yaml(
        {"format": 1, "name": "mine", "extends": "../base/scenario.yaml", "variants": variants}
    )
    (mine / "scenario.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    command = ["diagnose", "mine", "--variant", "tight", "--variant", "other"]
    assert main([*command, "--set", "rules.floor.at_least=12", "-o", "found"]) == 4
    # nothing outside the folder is needed
    moved = tmp_path / "elsewhere" / "found"
    moved.parent.mkdir()
    shutil.move(tmp_path / "found", moved)
    shutil.rmtree(tmp_path / "base")
    shutil.rmtree(mine)
    run = run_scenario(str(moved / "repair.yaml"), lambda _: tmp_path / "solved")
    assert (run.status, run.name) == ("optimal", "mine-tight.other-repair-preference")
    limits = {r["row"]: r["limit"] for r in run.tables["rules"].records()}
    assert limits["floor/region:A/ssiad/2004/at_least"] == pytest.approx(4)
    assert limits["cap/region:A/ssiad/2004/at_most"] == 4


def test_adjustments_already_there_are_kept(tmp_path: Path) -> None:
    rules = {"floor": FLOORS | {"adjust": [{"territory": "B", "plus": 3}]}, "cap": CAP_A}
    source = Scenario(rules=rules, causes=()).write(tmp_path / "scenario")
    assert diagnose_scenario(str(source), lambda _: tmp_path / "found").exit_code == 4
    run = run_scenario(str(tmp_path / "found" / "repair.yaml"), lambda _: tmp_path / "solved")
    limits = {
        r["territory"]: r["limit"] for r in run.tables["rules"].records() if r["rule"] == "floor"
    }
    assert limits == pytest.approx({"A": 4, "B": 13, "C": 10})


def test_a_long_name_is_cut(tmp_path: Path) -> None:
    name = "n" * 60
    source = SCENARIOS["floor_above_cap"].write(tmp_path / "scenario", name=name)
    diagnose_scenario(str(source), lambda _: tmp_path / "found")
    for file, ending in (("repair.yaml", "-repair-preference"), ("resolved.yaml", "n")):
        loaded = load(str(tmp_path / "found" / file)).raw.name
        assert len(loaded) == 60
        assert loaded.endswith(ending)


def test_groups_across_the_tree_are_moved_by_name(tmp_path: Path) -> None:
    """Two operators, one of which is promised more than its cap; `verify` reads it the same."""
    folder = Scenario(rules={}, causes=()).write(
        tmp_path / "scenario",
        rules={
            "promise": {"kind": "floor", "by": {"column": "operator"}, "at_least": 10},
            "cap": {"kind": "cap", "by": "region", "at_most": 8},
        },
    )
    (folder / "people.csv").write_text(
        "territory,pop,operator\nA,1000,north\nB,2000,south\nC,3000,south\n"
    )
    run = diagnose_scenario(str(folder), lambda _: tmp_path / "found")
    moved = {
        r["row"]: r["change"] for r in run.tables["repairs"].records() if r["menu"] == "preference"
    }
    assert moved == {"promise/operator:north/ssiad/2004/at_least": -2.0}
    solved = run_scenario(str(tmp_path / "found" / "repair.yaml"), lambda _: tmp_path / "solved")
    assert solved.status == "optimal"
    verdict = verify_run(tmp_path / "solved")
    assert [str(d) for check in verdict.checks for d in check.disagreements] == []


def test_a_range_that_cannot_be_computed_is_no_excuse(tmp_path: Path) -> None:
    """`normalise: range` asks for an optimum before the scenario is known to have a plan."""
    objectives = {
        name: {"kind": "shortfall", "indicator": "rate", "level": "region", "normalise": "range"}
        for name in ("one", "two")
    }
    source = SCENARIOS["floor_above_cap"].write(tmp_path / "scenario", objectives=objectives)
    run = run_scenario(str(source), lambda _: tmp_path / "run")
    assert (run.status, run.exit_code) == ("infeasible", 4)


def key(rule: str = "r", place: str = "", measure: str = "", year: int | None = None) -> RowKey:
    return RowKey(rule, "region" if place else "", place, measure, year, "at_most")


def test_entries_of_adjust_move_the_rows_they_should_and_no_other() -> None:
    keys = [
        key(),
        key(place="A"),
        key(place="A", measure="m"),
        key(place="A", measure="m", year=2004),
        key(place="A", measure="m", year=2004)._replace(side="at_least"),
        key(measure="m"),
        key(place="B", year=2005),
        key(rule="untouched", place="A"),
    ]
    wanted = {0: 1.5, 1: -2.0, 3: 4.0, 4: -0.25, 6: 7.0}
    written = adjustments(keys, wanted)
    assert set(written) == {"r"}
    for i, row in enumerate(keys):
        found = adjusted(0.0, written.get(row.rule, ()), row)[0]
        assert found == pytest.approx(wanted.get(i, 0.0)), row


def test_one_side_of_a_rule_is_adjusted_alone(tmp_path: Path) -> None:
    both = {"kind": "cap", "by": "region", "at_least": 2, "at_most": 9}
    adjust = [{"territory": "region:A", "side": "at_least", "plus": 3}]
    source = Scenario(rules={"both": both | {"adjust": adjust}}, causes=()).write(tmp_path / "s")
    run = run_scenario(str(source), lambda _: tmp_path / "run")
    limits = {(r["territory"], r["side"]): r["limit"] for r in run.tables["rules"].records()}
    assert limits["A", "at_least"] == 5
    assert limits["A", "at_most"] == 9
    assert limits["B", "at_least"] == 2
    assert [c for c in verify_run(tmp_path / "run").checks if c.disagreements] == []
    wrong = [{"side": "equals", "plus": 3}]
    source = Scenario(rules={"both": both | {"adjust": wrong}}, causes=()).write(tmp_path / "t")
    with pytest.raises(InvalidScenario, match="moves no row"):
        load(str(source))


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_rule_kind_knows_when_it_gives_way(kind: str) -> None:
    assert class_of(kind, "at_least") in CLASSES
    assert class_of(kind, "at_most") in CLASSES
