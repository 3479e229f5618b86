"""Variants of shipped scenarios whose figures stand within rounding of a limit of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perequa.cli import main
from perequa.interpret.rules import meets
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("cascade-2007", "pa_only"),
        ("cascade-2007", "seen_as_regions"),
        ("scm-ssad-1998", "remainder_same_regions"),
    ],
)
def test_the_run_of_a_variant_verifies(name: str, variant: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert main(["solve", name, "--variant", variant, "--quiet", "-o", str(folder)]) == 0
    if (folder / "steps").is_dir():
        assert main(["verify", str(folder)]) == 0
        return
    verdict = verify_run(folder)
    assert verdict.holds, [str(d) for c in verdict.checks for d in c.disagreements][:5]


def test_a_limit_is_met_within_a_billionth_of_a_thousand_of_money_or_of_a_place() -> None:
    assert meets(0.0, -2.8e-9, money=True)
    assert not meets(0.0, -2.8e-9, money=False)
    assert not meets(0.0, 2e-6, money=True)
    assert meets(1e9, 1e9 + 0.5, money=True)
    assert not meets(1e9, 1e9 + 2.0, money=True)
