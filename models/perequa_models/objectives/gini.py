"""Inequality of the rates: their Gini index around the national rate before the plan.

That rate being fixed, the index is a sum of absolute differences and so piecewise linear: every
pair of territories compared has one row, which states its difference exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.errors import InvalidScenario
from perequa_models.figures.arrays import national_initial
from perequa_models.objectives.data import gap_data
from perequa_models.objectives.grammar import GapSpec
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Floats, Instance
    from perequa_models.objectives.data import GapData
    from perequa_models.quantities import Quantities
    from perequa_models.tree import Indices


class Gini(GapSpec):
    """Mean difference between two rates, over twice the national rate before the plan."""

    kind: Literal["gini"]


WEIGHTING = "territory"
MOST_PAIRS = 30_000
"""Pairs of territories, over all years looked at, that a program is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Every pair of territories compared.

    Attributes
    ----------
    data
        The rates and weights.
    first, second
        (q,): positions of both territories among those compared.
    smaller
        (q, Y'): people of the less populated of the two, in which their difference is counted.
    factor
        (q, Y'): what one place of difference adds to the index.
    """

    data: GapData
    first: Indices
    second: Indices
    smaller: Floats
    factor: Floats


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
    """Write p·(r_s − r_t) = above − below for each pair, p the fewer people: both in places."""
    pairs = _pairs(b.instance, spec)
    data = pairs.data
    where = b.pairs(data.nodes[pairs.first], data.nodes[pairs.second], data.years)
    above = b.variables(name, "above", where)
    below = b.variables(name, "below", where)
    counted = data.counted(b.quantities)
    ones = pairs.smaller / data.people[pairs.first]
    others = pairs.smaller / data.people[pairs.second]
    gap = (ones * counted[pairs.first] - others * counted[pairs.second]).ravel()
    sides = list(zip(above, below, gap, strict=True))
    b.zero(name, "gap", where, [g - over + under for over, under, g in sides])
    factor = pairs.factor.ravel()
    return sum(f * (over + under) for f, (over, under, _) in zip(factor, sides, strict=True))


def _pairs(instance: Instance, spec: Gini) -> Pairs:
    """Pair the territories compared, each pair once."""
    data = _compared(instance, spec)
    first, second = np.triu_indices(len(data.nodes), 1)
    smaller = np.minimum(data.people[first], data.people[second])
    both = data.shares[first] * data.shares[second]
    before = _rate_before(instance, spec)
    return Pairs(
        data=data,
        first=first,
        second=second,
        smaller=smaller,
        factor=both / smaller / before / len(data.years),
    )


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
