"""A limit typed in thousands or millions is told as such; one that is only too tight is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from infeasible import FLOORS, SCENARIOS, Scenario

from perequa.running import diagnose_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.running import FinishedRun

MONEY = {"kind": "floor", "by": "region", "in": "credits", "at_least": 100_000}


def diagnosed(tmp_path: Path, **rules: dict[str, Any]) -> FinishedRun:
    source = Scenario(rules=rules, causes=()).write(tmp_path / "scenario")
    return diagnose_scenario(str(source), lambda _: tmp_path / "found")


def suspicions(run: FinishedRun) -> list[str]:
    told = [f for f in run.findings if f.code == "suspected_unit"]
    assert all(f.severity == "warning" for f in told)
    assert run.folder is not None
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert record["diagnosis"]["suspected_units"] == [f.message for f in told]
    return [f"{f.key}: {f.message}".replace("\u202f", " ") for f in told]


@pytest.mark.parametrize(
    ("typed", "factors"), [(0.4, "1 000 000 times more"), (31_000 / 1e3, "1 000 000 times more")]
)
def test_an_envelope_in_millions(typed: float, factors: str, tmp_path: Path) -> None:
    run = diagnosed(tmp_path, floor=MONEY, envelope={"kind": "envelope", "at_most": typed})
    (told,) = suspicions(run)
    assert told.startswith("rules.envelope.at_most: envelope, at most ")
    assert factors in told
    (finding,) = [f for f in run.findings if f.code == "suspected_unit"]
    lines = (tmp_path / "scenario" / "scenario.yaml").read_text(encoding="utf-8").splitlines()
    assert finding.line is not None
    assert f"at_most: {typed}" in lines[finding.line - 1]


def test_an_envelope_in_thousands(tmp_path: Path) -> None:
    run = diagnosed(tmp_path, floor=MONEY, envelope={"kind": "envelope", "at_most": 400})
    (told,) = suspicions(run)
    assert "at most 400 EUR" in told
    assert "1 000 times more, 400 000 EUR" in told


def test_a_floor_a_thousand_times_too_large(tmp_path: Path) -> None:
    run = diagnosed(
        tmp_path,
        floor=MONEY | {"at_least": 100_000_000},
        envelope={"kind": "envelope", "at_most": 4_000_000},
    )
    told = suspicions(run)
    # every floor has it; the envelope times 1 000 would do as well, and both are told
    assert any("the 3 limits of floor" in text and "1 000 times less" in text for text in told)
    assert any(text.startswith("rules.envelope") and "1 000 times more" in text for text in told)


def test_one_row_of_several(tmp_path: Path) -> None:
    """One floor has a typing error of its own, and another cause stands beside it."""
    run = diagnosed(
        tmp_path,
        floor=MONEY | {"adjust": [{"territory": "A", "plus": 99_900_000}]},
        envelope={"kind": "envelope", "by": "region", "at_most": 400_000},
        needed={"kind": "floor", "territories": ["B"], "at_least": 10},
        cap={"kind": "cap", "territories": ["B"], "at_most": 4},
    )
    told = suspicions(run)
    assert {text.split(",")[0] for text in told} == {
        "rules.envelope.at_most: envelope (Ain)",
        "rules.floor.at_least: floor (Ain)",
    }


def test_a_contingent_too_small_by_no_round_factor(tmp_path: Path) -> None:
    run = diagnosed(
        tmp_path,
        contingent={"kind": "contingent", "equals": 3.6},
        floor=FLOORS | {"at_least": 1_300},
        cap={"kind": "cap", "by": "region", "at_most": 10_000},
    )
    (told,) = suspicions(run)
    assert told.startswith("rules.contingent.equals: contingent, exactly 3.6 places: more than a")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_limit_that_is_only_too_tight_is_not_suspected(name: str, tmp_path: Path) -> None:
    source = SCENARIOS[name].write(tmp_path / "scenario")
    assert suspicions(diagnose_scenario(str(source), lambda _: tmp_path / "found")) == []
