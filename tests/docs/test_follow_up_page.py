"""docs/follow-up.md: its example ends as it says, prints what it shows; columns and codes agree."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from shown import check_output, spaced

from perequa.cli import main
from perequa.follow_up.checking import SEVERITY
from perequa.follow_up.returns import FIGURES, KEYS

if TYPE_CHECKING:
    import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "follow-up.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_example_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("returns.csv").write_text(block("csv"), encoding="utf-8")
    for line in block("text commands").splitlines():
        capsys.readouterr()
        stated = re.search(r"exit (\d)", line)
        arguments = line.partition("#")[0].split()[1:]
        assert main(arguments) == (int(stated[1]) if stated else 0)
    check_output(block("text printed"), spaced(capsys.readouterr().out))
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
