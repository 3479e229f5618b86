"""`verify` builds the envelopes again: a line, a limit or a constant that is changed is found."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from campaigns import written

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INPUTS, PLAN = 2, 3


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    made = folder / "run"
    scenario = written(folder / "scenario")
    assert main(["solve", scenario, "-o", str(made), "--no-prices", "--quiet"]) == 0
    return made


@pytest.fixture
def copy(solved: Path, tmp_path: Path) -> Path:
    shutil.copytree(solved, tmp_path / "run")
    return tmp_path / "run"


def wrong(tiny: Any, folder: Path, number: int) -> list[str]:
    tiny.seal(folder)
    checks = verify_run(folder).checks
    return [str(d) for c in checks if c.number == number for d in c.disagreements]


def test_a_run_holds(tiny: Any, copy: Path) -> None:
    tiny.seal(copy)
    assert verify_run(copy).holds


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert text.count(old) >= 1, old
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replaced("indexing,,0.0203,4100.61015,", "indexing,,0.0203,4100.61016,"), "envelope"),
        (replaced("indexing,,0.0203,", "indexing,,0.0202,"), "rate"),
        (replaced("transfers,moved,,-2000.0,-2000.0", "transfers,moved,,-2000.0,2000.0"), "moved"),
        (replaced("extension,granted,,120000.0,", "extension,granted,,110000.0,"), "granted"),
        (
            replaced(
                "region,11,Île-de-France,pa,2004,reserve,frozen",
                "region,11,Île-de-France,pa,2004,reserve,other",
            ),
            "frozen",
        ),
        (replaced("delegation,first,,,", "delegation,first,,,1"), "first"),
    ],
)
def test_a_changed_line_is_found(
    tiny: Any, copy: Path, change: Callable[[str], str], told: str
) -> None:
    path = copy / "construction.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    found = wrong(tiny, copy, PLAN)
    assert any("construction.csv" in line and told in line for line in found), found


def test_lines_that_no_longer_add_up_are_found(tiny: Any, copy: Path) -> None:
    # less than what differences are judged by, and still not the sum
    path = copy / "construction.csv"
    text = path.read_text(encoding="utf-8")
    assert ",envelope,,0." in text
    changed = text.replace("265901.11015,265901.11015", "265901.11015,265901.11016", 1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    assert wrong(tiny, copy, PLAN)


def test_a_missing_table_is_found(tiny: Any, copy: Path) -> None:
    (copy / "construction.csv").unlink()
    assert wrong(tiny, copy, PLAN)


@pytest.mark.parametrize("array", ["row_limit", "row_upper", "row_constant"])
def test_a_changed_limit_is_found(tiny: Any, copy: Path, array: str) -> None:
    program = dict(np.load(copy / "program.npz"))
    row = next(i for i, name in enumerate(program["row_id"]) if str(name).startswith("built/"))
    program[array][row] += 1.0
    np.savez(copy / "program.npz", **program)
    assert wrong(tiny, copy, INPUTS)
