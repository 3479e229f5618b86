"""Every shipped scenario: one plan whatever the solver's path, and a proof that holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perequa.checks import load
from perequa.cli import main
from perequa.engine.session import DUAL, PRIMAL, SolverOptions
from perequa.interpret.run import Failure
from perequa.io.shipped import shipped_names
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from pathlib import Path

    from perequa_models.instance import Instance

PATHS = (
    SolverOptions(presolve=False),
    SolverOptions(seed=7),
    SolverOptions(strategy=PRIMAL),
    SolverOptions(presolve=False, seed=3, strategy=DUAL),
)


def solved(instance: Instance, options: SolverOptions | None = None) -> Success:
    outcome = solve_instance(instance, "test", options=options or SolverOptions())
    assert isinstance(outcome, Success)
    return outcome


@pytest.mark.parametrize("name", shipped_names())
def test_one_plan_whatever_the_path(name: str) -> None:
    instance = load(name).instance
    wanted = solved(instance).run.x
    for options in PATHS:
        found = solved(instance, options).run.x
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", shipped_names())
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


@pytest.mark.parametrize("name", shipped_names())
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


@pytest.mark.parametrize("name", shipped_names())
def test_every_variant_solves_or_says_why(name: str) -> None:
    for variant in load(name).raw.data.get("variants") or {}:
        outcome = solve_instance(load(name, [variant]).instance, variant, prices=False)
        assert isinstance(outcome, Failure) == variant.startswith("infeasible"), variant


@pytest.mark.parametrize("name", shipped_names())
def test_what_solve_writes_verifies(name: str, tmp_path: Path) -> None:
    """The proofs of the prices among the rest: a chord or a dual that is off ends in 6."""
    run = tmp_path / "run"
    assert main(["solve", name, "-o", str(run), "--quiet"]) == 0
    assert main(["verify", str(run)]) == 0
