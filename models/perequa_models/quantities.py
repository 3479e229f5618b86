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

from perequa_models.tree import split

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
    fixed
        Budgets that a rule fixes (convergence), shape (T, M, Y), read there alone: the variables
        that stand for them, or what a moved limit makes of them. By default those of the instance.
    """

    instance: Instance
    x: Values
    fixed: Values | None = None

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
        # a place paid for twelve months at once leaves nothing due: no term of nought times it
        due = np.zeros_like(self.x)
        later = self.instance.opening_months < 12
        due[:, later] = self.due_after[:, later]
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
        """G = (1 + rate)·G of the year before + k − v, one-off money left out; (T, M, Y).

        Where a rule fixes the budget, v is what makes it so (`freed`).
        """
        converging = self.instance.converging
        if not converging.any():
            return self._renewed
        return np.where(converging[:, :, None], self._fixed, self._renewed)

    @cached_property
    def freed(self) -> Values:
        """v: what convergence takes off the budget renewed, negative where it adds; (T, M, Y)."""
        pairs = self.instance.converging
        freed: Values = np.zeros(self.x.shape, dtype=self.x.dtype)
        if pairs.any():
            budget = self._fixed[pairs]
            before = np.column_stack([self.instance.base[pairs], budget[:, :-1]])
            taken = (1.0 + self.instance.rate[pairs]) * before - budget
            # nothing new is funded there: of credits only what is still due for earlier places
            taken[:, 0] = taken[:, 0] + self.instance.carried[pairs]
            freed[pairs] = taken
        return freed

    @property
    def _fixed(self) -> Values:
        return self.instance.fixed_budget if self.fixed is None else self.fixed

    @cached_property
    def _renewed(self) -> Values:
        """G with v = 0 everywhere; (T, M, Y)."""
        instance = self.instance
        recurrent = np.array(
            [1.0 if instance.scenario.measures[m].recurrent else 0.0 for m in instance.measures]
        )
        # written out in what each year adds, so that a year is one sum and not a sum of sums
        renewed: Values = instance.base
        added: list[tuple[Values, Values]] = []
        years = []
        for y in range(instance.shape[2]):
            growth = 1.0 + instance.rate[:, :, y]
            renewed = renewed * growth
            added = [(money, kept * growth) for money, kept in added]
            new = self.credits[:, :, y]
            years.append(sum((money * kept for money, kept in added), renewed) + new)
            added.append((new, np.broadcast_to(recurrent, new.shape)))
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
            counted = np.array(
                [by_territory[below].sum(axis=0) for below in split(ancestors, nodes)]
            )
        if not indicator.in_budget:
            start = indicator.start[nodes][:, indicator.measures].sum(axis=1)
            counted = counted + start[:, None]
        return counted


def plan_of(instance: Instance, columns: Values) -> Quantities:
    """Read a plan off the columns of the program: decisions first, then what rows fix.

    Parameters
    ----------
    columns
        Value of every column, natural units.
    """
    cells = int(np.prod(instance.shape))
    fixed = instance.fixed_budget.copy()
    for i, row in enumerate(row for row in instance.rows if row.held):
        if row.budget_of is not None:
            fixed.ravel()[row.budget_of] = columns[cells + i]
    return Quantities(instance, columns[:cells].reshape(instance.shape), fixed)
