"""A scenario of projects beside places handed out one by one, over two years."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """
format: 1
name: mixed
years: [2004, 2005]
territories: {file: territories.csv, levels: [region, department]}
decide_at: department
measures:
  home: {cost: 1000, opening_months: 6, rate: 0.02}
  fdt: {cost: 1500, opening_months: 4, financed_share: 0.5, rate: 0.01}
supply: {file: supply.csv}
projects:
  file: projects.csv
  merit: {ratio: [young, installed], divided_by: both, level: region}
  prefer: {column: operation, order: [extension, creation]}
indicators:
  both: {measures: [home, fdt], population: pop, per: 100}
  money: {measures: [home, fdt], in: budget, population: pop, per: 1}
rules:
  envelope: {kind: envelope, by: [region, year], at_most: 12500}
  share: {kind: reserve, of: envelope, share: 0.1}
  ceiling: {kind: ceiling, by: [territory, year], at_most: 26000, above: freeze}
  pace: {kind: pace, by: [region, year], in: budget, growth_at_most: 0.9}
  few: {kind: selection, by: [region, year], at_most: 1}
  some: {kind: floor, in: projects, at_least: 1}
objectives:
  gap: {kind: shortfall, indicator: both, level: department, target: 12.0, years: all}
  merit: {kind: unmet_merit, priority: 2}
  rich: {kind: shortfall, indicator: money, level: region, target: 100.0, priority: 3}
  thrift: {kind: spend, normalise: none, priority: 4}
variants:
  merit_first: {objectives.merit.priority: 1, objectives.gap.priority: 2}
  together: {objectives.merit.priority: 1, objectives.rich.priority: 2}
  unequal: {objectives.gap: {kind: gini, indicator: both, level: department, years: all}}
  squares: {objectives.gap.kind: squared_gap}
  in_time: {rules.paid: {kind: milestones, measure: fdt, paid: {2004: 0.6, 2005: 1}}}
  meanwhile:
    measures.kit: {unit: money, recurrent: false}
    supply.absent: closed
    supply.file: supply_kit.csv
    rules.reserved: {kind: until_opening, by: [region, year], measure: fdt,
      opens: {column: opens}, one_off: kit}
    rules.some_kit: {kind: floor, measure: kit, in: credits, at_least: 200}
  impossible: {rules.exactly: {kind: floor, measure: fdt, in: stock, year: 2005, at_least: 15.5},
    rules.no_more: {kind: cap, measure: fdt, in: stock, by: year, at_most: 15.9}}
"""
TERRITORIES = """\
level,code,name,parent,pop,opens,home_ceiling
region,A,Reg A,,,,
region,B,Reg B,,,,
department,1,One,A,500,2006,20000
department,2,Two,A,200,2005,20000
department,3,Three,B,300,,20000
department,4,Four,B,400,2006,20000
"""
SUPPLY = """\
territory,measure,installed,base,closed
department:1,home,20,15000,0
department:1,fdt,4,5000,0
department:2,home,12,9000,0
department:2,fdt,0,0,0
department:3,home,15,9000,1
department:3,fdt,5,4000,0
department:4,home,30,16000,0
department:4,fdt,3,2500,0
"""
SUPPLY_KIT = (
    SUPPLY
    + """\
department:1,kit,0,0,0
department:2,kit,0,0,0
department:3,kit,0,0,0
department:4,kit,0,0,0
"""
)
PROJECTS = """\
project,territory,measure,year,operation,places,cost,cofinanced,opening_months,young,group,requires
p1,1,fdt,2004,creation,6,9000,,,12,,
p2,2,fdt,2004,extension,5,,0.4,,10,x,
p3,3,fdt,2005,creation,7,,,12,14,,
p4,4,fdt,2004,creation,4,5000,,,9,,
p5,2,fdt,2005,extension,3,5000,0.1,3,8,x,
p6,4,fdt,2005,extension,3,4500,0.1,3,8,,p4
"""


def write_mixed(folder: Path) -> Path:
    """Write the scenario and its tables."""
    for name, text in {
        "scenario.yaml": SCENARIO,
        "territories.csv": TERRITORIES,
        "supply.csv": SUPPLY,
        "supply_kit.csv": SUPPLY_KIT,
        "projects.csv": PROJECTS,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
