"""A mistyped key is told, and what else is wrong is told with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perequa.checks import InvalidInput, load
from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def test_a_mistyped_key_hides_no_other_problem(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert main(["new", str(folder), "--quiet"]) == 0
    scenario = folder / "scenario.yaml"
    text = scenario.read_text(encoding="utf-8")
    assert "at_least: 100000" in text
    assert "region:11" in text
    mistyped = text.replace("at_least: 100000", "at_lest: 100000")
    scenario.write_text(mistyped.replace("region:11", "region:111"), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load(str(folder))
    told = {(finding.code, finding.nearest) for finding in caught.value.findings}
    assert ("unknown_key", "at_least") in told
    assert ("unknown_territory", "region:11") in told
    # read as the nearest key, the floor has its bound: nothing is told of it twice
    assert not any(code == "no_bound" for code, _ in told)
