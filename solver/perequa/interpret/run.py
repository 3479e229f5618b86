"""A solved scenario, before it is written: the plan, its figures, its proofs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

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
    from perequa.left_out import LeftOut
    from perequa.selecting import Selected
    from perequa.weighting import Weighting
    from perequa_models.instance import Floats, Instance
    from perequa_models.reference.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The projects chosen, and answers about those left out."""

    selected: Selected
    left_out: LeftOut


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
    choice: Choice | None = None

    @property
    def prices(self) -> Prices | None:
        """Prices at the first priority, None when not asked for."""
        return self.levels[0] if self.levels else None

    @cached_property
    def x(self) -> Floats:
        """The published decisions, shape (T, M, Y)."""
        cells = int(np.prod(self.instance.shape))
        return self.published.plan[:cells].reshape(self.instance.shape)

    @cached_property
    def plan(self) -> Quantities:
        """What the published plan amounts to."""
        return Quantities(self.instance, self.x, self.taken)

    @cached_property
    def taken(self) -> Floats | None:
        """(J,) 1 for a project taken, 0 for one that is not; None without projects."""
        return self.published.plan[self.program.whole] if self.instance.projects else None

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
        moved = 0.5 * float(np.abs(self.x - wanted)[known].sum())
        return moved, moved / total

    @cached_property
    def activity(self) -> Floats:
        """Activity of every row at the published plan, constants included, shape (m,)."""
        return np.asarray(self.program.matrix @ self.published.plan + self.program.row_constant)


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
