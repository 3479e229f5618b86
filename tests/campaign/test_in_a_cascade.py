"""A cascade: the nation builds the envelopes, a part decides inside what it received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns import lines_of
from two_regions import written

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

LINE = 'campaign={lines: {more: {enters: new_money, territories: ["region:1"], amount: 5}}}'


def test_the_nation_builds_and_a_part_does_not(tmp_path: Path) -> None:
    source = written(tmp_path / "scenario")
    run = tmp_path / "run"
    arguments = ["solve", source, "-o", str(run), "--jobs", "1", "--quiet", "--set", LINE]
    assert main(arguments) == 0
    assert lines_of(run / "steps" / "nation")
    parts = [path for path in (run / "steps").iterdir() if path.name != "nation"]
    assert parts
    assert not any((path / "construction.csv").exists() for path in parts)
    assert main(["verify", str(run)]) == 0
