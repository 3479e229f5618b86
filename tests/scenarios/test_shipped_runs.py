"""Every shipped scenario: one plan whatever the solver's path, and a proof that holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from priced import priced_names
from scipy import sparse
from scipy.optimize import linprog
from shipped import one_program

from perequa.checks import load
from perequa.cli import main
from perequa.engine.session import DUAL, PRIMAL, SolverOptions
from perequa.interpret.run import Failure
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.interpret.run import Solved
    from perequa.pricing import Ranges
    from perequa_models.instance import Instance

PATHS = (
    SolverOptions(presolve=False),
    SolverOptions(seed=7),
    SolverOptions(strategy=PRIMAL),
    SolverOptions(presolve=False, seed=3, strategy=DUAL),
)


def solved(
    instance: Instance, options: SolverOptions | None = None, ranges: Ranges = "printed"
) -> Success:
    outcome = solve_instance(instance, "test", ranges=ranges, options=options or SolverOptions())
    assert isinstance(outcome, Success)
    return outcome


@pytest.mark.parametrize("name", one_program())
def test_one_plan_whatever_the_path(name: str) -> None:
    instance = load(name).instance
    wanted = solved(instance).run.x
    for options in PATHS:
        found = solved(instance, options).run.x
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", one_program())
def test_the_plan_does_not_depend_on_the_order_of_the_tables(name: str) -> None:
    """Rows of the territories, supply and rule tables reversed, rules in the opposite order."""
    loaded = load(name)
    instance = loaded.instance
    scenario = instance.scenario
    backwards = scenario.model_copy(
        update={
            "rules": dict(reversed(scenario.rules.items())),
            "objectives": dict(reversed(scenario.objectives.items())),
        }
    )
    again = solved(replace(instance, scenario=backwards, rows=tuple(reversed(instance.rows))))
    np.testing.assert_allclose(again.run.x, solved(instance).run.x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", priced_names())
def test_every_exact_range_ends_where_another_solution_says(name: str) -> None:
    """All rows: the price at the published end and, by scipy, another or no plan just beyond."""
    run = solved(load(name).instance, ranges="all").run
    assert run.prices is not None
    base = by_scipy(run, 0, 0.0)
    size = max(1.0, abs(base))
    ended = [s for s in run.prices.sides if s.end_dual >= 0 or s.end_ray >= 0]
    assert len(ended) > 20
    for side in ended:
        row = str(run.program.row_keys[side.row])
        line = base + side.price * side.reach
        at_end = by_scipy(run, side.row, side.sign * side.reach * (1 - 1e-7))
        assert at_end == pytest.approx(line, rel=1e-6, abs=1e-6 * size), row
        beyond = 0.05 * side.reach
        there = by_scipy(run, side.row, side.sign * (side.reach + beyond))
        if side.end_ray >= 0:
            assert np.isinf(there), row
        else:
            assert there > line + side.price * beyond + 1e-8 * size, row


def by_scipy(run: Solved, row: int, by: float) -> float:
    """Least value of the first priority with one limit moved, infinite where there is no plan."""
    program, step = run.program, np.zeros(run.program.matrix.shape[0])
    step[row] = by
    lower, upper = program.row_lower + step, program.row_upper + step
    equal = program.row_lower == program.row_upper
    above, below = ~equal & np.isfinite(upper), ~equal & np.isfinite(lower)
    found = linprog(
        run.stages[0].cost,
        A_ub=sparse.vstack([program.matrix[above], -program.matrix[below]]),
        b_ub=np.concatenate([upper[above], -lower[below]]),
        A_eq=program.matrix[equal],
        b_eq=lower[equal],
        bounds=np.column_stack([program.column_lower, program.column_upper]),
        method="highs",
    )
    assert found.status in {0, 2}, found.message
    return float(found.fun) if found.status == 0 else np.inf


@pytest.mark.parametrize("name", one_program())
def test_strong_duality_and_complementary_slackness(name: str) -> None:
    run = solved(load(name).instance).run
    program = run.program
    for p, stage in enumerate(run.stages):
        carried = stage.cost + sum(
            (lam * run.stages[j].cost for j, lam in enumerate(stage.lam[:p])),
            np.zeros_like(stage.cost),
        )
        z = carried - program.matrix.T @ stage.y
        activity = program.matrix @ stage.x
        for dual, at, lower, upper in (
            (stage.y, activity, program.row_lower, program.row_upper),
            (z, stage.x, program.column_lower, program.column_upper),
        ):
            scale = max(1.0, float(np.abs(dual).max()))
            with np.errstate(invalid="ignore"):
                low = np.where(dual > 1e-9 * scale, at - lower, 0.0)
                high = np.where(dual < -1e-9 * scale, upper - at, 0.0)
            assert np.abs(low * dual).max() <= 1e-6 * max(1.0, abs(stage.cost @ stage.x))
            assert np.abs(high * dual).max() <= 1e-6 * max(1.0, abs(stage.cost @ stage.x))


@pytest.mark.parametrize("name", one_program())
def test_every_variant_solves_or_says_why(name: str) -> None:
    for variant in load(name).raw.data.get("variants") or {}:
        outcome = solve_instance(load(name, [variant]).instance, variant, prices=False)
        assert isinstance(outcome, Failure) == variant.startswith("infeasible"), variant


@pytest.mark.parametrize("name", one_program())
def test_what_solve_writes_verifies(name: str, tmp_path: Path) -> None:
    """The proofs of the prices among the rest: a chord or a dual that is off ends in 6."""
    run = tmp_path / "run"
    assert main(["solve", name, "-o", str(run), "--quiet"]) == 0
    assert main(["verify", str(run)]) == 0
