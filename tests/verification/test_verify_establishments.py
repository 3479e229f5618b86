"""Runs of establishments: the program and every table are found wrong where one thing changes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.verification.outcome import Disagreement

RUNS = {
    "convergence": [
        *("convergence-2013", "--variant", "milestones"),
        *("--set", "rules.ceiling.where=null"),  # so that who comes down is an overrun too
    ],
    "dominic": ["dominic-2004", "--variant", "next_delegation"],
    "pooled": ["dominic-2004", "--variant", "pooled"],
    "remaining": [
        *("convergence-2013", "--variant", "shared"),
        *("--set", "rules.convergence.of=remaining", "--set", "rules.convergence.band=0.02"),
        *("--set", "measures.care.rate=0.01"),
    ],
}
INPUTS, PLAN = 2, 3


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name, arguments in RUNS.items():
        made[name] = tmp_path_factory.mktemp("runs") / name
        command = ["solve", *arguments, "--no-prices", "--quiet", "-o", str(made[name])]
        assert main(command) == 0
    return made


@pytest.fixture
def copy(solved: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    def of(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(solved[name], folder)
        return folder

    return of


def wrong(tiny: Any, folder: Path, number: int) -> tuple[Disagreement, ...]:
    tiny.seal(folder)
    checks = verify_run(folder).checks
    return next(check.disagreements for check in checks if check.number == number)


@pytest.mark.parametrize("name", RUNS)
def test_what_was_solved_holds(solved: dict[str, Path], name: str) -> None:
    assert verify_run(solved[name]).holds


@pytest.mark.parametrize(
    ("run", "table", "row", "column", "value"),
    [
        ("convergence", "convergence.csv", "A02", "ceiling", "1497751"),
        ("convergence", "convergence.csv", "A02", "budget", "1571153.6"),
        ("convergence", "convergence.csv", "A02", "freed", "24467.5"),
        ("convergence", "convergence.csv", "A02", "handed_over", "0"),
        ("convergence", "convergence.csv", "A02", "returned", "1"),
        ("convergence", "convergence.csv", "A02", "closed_in", "2015"),
        ("convergence", "convergence.csv", "A02", "name", "Another"),
        ("convergence", "overruns.csv", "A02", "exception", ""),
        ("convergence", "overruns.csv", "A02", "deducted", "97869.6"),
        ("dominic", "overruns.csv", "B12", "deducted", "28017.28"),
        ("dominic", "overruns.csv", "C10", "justified", "true"),
        ("dominic", "overruns.csv", "C10", "department", "B"),
        ("pooled", "overruns.csv", "A10", "base", "1073401"),
    ],
)
def test_a_changed_cell_is_found(
    tiny: Any,
    copy: Callable[[str], Path],
    run: str,
    table: str,
    row: str,
    column: str,
    value: str,
) -> None:
    folder = copy(run)
    tiny.change_cell(folder / table, row, column, value)
    found = wrong(tiny, folder, PLAN)
    assert {f.file for f in found} == {table}
    assert any(row in f.row for f in found)


@pytest.mark.parametrize(
    ("run", "table", "row", "column", "value", "culprit"),
    [
        ("convergence", "territories.csv", "A02", "pmp", "214", "convergence/establishment:A02"),
        ("convergence", "territories.csv", "A10", "opens", "2014", "reserved/department:A"),
        (
            "dominic",
            "territories.csv",
            "Synthetic home B12",
            "overrun_justified",
            "yes",
            "overruns/department:B",
        ),
        ("dominic", "territories.csv", "C10", "entity", "x", ""),
    ],
)
def test_a_changed_input_is_found(
    tiny: Any,
    copy: Callable[[str], Path],
    run: str,
    table: str,
    row: str,
    column: str,
    value: str,
    culprit: str,
) -> None:
    folder = copy(run)
    tiny.change_cell(folder / "inputs" / table, row, column, value)
    found = wrong(tiny, folder, INPUTS)
    # a column that no rule reads changes nothing
    assert any(f.row.startswith(culprit) for f in found) is bool(culprit), [str(f) for f in found]


@pytest.mark.parametrize(
    ("run", "path", "value", "culprit"),
    [
        ("convergence", "rules.convergence.calendar", "2010_2016_printed", "convergence/"),
        ("convergence", "rules.convergence.band", 0.05, "convergence/"),
        ("convergence", "rules.convergence.freed", {"medicalisation": 0.9}, "medicalisation/"),
        ("convergence", "rules.convergence.freed", "returned", "medicalisation/"),
        ("remaining", "rules.convergence.of", "initial", ""),
        ("remaining", "measures.care.rate", 0.02, "medicalisation/"),
        ("convergence", "rules.quality.paid", {"2013": 0.5, "2014": 0.7, "2015": 1}, "quality/"),
        ("convergence", "rules.reserved.at_most", 5, "reserved/"),
        ("dominic", "rules.overruns.amount", 5, "overruns/"),
        ("pooled", "rules.ceiling.by", ["territory", "year"], "ceiling/"),
    ],
)
def test_a_changed_rule_is_found(
    tiny: Any, copy: Callable[[str], Path], run: str, path: str, value: object, culprit: str
) -> None:
    folder = copy(run)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    *steps, last = path.split(".")
    at = record["scenario"]
    for step in steps:
        at = at[step]
    at[last] = value
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    found = wrong(tiny, folder, INPUTS)
    # under a constant ceiling both readings of the gap are the same program
    assert any(f.row.startswith(culprit) for f in found) is bool(culprit), [str(f) for f in found]
