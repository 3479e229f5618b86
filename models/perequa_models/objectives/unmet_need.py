"""Declared needs that the plan does not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.columns import summed_up
from perequa_models.objectives.data import nodes_compared, years_looked_at
from perequa_models.objectives.grammar import ObjectiveSpec
from perequa_models.strict import ColumnRef, Name, Text
from perequa_models.tree import split

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Floats, Instance
    from perequa_models.quantities import Quantities, Values


class UnmetNeed(ObjectiveSpec):
    """Sum over territories of max(0, declared need − places)."""

    kind: Literal["unmet_need"]
    level: Text
    measure: Name
    """Name of the measure whose places meet the need."""
    need: ColumnRef
    """Column of the places that each territory declares it needs, beside those it has."""


def unit(instance: Instance, spec: UnmetNeed) -> str:
    """Places, or money for a measure counted in money."""
    money = instance.scenario.measures[spec.measure].unit == "money"
    return instance.scenario.currency if money else "place"


def value(spec: UnmetNeed, plan: Quantities) -> float:
    """Σ max(0, need − places funded so far), mean over the years looked at."""
    need, funded = _need_and_funded(spec, plan)
    return float(np.maximum(need - funded, 0.0).sum() / need.shape[1])


def write(b: Builder, name: str, spec: UnmetNeed) -> Any:  # noqa: ANN401 - a Pyomo expression
    """U ≥ need − Σ x; the objective is Σ u."""
    need, funded = _need_and_funded(spec, b.quantities)
    years = years_looked_at(b.instance, spec)
    where = b.where(nodes_compared(b.instance, spec), years)
    unmet = b.variables(name, "unmet", where)
    # one sum and not a difference of sums: it is read at once
    rows = zip(unmet, funded.ravel(), need.ravel().tolist(), strict=True)
    b.at_least_zero(name, "need", where, [b.total((f, u, -n)) for u, f, n in rows])
    return sum(unmet) * (1.0 / len(years))


def _need_and_funded(spec: UnmetNeed, plan: Quantities) -> tuple[Floats, Values]:
    """Declared need and places funded so far, each of shape (n, years looked at)."""
    instance = plan.instance
    nodes, years = nodes_compared(instance, spec), years_looked_at(instance, spec)
    measure = instance.measures.index(spec.measure)
    absent = 0.0 if instance.scenario.supply.absent == "closed" else None
    declared = summed_up(instance.columns[spec.need.column], instance.tree, absent)
    of_measure = declared[nodes, min(measure, declared.shape[1] - 1), :]
    need = np.broadcast_to(of_measure, (len(nodes), max(len(instance.years), 1)))[:, years]
    level = instance.tree.nodes[int(nodes[0])].level
    above = instance.tree.ancestors(instance.level, level)
    so_far = np.cumsum(plan.x[:, measure, :], axis=1)
    funded = np.array([so_far[below].sum(axis=0)[years] for below in split(above, nodes)])
    return need, funded
