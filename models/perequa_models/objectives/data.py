"""The figures an objective works on, ready for the program and for recomputing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perequa_models.errors import InvalidScenario
from perequa_models.figures.arrays import national_initial
from perequa_models.figures.selection import as_word, words_at
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from perequa_models.instance import Floats, IndicatorData, Instance
    from perequa_models.objectives.grammar import GapSpec, ObjectiveSpec
    from perequa_models.quantities import Quantities
    from perequa_models.tree import Indices

Values = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class GapData:
    """Rates of some territories against a target, in the years an objective looks at.

    Attributes
    ----------
    nodes
        Territories compared, nodes of the tree.
    years
        Positions of the years; the objective is their mean.
    people
        (n, Y'): population ÷ per, so that `people` × rate is a number of places.
    target
        (Y',): the target rate; NaN where it moves with the plan.
    weight
        (n, Y'): w of the definition, 1 or population ÷ per.
    """

    indicator: IndicatorData
    nodes: Indices
    years: Indices
    people: Floats
    target: Floats
    weight: Floats

    def counted(self, quantities: Quantities) -> Values:
        """Places (or budget) counted, shape (n, Y')."""
        return quantities.numerator(self.indicator, self.nodes)[:, self.years]

    def national(self, quantities: Quantities) -> Values:
        """Rate of the whole country in the plan, shape (Y',)."""
        tree = quantities.instance.tree
        top = tree.at(tree.levels[0])
        places = quantities.numerator(self.indicator, top)[:, self.years].sum(axis=0)
        people = self.indicator.population[top][:, self.years].sum(axis=0) / self.indicator.per
        return np.asarray(places / people)

    @property
    def factor(self) -> Floats:
        """What a missing place counts in the mean over the years, shape (n, Y')."""
        return self.weight / self.people / len(self.years)

    @property
    def shares(self) -> Floats:
        """Part of each territory in the whole of those compared, by its weight, shape (n, Y')."""
        return np.asarray(self.weight / self.weight.sum(axis=0))

    def targets(self, quantities: Quantities) -> Values:
        """Target rate of each year, moving ones filled in from the plan, shape (Y',)."""
        moving = np.isnan(self.target)
        if not moving.any():
            return self.target
        national = self.national(quantities)
        return np.array(
            [national[i] if moving[i] else self.target[i] for i in range(len(self.target))]
        )


def years_looked_at(instance: Instance, spec: ObjectiveSpec) -> Indices:
    """Positions of the years: the last one, or all."""
    last = len(instance.years) - 1
    return np.arange(last + 1) if spec.years == "all" else np.array([last])


def nodes_compared(instance: Instance, spec: ObjectiveSpec) -> Indices:
    """Nodes of the objective's level, restricted to its `territories`.

    Raises
    ------
    InvalidScenario
        When the restriction leaves none.
    """
    tree = instance.tree
    nodes = tree.at(spec.level or instance.level)
    if spec.territories is None:
        return nodes
    if isinstance(spec.territories, tuple):
        named = {found for w in spec.territories if isinstance(found := tree.find(w), int)}
        upper = tree.levels[: tree.levels.index(spec.level or instance.level) + 1]
        lines = [tree.ancestors(upper[-1], level) for level in upper]
        inside = [any(int(line[i]) in named for line in lines) for i in range(len(nodes))]
    else:
        words = words_at(instance.columns[spec.territories.column], tree, nodes)
        wanted = as_word(spec.territories.equals)
        inside = [word == wanted for word in words]
    if not any(inside):
        raise InvalidScenario([_nobody(instance, spec)])
    return np.asarray(nodes[inside], dtype=np.intp)


def _nobody(instance: Instance, spec: ObjectiveSpec) -> Problem:
    name = next(n for n, other in instance.scenario.objectives.items() if other is spec)
    return Problem(
        code="matches_nothing",
        message=f"objective {name} compares no territory",
        path=("objectives", name, "territories"),
        received="0 territories",
        accepted=f"at least one {spec.level or instance.level}",
        remedy="correct the selection, or drop the objective",
    )


def gap_data(instance: Instance, spec: GapSpec, default_weighting: str) -> GapData:
    """Gather what a gap objective needs, once: its value is asked of many plans."""
    known, key = instance.gathered, (spec, default_weighting)
    if key not in known:
        known[key] = _gathered(instance, spec, default_weighting)
    return known[key]


def _gathered(instance: Instance, spec: GapSpec, default_weighting: str) -> GapData:
    indicator = instance.indicators[spec.indicator]
    nodes = nodes_compared(instance, spec)
    years = years_looked_at(instance, spec)
    people = indicator.population[np.ix_(nodes, years)] / indicator.per
    weighting = spec.weighting or default_weighting
    target = indicator.target if spec.target is None else spec.target
    if target == "national_initial":
        target = national_initial(instance.tree, indicator)
    return GapData(
        indicator=indicator,
        nodes=nodes,
        years=years,
        people=people,
        target=np.full(len(years), np.nan if target == "national" else float(target)),
        weight=people if weighting == "population" else np.ones_like(people),
    )


def unit_of_gap(instance: Instance, spec: GapSpec, default_weighting: str) -> str:
    """Unit of a gap objective: places when weighted by population, else points of the rate."""
    weighting = spec.weighting or default_weighting
    if weighting == "territory":
        return "rate point"
    indicator = instance.indicators[spec.indicator]
    money = indicator.in_budget or instance.is_money[indicator.measures].all()
    return instance.scenario.currency if money else "place"
