"""Projects beside places handed out one by one, over two years, with budgets and reserves."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from golden import compiled
from mixed_projects import SCENARIO, TERRITORIES, write_mixed
from scipy.optimize import Bounds, LinearConstraint, milp
from selecting import taken

from perequa.checks import load
from perequa.cli import main
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.interpret.run import Solved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_mixed(tmp_path)


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
    assert (run["status"], run["projects"]) == ("infeasible", [])
    assert [line["rule"] for line in run["conflicts"]] == ["exactly", "no_more"]


@pytest.mark.parametrize("variant", [*VARIANTS, "minimum"])
def test_other_measures_are_rounded_beside_the_projects_chosen(folder: Path, variant: str) -> None:
    changes = ["--set", "measures.home.minimum=3"] if variant == "minimum" else []
    changes += ["--variant", variant] if variant in VARIANTS[1:] else []
    plain, run = folder / "plain", folder / "run"
    asked = [str(folder), *changes, "--no-prices", "--quiet"]
    assert main(["solve", *asked, "-o", str(plain)]) == 0
    assert main(["solve", *asked, "--whole", "-o", str(run)]) == 0
    assert main(["verify", str(run)]) == 0
    before, after = (table(place / "allocation.csv") for place in (plain, run))
    for old, new in zip(before, after, strict=True):
        if old["measure"] == "home":
            assert float(new["places"]) == round(float(new["places"]))
            assert float(new["continuous_places"]) == pytest.approx(float(old["places"]), abs=1e-6)
        elif old["measure"] == "fdt":
            assert (old["places"], old["credits"]) == (new["places"], new["credits"])
    assert table(plain / "projects.csv") == table(run / "projects.csv")


def table(place: Path) -> list[dict[str, str]]:
    with place.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_rounding_beside_projects_is_the_nearest_by_scipy(folder: Path) -> None:
    """All whole homes within the rules, projects held: none is nearer to the continuous plan."""
    instance = load(str(folder), [], ["whole=true"]).instance
    found = solve_instance(instance, "case", prices=False)
    assert isinstance(found, Success)
    run = found.run
    assert run.whole is not None
    program = run.program
    cells = int(np.prod(instance.shape))
    home = np.zeros(instance.shape, dtype=bool)
    home[:, instance.measures.index("home"), :] = True
    free = np.flatnonzero(home.ravel())
    rules, plan = program.is_rule, run.published.plan
    n, k = len(plan), len(free)
    # columns of the program, then how far each home cell moves
    distance = np.zeros((2 * k, n + k))
    distance[np.arange(k), free] = 1.0
    distance[k + np.arange(k), free] = -1.0
    distance[:, n:] = np.tile(-np.eye(k), (2, 1))
    around = plan[free]
    matrix = np.hstack([program.matrix.toarray()[rules], np.zeros((rules.sum(), k))])
    lower, upper = program.column_lower.copy(), program.column_upper.copy()
    held = np.setdiff1d(np.arange(cells), free)
    lower[held] = upper[held] = plan[held]
    limits = [
        LinearConstraint(matrix, program.row_lower[rules], program.row_upper[rules]),
        LinearConstraint(distance, -np.inf, np.concatenate([around, -around])),
        *totals_kept(run, n + k),
    ]
    cost = np.concatenate([np.zeros(n), np.ones(k)])
    whole = np.zeros(n + k)
    whole[free] = 1
    bounds = Bounds([*lower, *np.zeros(k)], [*upper, *np.full(k, np.inf)])
    best = milp(cost, constraints=limits, integrality=whole, bounds=bounds)
    assert best.success
    assert run.whole.moved == pytest.approx(best.fun, abs=1e-5)


def totals_kept(run: Solved, columns: int) -> list[LinearConstraint]:
    """Places of each region and of the country stay within a whole number of the continuous."""
    tree, kept = run.instance.tree, []
    groups = [range(4)] + [tree.below(int(node), "department") for node in tree.at("region")]
    for inside in groups:
        for year in (0, 1):
            row = np.zeros(columns)
            for t in inside:
                cell = (int(t), run.instance.measures.index("home"), year)
                row[np.ravel_multi_index(cell, run.instance.shape)] = 1.0
            total = row[: len(run.published.plan)] @ run.published.plan
            kept.append(LinearConstraint(row, np.floor(total + 1e-6), np.ceil(total - 1e-6)))
    return kept


CONVERGE = (
    "{kind: converge, measure: fdt, by: [territory, year], at_most: 3000, calendar: {2004: 1}}"
)
REFUSED = {
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
    # and what to do instead
    assert re.search(r"use kind: worst|--set|restrict the rule", told.out + told.err)
    assert not (folder / "results").exists()


def test_a_run_that_chose_projects_is_not_followed_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, returns = str(folder / "run"), folder / "returns.csv"
    returns.write_text("territory,measure,year,funded\n1,fdt,2004,6\n", encoding="utf-8")
    assert main(["solve", str(folder), "-o", run, "--quiet"]) == 0
    assert main(["follow-up", run, str(returns)]) == 2
    assert "next year's supply" in capsys.readouterr().err


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
