"""Stock, credits and budget of a plan, written once for numbers and for Pyomo variables.

The formulas are those of the scenario reference, section 2. `x` is an array of shape (T, M, Y)
that holds either figures or the variables of the program: the arithmetic is the same.
"""

from __future__ import annotations

from collections.abc import Callable
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
Plus = Callable[..., Values]


def plainly(*arrays: Values) -> Values:
    """Add up arrays one after another."""
    return np.asarray(sum(arrays[1:], arrays[0]))


@dataclass(frozen=True)
class Quantities:
    """What a plan amounts to, cell by cell.

    Parameters
    ----------
    instance
        The figures.
    x
        Places (or money, for measures counted in money) newly funded, shape (T, M, Y); those that
        projects open are among them.
    fixed
        Budgets that a rule fixes (convergence), shape (T, M, Y), read there alone: the variables
        that stand for them, or what a moved limit makes of them. By default those of the instance.
    taken
        (J,): which projects are taken, 1 or 0; None where none is.
    plus
        Adds up arrays, place by place: figures plainly; who writes a program lays its sums flat.
    """

    instance: Instance
    x: Values
    fixed: Values | None = None
    taken: Values | None = None
    plus: Plus = plainly

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
        """F = c·x: what the places cost over a full year; (T, M, Y).

        Places of a project cost what the project costs the envelope.
        """
        return self._with_projects(self._own_cost, [p.charged for p in self.instance.projects])

    @cached_property
    def opening_credits(self) -> Values:
        """c·μ/12·x: what the places cost in the year they open; (T, M, Y)."""
        opening = [p.opening_credits for p in self.instance.projects]
        return self._with_projects(self._own_cost * self._opening_share, opening)

    @cached_property
    def extension_credits(self) -> Values:
        """c·(12 − μ)/12·x of the year before: the full-year extension; (T, M, Y)."""
        # a place paid for twelve months at once leaves nothing due: no term of nought times it
        later = (self.instance.opening_months < 12) | self.instance.by_projects
        due = np.zeros(self.due_after.shape, dtype=self.due_after.dtype)
        due[:, later] = self.due_after[:, later]
        return np.concatenate([self.instance.carried[:, :, None], due[:, :, :-1]], axis=2)

    @cached_property
    def credits(self) -> Values:
        """k: new money delegated each year, extensions included; (T, M, Y)."""
        return self.plus(self.opening_credits, self.extension_credits)

    @cached_property
    def due_after(self) -> Values:
        """The extension that falls in the following year; (T, M, Y)."""
        due = [p.extension_credits for p in self.instance.projects]
        return self._with_projects(self._own_cost * (1.0 - self._opening_share), due)

    @cached_property
    def projects(self) -> Values:
        """Number of projects taken, (T, M, Y)."""
        return self._with_projects(np.zeros(self.x.shape), [1.0] * len(self.instance.projects))

    @cached_property
    def freed_places(self) -> Values:
        """Places that the projects taken free elsewhere, (T, M, Y)."""
        return self._with_projects(
            np.zeros(self.x.shape), [p.frees for p in self.instance.projects]
        )

    @cached_property
    def _own_cost(self) -> Values:
        """c·x over the measures that projects do not hand out; (T, M, Y)."""
        cost = self.instance.cost
        if not self.instance.projects:
            return cost * self.x
        apart = np.broadcast_to(self.instance.by_projects[None, :, None], cost.shape)
        own = np.zeros(cost.shape, dtype=self.x.dtype)
        own[~apart] = cost[~apart] * self.x[~apart]
        return own

    def _with_projects(self, own: Values, each: list[float]) -> Values:
        """Add what every project taken counts in its cell."""
        if self.taken is None or not each:
            return own
        total = own.astype(self.taken.dtype) if own.dtype != object else own.copy()
        for cell, value, z in zip(
            zip(*self.instance.project_cells, strict=True), each, self.taken, strict=True
        ):
            if value:
                total[cell] = total[cell] + value * z
        return total

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
        earlier: list[tuple[Values, Values]] = []
        years = []
        for y in range(instance.shape[2]):
            growth = 1.0 + instance.rate[:, :, y]
            renewed = renewed * growth
            earlier = [(money, kept * growth) for money, kept in earlier]
            new = self.credits[:, :, y]
            years.append(self.plus(renewed, *(money * kept for money, kept in earlier), new))
            earlier.append((new, np.broadcast_to(recurrent, new.shape)))
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
        # a gap and the worst of the same indicator count the same
        known = (id(indicator), nodes.tobytes())
        if known not in self._counted:
            self._counted[known] = self._numerator(indicator, nodes)
        return self._counted[known]

    @cached_property
    def _counted(self) -> dict[tuple[int, bytes], Values]:
        """What indicators count, by indicator and nodes; filled as it is asked for."""
        return {}

    def _numerator(self, indicator: IndicatorData, nodes: Indices) -> Values:
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
