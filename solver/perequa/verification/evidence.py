"""The proofs of the prices, opened and judged (scenario reference, section 13)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.feasibility import row_tolerance
from perequa.verification.folder import evidence_file
from perequa.verification.outcome import Unreadable
from perequa.verification.sparse import Floats, Indices, Matrix, gathered, product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import Arrays, Program

NOISE = 1e-9
"""Share of the size of its own sum by which a chord may lean over an active row."""


@dataclass(frozen=True)
class Evidence:
    """One proof an entry: a row, a side, a price, how far it is proven, and by what.

    Attributes
    ----------
    program, arrays
        The program and ``evidence.npz``.
    points
        Where chords may start: the vertex optimal at every priority, and the published plan;
        shape (2, n).
    stage
        Position of the priority whose prices are proven.
    """

    program: Program
    arrays: Arrays
    points: Floats
    stage: int = 0

    @property
    def file(self) -> str:
        """Name of the file of these proofs."""
        return evidence_file(self.stage)

    @property
    def lam(self) -> Floats:
        """Multipliers of the priorities with each distinct dual, shape (D, P)."""
        return self.arrays["dual_lam"]

    @cached_property
    def row(self) -> Indices:
        """Row of each entry, shape (E,)."""
        return self.arrays["row"].astype(np.intp)

    @cached_property
    def side(self) -> Floats:
        """+1 where the limit is raised, −1 where it is lowered, shape (E,)."""
        return self.arrays["side"].astype(np.float64)

    @property
    def price(self) -> Floats:
        """Change of the priority's value per unit, shape (E,)."""
        return self.arrays["price"]

    @property
    def reach(self) -> Floats:
        """Distance in limit proved, shape (E,)."""
        return self.arrays["T"]

    @cached_property
    def chords(self) -> Matrix:
        """Change of the plan per unit of limit, shape (E, n)."""
        return _matrix(self.arrays, "chord", "col", len(self.row), len(self.program.col_ids))

    @cached_property
    def duals(self) -> Matrix:
        """Distinct duals as differences from the priority's own, shape (D, m)."""
        return _matrix(self.arrays, "dual", "row", None, len(self.program.row_ids))

    @cached_property
    def rays(self) -> Matrix:
        """Proofs that a limit cannot move at all, shape (R, m)."""
        return _matrix(self.arrays, "ray", "row", None, len(self.program.row_ids))

    @property
    def x(self) -> Floats:
        """The vertex optimal at every priority, shape (n,)."""
        vertex: Floats = self.points[0]
        return vertex

    @cached_property
    def base(self) -> Indices:
        """Point each chord starts at, shape (E,): 0 the vertex (also when not said), 1 the plan."""
        stored = self.arrays.get("base", np.zeros(len(self.row)))
        return stored.astype(np.intp)

    def positions(self, name: str) -> Indices:
        """Which of the stored duals or rays proves something of each entry, shape (E,).

        −1 where none does. `name` is ``dual``, ``ray``, ``end_dual``, or ``end_ray``, which need
        not be stored.
        """
        stored = self.arrays.get(name, np.full(len(self.row), -1))
        return stored.astype(np.intp)

    @cached_property
    def ended(self) -> NDArray[np.bool_]:
        """Whether it is proven that a range goes no further, or has no end, shape (E,)."""
        by_proof = (self.positions("end_dual") >= 0) | (self.positions("end_ray") >= 0)
        return by_proof | np.isinf(self.reach) | np.isinf(self.price)

    @cached_property
    def activity(self) -> Floats:
        """A·x at each point, shape (2, m)."""
        return np.stack([self.program.matrix.times(x) for x in self.points])

    @cached_property
    def tolerance(self) -> Floats:
        """Distance to a bound below which a row counts as active, shape (2, m)."""
        return np.stack([row_tolerance(self.program, x) for x in self.points])

    def validate(self) -> None:
        """Refuse arrays that do not fit together.

        Raises
        ------
        Unreadable
            When a shape or an index is out of range.
        """
        count = len(self.row)
        for name in ("side", "price", "T", "dual", "end_dual", "ray"):
            if self.arrays[name].shape != (count,):
                raise Unreadable(self.file, f"{name} has not one value for each entry")
        if count and not 0 <= self.row.min() <= self.row.max() < len(self.program.row_ids):
            raise Unreadable(self.file, "row points outside the program")
        if not np.isin(self.side, (-1.0, 1.0)).all():
            raise Unreadable(self.file, "side is neither 1 nor -1")
        if self.positions("end_ray").shape != (count,):
            raise Unreadable(self.file, "end_ray has not one value for each entry")
        if self.base.shape != (count,) or not np.isin(self.base, (0, 1)).all():
            raise Unreadable(self.file, "base is neither 0 nor 1")
        if np.isnan(self.price).any() or not (self.reach[np.isfinite(self.price)] > 0).all():
            raise Unreadable(
                self.file, "a price or its reach is no figure, or the reach is not above 0"
            )
        if self.lam.shape != (self.duals.rows, len(self.program.arrays["stage_priority"])):
            raise Unreadable(self.file, "dual_lam has not one row for each dual")
        if not (self.lam >= 0).all():
            raise Unreadable(self.file, "dual_lam holds a multiplier below 0")
        if (np.minimum(self.positions("end_dual"), self.positions("end_ray")) >= 0).any():
            raise Unreadable(self.file, "a range has two ends")
        for name, stored in (
            ("dual", self.duals),
            ("end_dual", self.duals),
            ("ray", self.rays),
            ("end_ray", self.rays),
        ):
            indices = self.positions(name)
            if count and not -1 <= indices.min() <= indices.max() < stored.rows:
                raise Unreadable(self.file, f"{name} points outside the proofs")

    def leaning_chords(self) -> NDArray[np.bool_]:
        """Entries whose chord leaves the rows or columns before its reach, shape (E,).

        The plan x + T·Δ must keep every row, the own row at its limit moved by T. A chord may
        lean over an active row by rounding alone, whatever the reach.
        """
        wrong = np.zeros(len(self.row), dtype=bool)
        finite = np.flatnonzero(np.isfinite(self.price))
        # Blocks keep the products of entries and columns small.
        lengths = np.diff(self.chords.pointer)[finite]
        blocks = np.cumsum(lengths) // BLOCK
        for block in np.unique(blocks):
            entries = finite[blocks == block]
            wrong[entries] = self._leaning(entries)
        return wrong

    def _leaning(self, entries: Indices) -> NDArray[np.bool_]:
        chords = _rows(self.chords, entries)
        across = self.program.matrix.transposed
        change = product(chords, across)
        size = product(chords.size, across.size)
        own = gathered(
            np.arange(len(entries)),
            self.row[entries],
            self.side[entries],
            len(entries),
            across.columns,
        )
        entry, row, moved, scale = _aligned(change, size, own)
        reach = self.reach[entries][entry]
        program, base = self.program, self.base[entries][entry]
        activity, tolerance = self.activity[base, row], self.tolerance[base, row]
        slack = np.stack([program.upper[row] - activity,
                          activity - program.lower[row]])  # fmt: skip
        active = slack <= tolerance
        room = _room(slack, active, tolerance, reach)
        leaning = np.stack([moved, -moved]) > room + NOISE * scale
        wrong = np.zeros(len(entries), dtype=bool)
        wrong[entry[leaning.any(axis=0)]] = True
        wrong |= self._leaves_columns(chords, entries)
        return wrong

    def _leaves_columns(self, chords: Matrix, entries: Indices) -> NDArray[np.bool_]:
        entry, column, change = chords.row_of, chords.index, chords.value
        largest = np.zeros(chords.rows)
        np.maximum.at(largest, entry, np.abs(change))
        x = self.points[self.base[entries][entry], column]
        margin = NOISE * np.maximum(1.0, np.abs(x))
        slack = np.stack([self.program.most[column] - x, x - self.program.least[column]])
        active = slack <= margin
        room = _room(slack, active, margin, self.reach[entries][entry])
        leaning = (np.stack([change, -change]) > room + NOISE * largest[entry]).any(axis=0)
        wrong = np.zeros(chords.rows, dtype=bool)
        wrong[entry[leaning]] = True
        return wrong


