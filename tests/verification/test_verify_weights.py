"""`verify` proves ranges of weights where one objective weighs next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path


def test_an_end_that_takes_nearly_all_of_a_cost_off_leaves_rounding(tmp_path: Path) -> None:
    """A weight of a thousandth beside an objective a million times its size."""
    folder = tmp_path / "run"
    sets = [
        "objectives.it={kind: absolute_gap, indicator: ehpad_rate, level: region, weight: 0.001}",
        "objectives.shortfall.normalise=none",
    ]
    stated = [word for change in sets for word in ("--set", change)]
    assert main(["solve", "ehpad-2004-rule", *stated, "-o", str(folder), "--quiet"]) == 0
    assert verify_run(folder).holds
