"""Equipment rates and rates in money, recomputed (scenario reference, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices


@dataclass(frozen=True)
class Rates:
    """One indicator over every node of the tree and every year.

    Attributes
    ----------
    model, spec
        The scenario's figures and what it says of the indicator.
    """

    model: Model
    spec: Mapping[str, Any]

    @property
    def per(self) -> float:
        """People for whom the rate counts places."""
        return float(self.spec.get("per", 1000.0))

    @cached_property
    def positions(self) -> Indices:
        """Measures counted."""
        names = self.spec["measures"]
        names = names if isinstance(names, list) else [names]
        return np.array([self.model.measures.index(name) for name in names], dtype=np.intp)

    @cached_property
    def population(self) -> Floats:
        """Denominator of every node and year, shape (N, Y)."""
        values = self.model.quantity(self.spec["population"])
        # A denominator that distinguishes measures is summed over those the rate counts.
        columns = self.positions if values.shape[1] > 1 else [0]
        summed = values[:, columns].sum(axis=1)
        return np.array(np.broadcast_to(summed, (len(self.model.tree.key), len(self.model.years))))

    @cached_property
    def start(self) -> Floats:
        """Numerator before the plan of every node, shape (N,)."""
        if self.spec.get("in", "stock") == "budget":
            return self._summed_up(self.model.bare_supply.base[:, self.positions].sum(axis=1))
        column = str(self.spec.get("counts", "installed"))
        total = np.zeros(len(self.model.tree.key))
        for m in self.positions:
            # What a measure of money has "installed" is its base.
            base = column == "installed" and self.model.bare_supply.is_money[m]
            if base and not self.model.figures.has("base"):
                continue
            values = self.model.figures.amount("base" if base else column)
            total += values[:, min(int(m), values.shape[1] - 1), 0]
        return total

    @cached_property
    def initial(self) -> Floats:
        """Rate before the plan, over the first year's population, shape (N,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            rate: Floats = self.per * self.start / self.population[:, 0]
        return rate

    @cached_property
    def national_initial(self) -> float:
        """Rate of the whole country before the plan."""
        stated = self.spec.get("national_initial")
        if stated is not None:  # the tables hold a part of the country only
            return float(stated)
        top = self.model.tree.top
        return float(self.per * self.start[top].sum() / self.population[top, 0].sum())

    def number(self, target: object) -> float:
        """Return a target as a rate (`national`, a rate of the plan itself, starts from here)."""
        if isinstance(target, int | float):
            return float(target)
        return self.national_initial

    @property
    def target(self) -> float:
        """Target that the tables compare with."""
        return self.number(self.spec.get("target", "national_initial"))

    def numerator(self, x: Floats) -> Floats:
        """Places (or money) of every node at the end of each year, shape (N, Y)."""
        supply = self.model.supply
        if self.spec.get("in", "stock") == "budget":
            budget = self.model.value("budget", x)[:, self.positions]
            return self._summed_up(budget.sum(axis=1))
        change = np.cumsum(x - supply.closed, axis=2)[:, self.positions].sum(axis=1)
        return self.start[:, None] + self._summed_up(change)

    def rate(self, x: Floats) -> Floats:
        """Rate of every node at the end of each year, shape (N, Y)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            rate: Floats = self.per * self.numerator(x) / self.population
        return rate

    def national(self, x: Floats) -> Floats:
        """Rate of the whole country at the end of each year, shape (Y,)."""
        top = self.model.tree.top
        total: Floats = self.numerator(x)[top].sum(axis=0)
        result: Floats = self.per * total / self.population[top].sum(axis=0)
        return result

    def _summed_up(self, values: Floats) -> Floats:
        """Sum figures of decision territories into every node above, shape (N, …)."""
        tree = self.model.tree
        total = np.zeros((len(tree.key), *values.shape[1:]))
        for nodes in tree.above.values():
            np.add.at(total, nodes, values)
        return total
