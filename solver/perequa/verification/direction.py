"""A direction from a plan, and whether the plan can move along it as far as is said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.feasibility import row_tolerance
from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.verification.folder import Arrays, Program
    from perequa.verification.sparse import Floats, Indices

NEAR = 1e-9
"""Relative distance within which a column is at its bound."""
NOISE = 1e-9
"""Share of the size of its own sum by which a direction may lean over what is active."""

Sparse = tuple["Indices", "Floats"]


@dataclass(frozen=True)
class Point:
    """A plan, and what is active there."""

    program: Program
    x: Floats

    @cached_property
    def activity(self) -> Floats:
        """A·x, shape (m,)."""
        return self.program.matrix.times(self.x)

    @cached_property
    def tolerance(self) -> Floats:
        """Distance to a bound below which a row is active, shape (m,)."""
        return row_tolerance(self.program, self.x)

    @cached_property
    def margin(self) -> Floats:
        """Distance to a bound below which a column is active, shape (n,)."""
        return NEAR * np.maximum(1.0, np.abs(self.x))

    def left_along(self, chord: Floats, rate: Floats, reach: float) -> Iterator[str]:
        """Yield the rows and columns that x + T·chord leaves when limits have moved by T·rate.

        Parameters
        ----------
        chord, rate
            Shapes (n,), (m,): change of the columns, and of the limits, per unit.
        reach
            T, above 0; may be infinite.
        """
        program = self.program
        felt = program.matrix.times(chord) - rate
        size = program.matrix.size.times(np.abs(chord)) + np.abs(rate)
        largest = np.where(chord != 0, np.abs(chord).max(initial=0.0), 0.0)
        rows = (felt, size, self.activity, (program.lower, program.upper), self.tolerance)
        columns = (chord, largest, self.x, (program.least, program.most), self.margin)
        yield from (program.row_ids[i] for i in _left(*rows, reach))
        yield from (program.col_ids[j] for j in _left(*columns, reach))


def _left(
    change: Floats,
    size: Floats,
    at: Floats,
    bounds: tuple[Floats, Floats],
    tolerance: Floats,
    reach: float,
) -> list[int]:
    left: set[int] = set()
    for way, room in ((-1.0, at - bounds[0]), (1.0, bounds[1] - at)):
        active = room <= tolerance
        free = np.where(active, np.maximum(room, 0.0), room + tolerance)
        free = np.where(np.isfinite(room), np.where(np.isfinite(room), free, 0.0) / reach, np.inf)
        left.update(np.flatnonzero(way * change > free + NOISE * size).tolist())
    return sorted(left)


def parts(arrays: Arrays, file: str, names: tuple[str, str, str], most: int) -> list[Sparse]:
    """Split a compressed array into its entries.

    Parameters
    ----------
    names
        Names of the pointer, of the positions and of the values.
    most
        Positions stay below it.

    Raises
    ------
    Unreadable
        When the three do not fit together.
    """
    pointer, index, values = (arrays[name] for name in names)
    whole = len(pointer) and pointer[0] == 0 and pointer[-1] == len(index) == len(values)
    if not whole or (np.diff(pointer) < 0).any() or not np.isfinite(values).all():
        raise Unreadable(file, f"{names[0]} does not delimit its entries")
    if len(index) and not 0 <= index.min() <= index.max() < most:
        raise Unreadable(file, f"{names[1]} points outside the program")
    cuts = pointer[1:-1]
    return list(zip(np.split(index, cuts), np.split(values, cuts), strict=True))


def dense(entries: Sparse, size: int) -> Floats:
    """Write sparse entries out in full."""
    full = np.zeros(size)
    np.add.at(full, entries[0], entries[1])
    return full
