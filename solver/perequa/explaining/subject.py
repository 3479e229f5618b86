"""A reopened run and everything its answers are made with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from perequa.engine.response import respond
from perequa.engine.standing import ALL_ALONE
from perequa.engine.what_if import Solvable, moved
from perequa.interpret.moves import followed, solved_again
from perequa.interpret.run import Solved
from perequa.interpret.sentences import PER
from perequa_models.errors import NotProven
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.response import ActivePlan
    from perequa.engine.session import SolverOptions
    from perequa.interpret.moves import Move
    from perequa.optimum import Optimum
    from perequa.reopening import Reopened


@dataclass(frozen=True)
class Subject:
    """A run to explain.

    Attributes
    ----------
    opened
        The run folder and its optimum.
    options
        How the solver works.
    """

    opened: Reopened
    options: SolverOptions

    @property
    def optimum(self) -> Optimum:
        """The run, solved again."""
        return self.opened.optimum

    @cached_property
    def run(self) -> Solved:
        """The run as the tables see it, without prices of its own."""
        optimum = self.optimum
        return Solved(
            name=self.opened.name,
            instance=optimum.instance,
            reference=optimum.reference,
            program=optimum.program,
            weighting=optimum.weighting,
            alone={},
            stages=optimum.staged.stages,
            published=optimum.published,
            levels=(),
            moves=None,
            standing=ALL_ALONE,
            weight_ranges=(),
        )

    @cached_property
    def base(self) -> Solvable:
        """What solves the run after a change."""
        optimum = self.optimum
        return Solvable(
            program=optimum.program,
            staged=optimum.staged,
            spread=optimum.spread,
            published=optimum.published,
            options=self.options,
        )

    @cached_property
    def at(self) -> ActivePlan:
        """The published plan and the limits it meets."""
        return self.optimum.active()

    @cached_property
    def row_at(self) -> Mapping[str, int]:
        """Position of every rule row by its identifier."""
        keys = self.optimum.program.row_keys
        return {str(key): i for i, key in enumerate(keys) if isinstance(key, RowKey)}

    @cached_property
    def lines(self) -> Mapping[int, Mapping[str, str]]:
        """The first line of ``shadow_prices.csv`` of every row."""
        lines: dict[int, Mapping[str, str]] = {}
        for line in self.opened.prices:
            lines.setdefault(self.row_at[line["row"]], line)
        return lines

    def met(self, row: int) -> bool:
        """Whether the plan meets the limit of a row."""
        return bool(self.at.low[row] or self.at.high[row])

    def step(self, row: int) -> float:
        """Return the step a row is spoken of in: one place, or a round sum of money."""
        return PER if self.optimum.program.row_is_money[row] else 1.0

    def named(self, row: int, sign: int) -> str:
        """Name a move of one row."""
        return f"{self.optimum.program.row_keys[row]} {'+' if sign > 0 else '-'}"

    def follow(self, name: str, direction: Mapping[int, float]) -> Move:
        """Say how the plan answers a move of limits, per move.

        Where it was published by steps, or the answer cannot be proven, the scenario is solved
        again after the move: right for that move, with nothing said of how far it holds.
        """
        if self.optimum.published.method == "exact":
            try:
                answer = respond(self.at, direction, self.options)
            except NotProven:
                pass
            else:
                return followed(self.run, name, direction, answer)
        return solved_again(self.run, name, direction, moved(self.base, direction))
