"""The levels of a leximin: successive programs, territories settled by their multipliers.

Each program makes the largest shortfall of the territories left as small as can be. A territory
whose row has a multiplier stands at that value in every plan that is optimal so far (complementary
slackness): it is settled, its row becomes a floor of its own, and the next program starts from the
basis of the last. Territories held by a rule of their own (a cap) are settled many at a time: one
program shows that all of them can stand at what it leaves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.session import PRIMAL, Session
from perequa.engine.termination import Termination
from perequa_models.errors import Infeasible, NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.stages import Face

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

SETTLES = 1e-7
"""Share of the multipliers above which a row's own settles its territory."""
SAME = 1e-9
"""Share by which a shortfall may differ from the least a rule of its own leaves, and be it."""
ROOM = 1e-8
"""Share of its bound given back to a settled territory where rounding leaves no plan."""
CLOSED = 1e-9
"""Shortfall, in points of the rate or places, at which everyone left has all they miss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What the successive programs found.

    Attributes
    ----------
    settled
        Positions, among the rows asked about, settled at each level.
    values
        Largest shortfall of each level, in the units of the solver.
    """

    settled: tuple[tuple[int, ...], ...]
    values: tuple[float, ...]


def levels_of(
    scaled: ScaledProgram, face: Face, rows: Sequence[int], level: int, options: SolverOptions
) -> Levels:
    """Settle territories level after level.

    Parameters
    ----------
    scaled, face
        The program, and the plans that earlier priorities leave.
    rows
        Row of each territory: ``C + a·M ≥ wanted``.
    level
        Column M.

    Raises
    ------
    Infeasible
        When there is no plan at all.
    NotProven
        When a program is not solved to optimality.
    """
    return _Settling(scaled, face, np.array(rows, dtype=np.intp), level, options).run()


class _Settling:
    """Territories settled so far, and the program of those left.

    Parameters are those of `levels_of`.
    """

    def __init__(
        self,
        scaled: ScaledProgram,
        face: Face,
        rows: Indices,
        level: int,
        options: SolverOptions,
    ) -> None:
        self._session = Session(
            scaled.matrix,
            face.row_lower,
            face.row_upper,
            face.column_lower,
            face.column_upper,
            options,
        )
        cost = np.zeros(self._session.n)
        cost[level] = 1.0
        self._session.set_cost(cost)
        self._rows, self._level = rows, level
        self._times = np.asarray(scaled.matrix[rows][:, [level]].toarray()).ravel()
        self._wanted = face.row_lower[rows].copy()
        self._least = least_alone(scaled, face, rows, level)
        self._left = np.ones(len(rows), dtype=np.bool_)
        self._settled: list[tuple[int, ...]] = []
        self._values: list[float] = []

    def run(self) -> Levels:
        """Solve until everyone is settled."""
        outcome = self._solve()
        step = 1
        while True:
            worst = float(outcome.x[self._level])
            shares = outcome.y[self._rows] * self._times
            done = self._left & ((shares > SETTLES) | (worst <= CLOSED))
            alone = self._left & (self._least >= worst - SAME * max(1.0, worst))
            self._settle(done | alone if worst > CLOSED else done, worst)
            if not self._left.any():
                return Levels(settled=tuple(self._settled), values=tuple(self._values))
            further = self._further(step) if alone.any() and worst > CLOSED else None
            step = 2 * step if further is not None else 1
            outcome = further or self._solve()

    def _settle(self, done: Flags, worst: float) -> None:
        """Settle some at the present level: what they have is their floor from now on."""
        chosen = np.flatnonzero(done)
        if not chosen.size:
            raise NotProven("a level of a leximin settles nobody")
        self._note(chosen, worst)
        self._fix(chosen, np.full(len(chosen), worst))

    def _note(self, chosen: Indices, value: float) -> None:
        self._settled.append(tuple(chosen.tolist()))
        self._values.append(value)
        self._left[chosen] = False

    def _further(self, count: int) -> Outcome | None:
        """Settle the next ones at what a rule of their own leaves them, if all can have it at once.

        Nobody can do better than its own rule allows. Where those with the largest such shortfalls
        all stand there, and everyone left at or under the least of them, these are the next levels.
        """
        left = np.flatnonzero(self._left)
        order = left[np.argsort(-self._least[left], kind="stable")][:count]
        order = order[self._least[order] > CLOSED]
        if len(order) == 0 or len(order) == len(left):
            return None
        basis = self._session.basis()
        self._fix(order, self._least[order])
        outcome = self._session.solve(strategy=PRIMAL)
        ended = self._least[order[-1]]
        if outcome.termination is Termination.OPTIMAL and outcome.x[
            self._level
        ] <= ended + SAME * max(1.0, ended):
            for value in np.unique(self._least[order])[::-1]:
                self._note(order[self._least[order] == value], float(value))
            return outcome
        self._free(order)
        self._session.set_basis(basis)
        return None

    def _fix(self, chosen: Indices, values: Floats) -> None:
        for i, value in zip(chosen.tolist(), values.tolist(), strict=True):
            row = int(self._rows[i])
            self._session.set_coefficient(row, self._level, 0.0)
            self._session.set_row_bound(row, self._wanted[i] - self._times[i] * value, np.inf)

    def _loosen(self) -> None:
        """Give the settled a little room: what is settled is who, values are found again later."""
        for chosen, value in zip(self._settled, self._values, strict=True):
            for i in chosen:
                bound = float(self._wanted[i] - self._times[i] * value)
                bound -= ROOM * max(1.0, abs(bound))
                self._session.set_row_bound(int(self._rows[i]), bound, np.inf)

    def _free(self, chosen: Indices) -> None:
        for i in chosen.tolist():
            row = int(self._rows[i])
            self._session.set_coefficient(row, self._level, float(self._times[i]))
            self._session.set_row_bound(row, float(self._wanted[i]), np.inf)

    def _solve(self) -> Outcome:
        outcome = self._session.solve(strategy=PRIMAL if self._settled else None)
        if outcome.termination is Termination.INFEASIBLE:
            if not self._settled:
                raise Infeasible("no plan satisfies every rule")
            # the plan of the last program has only rounding against it
            self._loosen()
            outcome = self._session.solve(strategy=PRIMAL)
        if outcome.termination is not Termination.OPTIMAL:
            message = f"level {len(self._settled) + 1} of a leximin ended {outcome.termination}"
            raise NotProven(message)
        return outcome


