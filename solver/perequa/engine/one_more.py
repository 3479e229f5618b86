"""What one more of a limit is worth where decisions are whole: the difference of two solves.

An integer program has no dual prices: its value moves by steps. A limit is moved by one, the
program is solved again, and the difference is what that move is worth; nothing is said of another
move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.choosing import Change
from perequa.engine.stages import solve_stages
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.engine.choosing import Choosing, Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLimit:
    """A limit moved, and the choice then.

    Attributes
    ----------
    row, by
        The row, and how far its limit moves, natural units.
    chosen
        What is chosen then; None where nothing is possible.
    values
        For each priority, the value of what it minimises then, constants left out: the linear
        program with these projects held, so that no tie among steps is spent on it.
    """

    row: int
    by: float
    chosen: Chosen | None
    values: tuple[float, ...]


def moved_limits(
    choosing: Choosing, priorities: Sequence[int], steps: Mapping[int, float]
) -> tuple[MovedLimit, ...]:
    """Move the limit of each row by its step, up then down, and choose again.

    Parameters
    ----------
    priorities
        In the order of service.
    steps
        How far the limit of each row is moved.

    Notes
    -----
    No limit is moved below zero.
    """
    limit = choosing.program.row_limit
    moved = []
    for row, step in steps.items():
        for by in (step, -step):
            if limit[row] + by < 0:
                continue
            chosen = choosing.best(Change(limits={row: by}))
            values = () if chosen is None else _values(choosing, priorities, row, by, chosen)
            moved.append(MovedLimit(row=row, by=by, chosen=chosen, values=values))
    return tuple(moved)


def _values(
    choosing: Choosing, priorities: Sequence[int], row: int, by: float, chosen: Chosen
) -> tuple[float, ...]:
    program, whole = choosing.program, choosing.whole
    change = np.zeros(len(program.row_limit))
    change[row] = by
    lower, upper = program.column_lower.copy(), program.column_upper.copy()
    lower[whole] = upper[whole] = chosen.x[whole]
    held = replace(
        program,
        row_lower=program.row_lower + change,
        row_upper=program.row_upper + change,
        column_lower=lower,
        column_upper=upper,
    )
    own = [step for step in choosing.steps if step.priority]
    costs = np.array([step.cost for step in own])
    staged = solve_stages(held, tuple(priorities), costs, choosing.options)
    if staged.termination is not Termination.OPTIMAL:
        message = f"the projects chosen at a moved limit ended {staged.termination.value}"
        raise NotProven(message)
    return tuple(float(s.cost @ stage.x) for s, stage in zip(own, staged.stages, strict=True))
