"""Places missing to the target rate, summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.objectives.data import gap_data, unit_of_gap
from perequa_models.objectives.grammar import GapSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities


class Shortfall(GapSpec):
    """Sum over territories of w·max(0, target − rate)."""

    kind: Literal["shortfall"]


WEIGHTING = "population"


def unit(instance: Instance, spec: Shortfall) -> str:
    """Places, or points of the rate when every territory weighs the same."""
    return unit_of_gap(instance, spec, WEIGHTING)


def value(spec: Shortfall, plan: Quantities) -> float:
    """Σ w·max(0, τ − r), mean over the years looked at."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    missing = data.people * data.targets(plan) - data.counted(plan)
    return float((data.factor * np.maximum(missing, 0.0)).sum())


def write(b: Builder, name: str, spec: Shortfall) -> Any:  # noqa: ANN401 - a Pyomo expression
    """S ≥ people·τ − C, with s and C in places; the objective is Σ w/people·s."""
    data = gap_data(b.instance, spec, WEIGHTING)
    where = b.where(data.nodes, data.years)
    missing = b.variables(name, "shortfall", where)
    counted = data.counted(b.quantities).ravel()
    wanted = (data.people * data.targets(b.quantities)).ravel().tolist()
    rows = zip(counted, missing, wanted, strict=True)
    b.at_least_zero(name, "gap", where, [b.total((c, s, -w)) for c, s, w in rows])
    factor = data.factor.ravel().tolist()
    return b.total(f * s for f, s in zip(factor, missing, strict=True))
