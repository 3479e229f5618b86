"""Moves of limits in the tangent cone of a vertex: the cheapest, and how far it holds.

Of the first priority mostly a few changes of the vertex's own basis give it (`cone_walk.py`). Where
they do not, and at later priorities, it is one program, solved again from its last basis. Rows that
are not active leave the cone free and are left out of it, and with them the columns that stand in
no other row: at an optimum none of those gains by moving.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from perequa.engine.cone_walk import ConeWalk
from perequa.engine.session import DUAL, Session, some_of_basis
from perequa.engine.termination import Termination
from perequa.engine.vertex import reach
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.direction import Direction
    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.session import SolverOptions
    from perequa.engine.vertex import Floats, Indices, Vertex

SAME = 1e-9
"""Share of a price by which a move and its dual may differ."""


ROOM = 1e-9
"""Room for rounding in an earlier price, where it leaves no move otherwise.

Not given at once: what one unit of an earlier priority is worth at this one may be large, and all
the room would be spent on it.
"""


class TangentMove(NamedTuple):
    """A move of limits by one unit, how far it holds, and the dual that proves its price.

    `lam` holds the multipliers of the earlier priorities, in the solver's units.
    """

    reach: float
    columns: Indices
    values: Floats
    y: Floats
    lam: Floats


class TangentCone:
    """The tangent cone of a vertex at one priority, ready for one direction after another.

    Parameters
    ----------
    vertex, basis
        The optimal vertex and its basis.
    stage
        Position of the priority. Its move costs no earlier priority more than their own price:
        each of them is a row whose limit moves with the rule's.
    options
        How the solver works.

    Attributes
    ----------
    programs_solved
        Programs solved where the vertex's own basis did not do.
    """

    def __init__(
        self, vertex: Vertex, basis: FactoredBasis, stage: int, options: SolverOptions
    ) -> None:
        self.programs_solved = 0
        self._vertex, self._stage, self._options = vertex, stage, options
        self._walk = ConeWalk(vertex, basis)
        self._rows = np.flatnonzero(vertex.low | vertex.high | ~vertex.basic_rows)
        self._lower = np.where(vertex.low, 0.0, -np.inf)[self._rows]
        self._upper = np.where(vertex.high, 0.0, np.inf)[self._rows]
        self._place = np.full(len(vertex.activity), -1, dtype=np.intp)
        self._place[self._rows] = np.arange(len(self._rows))
        inside = np.diff(sparse.csc_array(vertex.rows[self._rows]).indptr) > 0
        self._columns = np.flatnonzero(inside)

    def move(self, direction: Direction, earlier: Sequence[float]) -> TangentMove | Floats:
        """Move limits by one unit of a direction.

        Parameters
        ----------
        direction
            The limits that move. Those that are not active stand back at first.
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
        found = None if self._stage else self._walk.cheapest(direction)
        if isinstance(found, np.ndarray):
            return found
        if found is not None:
            move, y = found
            moving = np.flatnonzero(move != 0.0)
            terms = self._vertex.costs[0][moving] * move[moving]
            price = direction.along(y)
            allowed = SAME * abs(price) + 1e-12 * float(np.abs(terms).sum())
            if abs(float(terms.sum()) - price) <= allowed:
                return self._measured(direction, move, (y, np.zeros(0)))
        return self._solved(direction, earlier)

    def _solved(self, direction: Direction, earlier: Sequence[float]) -> TangentMove | Floats:
        """Find the cheapest move by the solver."""
        self.programs_solved += 1
        session, count = self._session, len(self._rows)
        moved = list(zip(self._place[direction.rows].tolist(), direction.rates, strict=True))
        for k, rate in moved:
            if k >= 0:
                # a bound that is not active stays away, whatever its limit does
                session.set_row_bound(k, self._lower[k] + rate, self._upper[k] + rate)
        for room in (0.0, ROOM):
            for j, price in enumerate(earlier):
                session.set_row_bound(count + j, -np.inf, price + room * max(1.0, abs(price)))
            outcome = session.solve(strategy=DUAL, presolve=False)
            if outcome.termination is Termination.OPTIMAL or not earlier:
                break
        infeasible = outcome.termination is Termination.INFEASIBLE
        found = session.dual_ray() if infeasible else None
        for k, _ in moved:
            if k >= 0:
                session.set_row_bound(k, float(self._lower[k]), float(self._upper[k]))
        if outcome.termination is Termination.OPTIMAL:
            move = np.zeros(len(self._vertex.x))
            move[self._columns] = outcome.x
            dual = np.where(np.abs(outcome.y) < 1e-12, 0.0, outcome.y)
            y = np.zeros(len(self._vertex.activity))
            y[self._rows] = dual[:count]
            return self._measured(direction, move, (y, np.maximum(0.0, -dual[count:])))
        if found is None:
            message = f"a price ended {outcome.termination.value} without proof"
            raise NotProven(message)
        ray = np.zeros(len(self._vertex.activity))
        ray[self._rows] = found[:count]
        return ray

    @cached_property
    def _session(self) -> Session:
        vertex, stage = self._vertex, self._stage
        earlier = sparse.csr_array(vertex.costs[:stage][:, self._columns])
        matrix = sparse.vstack([vertex.rows[self._rows][:, self._columns], earlier])
        session = Session(
            sparse.csc_array(matrix),
            np.append(self._lower, np.full(stage, -np.inf)),
            np.append(self._upper, np.zeros(stage)),
            np.where(vertex.column_low, 0.0, -np.inf)[self._columns],
            np.where(vertex.column_high, 0.0, np.inf)[self._columns],
            self._options,
        )
        session.set_cost(vertex.costs[stage][self._columns])
        basis = some_of_basis(vertex.basis, self._rows, self._columns)
        if basis is not None and stage == 0:
            session.set_basis(basis)
        return session

    def _measured(
        self, direction: Direction, move: Floats, dual: tuple[Floats, Floats]
    ) -> TangentMove:
        """Measure how far a move holds in the whole program."""
        vertex, scaled = self._vertex, self._vertex.scaled
        columns = np.flatnonzero(np.abs(move) >= 1e-11 * max(1.0, float(np.abs(move).max())))
        values = move[columns]
        rates = vertex.rows @ move
        rates[direction.rows] -= direction.rates
        felt = np.flatnonzero(rates != 0.0)
        # what is active moves with the cone: only the others bound the reach
        far = min(
            reach(
                rates[felt],
                vertex.activity[felt],
                np.where(vertex.low[felt], -np.inf, scaled.row_lower[felt]),
                np.where(vertex.high[felt], np.inf, scaled.row_upper[felt]),
            ),
            reach(
                values,
                vertex.x[columns],
                np.where(vertex.column_low[columns], -np.inf, scaled.column_lower[columns]),
                np.where(vertex.column_high[columns], np.inf, scaled.column_upper[columns]),
            ),
            vertex.reach_of_orders(columns, values),
        )
        return TangentMove(far, columns, values, *dual)
