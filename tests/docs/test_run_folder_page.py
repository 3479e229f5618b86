"""docs/run-folder.md lists every file, column, array and key that runs write, and no other."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from perequa.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "run-folder.md").read_text(encoding="utf-8")
TWICE = 'rules.again={"kind":"floor","by":"region","in":"credits","at_least":100000}'
COLUMN = '{"column":"residences_autonomie","times":0.01}'
CONVERTED = f'conversions={{"it":{{"from":"residence","to":"ehpad","places":{COLUMN}}}}}'
MOVED = 'rules.moved={"kind":"transfer","from":"pa","to":"ph","at_most":1000000}'
UNEQUAL = 'objectives.it={"kind":"gini","indicator":"ehpad_rate","level":"region"}'
HALF = 'rules.half={"kind":"contingent","equals":900.5}'
RUNS = {
    "ehpad-2004-rule": 0,
    "dominic-2004": 0,
    "convergence-2013": 0,
    "campaign-2004": 0,
    "camsp-1998": 0,
    f"cascade-2007 --set mode=integrated --set decide_at=department --set {MOVED}": 0,
    "ssiad-2004 --set tie_break.method=stepped": 0,
    "scm-ssad-1998 --no-prices": 0,
    "ehpad-2004-rule --whole": 0,
    "ehpad-2004-rule --set objectives.shortfall.kind=leximin": 0,
    f"ehpad-2004-rule --set {TWICE} --set {UNEQUAL}": 0,
    f"ehpad-2004-rule --no-prices --set {CONVERTED}": 0,
    "ehpad-2004-rule --variant infeasible_caps": 4,
    "mas-fdt-1998 --variant infeasible_600": 4,
    f"ehpad-2004-rule --whole --set {HALF}": 4,
}


def listed(heading: str) -> list[str]:
    """Names in the first column of the table under a heading."""
    (section,) = re.findall(
        rf"^### {re.escape(heading)}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = []
    for i, (arguments, status) in enumerate(RUNS.items()):
        made.append(tmp_path_factory.mktemp("runs") / str(i))
        assert main(["solve", *arguments.split(), "-o", str(made[-1])]) == status
    return made


@pytest.fixture(scope="module")
def files(folders: list[Path]) -> list[Path]:
    return [path for folder in folders for path in folder.iterdir() if path.is_file()]


def general(name: str) -> str:
    """Name of a file as the page writes it."""
    name = re.sub(r"repair-\w+\.yaml", "repair-<menu>.yaml", name)
    return re.sub(r"evidence_\d+\.npz", "evidence_<n>.npz", name)


def test_every_file_is_listed_and_no_other(files: list[Path]) -> None:
    rows = re.findall(r"^\| (.*`.*?) \| .* \| .* \|$", PAGE.partition("## Tables")[0], re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([\w.<>/-]+)`", row)}
    assert names == {general(path.name) for path in files} | {"inputs/"}


def test_every_column_of_every_table(files: list[Path]) -> None:
    tables = {path.name: path for path in files if path.suffix == ".csv"}
    assert set(re.findall(r"^### (.*\.csv)$", PAGE, re.MULTILINE)) == set(tables)
    for name, path in tables.items():
        with path.open(encoding="utf-8", newline="") as stream:
            assert listed(name) == next(csv.reader(stream)), name


def test_every_array(files: list[Path]) -> None:
    archives: dict[str, set[str]] = {}
    for path in files:
        if path.suffix == ".npz":
            name = general(path.name).replace("_<n>", "")
            archives.setdefault(name, set()).update(np.load(path))
    assert set(re.findall(r"^### (.*\.npz)$", PAGE, re.MULTILINE)) == set(archives)
    for name, arrays in archives.items():
        assert set(listed(name)) == arrays, name


def test_every_key_of_the_record(folders: list[Path], tmp_path: Path) -> None:
    diagnosed = tmp_path / "diagnosed"
    arguments = ["ehpad-2004-rule", "--variant", "infeasible_caps", "-o", str(diagnosed)]
    assert main(["diagnose", *arguments]) == 4
    records = [
        json.loads((folder / "run.json").read_text(encoding="utf-8"))
        for folder in (*folders, diagnosed)
    ]
    assert set(listed("run.json")) == {key for record in records for key in record}
