"""A run that ended without proof: what it writes holds together and can be told from a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.running import run_scenario
from perequa.verification.verdict import verify_run
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_run_without_proof_is_saved_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise NotProven("the solver ended without proof: time limit")

    monkeypatch.setattr("perequa.optimum.solve_ordered", lost)
    run = run_scenario("ssiad-2004", lambda name: tmp_path / name)
    assert run.exit_code == 5
    assert run.folder is not None
    assert {path.name for path in run.folder.iterdir()} == {
        "run.json", "certificate.json", "program.npz", "manifest.json", "inputs",
    }  # fmt: skip
    verdict = verify_run(run.folder)
    assert verdict.holds
    assert [check.number for check in verdict.checks] == [1, 2]

    (run.folder / "program.npz").write_bytes(b"")
    assert not verify_run(run.folder).holds
