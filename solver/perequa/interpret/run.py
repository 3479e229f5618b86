"""A solved scenario, before it is written: the plan, its figures, its proofs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.keys import RowKey
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.infeasibility import Conflict
    from perequa.engine.plan_moves import PlanMoves
    from perequa.engine.prices import Prices
    from perequa.engine.stages import Stage
    from perequa.engine.standing import Standing
    from perequa.engine.tie_break import Published
    from perequa.engine.weight_range import WeightRange
    from perequa.interpret.diagnosis import Diagnosis
    from perequa.interpret.tables import Value
    from perequa.left_out import LeftOut
    from perequa.rounding import WholePlan
    from perequa.selecting import Selected
    from perequa.weighting import Weighting
    from perequa_models.instance import Floats, Instance
    from perequa_models.reference.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The projects chosen, and answers about those left out."""

    selected: Selected
    left_out: LeftOut


def unit_of_limit(unit: str, currency: str) -> str:
    """Name what a limit counts, as the tables do: money by its currency."""
    return currency if unit == "money" else unit


@dataclass(frozen=True)
class Solved:
    """Everything the tables and the run folder are made from.

    Attributes
    ----------
    name
        The scenario column: name of the scenario, its variants after a dash.
    instance, reference, program
        The figures, the circular's own allocation, the compiled program.
    weighting, alone
        What each priority minimises; the least value of each objective on its own.
    stages, published
        The optimum of each priority, the published plan.
    levels
        The two-sided prices of each priority; empty when not asked for.
    moves
        How the plan follows the limits that are printed; None when not asked for.
    standing
        Rows that others already state, and their joint prices; nothing when not asked for.
    weight_ranges
        Intervals of weights within which the plan stays; of the priorities they were found for.
    whole
        The plan in whole places; None where the scenario asks for none.
    choice
        The projects chosen; None in a scenario without any.
    """

    name: str
    instance: Instance
    reference: Reference
    program: CompiledProgram
    weighting: Weighting
    alone: dict[str, float]
    stages: tuple[Stage, ...]
    published: Published
    levels: tuple[Prices, ...]
    moves: PlanMoves | None
    standing: Standing
    weight_ranges: tuple[WeightRange, ...]
    whole: WholePlan | None = None
    choice: Choice | None = None

    @property
    def prices(self) -> Prices | None:
        """Prices at the first priority, None when not asked for."""
        return self.levels[0] if self.levels else None

    @cached_property
    def rule_rows(self) -> dict[int, tuple[Value, ...]]:
        """Identifying columns of every rule row, by its position in the program."""
        currency = self.instance.scenario.currency
        rows = {row.key: row for row in self.instance.rows}
        return {
            i: self.identity(key, row.kind, unit_of_limit(row.unit, currency))
            for i, key in enumerate(self.program.row_keys)
            if isinstance(key, RowKey) and (row := rows[key])
        }

    def identity(self, key: RowKey, kind: str, unit: str) -> tuple[Value, ...]:
        """Cells that say which row of which rule this is."""
        tree = self.instance.tree
        node = tree.index.get((key.level, key.territory))
        name = tree.nodes[node].name if node is not None else ""
        where = (key.level, key.territory, name, key.measure, key.year)
        return (self.name, str(key), key.rule, kind, *where, unit, key.side)

    @cached_property
    def x(self) -> Floats:
        """The decisions of the continuous plan, shape (T, M, Y)."""
        return self.cells_of(self.published.plan)

    def cells_of(self, plan: Floats) -> Floats:
        """Decisions of a plan laid over the columns, shape (T, M, Y)."""
        cells = int(np.prod(self.instance.shape))
        return plan[:cells].reshape(self.instance.shape)

    @cached_property
    def plan(self) -> Quantities:
        """What the continuous plan amounts to: the one that is priced."""
        return Quantities(self.instance, self.x, taken=self.taken)

    @cached_property
    def taken(self) -> Floats | None:
        """(J,) 1 for a project taken, 0 for one that is not; None without projects."""
        return self.published.plan[self.program.whole] if self.instance.projects else None

    @cached_property
    def handed_out(self) -> Quantities:
        """What is handed out: the plan in whole places where there is one."""
        if self.whole is None:
            return self.plan
        return Quantities(self.instance, self.cells_of(self.whole.plan), taken=self.taken)

    @cached_property
    def nothing(self) -> Quantities:
        """What doing nothing amounts to: the initial values."""
        return Quantities(self.instance, np.zeros(self.instance.shape))

    @cached_property
    def reference_plan(self) -> Quantities | None:
        """What the reference amounts to; None when there is none at the decision level."""
        money = self.instance.is_money[None, :, None]
        x = np.where(money, self.reference.credits, self.reference.places)
        if np.isnan(x).all():
            return None
        return Quantities(self.instance, np.nan_to_num(x))

    @cached_property
    def change_of_hands(self) -> tuple[float, float] | None:
        """Places (or money) that change hands against the reference, and their share of it.

        ½ Σ |x − x_ref| over the cells the reference speaks of; None where it speaks of none.
        """
        money = self.instance.is_money[None, :, None]
        wanted = np.where(money, self.reference.credits, self.reference.places)
        known = ~np.isnan(wanted)
        total = float(wanted[known].sum())
        if total <= 0:
            return None
        moved = 0.5 * float(np.abs(self.handed_out.x - wanted)[known].sum())
        return moved, moved / total

    @cached_property
    def activity(self) -> Floats:
        """Activity of every row at the continuous plan, constants included, shape (m,)."""
        return self.activity_at(self.published.plan)

    @cached_property
    def handed_out_activity(self) -> Floats:
        """The same at what is handed out; NaN on rows of objectives where that is whole."""
        return self.activity if self.whole is None else self.activity_at(self.whole.plan)

    def activity_at(self, plan: Floats) -> Floats:
        """Activity of every row at a plan laid over the columns, shape (m,)."""
        return np.asarray(self.program.matrix @ plan + self.program.row_constant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A scenario without a plan, and why; a row in a comparison, not a hole."""

    name: str
    instance: Instance
    program: CompiledProgram
    diagnosis: Diagnosis

    @property
    def conflict(self) -> Conflict:
        """The shortest set of rows that clash, with the proof that they do."""
        return self.diagnosis.causes.conflicts[0]