def least_alone(scaled: ScaledProgram, face: Face, rows: Indices, level: int) -> Floats:
    """Least shortfall that some rule alone leaves each territory, 0 where none does.

    A rule ``b·x ≤ u`` with b ≥ 0 lets ``a·x`` reach ``u · max a/b`` where it holds all of a.
    """
    matrix = sparse.csr_array(scaled.matrix)
    by_column = sparse.csc_array(matrix)
    positive = np.minimum.reduceat(np.append(matrix.data, 0.0), matrix.indptr[:-1]) >= 0
    positive &= np.diff(matrix.indptr) > 0
    usable = positive & np.isfinite(face.row_upper)
    at_least_zero = face.column_lower >= 0
    found = np.zeros(len(rows))
    for at, i in enumerate(rows.tolist()):
        own = slice(matrix.indptr[i], matrix.indptr[i + 1])
        index, value = matrix.indices[own], matrix.data[own]
        times = float(value[index == level][0])
        index, value = index[index != level], value[index != level]
        if index.size == 0 or (value < 0).any() or not at_least_zero[index].all():
            continue
        first = slice(by_column.indptr[index[0]], by_column.indptr[index[0] + 1])
        best = np.inf
        for r in by_column.indices[first]:
            held = slice(matrix.indptr[r], matrix.indptr[r + 1])
            if not usable[r] or not at_least_zero[matrix.indices[held]].all():
                continue
            inside, size = matrix.indices[held].tolist(), matrix.data[held].tolist()
            weight = dict(zip(inside, size, strict=True))
            if all(j in weight for j in index.tolist()):
                most = max(v / weight[j] for j, v in zip(index.tolist(), value, strict=True))
                best = min(best, float(face.row_upper[r]) * most)
        found[at] = max(0.0, (float(face.row_lower[i]) - best) / times)
    return found
