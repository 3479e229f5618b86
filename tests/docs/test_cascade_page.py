"""docs/cascade.md lists every table and column that only a cascade writes."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from two_regions import written

from perequa.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "cascade.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([\w.]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_table_of_its_own_is_listed_with_its_columns(tmp_path: Path) -> None:
    source = written(tmp_path / "scenario")
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--jobs", "1", "--quiet"]) == 0
    of_steps = {path.name for path in (tmp_path / "run" / "steps").rglob("*.csv")}
    own = {path.name for path in (tmp_path / "run").glob("*.csv")} - of_steps
    assert own == set(SECTIONS)
    for name, section in SECTIONS.items():
        with (tmp_path / "run" / name).open(encoding="utf-8", newline="") as stream:
            columns = next(csv.reader(stream))
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == columns
