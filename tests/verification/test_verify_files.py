"""Check 1: every file of the folder is the one the run wrote."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from perequa.verification.verdict import verify_run
from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.verification.outcome import Check


def files_check(folder: Path) -> Check:
    return verify_run(folder).checks[0]


def test_untouched_run_holds(run: Path) -> None:
    verdict = verify_run(run)
    assert verdict.holds
    assert [check.number for check in verdict.checks] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {check.verdict for check in verdict.checks} == {"ok"}


def test_run_with_two_priorities_holds(staged_run: Path) -> None:
    verdict = verify_run(staged_run, exact=True)
    assert [f for check in verdict.checks for f in check.disagreements] == []


def test_fingerprint_is_the_hash_of_the_manifest(run: Path) -> None:
    expected = hashlib.sha256((run / "manifest.json").read_bytes()).hexdigest()
    assert verify_run(run).fingerprint == expected


@pytest.mark.parametrize("name", ["equity.csv", "inputs/supply.csv", "certificate.json"])
def test_deleted_file_is_named(run: Path, name: str) -> None:
    (run / name).unlink()
    found = files_check(run).disagreements
    assert [(f.file, f.what) for f in found] == [
        (name, "is in manifest.json but not in the folder")
    ]


@pytest.mark.parametrize("name", ["notes.txt", "inputs/other.csv"])
def test_extra_file_is_named(run: Path, name: str) -> None:
    (run / name).write_text("later\n", encoding="utf-8")
    found = files_check(run).disagreements
    assert [(f.file, f.what) for f in found] == [
        (name, "is not in manifest.json: added after the run")
    ]


def test_reports_may_be_added(run: Path) -> None:
    (run / "reports").mkdir()
    (run / "reports" / "report.html").write_text("<p>", encoding="utf-8")
    check = files_check(run)
    assert check.verdict == "ok"
    assert "1 reports added later" in check.what


def test_changed_figure_is_a_changed_file(tiny: Any, run: Path) -> None:
    tiny.change_cell(run / "allocation.csv", "A", "places", "2.6")
    (found,) = files_check(run).disagreements
    assert found.file == "allocation.csv"
    assert "reads the same" not in found.what


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",2.5,", ",2.50,"),
    ],
    ids=["mark", "line ends", "semicolons", "zeros"],
)
def test_editors_save_is_wrong_and_said_so(run: Path, saved: Any) -> None:
    path = run / "allocation.csv"
    path.write_bytes(saved(path.read_text(encoding="utf-8")).encode())
    (found,) = files_check(run).disagreements
    assert "every cell reads the same" in found.what


def test_missing_manifest_beside_a_run_is_wrong(run: Path) -> None:
    (run / "manifest.json").unlink()
    verdict = verify_run(run)
    assert not verdict.holds
    assert verdict.fingerprint == ""
    assert "is missing" in str(verdict.checks[0].disagreements[0])


@pytest.mark.parametrize("content", ["", "[]", '{"files": 3}', "{"])
def test_broken_manifest_is_wrong(run: Path, content: str) -> None:
    (run / "manifest.json").write_text(content, encoding="utf-8")
    assert files_check(run).verdict == "wrong"


@pytest.mark.parametrize("exists", [True, False])
def test_other_folders_are_refused(tmp_path: Path, *, exists: bool) -> None:
    folder = tmp_path / "other"
    if exists:
        folder.mkdir()
    with pytest.raises(InvalidScenario, match="is not a run folder"):
        verify_run(folder)


@pytest.mark.parametrize("name", ["run.json", "program.npz", "solution.npz", "evidence.npz"])
def test_unreadable_file_is_wrong_not_a_crash(tiny: Any, run: Path, name: str) -> None:
    (run / name).write_bytes(b"not what it was")
    tiny.seal(run)
    verdict = verify_run(run)
    wrong = [f for check in verdict.checks for f in check.disagreements]
    assert wrong
    assert name in {f.file for f in wrong}
