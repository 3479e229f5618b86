"""Which limits move together, and how fast each: a single row is the simplest direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.scaling import ScaledProgram

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """A move of some limits, in the solver's units.

    Attributes
    ----------
    rows, rates
        (K,): the rows, and how far each limit moves per unit; the largest rate is 1 in size.
    unit
        What one natural unit of the move is in the solver's: a price per natural unit is `unit`
        times the price in the solver's units, and a distance in natural units is `1 / unit` times
        the solver's.
    """

    rows: Indices
    rates: Floats
    unit: float

    def along(self, y: Floats) -> float:
        """Slope of a dual along the move."""
        return float(self.rates @ y[self.rows])


def one_limit(scaled: ScaledProgram, row: int, sign: int) -> Direction:
    """Raise (+1) or lower (−1) the limit of one row."""
    rates = np.array([float(sign)])
    return Direction(rows=np.array([row]), rates=rates, unit=float(scaled.row[row]))


def together(scaled: ScaledProgram, rates: Mapping[int, float]) -> Direction:
    """Move several limits at once.

    Parameters
    ----------
    rates
        Natural units of each row's limit per unit of the move, by position of the row.

    Raises
    ------
    ValueError
        When nothing moves, or a rate is not finite.
    """
    moving = {row: rate for row, rate in sorted(rates.items()) if rate != 0.0}
    rows = np.array(list(moving), dtype=np.intp)
    own = np.array(list(moving.values()), dtype=np.float64) * scaled.row[rows]
    if not moving or not np.isfinite(own).all():
        message = f"a direction needs rates that are finite and not all zero, not {dict(rates)}"
        raise ValueError(message)
    unit = float(np.abs(own).max())
    return Direction(rows=rows, rates=own / unit, unit=unit)
