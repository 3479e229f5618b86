"""The same plans in a smaller program, whatever is minimised: asked by the thousand, it pays.

HiGHS's own presolve looks at one objective and starts anew with the next. Here only what holds for
all of them is used: rows that no plan can break are left out, and a column that one row alone
holds up, and that no objective wants greater, follows from the other columns of that row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.scaling import ScaledProgram

if TYPE_CHECKING:
    from perequa.engine.stages import Face

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

PASSES = 2
"""Bounds on decisions follow from caps, bounds on the worst gap from those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presolved:
    """A smaller program and the way back, in the units of the solver.

    Attributes
    ----------
    scaled
        The program left, its bounds those of the plans considered.
    rows, columns
        Which rows and columns of the whole program it holds.
    rest
        (n,) values of the columns left out, but for what follows; 0 for those kept.
    followers, constants, follows, least
        (f,), (f,), (f, n'), (f,): ``x[followers] = constants + follows @ x[columns]``, which is
        never below `least` but for rounding.
    lowered
        (n,): whose cost must not be negative, for them to be as small as they can.
    unit
        (n,): natural size of one unit of the solver for each column of the whole program.
    """

    scaled: ScaledProgram
    rows: Indices
    columns: Indices
    rest: Floats
    followers: Indices
    constants: Floats
    follows: sparse.csr_array
    least: Floats
    lowered: Flags
    unit: Floats

    def cost(self, cost: Floats) -> Floats:
        """Turn a cost (n,) of the whole program into that of the columns kept."""
        return np.asarray(cost[self.columns] + self.follows.T @ cost[self.followers])

    def whole(self, kept: Floats) -> Floats:
        """Return every column (n,) from those kept."""
        x = self.rest.copy()
        x[self.columns] = kept
        x[self.followers] = np.maximum(self.constants + self.follows @ kept, self.least)
        return x


def presolve(scaled: ScaledProgram, face: Face, costs: Floats) -> Presolved:
    """Leave out what every objective can do without.

    Parameters
    ----------
    scaled, face
        The program, and the plans considered.
    costs
        (K, n): what may be minimised is a sum of these, each with a weight ≥ 0.
    """
    no_gain = np.asarray((costs >= 0.0).all(axis=0))
    left = _Left(scaled, face, no_gain)
    left.without_fixed_columns()
    left.without_needless_rows()
    left.with_followers()
    left.without_free_columns()
    # HiGHS is not asked about nothing
    return (left if left.something else _Left(scaled, face, no_gain)).presolved()


