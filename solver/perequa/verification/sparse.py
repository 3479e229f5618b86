"""Products with a sparse matrix, by numpy alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Matrix:
    """A sparse matrix by rows (CSR).

    Attributes
    ----------
    pointer, index, value
        Shapes (m + 1,), (nnz,), (nnz,).
    columns
        Number of columns n.
    """

    pointer: Indices
    index: Indices
    value: Floats
    columns: int

    @property
    def rows(self) -> int:
        """Number of rows m."""
        return len(self.pointer) - 1

    @cached_property
    def row_of(self) -> Indices:
        """Row of each stored entry, shape (nnz,)."""
        return np.repeat(np.arange(self.rows), np.diff(self.pointer))

    @cached_property
    def size(self) -> Matrix:
        """The same matrix with absolute values: bounds of what rounding can do."""
        return Matrix(self.pointer, self.index, np.abs(self.value), self.columns)

    @cached_property
    def transposed(self) -> Matrix:
        """The transpose, by rows."""
        order = np.argsort(self.index, kind="stable")
        counts = np.bincount(self.index, minlength=self.columns)
        pointer = np.concatenate([[0], np.cumsum(counts)])
        return Matrix(pointer, self.row_of[order], self.value[order], self.rows)

    @cached_property
    def largest_in_row(self) -> Floats:
        """Largest absolute entry of each row, 0 where the row is empty."""
        largest = np.zeros(self.rows)
        np.maximum.at(largest, self.row_of, np.abs(self.value))
        return largest

    def times(self, x: Floats) -> Floats:
        """Return A·x, shape (m,)."""
        total = np.bincount(self.row_of, self.value * x[self.index], self.rows)
        return total.astype(np.float64)

    def times_exactly(self, x: Floats) -> Floats:
        """Return A·x, every sum rounded once (``math.fsum``)."""
        products = (self.value * x[self.index]).tolist()
        ends = self.pointer.tolist()
        return np.array([math.fsum(products[a:b]) for a, b in pairwise(ends)])

    def row(self, i: int) -> tuple[Indices, Floats]:
        """Columns and values of one row."""
        part = slice(self.pointer[i], self.pointer[i + 1])
        return self.index[part], self.value[part]


def product(left: Matrix, right: Matrix) -> Matrix:
    """Return the product of two sparse matrices, entries summed and sorted by column."""
    lengths = np.diff(right.pointer)[left.index]
    spread = np.repeat(np.arange(len(left.index)), lengths)
    starts = np.cumsum(lengths) - lengths
    at = right.pointer[left.index][spread] + np.arange(len(spread)) - starts[spread]
    rows = left.row_of[spread]
    values = left.value[spread] * right.value[at]
    return gathered(rows, right.index[at], values, left.rows, right.columns)


def gathered(rows: Indices, index: Indices, values: Floats, m: int, n: int) -> Matrix:
    """Build a matrix from entries in any order; entries of the same place are added."""
    keys = rows.astype(np.int64) * n + index
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else keys
    sums = np.add.reduceat(values, first) if len(keys) else values
    places = keys[first]
    counts = np.bincount(places // n, minlength=m) if n else np.zeros(m, dtype=np.intp)
    pointer = np.concatenate([[0], np.cumsum(counts)])
    return Matrix(pointer, (places % max(n, 1)).astype(np.intp), sums, n)
