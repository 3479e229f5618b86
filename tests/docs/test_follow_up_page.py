"""docs/follow-up.md lists the columns and the codes that there are."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from perequa.cli import main
from perequa.follow_up.checking import SEVERITY
from perequa.follow_up.returns import FIGURES, KEYS

if TYPE_CHECKING:
    import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "follow-up.md").read_text(encoding="utf-8")


def test_columns_are_those_of_the_tables_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"^```csv returns.csv\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    Path("returns.csv").write_text(example, encoding="utf-8")
    assert main(["solve", "ssiad-2004", "--no-prices", "--quiet"]) == 0
    assert main(["follow-up", "results/ssiad-2004", "returns.csv"]) == 3
    for name, section in re.findall(r"^### (\w+\.csv)\n\n(.*?)$", PAGE, re.MULTILINE):
        written = Path("results/ssiad-2004-follow-up") / name
        with written.open(encoding="utf-8", newline="") as stream:
            columns = next(csv.reader(stream))
        told = [word for word in re.findall(r"`(\w+)`", section) if word != "columns"]
        assert [c for c in columns if c in told] == [w for w in told if w in columns]
        if name not in ("next_supply.csv", "next_columns.csv"):
            assert set(columns) == set(told)


def test_codes_and_columns_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (error|warning) \|", PAGE, re.MULTILINE)
    assert dict(rows) == SEVERITY
    listed = re.findall(r"^\| `(\w+)` \| (?!error|warning)", PAGE, re.MULTILINE)
    assert listed == [*KEYS, *FIGURES[:3], "opening_date", FIGURES[3], "comment"]
