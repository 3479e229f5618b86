"""How a figure is drawn: the factor it is multiplied by, or the column that takes its place.

Every distribution has two ends, so that none draws a figure that nobody meant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]


class Distribution(Protocol):
    """A distribution by its quantiles.

    Attributes
    ----------
    ends
        Least and greatest factor; None where none is drawn.
    columns
        The columns to choose from; none where a factor is drawn.
    """

    @property
    def ends(self) -> tuple[float, float] | None:
        """Least and greatest factor."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to choose from."""

    def at(self, shares: Floats) -> Floats:
        """Return the quantiles at shares between 0 and 1; of columns, their positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfFactors:
    """Factors between two ends."""

    low: float
    high: float

    @property
    def ends(self) -> tuple[float, float]:
        """Least and greatest factor."""
        return self.low, self.high

    @property
    def columns(self) -> tuple[str, ...]:
        """No column is chosen."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(_OfFactors):
    """Every factor between two ends alike."""

    def at(self, shares: Floats) -> Floats:
        """Return the quantiles."""
        return self.low + shares * (self.high - self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular(_OfFactors):
    """Most often `mode`, less and less often towards both ends."""

    mode: float

    def at(self, shares: Floats) -> Floats:
        """Return the quantiles."""
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        below = self.low + np.sqrt(shares * width * rise)
        above = self.high - np.sqrt((1.0 - shares) * width * fall)
        return np.where(shares * width <= rise, below, above)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal(_OfFactors):
    """Normal around `mean`, cut off at both ends."""

    mean: float
    deviation: float

    @property
    def inside(self) -> float:
        """Share of the whole distribution that lies between the ends."""
        return _inside(self.mean, self.deviation, self.low, self.high)

    def at(self, shares: Floats) -> Floats:
        """Return the quantiles."""
        return _cut_off(shares, self.mean, self.deviation, self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal(_OfFactors):
    """Its logarithm is normal around that of `median`, cut off at both ends."""

    median: float
    deviation: float

    @property
    def inside(self) -> float:
        """Share of the whole distribution that lies between the ends."""
        return _inside(*self._logarithm)

    def at(self, shares: Floats) -> Floats:
        """Return the quantiles."""
        return np.clip(np.exp(_cut_off(shares, *self._logarithm)), self.low, self.high)

    @property
    def _logarithm(self) -> tuple[float, float, float, float]:
        centre, low, high = map(math.log, (self.median, self.low, self.high))
        return centre, self.deviation, low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several columns of the same table, each with its share of the draws."""

    columns: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def ends(self) -> None:
        """No factor is drawn."""
        return

    def at(self, shares: Floats) -> Floats:
        """Return positions among the columns."""
        until = np.cumsum(self.shares)[:-1] / sum(self.shares)
        return np.searchsorted(until, shares, side="right").astype(np.float64)


def _inside(mean: float, deviation: float, low: float, high: float) -> float:
    """Share of a normal distribution between two ends."""
    return float(ndtr((high - mean) / deviation) - ndtr((low - mean) / deviation))


def _cut_off(shares: Floats, mean: float, deviation: float, low: float, high: float) -> Floats:
    """Quantiles of a normal distribution between two ends."""
    a, b = ndtr((low - mean) / deviation), ndtr((high - mean) / deviation)
    found = mean + deviation * ndtri(a + shares * (b - a))
    return np.asarray(np.clip(found, low, high))
