"""A small valid scenario, to be spoiled one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perequa.checks import Finding, InvalidInput, load

SCENARIO = """\
format: 1
name: small
years: [2004, 2005]
territories:
  file: territories.csv
  levels: [region, department]
decide_at: region
measures:
  ssiad: {title: SSIAD place, cost: 10500}
supply:
  file: supply.csv
columns:
  - file: caps.csv
indicators:
  rate:
    measures: [ssiad]
    population: pop
rules:
  contingent:
    kind: contingent
    year: 2004
    equals: 50
  cap:
    kind: cap
    by: region
    at_most: {column: cap}
  floor:
    kind: floor
    by: [region, year]
    at_least: {file: floors.csv}
objectives:
  gap:
    kind: shortfall
    indicator: rate
    level: region
    priority: 1
  spend:
    kind: spend
    normalise: none
    priority: 2
variants:
  no_floor: {rules.floor.active: false}
  cheap:
    measures.ssiad.cost: 9000
    rules.extra: {kind: cap, by: region, at_most: 40}
"""
FILES = {
    "scenario.yaml": SCENARIO,
    "territories.csv": """\
level,code,name,parent,pop,status
region,11,Île-de-France,,3000,public
region,02,Martinique,,1000,
department,75,Paris,11,2000,public
department,11,Aude,11,1000,private
department,2A,Corse-du-Sud,02,1000,
""",
    "supply.csv": """\
level,territory,measure,installed
region,11,ssiad,100
region,02,ssiad,nc
department,75,ssiad,60
department,11,ssiad,40
department,2A,ssiad,10
""",
    "caps.csv": """\
territory,cap
region:11,"1 030,5"
02,40
""",
    "floors.csv": """\
region,year,limit
11,2004,1
11,2005,0
02,2004,1
02,2005,0
""",
}

Edit = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The valid scenario, on disk."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace one piece of text of one file, which must hold it once."""

    def change(name: str, old: str, new: str) -> Path:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return change


@pytest.fixture
def findings_of(folder: Path) -> Callable[..., tuple[Finding, ...]]:
    """Findings of the scenario as it stands on disk; warnings only when it is valid."""

    def found(*, variants: tuple[str, ...] = (), sets: tuple[str, ...] = ()) -> tuple[Finding, ...]:
        try:
            return load(str(folder), variants, sets).findings
        except InvalidInput as error:
            return error.findings

    return found
