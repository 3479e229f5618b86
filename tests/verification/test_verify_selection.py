"""A choice of projects that was changed, or proven by less than it says, is found."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.running import run_scenario
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from perequa.verification.outcome import Check

INPUTS, PLAN, SELECTION = 2, 3, 15


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 MF for the 22 departments: a choice that is not proven at a glance."""
    root = tmp_path_factory.mktemp("runs")
    run = run_scenario("camsp-1998", lambda name: root / name, variants=["twelve_millions"])
    assert run.folder is not None
    return run.folder


@pytest.fixture
def folder(tight: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tight, tmp_path / "run"))


def checked(tiny: Any, folder: Path, number: int = SELECTION) -> Check:
    tiny.seal(folder)
    return next(c for c in verify_run(folder).checks if c.number == number)


def change(folder: Path, name: str, **arrays: Any) -> None:
    with np.load(folder / name) as stored:
        held = dict(stored)
    np.savez(folder / name, **(held | arrays))


def array(folder: Path, name: str, which: str) -> Any:
    with np.load(folder / name) as stored:
        return stored[which].copy()


def change_cell(path: Path, key: str, column: str, value: str) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    row = next(r for r in rows if key in r.values())
    assert row[column] != value
    row[column] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_the_run_holds_and_every_statement_is_proven(tiny: Any, folder: Path) -> None:
    check = checked(tiny, folder)
    assert check.verdict == "ok", [str(d) for d in check.disagreements]
    assert check.what.startswith("24 of 24 statements")


@pytest.mark.parametrize(
    ("table", "key", "column", "value"),
    [
        ("projects.csv", "camsp-01", "taken", "true"),
        ("projects.csv", "camsp-57", "rank", "2"),
        ("projects.csv", "camsp-57", "waiting_rank", "2"),
        ("projects.csv", "camsp-57", "merit", "271187.0"),
        ("projects.csv", "camsp-57", "frees", "1.0"),
        ("projects.csv", "camsp-57", "credits", "1736801.0"),
        ("projects.csv", "camsp-57", "class", "2"),
        ("projects.csv", "camsp-57", "blocked_by", ""),
        ("projects.csv", "camsp-01", "blocked_by_kinds", "cap"),
        ("projects.csv", "camsp-01", "blocked_by_names", "Ailleurs"),
        ("projects.csv", "camsp-57", "statement", "camsp-57 is taken."),
        ("projects.csv", "camsp-01", "missing_credits", "-1.0"),
        ("one_more.csv", "12100000.0", "change", "-1.0"),
        ("one_more.csv", "12100000.0", "moved_value", "1.0"),
        ("one_more.csv", "12100000.0", "projects_in", "camsp-57"),
        ("one_more.csv", "12100000.0", "titles_in", "Another"),
        ("one_more.csv", "12100000.0", "statement", "Nothing."),
    ],
)
def test_a_changed_cell(
    tiny: Any, folder: Path, table: str, key: str, column: str, value: str
) -> None:
    change_cell(folder / table, key, column, value)
    check = checked(tiny, folder)
    assert check.verdict == "wrong"
    assert table in {d.file for d in check.disagreements}


def test_another_cost_in_the_table_of_projects(tiny: Any, folder: Path) -> None:
    change_cell(folder / "inputs" / "projects.csv", "camsp-57", "cost", "2171001")
    check = checked(tiny, folder, INPUTS)
    assert "insurance/-/camsp/1998/at_most" in {d.row for d in check.disagreements}


def test_another_merit_in_the_table_of_projects(tiny: Any, folder: Path) -> None:
    change_cell(folder / "inputs" / "projects.csv", "camsp-57", "under_20", "271187")
    assert checked(tiny, folder, INPUTS).verdict == "wrong"


def test_a_better_value_than_was_proven(tiny: Any, folder: Path) -> None:
    values = array(folder, "selection.npz", "step_value")
    values[1] += 1.0
    change(folder, "selection.npz", step_value=values)
    assert checked(tiny, folder).verdict == "wrong"


@pytest.mark.parametrize("by", [0.5, 0.0])
def test_a_weaker_dual_at_a_leaf(tiny: Any, folder: Path, by: float) -> None:
    change(folder, "selection.npz", leaf_val=array(folder, "selection.npz", "leaf_val") * by)
    check = checked(tiny, folder)
    assert "its tree does not prove it" in {d.what for d in check.disagreements}


def test_a_tree_that_leaves_a_branch_out(tiny: Any, folder: Path) -> None:
    branches = array(folder, "selection.npz", "node_branch")
    branches[np.flatnonzero(branches >= 0)[0]] = -1
    change(folder, "selection.npz", node_branch=branches)
    assert checked(tiny, folder).verdict == "wrong"


def test_a_proof_that_is_not_there_is_said_to_be_missing(tiny: Any, folder: Path) -> None:
    proven = array(folder, "selection.npz", "proven")
    proven[1] = False
    change(folder, "selection.npz", proven=proven)
    check = checked(tiny, folder)
    assert check.verdict == "ok"
    assert check.what.startswith("23 of 24 statements")
    assert "HiGHS's own bound" in check.what


def test_projects_taken_in_part(tiny: Any, folder: Path) -> None:
    plan = array(folder, "selection.npz", "plan")
    plan[-1] = 0.5
    change(folder, "selection.npz", plan=plan)
    assert "a project is taken in part" in {d.what for d in checked(tiny, folder).disagreements}


def test_another_order_of_service(tiny: Any, folder: Path) -> None:
    cost = array(folder, "selection.npz", "step_cost")
    change(folder, "selection.npz", step_cost=cost[::-1])
    assert checked(tiny, folder).verdict == "wrong"


def test_another_row_between_projects(tiny: Any, folder: Path) -> None:
    names = array(folder, "program.npz", "row_id").tolist()
    pointer = array(folder, "program.npz", "a_indptr")
    data = array(folder, "program.npz", "a_data")
    row = next(i for i, name in enumerate(names) if name.startswith("(projects)/places"))
    data[pointer[row]] *= 2.0
    change(folder, "program.npz", a_data=data)
    check = checked(tiny, folder, INPUTS)
    assert names[row] in {d.row for d in check.disagreements}
