"""Moves of limits in the tangent cone of a vertex: one program, solved again from its last basis.

Rows that are not active leave the cone free and are left out, and with them the columns that stand
in no other row: at an optimum none of those gains by moving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from perequa.engine.basis_moves import entries, sparse_moves
from perequa.engine.session import DUAL, Session, basic_places, some_of_basis
from perequa.engine.termination import Termination
from perequa.engine.vertex import reach
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.engine.direction import Direction
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.vertex import Flags, Floats, Indices, Vertex

CHUNK = 16


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
        self._last: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        basis = some_of_basis(vertex.basis, self._rows, self._columns)
        if basis is not None and stage == 0:
            self._session.set_basis(basis)

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
        count = len(self._rows)
        moved = list(zip(self._place[direction.rows].tolist(), direction.rates, strict=True))
        for k, rate in moved:
            if k >= 0:
                # a bound that is not active stays away, whatever its limit does
                self._session.set_row_bound(k, self._lower[k] + rate, self._upper[k] + rate)
        for j, price in enumerate(earlier):
            # room for rounding of the price, far below what a price is printed to
            room = 1e-9 * max(1.0, abs(price))
            self._session.set_row_bound(count + j, -np.inf, price + room)
        outcome = self._session.solve(strategy=DUAL, presolve=False)
        infeasible = outcome.termination is Termination.INFEASIBLE
        found = self._session.dual_ray() if infeasible else None
        for k, _ in moved:
            if k >= 0:
                self._session.set_row_bound(k, float(self._lower[k]), float(self._upper[k]))
        if outcome.termination is Termination.OPTIMAL:
            return self._completed(outcome, direction)
        if found is None:
            message = f"a price ended {outcome.termination.value} without proof"
            raise NotProven(message)
        ray = np.zeros(len(self._vertex.activity))
        ray[self._rows] = found[:count]
        return ray

    def along_last_basis(
        self, wanted: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int, TangentMove]]:
        """Yield the moves that the basis of the last solve settles as it stands.

        At a degenerate vertex few bases explain most prices: one factorisation answers for many
        limits where a program each would find the same basis again.
        """
        vertex = self._vertex
        columns, rows = basic_places(self._session.basis())
        basic = np.zeros(len(self._rows), dtype=np.bool_)
        basic[rows[rows < len(self._rows)]] = True
        held = self._rows[~basic]
        place = np.full(len(self._vertex.activity), -1, dtype=np.intp)
        place[held] = np.arange(len(held))
        sides = [(i, sign) for i, sign in wanted if place[i] >= 0]
        if self._stage > 0 or not sides or len(held) != len(columns):
            return
        real = self._columns[columns]
        factors = splu(sparse.csc_array(self._vertex.rows[held][:, real]))
        carried = sparse.csr_array(self._vertex.scaled.matrix[:, real])
        for start in range(0, len(sides), CHUNK):
            chunk = sides[start : start + CHUNK]
            own = np.array([i for i, _ in chunk])
            right = np.zeros((len(held), len(chunk)))
            right[place[own], np.arange(len(chunk))] = [float(sign) for _, sign in chunk]
            moves = sparse_moves(factors.solve(right))
            rates = sparse.csc_array(carried @ moves)
            stay = ~_leaves(moves, vertex.column_low[real], vertex.column_high[real])
            stay &= ~_leaves(rates, vertex.low, vertex.high, own)
            for k in np.flatnonzero(stay).tolist():
                columns, values = entries(moves, k)
                order = np.argsort(real[columns])
                move = (real[columns][order], values[order])
                yield *chunk[k], self._measured(move, entries(rates, k), self._last)

    def _completed(self, outcome: Outcome, direction: Direction) -> TangentMove:
        """Measure how far the move just found holds in the whole program."""
        small = 1e-11 * max(1.0, float(np.abs(outcome.x).max(initial=0.0)))
        moved = np.flatnonzero(np.abs(outcome.x) >= small)
        move = np.zeros(len(self._vertex.x))
        move[self._columns[moved]] = outcome.x[moved]
        rates = self._vertex.rows @ move
        rates[direction.rows] -= direction.rates
        felt = np.flatnonzero(rates)
        dual = np.where(np.abs(outcome.y) < 1e-12, 0.0, outcome.y)
        y = np.zeros(len(self._vertex.activity))
        y[self._rows] = dual[: len(self._rows)]
        self._last = (y, np.maximum(0.0, -dual[len(self._rows) :]))
        chord = (self._columns[moved], outcome.x[moved])
        return self._measured(chord, (felt, rates[felt]), self._last)

    def _measured(
        self,
        move: tuple[Indices, Floats],
        felt_at: tuple[Indices, Floats],
        dual: tuple[Floats, Floats],
    ) -> TangentMove:
        vertex, scaled = self._vertex, self._vertex.scaled
        columns, values = move
        felt, rates = felt_at
        # what is active moves with the cone: only the others bound the reach
        far = min(
            reach(
                rates,
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
        )
        return TangentMove(far, columns, values, *dual)


def _leaves(moves: sparse.csc_array, low: Flags, high: Flags, own: Indices | None = None) -> Flags:
    """Which moves (columns) pass an active limit other than their own."""
    move = np.repeat(np.arange(moves.shape[1]), np.diff(moves.indptr))
    place, value = moves.indices, moves.data
    if own is not None:
        kept = place != own[move]
        move, place, value = move[kept], place[kept], value[kept]
    largest = np.ones(moves.shape[1])
    np.maximum.at(largest, move, np.abs(value))
    small = 1e-10 * largest[move]
    passes = (low[place] & (value < -small)) | (high[place] & (value > small))
    leaves = np.zeros(moves.shape[1], dtype=np.bool_)
    leaves[move[passes]] = True
    return leaves
