"""Many vectors that differ in few entries: duals of a large program, rays that touch few rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class Entries(NamedTuple):
    """A vector by some of its entries."""

    places: Indices
    values: Floats


class Vectors(Sequence[Floats]):
    """Vectors of one length, each whole or by the entries in which it differs from `around`.

    Seven thousand rays over a hundred thousand rows would take six gigabytes as arrays; each has a
    handful of entries. As a sequence it gives whole arrays, made when they are asked for.

    Parameters
    ----------
    around
        (m,) what those given by entries differ from.
    vectors
        The first ones.
    """

    def __init__(self, around: Floats, vectors: Iterable[Floats | Entries] = ()) -> None:
        self._around = around
        self._held: list[Floats | Entries] = [*vectors]

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, k: int) -> Floats: ...

    @overload
    def __getitem__(self, k: slice) -> Sequence[Floats]: ...

    def __getitem__(self, k: int | slice) -> Floats | Sequence[Floats]:
        """Give one vector whole, or several."""
        if isinstance(k, slice):
            return [self[i] for i in range(*k.indices(len(self)))]
        held = self._held[k]
        if not isinstance(held, Entries):
            return held
        whole = self._around.copy()
        whole[held.places] = held.values
        return whole

    def value(self, k: int, place: int) -> float:
        """One entry of one vector."""
        held = self._held[k]
        if not isinstance(held, Entries):
            return float(held[place])
        found = np.flatnonzero(held.places == place)
        return float(held.values[found[0]] if found.size else self._around[place])

    def append(self, vector: Floats | Entries) -> None:
        """Add one, whole or by the entries in which it differs."""
        self._held.append(vector)

    def copy(self) -> Vectors:
        """Give a sequence of its own, of the same vectors."""
        return Vectors(self._around, self._held)

    def differences(self, first: Floats) -> list[Entries]:
        """Give what each differs by from a vector, entries that are not zero alone."""
        same = first is self._around or np.array_equal(first, self._around)
        found = []
        for k, held in enumerate(self._held):
            if same and isinstance(held, Entries):
                less = held.values - first[held.places]
                kept = np.flatnonzero(less != 0.0)
                found.append(Entries(held.places[kept], less[kept]))
            else:
                whole = self[k] - first
                places = np.flatnonzero(whole != 0.0)
                found.append(Entries(places, whole[places]))
        return found
