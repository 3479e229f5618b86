"""Moves of a limit along the optimal basis, as far as the basis stays feasible."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.vertex import Floats, Indices, Vertex

FREE_MOVE = 1e-7
"""Distance a basis must allow before its dual is taken for the price."""
CHUNK = 16
"""Moves worked out at once: few enough to stay in the processor's cache."""


class BasisMove(NamedTuple):
    """A move of one limit by one unit: how the columns change, and how far it holds."""

    row: int
    sign: int
    reach: float
    columns: Indices
    values: Floats


def along_basis(vertex: Vertex, basis: FactoredBasis, rows: Sequence[int]) -> Iterator[BasisMove]:
    """Yield the moves of non-basic rows that the basis allows, on either side.

    Notes
    -----
    The basic columns are held by the rows that are not basic: with C the part of A in those rows
    and columns, a limit of row i moved by one changes the basic columns by the solution of
    ``C w = e_i``, and the basic rows by what that carries into them.
    """
    if not rows:
        return
    scaled, columns, others = vertex.scaled, basis.columns, basis.others
    place = np.full(len(vertex.activity), -1, dtype=np.intp)
    place[basis.held] = np.arange(len(basis.held))
    column_bounds = (vertex.x[columns], scaled.column_lower[columns], scaled.column_upper[columns])
    row_bounds = (vertex.activity[others], scaled.row_lower[others], scaled.row_upper[others])
    for start in range(0, len(rows), CHUNK):
        chunk = np.array(rows[start : start + CHUNK])
        right = np.zeros((len(basis.held), len(chunk)))
        right[place[chunk], np.arange(len(chunk))] = 1.0
        moves = _sparse(basis.factors.solve(right))
        rates = sparse.csc_array(basis.into @ moves)
        for k, i in enumerate(chunk):
            touched, move = _entries(moves, k)
            felt, rate = _entries(rates, k)
            both = (
                _both_ways(move, *(bound[touched] for bound in column_bounds)),
                _both_ways(rate, *(bound[felt] for bound in row_bounds)),
            )
            for sign, far in zip((1, -1), map(min, *both), strict=True):
                if far > FREE_MOVE:
                    reach = min(far, vertex.reach_of_orders(columns[touched], sign * move))
                    if reach > FREE_MOVE:
                        yield BasisMove(int(i), sign, reach, columns[touched], sign * move)


def _sparse(moves: Floats) -> sparse.csc_array:
    """Keep the entries that are more than rounding: a move touches few columns."""
    moves[np.abs(moves) < 1e-12 * np.abs(moves).max(axis=0, initial=1.0)] = 0.0
    return sparse.csc_array(moves)


def _entries(moves: sparse.csc_array, k: int) -> tuple[Indices, Floats]:
    """Places and values of one column."""
    part = slice(moves.indptr[k], moves.indptr[k + 1])
    return moves.indices[part], moves.data[part]


def _both_ways(rate: Floats, at: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Longest steps along `rate` and against it that keep `at` within its bounds."""
    if rate.size == 0:
        return np.inf, np.inf
    size = np.abs(rate)
    kept = size > 1e-10 * max(1.0, float(size.max()))
    size = size[kept]
    above, below = (high - at)[kept] / size, (at - low)[kept] / size
    rising = rate[kept] > 0
    ahead, behind = np.where(rising, above, below), np.where(rising, below, above)
    return max(0.0, float(ahead.min(initial=np.inf))), max(0.0, float(behind.min(initial=np.inf)))
