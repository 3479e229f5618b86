"""Rows that others already state, and what each group of them is worth moved together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.engine.joint import JointMoves
from perequa.engine.same_rows import rows_held_by_others

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.compilation import CompiledProgram
    from perequa.engine.joint import JointMove
    from perequa.engine.same_rows import HeldBy
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMove:
    """A move of the rows that say the same, priced on both sides.

    Attributes
    ----------
    rates
        Rows, and how much the limit of each rises per unit of the move.
    sides
        +1 and −1: the price of the move and of its opposite at every priority.
    """

    rates: tuple[tuple[int, float], ...]
    sides: Mapping[int, tuple[JointMove, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which rows stand alone, and what those that do not are worth together.

    Attributes
    ----------
    held
        What already states a row, by position; a row left out stands alone.
    moves
        The distinct moves.
    of_row
        Which move a row takes part in, and how many units of it one unit of the row's limit is.
    """

    held: Mapping[int, HeldBy]
    moves: tuple[GroupMove, ...]
    of_row: Mapping[int, tuple[int, float]]


ALL_ALONE = Standing(held={}, moves=(), of_row={})


def standing_of(program: CompiledProgram, staged: Staged, options: SolverOptions) -> Standing:
    """Find the rows that others already state, and price each group of them once."""
    held = rows_held_by_others(program)
    joint: JointMoves | None = None
    moves: list[GroupMove] = []
    known: dict[tuple[int, ...], int] = {}
    of_row: dict[int, tuple[int, float]] = {}
    for i, by in held.items():
        if not by.group:
            continue
        # identical rows share one move; a sum has its own, told of the whole alone
        rows = tuple(row for row, _ in by.group) if by.how == "identical" else (i,)
        if rows not in known:
            joint = joint or JointMoves(staged, options)
            back = {row: -rate for row, rate in by.group}
            sides = {1: joint.together(dict(by.group)), -1: joint.together(back)}
            known[rows] = len(moves)
            moves.append(GroupMove(rates=by.group, sides=sides))
        move = known[rows]
        of_row[i] = (move, 1.0 / dict(moves[move].rates)[i])
    return Standing(held=held, moves=tuple(moves), of_row=of_row)
