"""What `verify` finds in the levels of a leximin, resealed each time."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from perequa.cli import main
from perequa.verification.recompute.levels import with_levels
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCENARIOS = {
    "ehpad": ("ehpad-2004-rule", "--set", "objectives.shortfall.kind=leximin"),
    # earlier priorities leave levels whose duals settle some territories only
    "third": (
        "ssiad-2004",
        "--set",
        "objectives.fair={kind: leximin, indicator: ssiad_rate, level: region, priority: 3}",
    ),
}


@pytest.fixture(scope="module", params=SCENARIOS)
def solved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("levels") / "run"
    assert main(["solve", *SCENARIOS[request.param], "--quiet", "-o", str(made)]) == 0
    return made


def test_every_territory_is_settled_by_a_multiplier(solved: Path) -> None:
    verdict = verify_run(solved)
    assert verdict.holds, [str(d) for c in verdict.checks for d in c.disagreements][:5]
    assert [c.verdict for c in verdict.checks if c.name == "levels"] == ["ok"]


def later(levels: list[list[str]]) -> list[list[str]]:
    """The first territory settled a level later than it is."""
    moved = levels[0].pop(0)
    levels[1].append(moved)
    return [done for done in levels if done]


def sooner(levels: list[list[str]]) -> list[list[str]]:
    """One of the second level settled at the first, where it could still be helped."""
    levels[0].append(levels[1].pop(0))
    return [done for done in levels if done]


def twice(levels: list[list[str]]) -> list[list[str]]:
    levels[1].append(levels[0][0])
    return levels


def forgotten(levels: list[list[str]]) -> list[list[str]]:
    levels[-1].pop()
    return [done for done in levels if done]


@pytest.mark.parametrize("change", [later, sooner, twice, forgotten])
def test_a_changed_level_is_found(
    solved: Path,
    tmp_path: Path,
    tiny: Any,
    change: Callable[[list[list[str]]], list[list[str]]],
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(solved, folder)
    path = folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["levels"] = {name: change(levels) for name, levels in record["levels"].items()}
    path.write_text(json.dumps(record), encoding="utf-8")
    tiny.seal(folder)
    assert not verify_run(folder).holds


def test_levels_take_consecutive_priorities() -> None:
    fair = {"kind": "leximin", "priority": 2}
    scenario = {"objectives": {"a": {"priority": 1}, "fair": fair, "z": {"priority": 3}}}
    laid = with_levels(scenario, {"fair": [["r:1"], ["r:2"], ["r:3"]]})["objectives"]
    assert {name: spec["priority"] for name, spec in laid.items()} == {
        "a": 1,
        "fair": 2,
        "fair_level_2": 3,
        "fair_level_3": 4,
        "z": 5,
    }
    assert laid["fair_level_2"]["territories"] == ["r:2", "r:3"]
    assert laid["fair_level_3"]["territories"] == ["r:3"]
