"""Stock, credits and budget of a plan, written once for numbers and for Pyomo variables.

The formulas are those of the scenario reference, section 2. `x` is an array of shape (T, M, Y)
that holds either figures or the variables of the program: the arithmetic is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from perequa_models.instance import IndicatorData, Instance
    from perequa_models.tree import Indices

Values = NDArray[Any]


@dataclass(frozen=True)
class Quantities:
    """What a plan amounts to, cell by cell.

    Parameters
    ----------
    instance
        The figures.
    x
        Places (or money, for measures counted in money) newly funded, shape (T, M, Y).
    """

    instance: Instance
    x: Values

    @property
    def places(self) -> Values:
        """The decisions themselves, shape (T, M, Y)."""
        return self.x

    @cached_property
    def added(self) -> Values:
        """Change of the stock since the start: funded less closed, cumulated; (T, M, Y)."""
        return np.cumsum(self.x - self.instance.closed, axis=2)

    @cached_property
    def stock(self) -> Values:
        """S = S of the year before + x − closed: places at the end of each year; (T, M, Y)."""
        return self.instance.installed[:, :, None] + self.added

    @cached_property
    def full_year_credits(self) -> Values:
        """F = c·x: what the places cost over a full year; (T, M, Y)."""
        return self.instance.cost * self.x

    @cached_property
    def opening_credits(self) -> Values:
        """c·μ/12·x: what the places cost in the year they open; (T, M, Y)."""
        return self.full_year_credits * self._opening_share

    @cached_property
    def extension_credits(self) -> Values:
        """c·(12 − μ)/12·x of the year before: the full-year extension; (T, M, Y)."""
        due = self.full_year_credits * (1.0 - self._opening_share)
        return np.concatenate([self.instance.carried[:, :, None], due[:, :, :-1]], axis=2)

    @cached_property
    def credits(self) -> Values:
        """k: new money delegated each year, extensions included; (T, M, Y)."""
        return self.opening_credits + self.extension_credits

    @cached_property
    def due_after(self) -> Values:
        """The extension that falls in the following year; (T, M, Y)."""
        return self.full_year_credits * (1.0 - self._opening_share)

    @cached_property
    def budget(self) -> Values:
        """G = (1 + rate)·G of the year before + k, one-off money left out; (T, M, Y)."""
        instance = self.instance
        recurrent = np.array(
            [1.0 if instance.scenario.measures[m].recurrent else 0.0 for m in instance.measures]
        )
        before: Values = instance.base
        years = []
        for y in range(instance.shape[2]):
            renewed = before * (1.0 + instance.rate[:, :, y])
            years.append(renewed + self.credits[:, :, y])
            before = renewed + self.credits[:, :, y] * recurrent
        return np.stack(years, axis=2)

    @property
    def _opening_share(self) -> NDArray[np.float64]:
        return (self.instance.opening_months / 12.0)[None, :, None]

    def numerator(self, indicator: IndicatorData, nodes: Indices) -> Values:
        """Places (or budget) an indicator counts, at nodes of one level.

        Parameters
        ----------
        indicator
            The indicator.
        nodes
            Nodes of the tree, of one level not finer than the decision level.

        Returns
        -------
        array, shape (len(nodes), Y)
        """
        instance = self.instance
        cells = (self.budget if indicator.in_budget else self.added)[:, indicator.measures, :]
        by_territory = cells.sum(axis=1)
        level = instance.tree.nodes[int(nodes[0])].level
        ancestors = instance.tree.ancestors(instance.level, level)
        counted: Values
        if level == instance.level:
            counted = by_territory[np.searchsorted(ancestors, nodes)]
        else:
            counted = np.array([by_territory[ancestors == node].sum(axis=0) for node in nodes])
        if not indicator.in_budget:
            start = indicator.start[nodes][:, indicator.measures].sum(axis=1)
            counted = counted + start[:, None]
        return counted
