"""Distance to the target rate on either side, summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.objectives.data import gap_data, unit_of_gap
from perequa_models.objectives.grammar import GapSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities


class AbsoluteGap(GapSpec):
    """Sum over territories of w·abs(target − rate)."""

    kind: Literal["absolute_gap"]


WEIGHTING = "population"


def unit(instance: Instance, spec: AbsoluteGap) -> str:
    """Places, or points of the rate when every territory weighs the same."""
    return unit_of_gap(instance, spec, WEIGHTING)


def value(spec: AbsoluteGap, plan: Quantities) -> float:
    """Σ w·abs(τ − r), mean over the years looked at."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    gap = data.people * data.targets(plan) - data.counted(plan)
    return float((data.factor * np.abs(gap)).sum())


def write(b: Builder, name: str, spec: AbsoluteGap) -> Any:  # noqa: ANN401 - a Pyomo expression
    """Write C − people·τ = above − below; the objective is Σ w/people·(above + below)."""
    data = gap_data(b.instance, spec, WEIGHTING)
    where = b.where(data.nodes, data.years)
    above = b.variables(name, "above", where)
    below = b.variables(name, "below", where)
    gap = (data.people * data.targets(b.quantities) - data.counted(b.quantities)).ravel()
    sides = list(zip(above, below, gap, strict=True))
    b.zero(name, "gap", where, [over - under + g for over, under, g in sides])
    factor = data.factor.ravel()
    return sum(f * (over + under) for f, (over, under, _) in zip(factor, sides, strict=True))
