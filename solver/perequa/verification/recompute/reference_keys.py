"""What a part of the reference shares by, among whom, and up to what (section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.groups import selected_territories

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

    def eligible(self, spec: Mapping[str, Any]) -> Indices:
        """Positions of the territories that take part."""
        supply = self.model.supply
        chosen = ~supply.closed_pairs[:, self.measure]
        stated = spec.get("eligible")
        if isinstance(stated, dict) and "below" in stated:
            rates = self.model.rates(spec["indicator"])
            rate = rates.per * rates.start / rates.population[:, self.year]
            chosen &= rate[self.model.tree.deciding] < rates.number(stated["below"])
        elif isinstance(stated, dict) and "territories" in stated:
            chosen &= selected_territories(self.model, stated["territories"])
        elif stated is not None:
            chosen &= selected_territories(self.model, stated)
        return np.flatnonzero(chosen)

    def basis(self, spec: Mapping[str, Any]) -> Floats:
        """Key of every territory, shape (n,)."""
        stated = spec["basis"]
        if stated == "equal":
            return np.ones(len(self.nodes))
        if stated == "missing_places":
            rates = self.model.rates(spec["indicator"])
            target = rates.number(spec.get("target", "national_initial"))
            wanted = target * rates.population[self.nodes, self.year] / rates.per
            missing: Floats = np.maximum(wanted - rates.start[self.nodes], 0.0)
            return missing
        if "column" in stated:
            return self._column(str(stated["column"]))
        return self._mix(stated, keep=spec.get("negative") == "keep")

    def caps(self, spec: Mapping[str, Any]) -> Floats:
        """Most of every territory, shape (n,), infinite where there is no cap."""
        stated = spec.get("cap")
        if stated is None:
            return np.full(len(self.nodes), np.inf)
        if isinstance(stated, dict):
            return np.maximum(self._column(str(stated["column"])), 0.0)
        return np.full(len(self.nodes), float(stated))

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
