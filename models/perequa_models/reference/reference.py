"""What the circular's own formula gives: the result of `reference_allocation`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]
Unit = Literal["credits", "places"]


class PartRow(NamedTuple):
    """What one part gives one territory (``reference_parts.csv``).

    `amount` is in the unit `unit`; `basis` is the key before it is normalised, empty of meaning
    (NaN) for a territory that the part does not concern.
    """

    block: int
    part: str
    level: str
    territory: str
    measure: str
    year: int
    basis: float
    amount: float
    unit: Unit
    eligible: bool
    at_floor: bool
    at_cap: bool


class Stopped(NamedTuple):
    """What the caps of a part stop, and who takes it.

    `goes_to` is ``same`` (the others of the part), the name of the next part, or ``nobody``.
    """

    block: int
    part: str
    measure: str
    year: int
    amount: float
    unit: Unit
    goes_to: str


class Unplaced(NamedTuple):
    """What a part could not hand out."""

    block: int
    part: str
    measure: str
    year: int
    amount: float
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTable:
    """Reference places and credits of one level, shapes (n, M, Y), NaN where there is none."""

    places: Floats
    credits: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The reference allocation, unrounded.

    Attributes
    ----------
    places, credits
        Shape (T, M, Y) over the decision territories, NaN where no block speaks (and places of a
        measure in money). Credits are places at the measure's full-year cost.
    above
        By level above the deciding one, for blocks that stop there (they fill ``totals.csv``).
    parts, unplaced
        Every part of every block, territory by territory, and what could not be handed out: for
        each block they add up to what it shares.
    stopped
        What the caps of each part stop, and where it goes.
    amounts
        What each block shares, in its unit, its rule's reserve already off.
    """

    places: Floats
    credits: Floats
    above: Mapping[str, LevelTable]
    parts: tuple[PartRow, ...]
    unplaced: tuple[Unplaced, ...]
    stopped: tuple[Stopped, ...]
    amounts: tuple[float, ...]
