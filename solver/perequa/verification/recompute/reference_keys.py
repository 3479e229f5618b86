"""What a part of the reference shares by, among whom, and up to what (section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.figures import equals
from perequa.verification.recompute.groups import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices


@dataclass(frozen=True)
class Keys:
    """The keys of one block at the territories of its level.

    Attributes
    ----------
    model
        The scenario's figures.
    level, measure, year
        The block's level, and the positions of its measure and year.
    """

    model: Model
    level: str
    measure: int
    year: int

    @property
    def nodes(self) -> Indices:
        """Territories of the block, nodes of the tree."""
        return self.model.tree.at(self.level)

    def eligible(self, spec: Mapping[str, Any], added: Floats) -> Indices:
        """Positions of the territories that take part; earlier parts add to what is counted."""
        model, stated = self.model, spec.get("eligible")
        above = model.tree.above[self.level]
        openly = {int(n) for n in above[~model.supply.closed_pairs[:, self.measure]]}
        chosen = np.array([int(n) in openly for n in self.nodes])
        if isinstance(stated, dict) and "below" in stated:
            rates = model.rates(spec["indicator"])
            rate = rates.per * self._held(spec, added) / rates.population[self.nodes, self.year]
            chosen &= rate < rates.number(stated["below"])
        elif isinstance(stated, dict) and "territories" in stated:
            named = {model.tree.find(written) for written in names_of(stated["territories"])}
            chosen &= np.array([self._inside(int(node), named) for node in self.nodes])
        elif stated is not None:
            words = [model.figures.word(stated["column"], int(node)) for node in self.nodes]
            chosen &= np.array([equals(word, stated["equals"]) for word in words])
        return np.flatnonzero(chosen)

    def _inside(self, node: int, named: set[int]) -> bool:
        """Whether a territory or one it belongs to is named."""
        while node >= 0:
            if node in named:
                return True
            node = int(self.model.tree.parent[node])
        return False

    def basis(self, spec: Mapping[str, Any], added: Floats) -> Floats:
        """Key of every territory, shape (n,)."""
        stated = spec["basis"]
        if stated == "equal":
            return np.ones(len(self.nodes))
        if isinstance(stated, str):
            rates = self.model.rates(spec["indicator"])
            wanted = rates.number(spec.get("target", "national_initial")) / rates.per
            people, held = rates.population[self.nodes, self.year], self._held(spec, added)
            if stated == "inverse_rate":
                inverse: Floats = people * people * wanted / np.where(held > 0, held, np.inf)
                return inverse
            missing: Floats = np.maximum(wanted * people - held, 0.0)
            return missing
        if "column" in stated:
            return self._column(str(stated["column"]))
        return self._mix(stated, keep=spec.get("negative") == "keep")

    def caps(self, spec: Mapping[str, Any]) -> Floats:
        """Most of every territory, shape (n,), infinite where there is no cap."""
        return self._bound(spec.get("cap"), np.inf)

    def floors(self, spec: Mapping[str, Any]) -> Floats:
        """Least of every territory, shape (n,), 0 where there is no floor."""
        return self._bound(spec.get("floor"), 0.0)

    def _bound(self, stated: Any, absent: float) -> Floats:  # noqa: ANN401 - as JSON holds it
        if stated is None:
            return np.full(len(self.nodes), absent)
        if isinstance(stated, dict):
            values = self._column(str(stated["column"]))
            return np.maximum(float(stated.get("times", 1.0)) * values, 0.0)
        return np.full(len(self.nodes), max(float(stated), 0.0))

    def _held(self, spec: Mapping[str, Any], added: Floats) -> Floats:
        """What the rate counts: before the plan, or with what earlier parts give."""
        rates = self.model.rates(spec["indicator"])
        counted = self.measure in rates.positions
        held: Floats = np.nan_to_num(rates.start[self.nodes])
        return held + added if counted and spec.get("at") == "earlier_parts" else held

    def _column(self, name: str) -> Floats:
        values = self.model.quantity(name)[self.nodes]
        m, y = min(self.measure, values.shape[1] - 1), min(self.year, values.shape[2] - 1)
        return np.nan_to_num(values[:, m, y])

    def _mix(self, stated: Mapping[str, Any], *, keep: bool) -> Floats:
        """Weighted sum of shares of the nation; negative ones set to zero, the sum kept."""
        total = np.zeros(len(self.nodes))
        for term in stated["mix"]:
            values = self._column(str(term["column"]))
            total += float(term["weight"]) * values / values.sum()
        total *= float(stated.get("times", 1.0))
        if keep or (total >= 0).all():
            return total
        positive = np.maximum(total, 0.0)
        rescaled: Floats = positive * (total.sum() / positive.sum())
        return rescaled
