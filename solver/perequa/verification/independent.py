"""Whether the columns of a matrix are linearly independent: then nothing can move along them.

A column that stands alone in some row is in no dependency: with it out of the way, others stand
alone. Mostly all columns go that way, in a handful of looks at what is left; the rest is factored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.linalg import qr
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.sparse import Floats

CORNER, DEPENDENT = 1e-6, 1e-11
"""Size of the corner of the system, and of the pivots below which columns are dependent."""
LOOKS = 50
"""Most looks at what is left: where columns hang together in long chains, factors are faster."""
DENSE = 10_000_000
"""Entries up to which rows and columns are laid out in full."""
STANDS = 1e-3
"""Share of the length of its column that an entry alone in its row must have."""


def independent(matrix: sparse.csr_array) -> bool:
    """Whether no combination of the columns but the empty one is zero.

    Parameters
    ----------
    matrix
        (m, n) by row, each entry stored once and none of them zero.
    """
    if not _lengths(matrix).all():
        return False
    scaled = _scaled(matrix)
    left = _in_a_ring(scaled)
    return left.size == 0 or _by_factors(sparse.csr_array(scaled[:, left]))


def spanning(matrix: sparse.csr_array) -> NDArray[np.intp]:
    """Columns that span all of them, part by part where no row holds the parts together.

    A part too large to be looked at as a whole keeps all its columns.

    Parameters
    ----------
    matrix
        As for `independent`; its columns may be zero.
    """
    scaled = sparse.csc_array(_scaled(matrix))
    count, part = connected_components(abs(scaled).T @ abs(scaled), directed=False)
    kept = [np.zeros(0, dtype=np.intp)]
    for k in range(count):
        columns = np.flatnonzero(part == k)
        rows = np.unique(scaled[:, columns].indices)
        if rows.size * columns.size > DENSE:
            kept.append(columns)
        elif rows.size:
            within = sparse.csr_array(scaled[:, columns])[rows].toarray()
            _, corner, order = qr(within, mode="economic", pivoting=True)
            kept.append(columns[order[: int((np.abs(np.diag(corner)) > DEPENDENT).sum())]])
    return np.concatenate(kept)


def _lengths(matrix: sparse.csr_array) -> Floats:
    return np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0), dtype=np.float64).ravel())


def _scaled(matrix: sparse.csr_array) -> sparse.csr_array:
    """Bring every column to a length of one, but for those of none."""
    length = _lengths(matrix)
    return sparse.csr_array(matrix @ sparse.diags_array(1.0 / np.where(length > 0, length, 1.0)))


def _in_a_ring(scaled: sparse.csr_array) -> NDArray[np.intp]:
    """Columns of which none stands alone in a row once those that do are taken away."""
    m, n = scaled.shape
    row, column = np.repeat(np.arange(m), np.diff(scaled.indptr)), scaled.indices
    stands = np.abs(scaled.data) >= STANDS
    left = np.ones(n, dtype=np.bool_)
    for _ in range(LOOKS):
        alone = (np.bincount(row, minlength=m)[row] == 1) & stands
        if not alone.any():
            break
        left[column[alone]] = False
        kept = left[column]
        row, column, stands = row[kept], column[kept], stands[kept]
    return np.flatnonzero(left)


def _by_factors(scaled: sparse.csr_array) -> bool:
    # singular just when the columns are dependent; the small corner keeps the smallest singular
    # value of the columns from being squared into rounding
    corner = sparse.eye_array(scaled.shape[0]) * CORNER
    system = sparse.block_array([[corner, scaled], [scaled.T, None]], format="csc")
    try:
        factors = splu(system)
    except RuntimeError:
        return False
    return bool(np.abs(factors.U.diagonal()).min() > DEPENDENT)
