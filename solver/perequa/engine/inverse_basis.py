"""The inverse of a basis written out, where it has few entries: one answer is one row or column.

At the level of establishments a limit touches its own establishment and the few that stand at the
margin of its envelope, out of hundreds of thousands of columns. To solve with the factors of the
basis looks at all of them each time; the inverse itself has half a dozen entries in a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.vectors import Entries

if TYPE_CHECKING:
    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.vertex import Floats, Indices, Vertex

LARGE = 20_000
"""Rows above which an inverse is written out: below, the factors answer as fast."""
FEW = 40
"""Most entries of an inverse, on average for each row, for it to be written out."""
FEW_ENTRIES = 200
"""Entries up to which they are added up one by one."""
HOLDS = 1e-9
"""Largest entry by which the basis times its inverse may differ from the identity."""


class InverseBasis:
    """The inverse of the basis of a vertex: (m, m), one row a place, one column a row's limit.

    Parameters
    ----------
    by_limit
        The inverse, by column.

    Attributes
    ----------
    by_limit, by_place
        The same by column and by row.
    """

    def __init__(self, by_limit: sparse.csc_array) -> None:
        self.by_limit = by_limit
        self.by_place = sparse.csr_array(by_limit)

    def answer(self, row: int) -> Entries:
        """How who is basic moves, by place, when what the rows hold grows by one in one row."""
        return _part(self.by_limit, row)

    def multipliers(self, place: int) -> Entries:
        """Multipliers of the rows that pick one place out of the basis."""
        return _part(self.by_place, place)


def inverse_of(vertex: Vertex, basis: FactoredBasis) -> InverseBasis | None:
    """Write the inverse out; None where the program is small or the inverse has many entries."""
    m = len(vertex.activity)
    if m < LARGE:
        return None
    own = _of_held(basis, most=FEW * m)
    if own is None:
        return None
    carried = sparse.csc_array(basis.into @ own)
    if own.nnz + carried.nnz > FEW * m:
        return None
    # a row that is basic itself answers alone, by what its own limit moved
    others = len(basis.others)
    alone = sparse.vstack(
        [sparse.csc_array((own.shape[0], others)), -sparse.eye_array(others)], format="csc"
    )
    held = sparse.vstack([own, carried], format="csc")
    whole = sparse.csc_array(sparse.hstack([held, alone], format="csc"))
    order = np.argsort(np.concatenate([basis.held, basis.others]))
    inverse = sparse.csc_array(whole[:, order])
    inverse.sort_indices()
    return InverseBasis(inverse)


def _of_held(basis: FactoredBasis, most: int) -> sparse.csc_array | None:
    """Inverse of the part of the matrix in the rows and columns that hold each other."""
    factors = basis.factors
    lower = _of_unit(sparse.csc_array(factors.L), most)
    if lower is None:
        return None
    diagonal = factors.U.diagonal()
    upper = _of_unit(sparse.csc_array(sparse.diags_array(1.0 / diagonal) @ factors.U), most)
    if upper is None:
        return None
    inner = upper @ sparse.diags_array(1.0 / diagonal) @ lower
    if inner.nnz > most:
        return None
    # L·U is the part with its rows and columns put in another order
    inverse = sparse.csc_array(sparse.csr_array(inner)[factors.perm_c][:, factors.perm_r])
    largest = float(np.abs(inverse.data).max(initial=1.0))
    inverse.data[np.abs(inverse.data) < 1e-14 * largest] = 0.0
    inverse.eliminate_zeros()
    wrong = basis.own @ inverse - sparse.eye_array(inverse.shape[0])
    return inverse if float(np.abs(wrong.data).max(initial=0.0)) <= HOLDS else None


def _of_unit(triangle: sparse.csc_array, most: int) -> sparse.csc_array | None:
    """Inverse of a triangle with ones on its diagonal, by substitution, many rows at once.

    A row of the inverse is its own unit less what the rows it depends on hold: all rows that depend
    on known ones alone are found by one product.
    """
    n = triangle.shape[0]
    rest = sparse.csr_array(triangle - sparse.eye_array(n))
    rest.data[_on_diagonal(rest)] = 0.0
    rest.eliminate_zeros()
    waits, enters = np.diff(rest.indptr), sparse.csc_array(rest)
    place = np.full(n, -1, dtype=np.intp)
    known = sparse.csr_array((0, n))
    ready = np.flatnonzero(waits == 0)
    done = entries = 0
    while ready.size:
        place[ready] = np.arange(done, done + len(ready))
        unit = sparse.csr_array(
            (np.ones(len(ready)), ready, np.arange(len(ready) + 1)), shape=(len(ready), n)
        )
        block = sparse.csr_array(unit - _laid(rest[ready], place, done) @ known)
        entries += block.nnz
        if entries > most:
            return None
        done += len(ready)
        known = sparse.csr_array(sparse.vstack([known, block], format="csr"))
        freed = enters[:, ready].indices
        np.subtract.at(waits, freed, 1)
        ready = np.unique(freed[waits[freed] == 0])
    return sparse.csc_array(known[place])


def _laid(rows: sparse.csr_array, place: Indices, width: int) -> sparse.csr_array:
    """Give the columns of some rows other places."""
    return sparse.csr_array((rows.data, place[rows.indices], rows.indptr), (rows.shape[0], width))


def _on_diagonal(matrix: sparse.csr_array) -> Indices:
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.flatnonzero(matrix.indices == row)


def _part(matrix: sparse.csc_array | sparse.csr_array, k: int) -> Entries:
    part = slice(matrix.indptr[k], matrix.indptr[k + 1])
    return Entries(matrix.indices[part], matrix.data[part])


def gathered(matrix: sparse.csc_array | sparse.csr_array, chosen: Entries) -> Entries:
    """Sum some rows (of a matrix by row) or columns (by column), each times its value.

    The entries of each must stand in the order of their places.
    """
    if len(chosen.places) == 1:
        part = _part(matrix, int(chosen.places[0]))
        return Entries(part.places.astype(np.intp), part.values * chosen.values[0])
    starts, ends = matrix.indptr[chosen.places], matrix.indptr[chosen.places + 1]
    sizes = ends - starts
    entries = int(sizes.sum())
    if entries <= FEW_ENTRIES:
        return _one_by_one(matrix, chosen)
    before = np.cumsum(sizes) - sizes
    taken = np.arange(entries) + np.repeat(starts - before, sizes)
    places, where = np.unique(matrix.indices[taken], return_inverse=True)
    weights: Floats = matrix.data[taken] * np.repeat(chosen.values, sizes)
    sums: Floats = np.bincount(where, weights, len(places)).astype(np.float64)
    return Entries(places.astype(np.intp), sums)


def _one_by_one(matrix: sparse.csc_array | sparse.csr_array, chosen: Entries) -> Entries:
    """Sum few entries: to set up arrays for them takes longer than to add them."""
    sums: dict[int, float] = {}
    for k, times in zip(chosen.places.tolist(), chosen.values.tolist(), strict=True):
        part = _part(matrix, k)
        for place, value in zip(part.places.tolist(), part.values.tolist(), strict=True):
            sums[place] = sums.get(place, 0.0) + value * times
    places = sorted(sums)
    return Entries(np.array(places, dtype=np.intp), np.array([sums[p] for p in places]))
