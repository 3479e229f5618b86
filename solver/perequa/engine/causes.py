"""Every independent cause of infeasibility, each as clashing rows that cannot be made fewer.

Rows told once are left out and the search goes on until a plan exists: what it finds so shares no
row. Rules told are then left out whole, in every combination that leaves no plan (as in the
hitting-set trees of Reiter 1987), so that a clash of other rules hidden behind a shared row comes
out too. What is not told is the same cause once more: it shares a row with a clash that is told,
and holds all its rules.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.infeasibility import ClashFinder, Conflict

MOST_COMBINATIONS = 100
"""Combinations of rules left out before the search stops and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """Why no plan exists.

    Attributes
    ----------
    conflicts
        Irreducible sets of rows, the shortest first.
    complete
        Whether the search ended by itself: every other clash shares a row with one of these and
        holds all its rules.
    """

    conflicts: tuple[Conflict, ...]
    complete: bool


def find_causes(program: CompiledProgram, clashes: ClashFinder) -> Causes:
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
    harmless: list[frozenset[str]] = []
    waiting: deque[frozenset[str]] = deque([frozenset()])
    seen = {frozenset[str]()}
    while waiting and len(seen) <= MOST_COMBINATIONS:
        left_out = waiting.popleft()
        if any(left_out >= enough for enough in harmless):
            continue
        told = [c for c in found if not left_out & {rule_of[i] for i in c.rows}]
        gone = {i for rule in left_out for i in rows_of[rule]}
        gone |= {i for conflict in told for i in conflict.rows}
        while (conflict := clashes.without(gone)) is not None:
            found.append(conflict)
            told.append(conflict)
            gone |= set(conflict.rows)
        if not told:
            harmless.append(left_out)
        longer = {left_out | {rule_of[i]} for conflict in told for i in conflict.rows}
        waiting.extend(sorted(longer - seen, key=sorted))
        seen |= longer
    conflicts = tuple(sorted(found, key=lambda c: (len(c.rows), c.rows)))
    return Causes(conflicts=conflicts, complete=not waiting)
