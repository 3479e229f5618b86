"""What one more of a limit is worth where decisions are whole: the difference of two solves.

An integer program has no dual prices: its value moves by steps. A limit is moved by one, the
program is solved again, and the difference is what that move is worth; nothing is said of another
move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.engine.choosing import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """

    row: int
    by: float
    chosen: Chosen | None


def moved_limits(choosing: Choosing, steps: Mapping[int, float]) -> tuple[MovedLimit, ...]:
    """Move the limit of each row by its step, up then down, and choose again.

    No limit is moved below zero.
    """
    limit = choosing.program.row_limit
    return tuple(
        MovedLimit(row=row, by=by, chosen=choosing.best(Change(limits={row: by})))
        for row, step in steps.items()
        for by in (step, -step)
        if limit[row] + by >= 0
    )
