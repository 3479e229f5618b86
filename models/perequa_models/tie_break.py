"""Which plan is published among those that tie: as even as possible per unit of a basis.

The published plan alone minimises Σ c·x²/a on the set of optimal plans (scenario reference,
section 6): strictly convex, so unique, and two identical territories get the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.columns import summed_up
from perequa_models.figures.arrays import national_initial
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from perequa_models.instance import Floats, IndicatorData, Instance
    from perequa_models.problems import Problems
    from perequa_models.reference.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Evenness:
    """The function Σ cost·(x − around)²/basis, arrays of shape (T, M, Y).

    Attributes
    ----------
    cost
        Full-year cost of a place; 1 for measures counted in money.
    basis
        What the plan is spread evenly per unit of.
    around
        Zero, or the reference allocation.
    """

    cost: Floats
    basis: Floats
    around: Floats


def evenness(instance: Instance, reference: Reference, problems: Problems) -> Evenness:
    """Read ``tie_break`` of a scenario into figures.

    Notes
    -----
    A basis read from installed places or from the reference is at least 1, so that a territory
    without any still counts. A column must be above zero everywhere.
    """
    toward = instance.scenario.tie_break.toward
    cost = np.where(instance.is_money[None, :, None], 1.0, instance.cost)
    around = np.zeros(instance.shape)
    if toward == "reference":
        # money has no places: its reference is the credits themselves
        money = instance.is_money[None, :, None]
        around = np.nan_to_num(np.where(money, reference.credits, reference.places))
        basis = np.maximum(around, 1.0)
    else:
        pairs = _basis(instance, toward, problems)
        basis = np.repeat(pairs[:, :, None], len(instance.years), axis=2)
    return Evenness(cost=cost, basis=basis, around=around)


def _basis(instance: Instance, toward: str | ColumnRef, problems: Problems) -> Floats:
    """Return a[t, m], shape (T, M)."""
    if isinstance(toward, ColumnRef):
        return _column(instance, toward, problems)
    if toward == "installed":
        return np.maximum(instance.installed, 1.0)
    basis = np.ones(instance.installed.shape)
    if toward == "equal":
        return basis
    for m, measure in enumerate(instance.measures):
        indicator = _first_indicator(instance, measure)
        if indicator is None:
            continue
        population = indicator.population[instance.nodes, 0]
        if toward == "population":
            basis[:, m] = population
        else:
            target = national_initial(instance.tree, indicator)
            counted = indicator.start[instance.nodes][:, indicator.measures].sum(axis=1)
            missing = target * population / indicator.per - counted
            basis[:, m] = np.maximum(missing, 1.0)
    return basis


def _first_indicator(instance: Instance, measure: str) -> IndicatorData | None:
    """Return the first indicator of the scenario, in the order of its file, holding a measure."""
    for name, indicator in instance.scenario.indicators.items():
        if measure in indicator.measures:
            return instance.indicators[name]
    return None


def _column(instance: Instance, toward: ColumnRef, problems: Problems) -> Floats:
    column = instance.columns.get(toward.column)
    shape = instance.installed.shape
    if column is None or column.is_text:
        problems.error(
            "unknown_column",
            f"no column of figures {toward.column!r} to spread the plan by",
            path=("tie_break", "toward", "column"),
            received=toward.column,
            accepted="a column of figures above zero",
            remedy="name a column of a table of this scenario",
        )
        return np.ones(shape)
    values = np.array(
        np.broadcast_to(summed_up(column, instance.tree)[instance.nodes][:, :, 0], shape)
    )
    for t, m in np.argwhere(~(values > 0))[:1]:
        territory = instance.territories[t]
        problems.error(
            "not_positive",
            f"{column.name} of {territory.id} must be above zero to spread the plan by it",
            path=("tie_break", "toward"),
            cell=column.cell(int(instance.nodes[t]), int(m), 0),
            received=f"{values[t, m]:g}",
            accepted="a number above 0",
            remedy="choose another basis, or correct the cell",
        )
    return np.where(values > 0, values, 1.0)
