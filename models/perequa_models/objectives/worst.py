"""The largest shortfall of any territory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.keys import Where
from perequa_models.objectives.data import gap_data, unit_of_gap
from perequa_models.objectives.grammar import GapSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities


class Worst(GapSpec):
    """Largest max(0, target − rate)."""

    kind: Literal["worst"]


WEIGHTING = "territory"


def unit(instance: Instance, spec: Worst) -> str:
    """Points of the rate."""
    return unit_of_gap(instance, spec, WEIGHTING)


def value(spec: Worst, plan: Quantities) -> float:
    """Return the largest max(0, τ − r) of each year, mean over the years looked at."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    gaps = data.targets(plan) - data.counted(plan) / data.people
    return float(np.maximum(data.weight * gaps, 0.0).max(axis=0).mean())


def write(b: Builder, name: str, spec: Worst) -> Any:  # noqa: ANN401 - a Pyomo expression
    """people/w·W + C ≥ people·τ: one W for each year."""
    data = gap_data(b.instance, spec, WEIGHTING)
    where = b.where(data.nodes, data.years)
    years = [Where(year=b.instance.years[y]) for y in data.years]
    worst = np.array(b.variables(name, "worst", years), dtype=object)
    wanted = data.people * data.targets(b.quantities)
    reached = zip(
        data.counted(b.quantities).ravel(),
        (data.people / data.weight * worst).ravel(),
        wanted.ravel().tolist(),
        strict=True,
    )
    b.at_least_zero(name, "gap", where, [b.total((c, m, -w)) for c, m, w in reached])
    return sum(worst) * (1.0 / len(years))
