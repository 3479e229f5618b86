"""Moves of a limit in the tangent cone of a vertex: one program, solved again from its last basis.

Rows that are not active leave the cone free and are left out, and with them the columns that stand
in no other row: at an optimum none of those gains by moving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from perequa.engine.session import DUAL, Session, some_of_basis
from perequa.engine.termination import Termination
from perequa.engine.vertex import reach
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.vertex import Floats, Indices, Vertex


class TangentMove(NamedTuple):
    """A move of one limit by one unit, how far it holds, and the dual that proves its price.

    `lam` holds the multipliers of the earlier priorities, in the solver's units.
    """

    reach: float
    columns: Indices
    values: Floats
    y: Floats
    lam: Floats


class TangentCone:
    """The tangent cone of a vertex at one priority, ready for one limit after another.

    Parameters
    ----------
    vertex
        The optimal vertex.
    stage
        Position of the priority. Its move costs no earlier priority more than their own price:
        each of them is a row whose limit moves with the rule's.
    options
        How the solver works.
    """

    def __init__(self, vertex: Vertex, stage: int, options: SolverOptions) -> None:
        self._vertex, self._stage = vertex, stage
        self._rows = np.flatnonzero(vertex.low | vertex.high | ~vertex.basic_rows)
        inside = np.diff(sparse.csc_array(vertex.rows[self._rows]).indptr) > 0
        self._columns = np.flatnonzero(inside)
        self._place = np.full(len(vertex.activity), -1, dtype=np.intp)
        self._place[self._rows] = np.arange(len(self._rows))
        self._lower = np.where(vertex.low, 0.0, -np.inf)[self._rows]
        self._upper = np.where(vertex.high, 0.0, np.inf)[self._rows]
        earlier = sparse.csr_array(vertex.costs[:stage][:, self._columns])
        matrix = sparse.vstack([vertex.rows[self._rows][:, self._columns], earlier])
        self._session = Session(
            sparse.csc_array(matrix),
            np.append(self._lower, np.full(stage, -np.inf)),
            np.append(self._upper, np.zeros(stage)),
            np.where(vertex.column_low, 0.0, -np.inf)[self._columns],
            np.where(vertex.column_high, 0.0, np.inf)[self._columns],
            options,
        )
        self._session.set_cost(vertex.costs[stage][self._columns])
        basis = some_of_basis(vertex.basis, self._rows, self._columns)
        if basis is not None and stage == 0:
            self._session.set_basis(basis)

    def move(self, i: int, sign: int, earlier: Sequence[float]) -> TangentMove | Floats:
        """Move the limit of row i by one unit up or down.

        Parameters
        ----------
        earlier
            Price of the same move at each earlier priority, in the solver's units.

        Returns
        -------
        TangentMove or array (m,)
            The cheapest move; or, when there is none, multipliers that prove it.

        Raises
        ------
        NotProven
            When the solver does not say.
        """
        k, count = int(self._place[i]), len(self._rows)
        lower = float(sign) if np.isfinite(self._lower[k]) else -np.inf
        upper = float(sign) if np.isfinite(self._upper[k]) else np.inf
        self._session.set_row_bound(k, lower, upper)
        for j, price in enumerate(earlier):
            # room for rounding of the price, far below what a price is printed to
            room = 1e-9 * max(1.0, abs(price))
            self._session.set_row_bound(count + j, -np.inf, price + room)
        outcome = self._session.solve(strategy=DUAL, presolve=False)
        infeasible = outcome.termination is Termination.INFEASIBLE
        found = self._session.dual_ray() if infeasible else None
        self._session.set_row_bound(k, float(self._lower[k]), float(self._upper[k]))
        if outcome.termination is Termination.OPTIMAL:
            return self._completed(outcome)
        if found is None:
            message = f"a price ended {outcome.termination.value} without proof"
            raise NotProven(message)
        ray = np.zeros(len(self._vertex.activity))
        ray[self._rows] = found[:count]
        return ray

    def _completed(self, outcome: Outcome) -> TangentMove:
        """Measure how far a move holds in the whole program."""
        vertex, scaled = self._vertex, self._vertex.scaled
        move = np.zeros(len(vertex.x))
        small = 1e-11 * max(1.0, float(np.abs(outcome.x).max(initial=0.0)))
        move[self._columns] = np.where(np.abs(outcome.x) < small, 0.0, outcome.x)
        rates = vertex.rows @ move
        # what is active moves with the cone: only the others bound the reach
        far = min(
            reach(
                rates,
                vertex.activity,
                np.where(vertex.low, -np.inf, scaled.row_lower),
                np.where(vertex.high, np.inf, scaled.row_upper),
            ),
            reach(
                move,
                vertex.x,
                np.where(vertex.column_low, -np.inf, scaled.column_lower),
                np.where(vertex.column_high, np.inf, scaled.column_upper),
            ),
        )
        dual = np.where(np.abs(outcome.y) < 1e-12, 0.0, outcome.y)
        y = np.zeros(len(vertex.activity))
        y[self._rows] = dual[: len(self._rows)]
        columns = np.flatnonzero(move)
        lam = np.maximum(0.0, -dual[len(self._rows) :])
        return TangentMove(far, columns, move[columns], y, lam)
