"""docs/compare.md lists every file, column and key that a comparison writes, and no other."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from perequa.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([\w.]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("compared") / "out"
    name = "ehpad-2004-rule"
    assert main(["compare", name, f"{name}@no_caps", "-o", str(made), "--format", "csv"]) == 0
    return made


def listed(section: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_every_file_is_listed_and_no_other(folder: Path) -> None:
    written = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert set(SECTIONS) == written


def test_every_column_is_listed_in_order(folder: Path) -> None:
    for name, section in SECTIONS.items():
        if name.endswith(".csv"):
            with (folder / name).open(encoding="utf-8", newline="") as stream:
                assert listed(section) == next(csv.reader(stream)), name


def test_every_key_is_listed(folder: Path) -> None:
    record = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert listed(SECTIONS["study.json"]) == list(record)


def test_every_quantity_and_status_is_explained(folder: Path) -> None:
    explained = re.findall(r"`(\w+)`", PAGE)
    for name in ("shares", "prices", "attribution", "objectives"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        words = {row["quantity"] for row in rows} | {row.get("status", "first") for row in rows}
        equity = {"national", "min", "max", "range", "gini", "theil"}
        assert words - equity - {"mean_absolute_gap", "below_target"} <= set(explained), name
