"""A basis of the vertex, factored once, and what changes in it afterwards.

Columns stand before logicals: the logical of row i, numbered n + i, is the activity of the row less
what its limit has moved, so that its bounds stay where they are. The basic columns are held by the
rows that are not basic: only the part of the matrix in both is factored. A column that enters the
basis later is kept in product form.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from perequa.engine.vertex import Floats, Indices, Vertex

SAFE = 1e-7
"""Share of the largest entry of its column that a pivot must have to keep the figures."""

KEPT = 2_000_000
"""Figures kept of right-hand sides already solved: the same columns enter again and again."""


class Change(NamedTuple):
    """A column that entered the basis, written in the basis before: its pivot and the others."""

    place: int
    pivot: float
    others: Indices
    rates: Floats


class FactoredBasis:
    """The basis of a vertex; each answer takes the changes made to it since.

    Parameters
    ----------
    vertex
        The optimal vertex.

    Attributes
    ----------
    basic
        (m,) who is basic, by place.
    columns, held, others
        The basic columns, the rows that hold them, the rows that are basic themselves.
    own, factors, into
        The matrix in the rows and columns that hold each other, and its factors; what the columns
        carry into the other rows.
    priced
        (n, m) the columns of the program as rows, for products with multipliers.
    """

    def __init__(self, vertex: Vertex) -> None:
        self._matrix = vertex.scaled.matrix
        self.m, self.n = self._matrix.shape
        self.columns = vertex.basic[vertex.basic >= 0]
        self.held = np.flatnonzero(~vertex.basic_rows)
        self.others = np.flatnonzero(vertex.basic_rows)
        self._place_held, self._place_other = np.full((2, self.m), -1, dtype=np.intp)
        self._place_held[self.held] = np.arange(len(self.held))
        self._place_other[self.others] = np.arange(len(self.others))
        carried = sparse.csr_array(self._matrix[:, self.columns])
        self.own = sparse.csc_array(carried[self.held])
        self.factors = splu(self.own)
        self.into = sparse.csr_array(carried[self.others])
        self.priced = sparse.csr_array(self._matrix.T)
        self._known: dict[tuple[bytes, bytes], tuple[Indices, Floats]] = {}
        self._kept = 0
        self.basic: Indices = np.concatenate([self.columns, self.n + self.others])

    @cached_property
    def sizes(self) -> sparse.csr_array:
        """`priced` without its signs."""
        return abs(self.priced)

    def entries(self, k: int) -> tuple[Indices, Floats]:
        """Rows and coefficients of a column of the program, or of a logical."""
        if k >= self.n:
            return np.array([k - self.n]), np.array([-1.0])
        part = slice(self._matrix.indptr[k], self._matrix.indptr[k + 1])
        return self._matrix.indices[part], self._matrix.data[part]

    def written(self, rows: Indices, values: Floats, changes: list[Change]) -> Floats:
        """Write a right-hand side in the basis: solve B·u = right, u by place.

        Parameters
        ----------
        rows, values
            Where the right-hand side is not 0, and what it is there: mostly few.
        changes
            Changes made to the basis of the vertex.
        """
        found = self._solved(rows, values)
        for change in changes:
            by = found[change.place] / change.pivot
            found[change.others] -= by * change.rates
            found[change.place] = by
        return found

    def _solved(self, rows: Indices, values: Floats) -> Floats:
        """Write a right-hand side in the basis of the vertex; the same one is solved once."""
        sign = -1.0 if values[0] < 0 else 1.0
        mark = (rows.tobytes(), (sign * values).tobytes())
        if mark in self._known:
            places, rates = self._known[mark]
            found = np.zeros(self.m)
            found[places] = sign * rates
            return found
        found = self._solve(rows, values)
        places = np.flatnonzero(found != 0.0)
        if self._kept + places.size <= KEPT:
            self._kept += places.size
            self._known[mark] = (places, sign * found[places])
        return found

    def _solve(self, rows: Indices, values: Floats) -> Floats:
        held = self._place_held[rows] >= 0
        right, others = np.zeros(len(self.held)), np.zeros(len(self.others))
        right[self._place_held[rows[held]]] = values[held]
        others[self._place_other[rows[~held]]] = values[~held]
        own = self.factors.solve(right)
        found: Floats = np.concatenate([own, self.into @ own - others])
        return found

    def multipliers(self, place: int, changes: list[Change]) -> Floats:
        """Multipliers of the rows that pick one place out of the basis: Bᵀ·π = e_place."""
        left = np.zeros(self.m)
        left[place] = 1.0
        for change in reversed(changes):
            rest = float(change.rates @ left[change.others])
            left[change.place] = (left[change.place] - rest) / change.pivot
        count = len(self.columns)
        own, pi = left[:count].copy(), np.zeros(self.m)
        # nothing stands but where a change took place: few rows are looked at
        for at in {place, *(change.place for change in changes)}:
            if at >= count:
                row = at - count
                part = slice(self.into.indptr[row], self.into.indptr[row + 1])
                own[self.into.indices[part]] += left[at] * self.into.data[part]
                pi[self.others[row]] = -left[at]
        pi[self.held] = self.factors.solve(own, trans="T")
        return pi

    def combined(self, pi: Floats) -> Floats:
        """Product of multipliers with every column and every logical, shape (n + m,)."""
        return np.concatenate([self.priced @ pi, -pi])


def entering(place: int, alpha: Floats) -> Change | None:
    """Let a column, written in the basis, take a place; None where that would spoil the figures."""
    pivot = float(alpha[place])
    others = np.flatnonzero(alpha != 0.0)
    if not abs(pivot) > SAFE * float(np.abs(alpha[others]).max(initial=0.0)):
        return None
    others = others[others != place]
    return Change(place, pivot, others, alpha[others])
