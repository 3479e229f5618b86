"""Every independent cause of infeasibility, each as a set of clashing rows that cannot be shortened.

Rows told once are left out and the search goes on until a plan exists: what it finds so shares no
row. Rules told are then left out whole, one after another, so that a clash of other rules hidden
behind a shared row comes out too (a hitting-set tree over the names of rules; Reiter 1987). A
clash of the same rules that shares a row with one already told is the same cause.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.engine.infeasibility import Clashes
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.infeasibility import Conflict

MOST_COMBINATIONS = 64
"""Combinations of rules left out before the search stops and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """Why no plan exists.

    Attributes
    ----------
    conflicts
        Irreducible sets of rows, the shortest first.
    complete
        Whether the search ended by itself: every other clash is of the same rules and shares a
        row with one of these.
    """

    conflicts: tuple[Conflict, ...]
    complete: bool


def find_causes(program: CompiledProgram, clashes: Clashes) -> Causes:
    """Find every independent cause; none when a plan exists.

    Parameters
    ----------
    program
        The compiled program.
    clashes
        The solver holding it.

    Raises
    ------
    NotProven
        When the solver proves neither that a plan exists nor that none does.
    """
    rows_of: dict[str, list[int]] = {}
    for i, key in enumerate(program.row_keys):
        if isinstance(key, RowKey):
            rows_of.setdefault(key.rule, []).append(i)
    rule_of = {row: rule for rule, rows in rows_of.items() for row in rows}
    found: list[Conflict] = []
    waiting: deque[frozenset[str]] = deque([frozenset()])
    seen = {frozenset[str]()}
    while waiting and len(seen) <= MOST_COMBINATIONS:
        left_out = waiting.popleft()
        told = [c for c in found if not left_out & {rule_of[i] for i in c.rows}]
        gone = {i for rule in left_out for i in rows_of[rule]}
        gone |= {i for conflict in told for i in conflict.rows}
        while (conflict := clashes.without(gone)) is not None:
            found.append(conflict)
            told.append(conflict)
            gone |= set(conflict.rows)
        for rule in sorted({rule_of[i] for i in told[0].rows}) if told else ():
            longer = left_out | {rule}
            if longer not in seen:
                seen.add(longer)
                waiting.append(longer)
    conflicts = tuple(sorted(found, key=lambda c: (len(c.rows), c.rows)))
    return Causes(conflicts=conflicts, complete=not waiting)
