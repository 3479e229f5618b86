"""Rows of a rule whose groups cross the tree are asked for as they are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SCENARIO = """
format: 1
name: across
years: [2004]
territories: {file: territories.csv, levels: [region]}
measures: {home: {cost: 10000}}
supply: {file: supply.csv}
indicators: {rate: {measures: home, population: pop, per: 100}}
rules:
  envelope: {kind: envelope, at_most: 400000}
  kinds: {kind: cap, by: {column: status}, at_most: 12}
objectives: {gap: {kind: shortfall, indicator: rate, level: region, target: 5}}
"""


def test_a_group_across_the_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    people = "code,name,pop,status\n1,A,1000,rural\n2,B,2000,urban\n3,C,500,rural\n"
    (tmp_path / "territories.csv").write_text(people, encoding="utf-8")
    (tmp_path / "supply.csv").write_text("territory,installed\n1,10\n2,60\n3,5\n", encoding="utf-8")
    run = str(tmp_path / "run")
    assert main(["solve", str(tmp_path), "-o", run]) == 0
    capsys.readouterr()
    assert main(["explain", run, "--rule", "kinds", "--territory", "status:rural"]) == 0
    told = capsys.readouterr().out
    assert "cap kinds (rural" in told
    assert "urban" not in told
    for written in ("status:rurall", ":"):
        assert main(["explain", run, "--rule", "kinds", "--territory", written]) == 2
    # a group across the tree is no territory: alone there is nothing to explain
    assert main(["explain", run, "--territory", "status:rural"]) == 2
