"""What the program's own objective rows make of a plan: their least value over auxiliaries.

The rows that state an objective tie auxiliary columns (gaps, extremes) to the places. For given
places the least cost of the auxiliaries is found by reading the rows, without a solver: each
auxiliary stands alone in its rows (a bound), shares one equality with its opposite (an absolute
value) or with the pieces of a convex function (its chords), or shares one inequality with a
threshold that many share (what exceeds it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import Program
    from perequa.verification.sparse import Floats, Indices


@dataclass(frozen=True)
class Auxiliaries:
    """The auxiliary part of a program.

    Attributes
    ----------
    program
        The program.
    given
        Which columns are given: places, and amounts held back.
    """

    program: Program
    given: NDArray[np.bool_]

    @cached_property
    def rows(self) -> Indices:
        """Rows that are no rule's."""
        return np.flatnonzero(~self.program.is_rule)

    @cached_property
    def _free_entries(self) -> list[tuple[int, Indices, Floats]]:
        """Each auxiliary row with its auxiliary columns and coefficients."""
        found = []
        for i in self.rows:
            index, value = self.program.matrix.row(int(i))
            free = ~self.given[index]
            found.append((int(i), index[free], value[free]))
        return found

    def least_value(self, objective: int, x: Floats) -> float:
        """Least value of an objective when the given columns are x, shape (n,).

        Raises
        ------
        Unreadable
            When a row has a form that cannot be read without a solver.
        """
        program = self.program
        cost = program.arrays["objective_cost"][objective]
        known = np.where(self.given, x, 0.0)
        activity = program.matrix.times(known)
        low, high = program.least.astype(float), program.most.astype(float)
        low, high = low.copy(), high.copy()
        pairs: list[tuple[Indices, Floats, float]] = []
        beyond: list[tuple[Indices, Floats, float]] = []
        pieces: list[tuple[Indices, Floats, float]] = []
        for i, index, value in self._free_entries:
            if not np.any(cost[index]):
                continue
            if len(index) == 1:
                self._bound(i, int(index[0]), float(value[0]), activity[i], (low, high))
            elif len(index) == 2 and program.lower[i] == program.upper[i]:
                pairs.append((index, value, float(program.lower[i] - activity[i])))
            elif program.lower[i] == program.upper[i]:
                pieces.append((index, value, float(program.lower[i] - activity[i])))
            elif len(index) == 2 and np.isposinf(program.upper[i]) and np.all(value > 0):
                beyond.append((index, value, float(program.lower[i] - activity[i])))
            else:
                raise Unreadable(
                    "program.npz",
                    f"row {program.row_ids[i]} states an objective in an unknown form",
                )
        total = float(program.arrays["objective_offset"][objective] + cost @ known)
        paired = np.zeros(len(cost), dtype=bool)
        for index, value, right in pairs:
            paired[index] = True
            total += _absolute(cost[index], value, right)
        for index, value, right in pieces:
            paired[index] = True
            total += _filled(cost[index], value, high[index], right)
        for threshold, rows in _by_threshold(beyond, len(cost)).items():
            paired[threshold] = True
            paired[[row.other for row in rows]] = True
            total += _least_beyond(cost, threshold, rows, (low, high))
        alone = np.flatnonzero((cost != 0) & ~self.given & ~paired)
        least = np.where(cost[alone] > 0, low[alone], high[alone])
        return total + float(cost[alone] @ least)

    def _bound(
        self, i: int, j: int, a: float, activity: float, bounds: tuple[Floats, Floats]
    ) -> None:
        low, high = bounds
        ends = [
            (self.program.lower[i] - activity) / a,
            (self.program.upper[i] - activity) / a,
        ]
        below, above = (ends[0], ends[1]) if a > 0 else (ends[1], ends[0])
        low[j], high[j] = max(low[j], below), min(high[j], above)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beyond:
    """One inequality a·other + b·threshold ≥ right, with a and b above zero."""

    other: int
    a: float
    b: float
    right: float


def _by_threshold(
    rows: list[tuple[Indices, Floats, float]], columns: int
) -> dict[int, list[_Beyond]]:
    """Sort inequalities of two auxiliaries by the one that most of them share."""
    times = np.zeros(columns, dtype=int)
    for index, _, _ in rows:
        times[index] += 1
    found: dict[int, list[_Beyond]] = {}
    for index, value, right in rows:
        shared = int(np.argmax(times[index]))
        row = _Beyond(
            other=int(index[1 - shared]),
            a=float(value[1 - shared]),
            b=float(value[shared]),
            right=right,
        )
        found.setdefault(int(index[shared]), []).append(row)
    return found


def _least_beyond(
    cost: Floats, threshold: int, rows: list[_Beyond], bounds: tuple[Floats, Floats]
) -> float:
    """Least cost of a threshold and of what exceeds it: convex, bent where a row begins to hold."""
    others = np.array([row.other for row in rows])
    a, b = np.array([row.a for row in rows]), np.array([row.b for row in rows])
    right, least = np.array([row.right for row in rows]), bounds[0][others]
    bends = (right - a * least) / b
    ends = np.array([bounds[0][threshold], bounds[1][threshold]])
    tried = np.clip(np.append(bends, ends), *ends)
    return min(
        float(cost[threshold] * h + cost[others] @ np.maximum(least, (right - b * h) / a))
        for h in np.unique(tried[np.isfinite(tried)])
    )


def _filled(cost: Floats, value: Floats, most: Floats, right: float) -> float:
    """Least cost of Σ a·u = right with 0 ≤ u ≤ most, all costs above zero: the cheapest first.

    Pieces of the other sign would have to be made good by dearer ones.
    """
    if right == 0.0:
        return 0.0
    own = np.flatnonzero(value * right > 0)
    dearness = cost[own] / np.abs(value[own])
    total, left = 0.0, abs(right)
    for j in own[np.argsort(dearness, kind="stable")]:
        taken = min(left, float(most[j]) * abs(float(value[j])))
        total += taken * float(cost[j]) / abs(float(value[j]))
        left -= taken
    return total if left <= 0.0 else float("inf")


def _absolute(cost: Floats, value: Floats, right: float) -> float:
    """Least cost of a·u + b·v = right with u, v ≥ 0 and a, b of opposite signs."""
    best = [c * right / a for c, a in zip(cost, value, strict=True) if right / a >= 0]
    return float(min(best))
