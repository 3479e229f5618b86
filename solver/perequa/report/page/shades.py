"""Classes of figures and their shades, each with what it stands for.

Zero has a class of its own, breaks are quantiles of the figures, and breaks that fall together are
one. A shade never speaks alone: the figure stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.report.page.blocks import decimals_of, signed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perequa.words import Words

CLASSES, ARM = 5, 3
"""Shades of an amount from least to most, and of a difference on each side of nothing."""
NOTHING = "c0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """A class: the name of its shade in the style sheet, its limits, and how they are told."""

    style: str
    low: float
    high: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The classes of one picture, from the lowest to the highest."""

    shades: tuple[Shade, ...]
    decimals: int
    words: Words
    sign: bool

    def style(self, value: float) -> str:
        """Name the shade of a figure, by the figure as it is read."""
        read = round(value, self.decimals)
        return next((s.style for s in self.shades if s.low <= read <= s.high), NOTHING)

    def figure(self, value: float) -> str:
        """Write a figure as the picture shows it."""
        return _figure(value, self.decimals, self.words, sign=self.sign)


def amounts(values: Iterable[float], decimals: int, words: Words) -> Scale:
    """Class amounts from least to most; nothing is a class of its own."""
    read = [round(v, decimals) for v in values]
    parts = _parts([v for v in read if v], CLASSES)
    # with fewer classes the darkest shades are left out, not the lightest
    styles = [f"s{i + 1}" for i in range(len(parts))]
    return _scale(_with_nothing(parts, styles, 0.0 in read), decimals, words, sign=False)


def differences(values: Iterable[float], decimals: int, words: Words) -> Scale:
    """Class differences on both sides of nothing, by their size."""
    read = [round(v, decimals) for v in values]
    less, more = _parts([v for v in read if v < 0], ARM), _parts([v for v in read if v > 0], ARM)
    styles = [f"n{i}" for i in range(len(less), 0, -1)]
    below = list(zip(styles, less, strict=True))
    above = [(f"p{i}", part) for i, part in enumerate(more, 1)]
    nothing = [(NOTHING, (0.0, 0.0))] if 0.0 in read else []
    return _scale([*below, *nothing, *above], decimals, words, sign=True)


def _with_nothing(
    parts: list[tuple[float, float]], styles: list[str], nothing: bool
) -> list[tuple[str, tuple[float, float]]]:
    shades = list(zip(styles, parts, strict=True))
    return [(NOTHING, (0.0, 0.0)), *shades] if nothing else shades


def shown_decimals(values: Iterable[float]) -> int:
    """Count the decimals of amounts of one picture: one at most, none where all are whole."""
    listed = list(values)
    if all(v == round(v) for v in listed):
        return 0
    return min(1, decimals_of(listed))


def _parts(values: list[float], most: int) -> list[tuple[float, float]]:
    """Part figures into classes of about one size, each from its least to its largest figure.

    So few figures that each can be a class are one each: quantiles would put all but the commonest
    with it.
    """
    if not values:
        return []
    array = np.sort(np.array(values))
    single = np.unique(array)
    if single.size <= most:
        return [(float(v), float(v)) for v in single]
    breaks = np.unique(np.quantile(array, np.arange(1, most) / most, method="inverted_cdf"))
    found = np.searchsorted(breaks, array, side="left")
    return [
        (float(array[found == k].min()), float(array[found == k].max())) for k in np.unique(found)
    ]


def _scale(
    classes: list[tuple[str, tuple[float, float]]], decimals: int, words: Words, *, sign: bool
) -> Scale:
    def told(low: float, high: float) -> str:
        first, last = (_figure(v, decimals, words, sign=sign) for v in (low, high))
        return first if low == high else words.phrase("{low} to {high}", low=first, high=last)

    return Scale(
        shades=tuple(
            Shade(style=style, low=low, high=high, told=told(low, high))
            for style, (low, high) in classes
        ),
        decimals=decimals,
        words=words,
        sign=sign,
    )


def _figure(value: float, decimals: int, words: Words, *, sign: bool) -> str:
    if sign:
        return signed(value, decimals, words)
    return words.figures.fixed(round(value, decimals), decimals)
