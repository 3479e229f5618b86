"""The gap between the extreme rates, the aim stated in circular 98-199, III A."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.keys import Where
from perequa_models.objectives.data import gap_data
from perequa_models.objectives.grammar import GapSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities


class Range(GapSpec):
    """Largest rate less smallest rate."""

    kind: Literal["range"]


WEIGHTING = "territory"


def unit(instance: Instance, spec: Range) -> str:  # noqa: ARG001 - one face for all kinds
    """Points of the rate, whatever the weighting: extreme rates are not weighted."""
    return "rate point"


def value(spec: Range, plan: Quantities) -> float:
    """Largest rate less smallest rate of each year, mean over the years looked at."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    rates = data.counted(plan) / data.people
    return float((rates.max(axis=0) - rates.min(axis=0)).mean())


def write(b: Builder, name: str, spec: Range) -> Any:  # noqa: ANN401 - a Pyomo expression
    """people·H ≥ C ≥ people·L: the objective is the mean of H − L."""
    data = gap_data(b.instance, spec, WEIGHTING)
    where = b.where(data.nodes, data.years)
    years = [Where(year=b.instance.years[y]) for y in data.years]
    highest = np.array(b.variables(name, "highest", years, free=True), dtype=object)
    lowest = np.array(b.variables(name, "lowest", years, free=True), dtype=object)
    counted = data.counted(b.quantities)
    b.at_least_zero(name, "below_highest", where, (data.people * highest - counted).ravel())
    b.at_least_zero(name, "above_lowest", where, (counted - data.people * lowest).ravel())
    return sum(highest - lowest) * (1.0 / len(years))
