"""Mean shortfall of the worst-off share, of territories or of people.

The conditional value at risk of the shortfalls, in the linear form of Rockafellar and Uryasev
(Optimization of conditional value-at-risk, Journal of Risk, 2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from perequa_models.keys import Where
from perequa_models.objectives.data import gap_data
from perequa_models.objectives.grammar import GapSpec
from perequa_models.strict import Number

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Floats, Instance
    from perequa_models.quantities import Quantities


class Cvar(GapSpec):
    """Mean of max(0, target − rate) over the worst-off `tail`."""

    kind: Literal["cvar"]
    tail: Annotated[Number, Field(gt=0, le=1)]
    """Share of the territories, or of the people, that is the worst off: above 0 and at most 1."""


WEIGHTING = "territory"


def unit(instance: Instance, spec: Cvar) -> str:  # noqa: ARG001 - one face for all kinds
    """Points of the rate, whatever the weighting: it says whose mean is taken."""
    return "rate point"


def value(spec: Cvar, plan: Quantities) -> float:
    """Fill the tail with the largest shortfalls first; mean over the years looked at."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    gaps = np.maximum(data.targets(plan) - data.counted(plan) / data.people, 0.0)
    years = range(len(data.years))
    of_years = [_mean_of_worst(gaps[:, i], data.shares[:, i], spec.tail) for i in years]
    return float(np.mean(of_years))


def _mean_of_worst(gaps: Floats, shares: Floats, tail: float) -> float:
    worst_first = np.argsort(-gaps, kind="stable")
    gaps, shares = gaps[worst_first], shares[worst_first]
    before = np.cumsum(shares) - shares
    taken = np.clip(tail - before, 0.0, shares)
    return float(taken @ gaps) / tail


def write(b: Builder, name: str, spec: Cvar) -> Any:  # noqa: ANN401 - a Pyomo expression
    """S + C + people·threshold ≥ people·τ, s in places; threshold + Σ share/(tail·people)·s.

    A threshold below zero would never be better, shortfalls being at least zero: so it is one, and
    the shortfall itself needs no variable.
    """
    data = gap_data(b.instance, spec, WEIGHTING)
    where = b.where(data.nodes, data.years)
    years = [Where(year=b.instance.years[y]) for y in data.years]
    threshold = np.array(b.variables(name, "threshold", years), dtype=object)
    beyond = np.array(b.variables(name, "beyond", where), dtype=object).reshape(data.people.shape)
    wanted = data.people * data.targets(b.quantities)
    reached = data.counted(b.quantities) + beyond + data.people * threshold
    b.at_least_zero(name, "gap", where, (reached - wanted).ravel())
    factor = data.shares / data.people / spec.tail / len(years)
    mean = sum(threshold) * (1.0 / len(years))
    return mean + sum(f * s for f, s in zip(factor.ravel(), beyond.ravel(), strict=True))
