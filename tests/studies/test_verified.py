"""`verify` on a study folder: its files, since its figures stand on no program of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_files_of_a_study_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "study"
    assert main(["sensitivity", "weights", "ssiad-2004", "-o", str(folder), "--quiet"]) == 0
    capsys.readouterr()
    assert main(["verify", str(folder)]) == 0
    assert "2. study: not applicable" in capsys.readouterr().out
    with (folder / "plans.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert main(["verify", str(folder)]) == 6
    assert "plans.csv" in capsys.readouterr().out
    (folder / "manifest.json").unlink()
    assert main(["verify", str(folder)]) in {3, 6}
