"""What the choice of projects leaves out and why, and what one more of a limit would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.choosing import Change
from perequa.engine.one_more import moved_limits
from perequa.engine.waiting import lacking, rows_of_columns
from perequa.interpret.rules import meets
from perequa.interpret.sentences import PER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.one_more import MovedLimit
    from perequa.engine.waiting import Lacking
    from perequa.optimum import Optimum
    from perequa.selecting import Selected

MOST_ROWS = 200
"""Limits that are moved by one; beyond, those that bind come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Answers about the projects of a run.

    Attributes
    ----------
    lacking
        What each project left out lacks, by its column.
    moved
        Limits moved by one, up and down; empty where none was asked for.
    grown
        Whether an extra envelope was looked for.
    """

    lacking: Mapping[int, Lacking]
    moved: tuple[MovedLimit, ...]
    grown: bool


def left_out_of(found: Optimum, selected: Selected, *, moved: bool) -> LeftOut:
    """Say what the projects left out lack and, when limits are moved, what that is worth.

    The extra envelope of each is found where limits are moved, at the cost of many solves.

    Raises
    ------
    NotProven
        When the solver does not prove an answer.
    """
    choosing = selected.choosing
    envelopes = rows_of_columns(choosing, _envelopes(found))
    left = {j for j in envelopes if moved and selected.chosen.x[j] < 0.5}
    waiting = {j: rows for j, rows in envelopes.items() if j in left}
    return LeftOut(
        lacking=lacking(choosing, selected.chosen, waiting, Change(held=_other_cells(found))),
        moved=moved_limits(choosing, found.weighting.priorities, _steps(found)) if moved else (),
        grown=moved,
    )


def _envelopes(found: Optimum) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows of the envelopes that a plan must stay within."""
    envelopes = {
        row.key
        for row in found.instance.rows
        if row.kind == "envelope" and row.key.side == "at_most"
    }
    rows = [i for i, key in enumerate(found.program.row_keys) if key in envelopes]
    return np.array(rows, dtype=np.intp)


def _other_cells(found: Optimum) -> dict[int, float]:
    """Places that no project opens, as published."""
    instance = found.instance
    apart = np.broadcast_to(instance.by_projects[None, :, None], instance.shape).ravel()
    return {int(j): float(found.published.plan[j]) for j in np.flatnonzero(~apart)}


def _steps(found: Optimum) -> dict[int, float]:
    """How far to move each limit that counts projects: one, or a round sum of money.

    So does the limit of what may move between envelopes that count them.
    """
    program = found.program
    counts = np.diff(program.matrix[:, program.whole].tocsr().indptr) > 0
    at = {key: i for i, key in enumerate(program.row_keys)}
    transfers = {row.key for row in found.instance.rows if row.kind == "transfer"}
    for row in found.instance.rows:
        for moved in transfers.intersection((*row.holds, *row.receives)):
            counts[at[moved]] |= counts[at[row.key]]
    activity = program.matrix @ found.published.plan + program.row_constant
    binds = meets(program.row_limit, activity, money=program.row_is_money)
    asked = np.flatnonzero(program.is_rule & counts & (binds | program.row_is_money))
    first = asked[np.argsort(~binds[asked], kind="stable")][:MOST_ROWS]
    return {int(i): PER if program.row_is_money[i] else 1.0 for i in np.sort(first)}
