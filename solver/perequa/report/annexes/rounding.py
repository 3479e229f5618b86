"""Rounding done once, at the lowest level, so that printed rows add up to the printed total.

Largest remainders: every figure is rounded down, and those that lose most get one back until the
total, rounded, is reached. Every figure printed above these is a sum of printed figures.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NOISE = 1e-6
"""Distance from a whole number within which a figure counts as that number."""


def rounded(values: Sequence[float]) -> list[int]:
    """Round figures to whole numbers whose sum is their sum, rounded; a half goes up.

    Figures that tie get their unit in the order given.

    Examples
    --------
    >>> rounded([1.5, 1.5, 1.4])
    [2, 1, 1]
    >>> rounded([0.6, -0.6])
    [1, -1]
    """
    near = [float(round(v)) if abs(v - round(v)) <= NOISE else float(v) for v in values]
    floors = [math.floor(v) for v in near]
    wanted = math.floor(sum(map(Fraction, near), Fraction(0)) + Fraction(1, 2))
    left = wanted - sum(floors)
    order = sorted(range(len(near)), key=lambda i: (floors[i] - near[i], i))
    for i in order[:left]:
        floors[i] += 1
    return floors


def spread(values: Sequence[float], total: int) -> list[int]:
    """Round figures to whole numbers whose sum is a total printed elsewhere.

    Examples
    --------
    >>> spread([1.5, 1.5, 1.4], 5)
    [2, 2, 1]
    >>> spread([2.0, 3.0], 4)
    [1, 3]
    """
    found = rounded(values)
    left = total - sum(found)
    step = 1 if left > 0 else -1
    # the figures that rounding moved most the other way come first
    order = sorted(range(len(found)), key=lambda i: (step * (found[i] - values[i]), i))
    for n in range(abs(left)):
        found[order[n % len(order)]] += step
    return found
