"""What shares are measured by: people of reference, what stood before, rank of the rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perequa.comparison.sides import Side
    from perequa_models.instance import IndicatorData, Instance


@dataclass(frozen=True)
class Yardsticks:
    """Figures of one side's territories at a level; None where its scenario states none.

    Parameters
    ----------
    side
        A run or scenario with a plan.
    level
        The level compared.
    """

    side: Side
    level: str

    def indicator(self, measure: str) -> IndicatorData | None:
        """Return the first indicator that holds a measure: its denominator counts the people."""
        instance = self.side.instance
        if instance is None or measure not in instance.measures:
            return None
        m = instance.measures.index(measure)
        return next((i for i in instance.indicators.values() if m in i.measures), None)

    def population(self, measure: str, territory: str, year: int) -> float | None:
        """Return the people of reference of a territory."""
        indicator, node = self.indicator(measure), self._node(territory)
        instance = self.side.instance
        if indicator is None or node is None or instance is None:
            return None
        return float(indicator.population[node, instance.years.index(year)])

    def base(self, measure: str, territory: str) -> float | None:
        """Return what a territory had before the plan, in money.

        Its renewed credits where the scenario states any for the measure, else its places at the
        cost of the first year.
        """
        instance, node = self.side.instance, self._node(territory)
        if instance is None or node is None or measure not in instance.measures:
            return None
        m = instance.measures.index(measure)
        below = instance.tree.below(node, instance.level)
        return float(self._money_before(instance)[below, m].sum())

    def ranks(self, measure: str, year: int) -> dict[str, tuple[int, int]]:
        """Return the rank of every territory's rate before and after, 1 for the best equipped.

        Territories of the same rate have the same rank.
        """
        indicator = self.indicator(measure)
        if indicator is None:
            return {}
        rows = [
            row
            for row in self.side.tables["indicators"].records()
            if (row["indicator"], row["level"], row["year"]) == (indicator.name, self.level, year)
        ]
        codes = [str(row["territory"]) for row in rows]
        before, after = (_ranked([row[k] for row in rows]) for k in ("before", "after"))
        return dict(zip(codes, zip(before, after, strict=True), strict=True))

    @cached_property
    def _nodes(self) -> dict[str, int]:
        instance = self.side.instance
        if instance is None or self.level not in instance.tree.levels:
            return {}
        nodes = instance.tree.nodes
        return {nodes[int(i)].code: int(i) for i in instance.tree.at(self.level)}

    def _node(self, territory: str) -> int | None:
        return self._nodes.get(territory)

    @staticmethod
    def _money_before(instance: Instance) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Base of each territory and measure in money, shape (T, M)."""
        places = instance.installed * instance.cost[:, :, 0]
        stated = instance.base.sum(axis=0) > 0
        return np.where(stated | instance.is_money, instance.base, places)


def _ranked(values: list[object]) -> list[int]:
    figures = np.array([v if isinstance(v, float) else np.nan for v in values])
    return [1 + int((figures > value).sum()) for value in figures]
