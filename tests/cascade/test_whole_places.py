"""A cascade in whole places: the nation hands down its whole plan, each step rounds its own."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from two_regions import region, whole, written

from perequa import rounding
from perequa.cli import main
from perequa.engine.whole_places import Nearest, nearest_whole

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from perequa.engine.session import SolverOptions
    from perequa.engine.whole_places import Question


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def solved(tmp_path: Path, status: int) -> Path:
    source = written(tmp_path / "scenario", whole(), None, {"2": region()})
    folder = tmp_path / "run"
    asked = ["solve", source, "--whole", "-o", str(folder), "--jobs", "1", "--quiet"]
    assert main([*asked, "--set", "rules.envelope.at_most=25500"]) == status
    return folder


def test_each_step_is_whole_inside_what_it_was_handed(tmp_path: Path) -> None:
    folder = solved(tmp_path, 0)
    rows = table(folder / "allocation.csv")
    assert all(float(r["places"]).is_integer() for r in rows)
    assert any(not float(r["continuous_places"]).is_integer() for r in rows)
    received = {r["territory"]: float(r["credits"]) for r in rows if r["step"] == "nation"}
    handed = {r["step"]: r for r in table(folder / "handed_down.csv")}
    for code, amount in received.items():
        row = handed[f"region-{code}"]
        assert float(row["handed_down"]) == amount
        assert float(row["used"]) <= amount
    assert {r["step"] for r in table(folder / "whole.csv")} >= {"nation", "region-1", "region-2"}
    assert main(["verify", str(folder)]) == 0


def test_plans_not_proven_nearest_are_handed_on_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_short(question: Question, options: SolverOptions) -> Nearest:
        found = nearest_whole(question, options)
        return Nearest(x=found.x, bound=0.0, nodes=1, outcome="found", proven=False)

    monkeypatch.setattr(rounding, "nearest_whole", cut_short)
    folder = solved(tmp_path, 5)
    assert "not proven to be the nearest" in capsys.readouterr().out
    ended = {r["step"]: r for r in table(folder / "cascade.csv")}
    assert (ended["nation"]["status"], ended["nation"]["exit_code"]) == ("limit", "5")
    assert float(ended["region-1"]["used"]) > 0
    assert table(folder / "decentralisation.csv")[0]["cascade"] != ""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["cascade"]["complete"] is True
    assert main(["verify", str(folder)]) == 0


def test_a_region_of_one_department_has_nothing_to_round(tmp_path: Path) -> None:
    """Its plan is whole but for the solver's noise, of which no share need be proven."""
    folder = tmp_path / "run"
    asked = ["solve", "ehpad-departments", "--whole", "-o", str(folder), "--jobs", "1", "--quiet"]
    assert main(asked) == 0
    said = json.loads((folder / "steps" / "region-01" / "run.json").read_text(encoding="utf-8"))
    assert said["whole"]["distance"] < 1e-6
    assert (said["whole"]["gap"], said["whole"]["proven"]) == (0.0, True)
    assert main(["verify", str(folder)]) == 0
