"""Two regions whose rules a continuous plan keeps and no whole one does, by hand.

An envelope pays 1.5 places at 10 000. Floors of 0.75 place in each region cost one place each in
whole places: one of the two is missed by 0.75. With units of 2 places at least, a floor of one
place cannot be kept either: two places cost 5 000 more than there is, none misses it by 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """
format: 1
name: half
years: [2004]
territories: {file: territories.csv, levels: [region]}
decide_at: region
whole: true
measures: {home: {cost: 10000}}
supply: {file: supply.csv}
indicators: {rate: {measures: [home], population: pop, per: 100}}
rules:
  envelope: {kind: envelope, at_most: 15000}
  floor: {kind: floor, by: [territory], at_least: 0.75}
objectives:
  gap: {kind: shortfall, indicator: rate, level: region, target: 50}
variants:
  units:
    measures.home.minimum: 2
    rules.floor.active: false
    rules.some: {kind: floor, at_least: 1}
  levels: {objectives.gap: {kind: leximin, indicator: rate, level: region, target: 50}}
  parts: {whole: false}
"""
TERRITORIES = "level,code,name,parent,pop\nregion,1,One,,100\nregion,2,Two,,200\n"
SUPPLY = "territory,measure,installed\nregion:1,home,10\nregion:2,home,0\n"


def write_half(folder: Path) -> str:
    """Write the scenario; return its folder as an argument."""
    folder.mkdir()
    for name, text in {
        "scenario.yaml": SCENARIO,
        "territories.csv": TERRITORIES,
        "supply.csv": SUPPLY,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)
