"""Answers of the published plan to many limits at once, where the limits it meets stay the same.

Where every limit that carries a multiplier goes on being met, the plan follows a linear system:
the most even move among those that keep to these limits. One factorisation answers for all rows.
An answer is kept only if it leaves none of the limits met without a multiplier; the others need
the whole of `response.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from perequa.engine.response import ROUNDING
from perequa.engine.stages import NOT_ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.engine.response import ActivePlan

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHUNK = 32
REGULAR = 1e-10
"""Keeps the system regular; its effect is taken out by refinement."""
SURE, NONE = 1e-7, 1e-11
"""Relative size above which a multiplier is one, below which it is rounding."""
EXACT = 1e-10
"""Relative error an answer may have."""


def steady_moves(
    at: ActivePlan, tie_y: Floats, rows: Sequence[int]
) -> Iterator[tuple[int, int, Floats]]:
    """Yield row, side (+1 raised, −1 lowered) and change of the plan per unit, natural units.

    Parameters
    ----------
    at
        The plan and the limits it meets.
    tie_y
        (m,) multipliers of the rows in the tie-break, natural units.
    rows
        Rows whose limits are to move, each met by the plan.
    """
    system = _System(at, tie_y)
    if not system.usable:
        return
    asked = [i for i in rows if system.place[i] >= 0]
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        moves, sound = system.solve(chunk)
        for k, i in enumerate(chunk):
            for sign in (1, -1):
                if sound[k] and system.keeps(sign * moves[:, k]):
                    rate = sign * moves[:, k] * at.staged.scaled.column * at.staged.scaled.row[i]
                    yield i, sign, rate + 0.0


class _System:
    """The equations of the limits that carry a multiplier, factorised once."""

    def __init__(self, at: ActivePlan, tie_y: Floats) -> None:
        scaled = at.staged.scaled
        self._at = at
        self._matrix = sparse.csr_array(scaled.matrix)
        sure, none = _carrying(at, tie_y)
        sure_x, none_x = _carrying_columns(at, tie_y)
        met = at.low | at.high
        met_x = at.column_low | at.column_high
        equal = scaled.row_lower == scaled.row_upper
        closed = scaled.column_lower == scaled.column_upper
        rows = (sure & met) | (equal & ~at.idle)
        columns = (sure_x & met_x) | closed
        # between the two sizes nobody can say, nor where what moves comes before what is evened
        # out: nothing is answered here
        unclear = (met & ~rows & ~none).any() or (met_x & ~columns & ~none_x).any()
        unclear = unclear or bool(at.spread.moved.any())
        self._rows, self._free = np.flatnonzero(rows), np.flatnonzero(~columns)
        self._weak = np.flatnonzero(met & ~rows)
        self._weak_x = np.flatnonzero(met_x & ~columns)
        self.place = np.full(len(rows), -1, dtype=np.intp)
        self.place[self._rows] = np.arange(len(self._rows))
        self._bend = (2.0 * at.spread.square * scaled.column**2)[self._free]
        self._bend = self._bend / (self._bend.max(initial=0.0) or 1.0)
        self._held = self._matrix[self._rows][:, self._free]
        self._factors = None if unclear else self._factorised()

    @property
    def usable(self) -> bool:
        return self._factors is not None

    def _factorised(self) -> object:
        system = sparse.block_array(
            [
                [-sparse.diags_array(self._bend + REGULAR), self._held.T],
                [self._held, sparse.diags_array(np.full(len(self._rows), REGULAR))],
            ],
            format="csc",
        )
        try:
            return splu(system, permc_spec="MMD_AT_PLUS_A")
        except RuntimeError:
            return None

    def solve(self, rows: Sequence[int]) -> tuple[Floats, Flags]:
        """Move each row's limit by one; return the moves (n, k) and which are exact."""
        f, r = len(self._free), len(self._rows)
        target = np.zeros((r, len(rows)))
        target[self.place[rows], np.arange(len(rows))] = 1.0
        v, y = np.zeros((f, len(rows))), np.zeros((r, len(rows)))
        for _ in range(4):
            gap_v = self._bend[:, None] * v - self._held.T @ y
            gap_s = target - self._held @ v
            step = self._factors.solve(np.concatenate([gap_v, gap_s]))  # type: ignore[attr-defined] # scipy is untyped
            v, y = v + step[:f], y + step[f:]
        size = 1.0 + np.abs(v).max(axis=0, initial=0.0)
        size_y = 1.0 + np.abs(y).max(axis=0, initial=0.0)
        off = np.abs(target - self._held @ v).max(axis=0, initial=0.0) / size
        bent = np.abs(self._bend[:, None] * v - self._held.T @ y).max(axis=0, initial=0.0)
        moves = np.zeros((self._matrix.shape[1], len(rows)))
        moves[self._free] = np.where(
            np.abs(v) <= ROUNDING * np.abs(v).max(axis=0, initial=1.0), 0.0, v
        )
        return moves, np.isfinite(size) & (off < EXACT) & (bent / (size + size_y) < EXACT)

    def keeps(self, move: Floats) -> bool:
        """Whether a move leaves no limit that is met without a multiplier."""
        at, small = self._at, EXACT * (1.0 + np.abs(move).max(initial=0.0))
        rate = self._matrix[self._weak] @ move
        step = move[self._weak_x]
        return not (
            (at.low[self._weak] & (rate < -small)).any()
            or (at.high[self._weak] & (rate > small)).any()
            or (at.column_low[self._weak_x] & (step < -small)).any()
            or (at.column_high[self._weak_x] & (step > small)).any()
        )


def _carrying(at: ActivePlan, tie_y: Floats) -> tuple[Flags, Flags]:
    """Which rows carry a multiplier at any priority or in the tie-break; which surely none."""
    scaled = at.staged.scaled
    sure, none = np.zeros(len(tie_y), dtype=np.bool_), np.ones(len(tie_y), dtype=np.bool_)
    for stage in at.staged.stages:
        size = np.abs(stage.y * scaled.cost(stage.cost)[1] / scaled.row)
        sure |= size > NOT_ZERO
        none &= size <= NOT_ZERO
    size = np.abs(tie_y / scaled.row) / _tie_scale(at)
    return sure | (size > SURE), none & (size <= NONE)


def _carrying_columns(at: ActivePlan, tie_y: Floats) -> tuple[Flags, Flags]:
    """Which columns carry a reduced cost, and which surely none."""
    scaled = at.staged.scaled
    n = len(at.plan)
    sure, none = np.zeros(n, dtype=np.bool_), np.ones(n, dtype=np.bool_)
    costs = at.costs
    held = np.zeros(n, dtype=np.bool_)
    for p, stage in enumerate(at.staged.stages):
        cost, factor = scaled.cost(costs[p] + stage.lam @ costs)
        size = np.abs(cost - scaled.matrix.T @ (stage.y * factor / scaled.row))
        held |= size > NOT_ZERO
    z = np.abs(at.gradient * scaled.column - scaled.matrix.T @ (tie_y / scaled.row))
    size = z / _tie_scale(at)
    sure = held | (size > SURE)
    none = ~held & (size <= NONE)
    return sure, none


def _tie_scale(at: ActivePlan) -> float:
    size = np.abs(at.gradient * at.staged.scaled.column).max(initial=0.0)
    return float(size) or 1.0
