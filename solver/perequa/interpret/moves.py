"""What a move of limits does: to every objective, and to what every territory gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.by_objective import effects_of
from perequa.interpret.tables import Table, Value
from perequa.weighting import objective_value
from perequa_models.quantities import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.engine.response import Response
    from perequa.engine.what_if import Solution
    from perequa.interpret.run import Solved
    from perequa_models.instance import Floats

COLUMNS = (
    "move",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "unit",
    "change",
)
NOTHING = 1e-9
"""Change of a cell, relative to the largest, that is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of limits and how the published plan answers it.

    Attributes
    ----------
    name
        What is moved, and which way.
    direction
        Change of the limit of each row moved, natural units.
    possible
        Whether a plan is left.
    effects
        Change of every objective in its own unit, by name; None where it is not known.
    changes
        (T, M, Y): what every cell gains (places, or money).
    holds
        How many times the move can be made at the same rate; NaN where that was not worked out.
    """

    name: str
    direction: Mapping[int, float]
    possible: bool
    effects: Mapping[str, float | None]
    changes: Floats
    holds: float


def followed(
    run: Solved, name: str, direction: Mapping[int, float], answer: Response | None
) -> Move:
    """Tell how the plan follows a move, as far as it follows it at one rate."""
    if answer is None:
        return impossible(run, name, direction)
    return Move(
        name=name,
        direction=direction,
        possible=True,
        effects=in_order(
            run, dict(zip(run.weighting.names, effects_of(run, answer.rate), strict=True))
        ),
        changes=cells_of(run, answer.rate),
        holds=answer.holds,
    )


def solved_again(
    run: Solved, name: str, direction: Mapping[int, float], found: Solution | None
) -> Move:
    """Tell what a move does where the plan is solved again after it."""
    if found is None:
        return impossible(run, name, direction)
    there = plan_of(run.instance, found.plan)
    effects = {
        objective: objective_value(run.instance, objective, there, run.reference)
        - objective_value(run.instance, objective, run.plan, run.reference)
        for objective in run.weighting.names
    }
    return Move(
        name=name,
        direction=direction,
        possible=True,
        effects=in_order(run, effects),
        changes=cells_of(run, found.plan - run.published.plan),
        holds=np.nan,
    )


def impossible(run: Solved, name: str, direction: Mapping[int, float]) -> Move:
    """Tell of a move after which no plan is left."""
    return Move(
        name=name,
        direction=direction,
        possible=False,
        effects=in_order(run, dict.fromkeys(run.weighting.names, np.inf)),
        changes=np.zeros(run.instance.shape),
        holds=0.0,
    )


def in_order(run: Solved, effects: Mapping[str, float | None]) -> dict[str, float | None]:
    """Put effects in the order in which objectives are served.

    By name, level 10 of a leximin would stand before its level 2.
    """
    stated = run.instance.scenario.objectives
    return {name: effects[name] for name in sorted(effects, key=lambda n: stated[n].priority)}


def cells_of(run: Solved, change: Floats) -> Floats:
    """Lay a change of the columns over the decisions, (T, M, Y), rounding taken out."""
    cells = change[: int(np.prod(run.instance.shape))].reshape(run.instance.shape)
    small = NOTHING * float(np.abs(cells).max(initial=0.0))
    laid: Floats = np.where(np.abs(cells) <= small, 0.0, cells)
    return laid


def moves_table(run: Solved, moves: tuple[Move, ...]) -> Table:
    """One line per move and cell that gains or loses."""
    return Table(COLUMNS, tuple(line for move in moves for line in _lines(run, move)))


def _lines(run: Solved, move: Move) -> Iterator[tuple[Value, ...]]:
    instance = run.instance
    for t, m, y in np.argwhere(move.changes):
        territory, measure = instance.territories[t], instance.measures[m]
        unit = instance.scenario.currency if instance.is_money[m] else "place"
        where = (territory.level, territory.code, territory.name, measure, instance.years[y])
        yield (move.name, *where, unit, float(move.changes[t, m, y]))
