"""How far each limit of a clash must at least move, where it moves alone: what its proof says.

The rows that a proof combines ask for more than any plan holds, by some excess. Moving one limit
by d takes d times its multiplier from it: as long as that is less than the excess there is no
plan, whatever else the proof could have been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.infeasibility import LEAF, excess_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from perequa.compilation import CompiledProgram
    from perequa.engine.infeasibility import Conflict

    Box = tuple[NDArray[np.float64], NDArray[np.float64]]


def least_changes(program: CompiledProgram, conflict: Conflict) -> dict[int, float]:
    """Return by how much the limit of each row of a conflict must at least change, alone.

    Natural units, never negative. Where projects are chosen every leaf of the tree must be left
    without a proof but for one: the least of its leaves.

    Parameters
    ----------
    program
        The compiled program.
    conflict
        Rows that clash, and the multipliers that prove it.
    """
    found = dict.fromkeys(conflict.rows, np.inf)
    for box, y in zip(_boxes(program, conflict.branch), conflict.leaves, strict=True):
        excess = excess_of(program, y, box)
        for row in conflict.rows:
            if y[row] != 0.0:
                found[row] = min(found[row], excess / abs(float(y[row])))
    return found


def _boxes(program: CompiledProgram, branch: tuple[int, ...]) -> Iterator[Box]:
    """Yield the bounds of the columns at each leaf: 0 first, then 1, as the tree branches."""
    low = np.where(program.whole, 0.0, program.column_lower)
    high = np.where(program.whole, 1.0, program.column_upper)
    waiting = [(low, high)]
    for column in branch:
        low, high = waiting.pop()
        if column == LEAF:
            yield low, high
            continue
        without, with_it = (low, high.copy()), (low.copy(), high)
        without[1][column], with_it[0][column] = 0.0, 1.0
        waiting += [with_it, without]
