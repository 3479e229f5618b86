"""The cheapest moves of limits after which a whole selection exists.

An integer program chooses the projects for which least must move, total after total; with these
held, what is left is a linear program as any other, and its cheapest repair is that of the whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.choosing import Change, Choosing, Step
from perequa.engine.repair import cheapest_repair, loosened, moves_of, relative_cost
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.repair import Repair
    from perequa.engine.session import SolverOptions


def cheapest_whole_repair(
    program: CompiledProgram, stages: Sequence[Sequence[int]], options: SolverOptions
) -> Repair:
    """Move the limits of some rows as little as possible for a whole selection to exist.

    Parameters
    ----------
    program, stages, options
        As for `cheapest_repair`; some columns of the program are whole.

    Raises
    ------
    NotProven
        When no such repair can be computed or confirmed.
    """
    moves = moves_of(program, [row for rows in stages for row in rows])
    elastic = loosened(program, moves)
    n = program.matrix.shape[1]

    def step(number: int, each: np.ndarray) -> Step:
        cost = np.concatenate([np.zeros(n), each])
        return Step(kind="moved", name=str(number), priority=number, cost=cost)

    moved = [np.isin([move.row for move in moves], rows).astype(float) for rows in stages]
    # among repairs that cost the same, those that are the smallest shares of their limits
    steps = [step(s, each) for s, each in enumerate([*moved, relative_cost(program, moves)])]
    choosing = Choosing(program=elastic, steps=tuple(steps), options=options)
    chosen = choosing.best(Change(settled=True))
    if chosen is None:
        raise NotProven("a repair for whole projects ended without one")
    whole = np.flatnonzero(program.whole)
    lower, upper = program.column_lower.copy(), program.column_upper.copy()
    lower[whole] = upper[whole] = chosen.x[whole]
    held = replace(program, column_lower=lower, column_upper=upper)
    return cheapest_repair(held, stages, options)
