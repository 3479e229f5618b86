"""The stepped tie-break: optimal at every priority, even by steps, and nearly the exact plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawn import QUICK, cases
from hypothesis import given
from pricing import Case, first_value, places
from small import small

if TYPE_CHECKING:
    from perequa.pipeline import Success


def evenness(success: Success) -> float:
    """Σ c·x²/a of the published plan."""
    spread = success.spread
    return float(spread.square @ (success.run.published.plan - spread.around) ** 2)


@QUICK
@given(cases(method="stepped"))
def test_the_plan_is_optimal_at_every_priority(case: Case) -> None:
    success = case.solved()
    run = success.run
    assert run.published.method == "stepped"
    for stage in run.stages:
        assert stage.cost @ run.published.plan == pytest.approx(
            stage.cost @ stage.x, rel=1e-9, abs=1e-8
        )
    assert all(check.verdict != "wrong" for check in success.certificate.checks)


@QUICK
@given(cases(method="stepped"))
def test_the_plan_is_least_in_steps(case: Case) -> None:
    # no plan of the exact tie-break, itself optimal at every priority, costs fewer steps
    stepped = case.solved()
    exact = case.with_sections(tie_break={"method": "exact"}).solved()
    assert first_value(exact) == pytest.approx(first_value(stepped), abs=1e-8)
    rho = stepped.run.published.stepped.rho
    assert steps(stepped, rho) <= steps(exact, rho) * (1 + 1e-7) + 1e-6
    assert evenness(exact) <= evenness(stepped) * (1 + 1e-7) + 1e-6


def steps(success: Success, rho: float) -> float:
    """The chords of Σ c·x²/a at 0, 1/4, 1/2, 1, 2, 4 and 8 times ρ·a, straight on after 8."""
    spread, plan = success.spread, success.run.published.plan
    used = spread.cost > 0
    share = np.abs(plan - spread.around)[used] / (spread.basis[used] * rho)
    ends = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
    high = np.interp(share, ends, ends**2) + 12.0 * np.maximum(share - 8.0, 0.0)
    return float((spread.cost * spread.basis)[used] @ high) * rho**2


def test_two_territories_one_step() -> None:
    # 30 places by population, 1 000 against 2 000 people: 10 and 20 stand both at the step ρ·a
    # itself, so that the steps find the proportional plan exactly
    case = small({"handed": {"kind": "contingent", "equals": 30}})
    case = case.with_sections(tie_break={"method": "stepped"})
    assert places(case.solved()) == pytest.approx(
        {"region:1/home/2004": 10, "region:2/home/2004": 20}
    )


def test_toward_the_reference_goes_both_ways() -> None:
    # 10 and 20 by the circular; at least 14 in region 1 and 30 in all leave 14 and 16
    case = small(
        {
            "handed": {"kind": "contingent", "equals": 30},
            "floor": {"kind": "floor", "territories": ["region:1"], "at_least": 14},
        }
    ).with_sections(
        reference={
            "of": "handed",
            "parts": [{"name": "all", "share": 1.0, "basis": {"column": "pop"}}],
        },
    )
    for method in ("stepped", "exact"):
        plan = places(
            case.with_sections(tie_break={"method": method, "toward": "reference"}).solved()
        )
        assert plan == pytest.approx({"region:1/home/2004": 14, "region:2/home/2004": 16})