class _Left:
    """What is left of a program while rows and columns are taken out of it."""

    def __init__(self, scaled: ScaledProgram, face: Face, no_gain: Flags) -> None:
        self._scaled, self._no_gain = scaled, no_gain
        rows = sparse.csr_array(scaled.matrix)
        # every row that has one limit is read as ≥
        self._flip = np.isneginf(face.row_lower) & np.isfinite(face.row_upper)
        sign = np.where(self._flip, -1.0, 1.0)
        self._row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        self._column_of, self._value = rows.indices, rows.data * sign[self._row_of]
        self._limit = np.where(self._flip, -face.row_upper, face.row_lower)
        self._one_sided = np.isinf(face.row_lower) ^ np.isinf(face.row_upper)
        self._face = face
        m, n = scaled.matrix.shape
        self._shape = m, n
        self._low, self._high = face.column_lower.copy(), face.column_upper.copy()
        self._says = np.zeros(m, dtype=np.bool_)
        self._row_kept = np.ones(m, dtype=np.bool_)
        self._kept = np.ones(n, dtype=np.bool_)
        self._rest = np.zeros(n)
        self._lowered = np.zeros(n, dtype=np.bool_)
        self._tight = np.zeros(0, dtype=np.intp)
        """Entry of each follower in the row that holds it up."""

    @property
    def something(self) -> bool:
        """Whether a row and a column are left."""
        return bool(self._row_kept.any() and self._kept.any())

    def without_fixed_columns(self) -> None:
        """Leave out columns that can have but one value."""
        self._kept = self._face.column_lower < self._face.column_upper
        self._rest = np.where(self._kept, 0.0, self._face.column_lower)

    def without_needless_rows(self) -> None:
        """Leave out rows that hold for all values their columns can have.

        The rows from which those values are known stay.
        """
        for _ in range(PASSES):
            self._tighten()
        least = self._sum(self._least())
        self._row_kept &= ~(self._one_sided & (least >= self._limit) & ~self._says)

    def with_followers(self) -> None:
        """Find columns that one row alone holds up, for all values of the others.

        Nothing is gained by more than the row asks for, so that it holds with equality.
        """
        entries = self._entries()
        count = np.bincount(self._column_of[entries], minlength=self._shape[1])
        most = self._most()
        alone = entries & (count[self._column_of] == 1) & (self._value > 0.0)
        endless = np.isfinite(self._face.column_lower) & np.isposinf(self._face.column_upper)
        alone &= self._one_sided[self._row_of] & (self._no_gain & endless)[self._column_of]
        at = np.flatnonzero(alone)
        lowest = most.copy()
        lowest[at] = self._value[at] * self._face.column_lower[self._column_of[at]]
        # a row with two such columns is left as it is: which of them follows is a choice
        single = np.bincount(self._row_of[at], minlength=self._shape[0]) == 1
        tight = self._sum(lowest) <= self._limit
        self._tight = at[(single & tight)[self._row_of[at]]]
        self._row_kept[self._row_of[self._tight]] = False
        self._kept[self._column_of[self._tight]] = False
        self._lowered[self._column_of[self._tight]] = True

    def without_free_columns(self) -> None:
        """Put columns that stand in no row where they cost least."""
        standing = self._row_kept.copy()
        standing[self._row_of[self._tight]] = True
        count = np.bincount(self._column_of[standing[self._row_of]], minlength=self._shape[1])
        free = self._kept & (count == 0) & self._no_gain & np.isfinite(self._face.column_lower)
        self._rest[free] = self._face.column_lower[free]
        self._kept &= ~free
        self._lowered |= free

    def presolved(self) -> Presolved:
        """Put what is left together."""
        scaled, face = self._scaled, self._face
        rows, columns = np.flatnonzero(self._row_kept), np.flatnonzero(self._kept)
        whole = sparse.csr_array(scaled.matrix)
        taken = whole @ self._rest
        matrix = sparse.csc_array(whole[rows][:, columns])
        matrix.sort_indices()
        # each row held with equality, solved for its follower
        tight, following = self._row_of[self._tight], self._column_of[self._tight]
        sign = np.where(self._flip[tight], -1.0, 1.0)
        own = self._value[self._tight]
        return Presolved(
            scaled=ScaledProgram(
                matrix=matrix,
                row_lower=(face.row_lower - taken)[rows],
                row_upper=(face.row_upper - taken)[rows],
                column_lower=face.column_lower[columns],
                column_upper=face.column_upper[columns],
                row=scaled.row[rows],
                column=scaled.column[columns],
            ),
            rows=rows,
            columns=columns,
            rest=self._rest,
            followers=following,
            constants=(self._limit[tight] - sign * taken[tight]) / own,
            follows=sparse.csr_array(sparse.diags_array(-sign / own) @ whole[tight][:, columns]),
            least=face.column_lower[following],
            lowered=self._lowered,
            unit=scaled.column,
        )

    def _tighten(self) -> None:
        """Draw from every row what it says of each of its columns, given the others."""
        most = self._most()
        with np.errstate(invalid="ignore"):
            others = self._sum(most)[self._row_of] - most
            # infinite less infinite: where one column alone is infinite, the others add up
            alone = np.isinf(most) & (self._sum(np.isinf(most) * 1.0) == 1.0)[self._row_of]
            finite = np.where(np.isinf(most), 0.0, most)
            others = np.where(alone, self._sum(finite)[self._row_of], others)
            bound = (self._limit[self._row_of] - others) / self._value
        usable = self._one_sided[self._row_of] & np.isfinite(bound)
        for side, known, better in (
            (self._value > 0.0, self._low, np.greater),
            (self._value < 0.0, self._high, np.less),
        ):
            at = np.flatnonzero(usable & side)
            at = at[better(bound[at], known[self._column_of[at]])]
            order = at[np.argsort(bound[at] if better is np.greater else -bound[at], kind="stable")]
            known[self._column_of[order]] = bound[order]
            last = np.full(self._shape[1], -1, dtype=np.intp)
            last[self._column_of[order]] = order
            self._says[self._row_of[last[last >= 0]]] = True

    def _entries(self) -> Flags:
        """Entries of the matrix that are left."""
        return np.asarray(self._row_kept[self._row_of] & self._kept[self._column_of])

    def _least(self) -> Floats:
        ends = np.where(self._value > 0.0, self._low[self._column_of], self._high[self._column_of])
        return np.asarray(self._value * ends)

    def _most(self) -> Floats:
        ends = np.where(self._value > 0.0, self._high[self._column_of], self._low[self._column_of])
        return np.asarray(self._value * ends)

    def _sum(self, entries: Floats) -> Floats:
        added = np.bincount(self._row_of, weights=entries, minlength=self._shape[0])
        return added.astype(np.float64, copy=False)
