"""An objective that looks at extremes only is refused, and says whether money has a price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_range_alone_is_refused_with_the_price_of_the_contingents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["solve", "scm-ssad-1998", "--set", "objectives.shortfall=null", "-o"]
    assert main([*arguments, str(tmp_path / "run")]) == 3
    told = capsys.readouterr().err
    assert "stands alone" in told
    assert "here every envelope and contingent has a price of zero" in told
    assert not (tmp_path / "run").exists()
