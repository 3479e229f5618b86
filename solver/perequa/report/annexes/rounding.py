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
