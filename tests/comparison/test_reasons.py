"""Why a side has no plan is told in the language asked for, of a run folder as of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from half_places import write_half

from perequa.cli import main

if TYPE_CHECKING:
    Captured = pytest.CaptureFixture[str]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the scenario, and a run of it that English spoke when it was saved."""
    monkeypatch.chdir(tmp_path)
    scenario = write_half(tmp_path / "half")
    assert main(["solve", scenario, "-o", "saved", "--quiet"]) == 4
    return scenario


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            "no plan in whole places satisfies every rule; the nearest breaks floor of {one} "
            "(at least 0.75 places)",
        ),
        (
            "fr",
            "aucun plan en places entières ne respecte toutes les règles\u202f; le plus proche "
            "enfreint floor ({one}, au moins 0,75 place)",
        ),
    ],
)
def test_no_whole_plan(runs: str, lang: str, said: str, capsys: Captured) -> None:
    told = []
    for side in ("saved", runs):
        capsys.readouterr()
        main(
            ["--lang", lang, "compare", f"{runs}@parts", side, "-o", f"compared-{Path(side).name}"]
        )
        told.append(capsys.readouterr().out)
    for text in told:
        assert any(said.format(one=name) in text for name in ("One", "Two")), text
        # no identifier of a row, nothing of the other language
        assert "floor/region" not in text
        assert "would have to give" not in text
