"""Projects beside a transfer: what one more of the money that may move is worth."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """
format: 1
name: moving
years: [2004]
territories: {file: territories.csv, levels: [region]}
decide_at: region
measures:
  home: {cost: 10000}
  day: {cost: 5000}
supply: {file: supply.csv}
projects: {file: projects.csv, merit: {column: merit}}
indicators:
  both: {measures: [home, day], population: pop, per: 100}
rules:
  homes: {kind: envelope, measure: home, by: year, at_most: 150000}
  days: {kind: envelope, measure: day, by: year, at_most: 200000}
  moved: {kind: transfer, from: days, to: homes, at_most: 150000}
objectives:
  merit: {kind: unmet_merit}
"""
TABLES = {
    "territories": "level,code,name,parent,pop\nregion,A,Alpha,,1000\nregion,B,Beta,,1000\n",
    "supply": "territory,measure,installed\nA,home,10\nA,day,10\nB,home,10\nB,day,10\n",
    "projects": "project,title,territory,measure,places,year,merit\n"
    "p1,One,A,home,20,2004,10\np2,Two,B,home,15,2004,8\n"
    "p3,Three,A,day,10,2004,3\np4,Four,B,day,10,2004,2\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "scenario"
    source.mkdir()
    (source / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    for name, text in TABLES.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    made = tmp_path / "run"
    assert main(["solve", str(source), "--quiet", "-o", str(made)]) == 0
    return made


def moves(folder: Path) -> dict[tuple[str, float], tuple[float, str, str]]:
    with (folder / "one_more.csv").open(encoding="utf-8", newline="") as stream:
        return {
            (r["rule"], float(r["moved_limit"])): (
                float(r["change"]),
                r["projects_in"],
                r["projects_out"],
            )
            for r in csv.DictReader(stream)
        }


def test_the_limit_of_a_transfer_is_moved_too(folder: Path) -> None:
    # p1 (200 000) takes 50 000 from days; p2 (150 000) needs all of their 200 000: p3, p4 go
    told = moves(folder)
    assert told["moved", 250_000] == (-3, "p2", "p3;p4")
    assert told["moved", 50_000] == (0, "", "")
    assert told["homes", 250_000] == (-8, "p2", "")
    assert verify_run(folder).holds


def test_projects_that_no_movement_of_money_pays_for_are_noticed(folder: Path) -> None:
    table = folder / "one_more.csv"
    text = table.read_text(encoding="utf-8")
    assert text.count(",p2,p3;p4,") == 1
    table.write_text(text.replace(",p2,p3;p4,", ",p2,p3,"), encoding="utf-8")
    told = [str(d) for check in verify_run(folder).checks for d in check.disagreements]
    assert any("its projects break days/-/day/2004/at_most" in line for line in told)
