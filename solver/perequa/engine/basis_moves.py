"""Moves of a limit along the optimal basis, as far as the basis stays feasible."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from perequa.engine.vertex import reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.engine.vertex import Floats, Indices, Vertex

FREE_MOVE = 1e-7
"""Distance a basis must allow before its dual is taken for the price."""
CHUNK = 64


class BasisMove(NamedTuple):
    """A move of one limit by one unit: how the columns change, and how far it holds."""

    row: int
    sign: int
    reach: float
    columns: Indices
    values: Floats


def along_basis(vertex: Vertex, rows: Sequence[int]) -> Iterator[BasisMove]:
    """Yield the moves of non-basic rows that the basis allows, on either side.

    Notes
    -----
    With ``B`` the basis matrix (columns of A for basic columns, −e_i for the activity of basic row
    i), a limit of row i moved by one changes the basic variables by the solution of ``B w = e_i``.
    """
    if not rows:
        return
    scaled, basic = vertex.scaled, vertex.basic
    m = len(vertex.activity)
    structural = basic >= 0
    column, row = np.maximum(basic, 0), np.maximum(-basic - 1, 0)
    factors = splu(_basis_matrix(vertex))
    at = np.where(structural, vertex.x[column], vertex.activity[row])
    low = np.where(structural, scaled.column_lower[column], scaled.row_lower[row])
    high = np.where(structural, scaled.column_upper[column], scaled.row_upper[row])
    for start in range(0, len(rows), CHUNK):
        chunk = np.array(rows[start : start + CHUNK])
        right = np.zeros((m, len(chunk)))
        right[chunk, np.arange(len(chunk))] = 1.0
        moves = factors.solve(right)
        moves[np.abs(moves) < 1e-12 * np.abs(moves).max(axis=0, initial=1.0)] = 0.0
        for k, i in enumerate(chunk):
            touched = np.flatnonzero(moves[:, k])
            move = moves[touched, k]
            kept = structural[touched]
            for sign in (1, -1):
                far = reach(sign * move, at[touched], low[touched], high[touched])
                if far > FREE_MOVE:
                    columns = basic[touched[kept]]
                    yield BasisMove(int(i), sign, far, columns, sign * move[kept])


def _basis_matrix(vertex: Vertex) -> sparse.csc_array:
    m, n = vertex.rows.shape
    structural = vertex.basic >= 0
    places = np.arange(m)
    columns, rows = vertex.basic[structural], -vertex.basic[~structural] - 1
    chosen = sparse.csc_array((np.ones(len(columns)), (columns, places[structural])), shape=(n, m))
    activities = sparse.csc_array(
        (np.full(len(rows), -1.0), (rows, places[~structural])), shape=(m, m)
    )
    return sparse.csc_array(vertex.scaled.matrix @ chosen + activities)
