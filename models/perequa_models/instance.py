"""A scenario with its figures: frozen, aligned, complete. After this point nothing defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.campaign.figures import CampaignFigures
    from perequa_models.columns import Column
    from perequa_models.conversions import Converted
    from perequa_models.keys import RowKey
    from perequa_models.objectives.data import GapData
    from perequa_models.objectives.grammar import GapSpec
    from perequa_models.projects.project import Project
    from perequa_models.rules.grammar import Quantity
    from perequa_models.scenario import Scenario
    from perequa_models.tree import Indices, Territory, Tree

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Unit = Literal["place", "money", "project"]
"""What a limit counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Part of a row's activity: `factor` times a quantity summed over cells.

    Attributes
    ----------
    quantity
        What is summed; `freed` is what convergence takes off the budgets of the cells.
    cells
        Flat positions in (T, M, Y).
    factor
        Multiplies the sum.
    """

    quantity: Quantity | Literal["freed"]
    cells: Indices
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One row of a rule: activity against limit, constants on the activity's side.

    Attributes
    ----------
    key, kind, unit
        Who it is, its rule kind, and the unit of its limit: ``place``, ``money`` or ``project``.
    limit, stated
        The number a planner wrote, with and without `adjust`: what is computed from a limit (a
        reserve's share) follows the stated one, so that a price moves one limit alone.
    terms, constant
        The activity is the sum of the terms, the constant and the `holds`, less the `receives`.
    holds
        Rows of reserves and transfers whose amount counts in this activity.
    receives
        Rows of transfers whose amount is taken off this activity.
    held
        Whether this row speaks of an amount of its own: its activity is that amount. What a
        reserve holds back and the budget of an establishment in convergence are fixed by it, what
        a transfer moves is bounded.
    budget_of
        Flat position of the cell whose budget the row fixes; None for the others.
    """

    key: RowKey
    kind: str
    unit: Unit
    limit: float
    stated: float
    terms: tuple[Term, ...]
    constant: float = 0.0
    holds: tuple[RowKey, ...] = ()
    receives: tuple[RowKey, ...] = ()
    held: bool = False
    budget_of: int | None = None

    @property
    def fixes(self) -> bool:
        """Whether the row fixes an amount of its own."""
        return self.held and self.key.side == "equals"

    @property
    def moves(self) -> bool:
        """Whether the row bounds what a transfer moves."""
        return self.held and self.key.side != "equals"

    @property
    def moves_money(self) -> bool:
        """Whether a transfer takes from what the row shares out, or adds to it."""
        return bool(self.receives) or any(key.side != "equals" for key in self.holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Cells whose credits are shared out but not delivered, with the row that lists them."""

    key: RowKey
    cells: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorData:
    """The figures of an indicator.

    Attributes
    ----------
    population
        Shape (N, Y): the denominator of every node and year.
    per
        People for whom the rate counts places.
    measures
        Positions of the measures counted.
    start
        Shape (N, M): what the stock counted starts from, all nodes.
    target
        What `indicators.csv` compares with, a rate.
    in_budget
        Whether the numerator is the budget instead of the stock.
    national
        The whole country's rate before the plan where the tables hold a part of it only.
    """

    name: str
    population: Floats
    per: float
    measures: Indices
    start: Floats
    target: float
    in_budget: bool
    national: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrun:
    """Who stands above a ceiling before the plan (``overruns.csv``): an establishment or a pool.

    Attributes
    ----------
    rule
        The ceiling.
    node
        Node of the establishment; None for budgets that share a value of a column.
    label
        Code of the establishment, or the value shared.
    members, measures
        Positions of its decision territories and of the measures counted.
    base, ceiling
        Credits renewed; the ceiling stated.
    exception
        Exceptions of the members, ``;`` between; empty when there are none. ``convergence`` where
        a calendar brings one of them down: what exceeds the ceiling goes that way.
    justified
        Whether every member justifies its own.
    due
        What later delegations lose for each member, shape of `members`.
    """

    rule: str
    node: int | None
    label: str
    members: Indices
    measures: Indices
    base: float
    ceiling: float
    exception: str
    justified: bool
    due: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """One year of an establishment that comes down to its ceiling (``convergence.csv``)."""

    row: RowKey
    cell: int
    ceiling: float


@dataclass(frozen=True)
class Instance:
    """Everything the formulation needs, as arrays over territories T, measures M, years Y.

    Attributes
    ----------
    scenario
        The choices.
    tree, level
        All territories, and the level that decides.
    measures, years
        Names (sorted) and years (consecutive).
    columns
        Columns by name, derived ones included.
    open_pairs
        (T, M): whether the pair may be funded (``absent: closed`` says not).
    installed, base, carried
        (T, M): places before the plan, renewed budget, full-year extension still due.
    closed, cost, rate
        (T, M, Y): places closing, full-year cost paid by the envelope, yearly rate of the budget.
    opening_months
        (M,): months paid in the opening year.
    indicators, rows, withheld, overruns, convergence
        Prepared by the assembly.
    levels
        Territories settled at each level of a leximin that is laid out, by its name.
    projects
        In the order of their codes; what they open counts in the cells of their territories.
    campaign
        What the construction of the envelopes is made from; None in a scenario without a campaign.
    conversions
        Places that change category; `closed` counts them.
    """

    scenario: Scenario
    tree: Tree
    level: str
    measures: tuple[str, ...]
    years: tuple[int, ...]
    columns: Mapping[str, Column]
    open_pairs: Flags
    installed: Floats
    base: Floats
    carried: Floats
    closed: Floats
    cost: Floats
    rate: Floats
    opening_months: Indices
    indicators: Mapping[str, IndicatorData]
    rows: tuple[RuleRow, ...]
    withheld: tuple[Withheld, ...]
    overruns: tuple[Overrun, ...]
    convergence: tuple[Convergence, ...]
    levels: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    projects: tuple[Project, ...] = ()
    campaign: CampaignFigures | None = None
    conversions: tuple[Converted, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of decision territories, measures and years."""
        return (*self.open_pairs.shape, len(self.years))

    @cached_property
    def gathered(self) -> dict[tuple[GapSpec, str], GapData]:
        """What objectives on gaps have gathered, by what they state."""
        return {}

    @cached_property
    def nodes(self) -> Indices:
        """Nodes of the tree that decide, shape (T,)."""
        return self.tree.at(self.level)

    @cached_property
    def territories(self) -> tuple[Territory, ...]:
        """The decision territories, in order."""
        return tuple(self.tree.nodes[i] for i in self.nodes)

    @cached_property
    def fixed_budget(self) -> Floats:
        """Budget of each cell that a rule fixes (convergence), NaN elsewhere; (T, M, Y)."""
        fixed = np.full(self.shape, np.nan)
        for row in self.rows:
            if row.budget_of is not None:
                fixed.ravel()[row.budget_of] = row.limit
        return fixed

    @cached_property
    def converging(self) -> Flags:
        """(T, M): whether the budget of the pair is fixed, so that nothing new can be funded."""
        return np.asarray(~np.isnan(self.fixed_budget).all(axis=2))

    @cached_property
    def is_money(self) -> Flags:
        """Whether each measure hands out money instead of places, shape (M,)."""
        return np.array([self.scenario.measures[m].unit == "money" for m in self.measures])

    @cached_property
    def by_projects(self) -> Flags:
        """Whether each measure is handed out by whole projects only, shape (M,)."""
        named = {project.measure for project in self.projects}
        return np.array([m in named for m in range(len(self.measures))], dtype=np.bool_)

    @cached_property
    def project_cells(self) -> tuple[Indices, Indices, Indices]:
        """Positions (territories, measures, years) of the cell of each project, each (J,)."""
        cells = [(p.territory, p.measure, p.year) for p in self.projects]
        t, m, y = np.array(cells, dtype=np.intp).reshape(-1, 3).T
        return t, m, y
