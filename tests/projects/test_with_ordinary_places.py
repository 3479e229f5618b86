"""Projects beside places handed out one by one, over two years, with budgets and reserves."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from golden import compiled
from scipy.optimize import Bounds, LinearConstraint, milp
from selecting import taken

from perequa.checks import load
from perequa.cli import main
from perequa.pipeline import Success, solve_instance

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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "scenario.yaml": SCENARIO,
        "territories.csv": TERRITORIES,
        "supply.csv": SUPPLY,
        "supply_kit.csv": SUPPLY_KIT,
        "projects.csv": PROJECTS,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


VARIANTS = ["", "merit_first", "together", "unequal", "squares", "in_time", "meanwhile"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_run_verifies(folder: Path, variant: str) -> None:
    run = str(folder / "run")
    variants = ["--variant", variant] if variant else []
    assert main(["solve", str(folder), *variants, "-o", run, "--quiet"]) == 0
    assert main(["verify", run]) == 0


@pytest.mark.parametrize("variant", ["", "merit_first", "unequal", "squares", "in_time"])
def test_each_priority_is_what_scipy_finds(folder: Path, variant: str) -> None:
    instance = load(str(folder), [variant] if variant else []).instance
    found = solve_instance(instance, "case", prices=False)
    assert isinstance(found, Success)
    program = compiled(instance)
    limits = [LinearConstraint(program.matrix, program.row_lower, program.row_upper)]
    bounds = Bounds(program.column_lower, program.column_upper)
    # what scipy lets slip of one priority buys some of the next: the first two are compared
    for stage in found.run.stages[:2]:
        best = milp(stage.cost, constraints=limits, bounds=bounds, integrality=program.whole)
        size = max(1.0, abs(best.fun))
        assert stage.cost @ stage.x == pytest.approx(best.fun, abs=1e-5 * size)
        limits.append(LinearConstraint(stage.cost, -np.inf, best.fun + 1e-7 * size))


def test_credits_of_two_years_are_those_of_each_project(folder: Path) -> None:
    """By hand: cost × share × months/12, then the rest the year after."""
    found = solve_instance(load(str(folder)).instance, "case", prices=False)
    assert isinstance(found, Success)
    run, chosen = found.run, taken(found)
    assert chosen == {"p1", "p4", "p5", "p6"}
    fdt = run.instance.measures.index("fdt")
    delegated = run.plan.credits[:, fdt, :]
    # p1: 9 000 × 0.5 over 4 months; p5: 5 000 × 0.9 over 3; p6: 4 500 × 0.9 over 3
    assert delegated[0] == pytest.approx([1500, 3000])
    assert delegated[1] == pytest.approx([0, 1125])
    assert delegated[3] == pytest.approx([5000 * 0.5 / 3, 5000 * 0.5 * 2 / 3 + 1012.5])
    assert run.plan.due_after[:, fdt, 1] == pytest.approx([0, 3375, 0, 3037.5])
    assert run.plan.x[:, fdt, :] == pytest.approx(np.array([[6, 0], [0, 3], [0, 0], [4, 3]]))


def test_whole_projects_that_cannot_are_told_by_their_rules(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["-o", str(folder / "run"), "--quiet"]
    for command in ("solve", "diagnose"):
        assert main([command, str(folder), "--variant", "impossible", *run]) == 4
        told = capsys.readouterr()
        assert "exactly, no_more clash" in told.out + told.err
    assert not (folder / "run").exists()


def test_two_tables_of_projects_are_compared(folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    for name in ("scenario.yaml", "territories.csv", "supply.csv", "projects.csv"):
        text = (folder / name).read_text(encoding="utf-8").replace("p3,3", "p0,3")
        (other / name).write_text(text, encoding="utf-8")
    asked = [str(folder), str(other), str(folder) + "@merit_first"]
    assert main(["compare", *asked, "-o", str(folder / "compared")]) == 0
    told = (folder / "compared" / "inputs.csv").read_text(encoding="utf-8")
    assert "projects" in told


def test_the_document_of_solve_holds_the_projects(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["solve", str(folder), "--format", "json", "--quiet", "-o", str(folder / "run")]
    assert main(asked) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [line["project"] for line in run["projects"] if line["taken"]] == [
        *("p1", "p5", "p4", "p6")
    ]
    assert {line["rule"] for line in run["one_more"]} >= {"few", "envelope"}
    assert main([*asked, "--variant", "impossible"]) == 4
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["status"], run["folder"], run["projects"]) == ("infeasible", None, [])
    assert "exactly, no_more clash" in run["message"]


CONVERGE = (
    "{kind: converge, measure: fdt, by: [territory, year], at_most: 3000, calendar: {2004: 1}}"
)
REFUSED = {
    "whole": ["solve", "--whole"],
    "leximin": [
        "solve",
        "--set",
        "objectives.gap.years=null",
        "--set",
        "objectives.gap.kind=leximin",
    ],
    "cascade": ["solve", "--set", "mode=cascade"],
    "converge": ["validate", "--set", f"rules.down={CONVERGE}"],
    "study": ["sensitivity", "limit", "--rule", "envelope", "--from", "9000", "--to", "9900"],
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_does_not_go_with_projects_is_refused(
    folder: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = REFUSED[case]
    head = [command, rest.pop(0)] if command == "sensitivity" else [command]
    assert main([*head, str(folder), *rest]) == 2
    told = capsys.readouterr()
    assert "project" in told.out + told.err
    assert not (folder / "results").exists()


def test_a_run_that_chose_projects_is_not_followed_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, returns = str(folder / "run"), folder / "returns.csv"
    returns.write_text("territory,measure,year,funded\n1,fdt,2004,6\n", encoding="utf-8")
    assert main(["solve", str(folder), "-o", run, "--quiet"]) == 0
    assert main(["follow-up", run, str(returns)]) == 2
    assert "projects" in capsys.readouterr().err


def test_converge_elsewhere_goes_with_projects(folder: Path) -> None:
    """A home above its ceiling comes down while projects open places of another measure."""
    (folder / "scenario.yaml").write_text(
        SCENARIO.replace(
            "  pace:",
            "  down: {kind: converge, measure: home, by: [territory, year],"
            " at_most: {column: home_ceiling}, calendar: {2004: 0.5, 2005: 0.5},"
            " freed: {envelope: 1}}\n  pace:",
        ),
        encoding="utf-8",
    )
    (folder / "territories.csv").write_text(
        TERRITORIES.replace("2006,20000", "2006,14000"), encoding="utf-8"
    )
    run = str(folder / "run")
    assert main(["solve", str(folder), "-o", run, "--quiet"]) == 0
    assert (folder / "run" / "convergence.csv").is_file()
    assert main(["verify", run]) == 0


def test_a_row_of_an_objective_blocks_no_project(folder: Path) -> None:
    """Differences of rates are rows too, which a plan cannot break: no rule says them."""
    run = folder / "run"
    asked = ["solve", str(folder), "--variant", "unequal", "-o", str(run), "--quiet"]
    assert main(asked) == 0
    with (run / "projects.csv").open(encoding="utf-8", newline="") as stream:
        blocked = {line["project"]: line["blocked_by"] for line in csv.DictReader(stream)}
    assert "few/region:A/-/2004/at_most" in blocked["p2"]
    assert not any("gap/" in rows for rows in blocked.values())
