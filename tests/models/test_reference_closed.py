"""A pair where nothing can be funded takes no part in the reference: nothing, in every unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perequa.running import run_scenario
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """
format: 1
name: closed
years: [2004]
territories: {file: territories.csv, levels: [region]}
measures: {day: {cost: 8000}, home: {cost: 12000}}
supply: {file: supply.csv, absent: closed}
indicators: {rate: {measures: home, population: pop, per: 1000}}
rules: {envelope: {kind: envelope, at_most: 120000}}
reference:
  measure: home
  year: 2004
  amount: 10
  in: places
  parts: [{name: people, rest: true, basis: {column: pop}}]
objectives: {gap: {kind: shortfall, level: region, indicator: rate, target: 20}}
"""


def test_nothing_is_shared_where_a_pair_is_closed(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    people = "code,name,pop\n1,A,1000\n2,B,3000\n3,C,4000\n"
    (tmp_path / "territories.csv").write_text(people, encoding="utf-8")
    supply = "territory,measure,installed\n1,day,5\n1,home,5\n2,home,10\n3,day,20\n"
    (tmp_path / "supply.csv").write_text(supply, encoding="utf-8")
    run = run_scenario(str(tmp_path), lambda column: tmp_path / column)
    assert run.folder is not None, run.message
    rows = [r for r in run.tables["allocation"].records() if r["measure"] == "home"]
    assert [r["reference_places"] for r in rows] == pytest.approx([2.5, 7.5, 0.0])
    assert [r["reference_credits"] for r in rows] == pytest.approx([30_000, 90_000, 0.0])
    assert verify_run(run.folder).holds