BLOCK = 400_000
"""Entries of chords handled at once."""


def _room(slack: Floats, active: NDArray[np.bool_], tolerance: Floats, reach: Floats) -> Floats:
    """How far each unit of the move may carry a figure towards its bound, ``inf`` without one."""
    bounded = np.isfinite(slack)
    distance = np.where(active, np.maximum(slack, 0), slack + tolerance)
    return np.where(bounded, np.where(bounded, distance, 0.0) / reach, np.inf)


def _aligned(change: Matrix, size: Matrix, own: Matrix) -> tuple[Indices, Indices, Floats, Floats]:
    """Entry, row, movement less the movement of the own limit, and size of the sum."""
    n = change.columns
    keys = [part.row_of.astype(np.int64) * n + part.index for part in (change, size, own)]
    places = np.unique(np.concatenate(keys))
    moved, scale = np.zeros(len(places)), np.zeros(len(places))
    moved[np.searchsorted(places, keys[0])] = change.value
    scale[np.searchsorted(places, keys[1])] = size.value
    at = np.searchsorted(places, keys[2])
    moved[at] -= own.value
    scale[at] += np.abs(own.value)
    return (places // n).astype(np.intp), (places % n).astype(np.intp), moved, scale


def _rows(matrix: Matrix, rows: Indices) -> Matrix:
    lengths = np.diff(matrix.pointer)[rows]
    pointer = np.concatenate([[0], np.cumsum(lengths)])
    at = np.repeat(matrix.pointer[rows] - pointer[:-1], lengths) + np.arange(pointer[-1])
    return Matrix(pointer, matrix.index[at], matrix.value[at], matrix.columns)


def _matrix(arrays: Arrays, name: str, axis: str, rows: int | None, columns: int) -> Matrix:
    pointer = arrays[f"{name}_ptr"].astype(np.intp)
    index = arrays[f"{name}_{axis}"].astype(np.intp)
    value = arrays[f"{name}_val"].astype(np.float64)
    wrong = (
        len(pointer) < 1
        or pointer[0] != 0
        or pointer[-1] != len(index)
        or len(index) != len(value)
        or (np.diff(pointer) < 0).any()
        or (rows is not None and len(pointer) != rows + 1)
        or (len(index) and (index.min() < 0 or index.max() >= columns))
        or not np.isfinite(value).all()
    )
    if wrong:
        raise Unreadable(
            "evidence.npz", f"{name}_ptr, {name}_{axis} and {name}_val do not fit together"
        )
    return Matrix(pointer, index, value, columns)
