"""Inequality of the rates: their Gini index around the national rate before the plan.

That rate being fixed, the index is a sum of absolute differences and so piecewise linear: linear
as long as the order of the rates holds. The program is given the form of one order, and a row for
each pair of territories in which a plan may leave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.errors import InvalidScenario
from perequa_models.figures.arrays import national_initial
from perequa_models.objectives.data import gap_data
from perequa_models.objectives.grammar import GapSpec
from perequa_models.problems import Problem
from perequa_models.quantities import Quantities
from perequa_models.ranked import RankedRates

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Floats, Instance
    from perequa_models.objectives.data import GapData


class Gini(GapSpec):
    """Mean difference between two rates, over twice the national rate before the plan."""

    kind: Literal["gini"]


WEIGHTING = "territory"
MOST_PAIRS = 3_000_000
"""Pairs of territories, over all years looked at, whose order is followed."""


def unit(instance: Instance, spec: Gini) -> str:  # noqa: ARG001 - one face for all kinds
    """An index from 0 to 1, without unit."""
    return "index"


def value(spec: Gini, plan: Quantities) -> float:
    """Return Σ v_s v_t abs(r_s − r_t) ÷ 2r₀ over all s and t, mean over the years looked at."""
    data = _compared(plan.instance, spec)
    rates = np.asarray(data.counted(plan) / data.people, dtype=float)
    years = range(len(data.years))
    sums = [_mean_difference(rates[:, i], data.shares[:, i]) for i in years]
    return float(np.mean(sums)) / (2.0 * _rate_before(plan.instance, spec))


def _mean_difference(rates: Floats, shares: Floats) -> float:
    return float(shares @ np.abs(rates[:, None] - rates[None, :]) @ shares)


def write(b: Builder, name: str, spec: Gini) -> Any:  # noqa: ANN401 - a Pyomo expression
    """Hand over the rates of each year, whose differences cost v_s v_t ÷ r₀; nothing beside."""
    data = _compared(b.instance, spec)
    counted = data.counted(b.quantities)
    nothing = Quantities(b.instance, np.zeros(b.instance.shape))
    before = np.asarray(data.counted(nothing) / data.people, dtype=float)
    where = b.where(data.nodes, data.years)
    years = len(data.years)
    for i in range(years):
        b.differences(
            RankedRates(
                owner=name,
                where=tuple(where[i::years]),
                counted=tuple(counted[:, i]),
                people=data.people[:, i],
                shares=data.shares[:, i],
                before=before[:, i],
                unit=1.0 / _rate_before(b.instance, spec) / years,
            )
        )
    return 0.0


def _compared(instance: Instance, spec: Gini) -> GapData:
    """Gather rates and weights.

    Raises
    ------
    InvalidScenario
        When there are more pairs than a program is given.
    """
    data = gap_data(instance, spec, WEIGHTING)
    n = len(data.nodes)
    if n * (n - 1) // 2 * len(data.years) > MOST_PAIRS:
        raise InvalidScenario([_too_many(instance, spec, n, len(data.years))])
    return data


def _rate_before(instance: Instance, spec: Gini) -> float:
    """Return r₀.

    Raises
    ------
    InvalidScenario
        When it is zero: nothing to divide by.
    """
    rate = national_initial(instance.tree, instance.indicators[spec.indicator])
    if rate > 0:
        return rate
    problem = Problem(
        code="nothing_to_divide_by",
        message=f"objective {_name(instance, spec)} is divided by the national rate before the "
        "plan, which is 0",
        path=("objectives", _name(instance, spec), "indicator"),
        received=spec.indicator,
        accepted="an indicator whose national rate before the plan is above 0",
        remedy="use kind: range or cvar, or another indicator",
    )
    raise InvalidScenario([problem])


def _too_many(instance: Instance, spec: Gini, territories: int, years: int) -> Problem:
    name = _name(instance, spec)
    pairs = territories * (territories - 1) // 2 * years
    over = f" over {years} years" if years > 1 else ""
    return Problem(
        code="too_many_pairs",
        message=f"objective {name} compares {territories} territories{over}, one with another",
        path=("objectives", name, "level"),
        received=f"{pairs} pairs",
        accepted=f"at most {MOST_PAIRS} pairs",
        remedy="compare a coarser level, fewer territories or the last year alone",
    )


def _name(instance: Instance, spec: Gini) -> str:
    return next(n for n, other in instance.scenario.objectives.items() if other is spec)
