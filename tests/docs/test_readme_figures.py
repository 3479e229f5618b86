"""The table and the figures that open the README are those printed by the command it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from perequa.cli import main

if TYPE_CHECKING:
    import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


def test_readme_opens_with_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", "ehpad-2004-rule", "-o", str(tmp_path / "run"), "--quiet"]) == 0
    printed = re.sub(r"\s+", " ", capsys.readouterr().out)
    text = README.read_text(encoding="utf-8")
    table = text.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    assert len(table) > 4
    for line in table:
        assert re.sub(r"\s+", " ", line).strip() in printed
    quoted = " ".join(part.lstrip("> ") for part in text.splitlines() if part.startswith(">"))
    assert re.sub(r"\s+", " ", quoted).strip() in printed
    assert "874.0 places change hands against the reference (24%)" in printed
