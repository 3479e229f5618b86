"""What every objective kind is held to, whatever its definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pricing import first_value, places

from perequa.weighting import objective_value

if TYPE_CHECKING:
    from pricing import Case


def check_value(case: Case, expected: float, name: str = "it") -> dict[str, float]:
    """Compare an objective alone in its priority with a hand-solved value; return the plan.

    The value recomputed from the published plan by the definition, the value of the program at
    that plan and the value of the stage must be one and the same.
    """
    success = case.solved()
    run = success.run
    assert first_value(success) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert objective_value(run.instance, name, run.plan, run.reference) == pytest.approx(
        expected, rel=1e-9, abs=1e-9
    )
    k = run.program.objective_names.index(name)
    at_plan = run.program.costs[k] @ run.published.plan + run.program.offsets[k]
    assert at_plan == pytest.approx(expected, rel=1e-9, abs=1e-9)
    return places(success)


def initial_value(case: Case, name: str = "it") -> float:
    """Value of an objective when nothing is done."""
    run = case.solved().run
    return float(run.weighting.initial[run.weighting.names.index(name)])
