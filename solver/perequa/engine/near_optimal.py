"""Least and most of some sums over the plans that are nearly optimal at every priority.

Each question is two programs over the same plans, solved from one stored basis. Questions are asked
in chunks fixed beforehand, each in a solver of its own: what comes out does not depend on how many
are asked at a time.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.plans_left import stop_unless_optimal
from perequa.engine.scaling import size_factor
from perequa.engine.session import PRIMAL, Session, with_basic_rows
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

CHUNK = 32
"""Questions asked of one solver: enough to pay for handing the program over."""
MOST = 1e6
"""Largest entry or limit of a priority that becomes a row, in the units of the solver."""
FINER = 2.0**10
"""What a sum is multiplied by beside other costs: what a priority gives up for it is worth little,
and must not be lost in the tolerance of the solver."""
ROUNDING = 1e-9
"""Share of an optimum left to rounding where nothing may be given up beside something that may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum over columns, natural units: ``values @ x[columns]``."""

    columns: Indices
    values: Floats

    def at(self, x: Floats) -> float:
        """Value at a plan (n,)."""
        return float(self.values @ x[self.columns])


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """A plan at which a sum is least, and what proves it; natural units.

    Attributes
    ----------
    x
        (n,) the plan.
    y, lam
        (m,), (P,) multipliers of the rows, and of what each priority may not exceed.
    """

    x: Floats
    y: Floats
    lam: Floats


class NearOptimal:
    """The plans whose every priority is within some room of its optimum.

    Parameters
    ----------
    staged
        The solved priorities.
    room
        (P,) how much worse than its optimum each may be, natural units. All zero leaves exactly
        the optimal plans.
    options
        How the solver works.
    """

    def __init__(self, staged: Staged, room: Floats, options: SolverOptions) -> None:
        self._scaled, self._options = staged.scaled, options
        face, scaled = staged.face, staged.scaled
        self._factors = np.zeros(0)
        if room.any():
            costs = np.array([stage.cost * scaled.column for stage in staged.stages])
            values = [stage.cost @ stage.x for stage in staged.stages]
            limits = np.array(
                [v + max(r, ROUNDING * abs(v)) for v, r in zip(values, room, strict=True)]
            )
            self._factors = np.array(
                [_row_factor(cost, limit) for cost, limit in zip(costs, limits, strict=True)]
            )
            rows = sparse.csc_array(self._factors[:, np.newaxis] * costs)
            matrix = sparse.csc_array(sparse.vstack([scaled.matrix, rows]))
            self._program = (
                matrix,
                np.append(scaled.row_lower, np.full(len(costs), -np.inf)),
                np.append(scaled.row_upper, self._factors * limits),
                scaled.column_lower,
                scaled.column_upper,
            )
        else:
            self._program = (
                scaled.matrix,
                face.row_lower,
                face.row_upper,
                face.column_lower,
                face.column_upper,
            )
        # the vertex of the last priority is one of these plans: nothing is to be solved for a start
        self._basis = with_basic_rows(staged.last_basis, len(self._factors))

    def ranges(self, sums: Sequence[Sum], jobs: int | None = None) -> list[tuple[float, float]]:
        """Return the least and the most of each sum, infinite where nothing bounds it.

        Parameters
        ----------
        sums
            The questions.
        jobs
            How many chunks are asked at a time; the number of processors when None.

        Raises
        ------
        NotProven
            When the solver does not say.
        """
        chunks = [sums[start : start + CHUNK] for start in range(0, len(sums), CHUNK)]
        with ThreadPoolExecutor(max_workers=jobs or os.cpu_count()) as workers:
            answers = workers.map(self._chunk, chunks)
            return [found for chunk in answers for found in chunk]

    def extreme(self, asked: Sum, sign: float) -> Extreme:
        """Return a plan at which ``sign`` times a sum is least, with its proof.

        Only where something may be given up: where nothing may, a sum is one priority more.

        Raises
        ------
        NotProven
            When the solver does not say, or nothing bounds the sum.
        """
        session = self._session()
        session.set_basis(self._basis)
        cost, factor = self._cost(asked, sign)
        session.set_cost(cost)
        outcome = session.solve(strategy=PRIMAL, presolve=False)
        stop_unless_optimal(outcome.termination)
        m = len(self._scaled.row_lower)
        # priced by the last basis: nearer than what HiGHS has carried from step to step
        [y] = session.multipliers(cost[np.newaxis])
        x = np.clip(outcome.x, self._scaled.column_lower, self._scaled.column_upper)
        return Extreme(
            x=self._scaled.natural_x(x),
            y=self._scaled.natural_y(y[:m], factor),
            # a multiplier of ``cost ≤ limit`` is at most 0; rounding may leave a trace above
            lam=np.maximum(0.0, -y[m:] * self._factors / factor),
        )

    def _chunk(self, sums: Sequence[Sum]) -> list[tuple[float, float]]:
        session = self._session()
        session.set_basis(self._basis)
        found = []
        for asked in sums:
            ends = []
            for sign in (1.0, -1.0):
                session.set_cost(self._cost(asked, sign)[0])
                outcome = session.solve(strategy=PRIMAL, presolve=False)
                if outcome.termination is Termination.UNBOUNDED:
                    ends.append(-sign * np.inf)
                    session.set_basis(self._basis)
                    continue
                stop_unless_optimal(outcome.termination)
                x = np.clip(outcome.x, self._scaled.column_lower, self._scaled.column_upper)
                ends.append(asked.at(self._scaled.natural_x(x)))
            found.append((ends[0], ends[1]))
        return found

    def _cost(self, asked: Sum, sign: float) -> tuple[Floats, float]:
        """Scale a sum to be made least; returns it with the factor it was multiplied by."""
        cost = np.zeros(len(self._scaled.column))
        cost[asked.columns] = sign * asked.values
        scaled, factor = self._scaled.cost(cost)
        return FINER * scaled, FINER * factor

    def _session(self) -> Session:
        return Session(*self._program, self._options)


def _row_factor(cost: Floats, limit: float) -> float:
    """Power of two for a priority that becomes a row: its smallest entry 1, nothing above `MOST`.

    A row is kept to an absolute tolerance: a limit a million million million times as large would
    be missed by rounding alone, and no plan would keep it.
    """
    largest = max(float(np.abs(cost).max(initial=0.0)), abs(limit))
    most = 2.0 ** np.floor(np.log2(MOST / largest)) if largest > 0.0 else np.inf
    return float(min(size_factor(cost), most))
