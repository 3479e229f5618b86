"""`verify` proves runs whose figures leave nothing, next to nothing, or a great deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extremes import RATE, solved, written

if TYPE_CHECKING:
    from pathlib import Path


def test_a_region_that_is_the_country_misses_its_rate_by_rounding_only(tmp_path: Path) -> None:
    """Square gaps are laid in steps of the gaps before the plan, of which there are none."""
    scenario = written(
        tmp_path / "one",
        # 29 places for 4 877 people: the national rate comes out 1e-16 beside the region's own
        {"01": (4877.3, 29, 3)},
        rules={"cap": {"kind": "cap", "by": "territory", "at_most": {"column": "auth"}},
               "handed": {"kind": "contingent", "at_least": 1}},
        objectives={"it": {"kind": "squared_gap", "normalise": "none"} | RATE},
    )  # fmt: skip
    solved(scenario, tmp_path / "run")
