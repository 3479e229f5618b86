"""The triangle of three weights, shared out between the plans that they make optimal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.report.page.blocks import Caption

SIDE, MARGIN = 440.0, 60.0
STYLES = ("s1", "s2", "s3", "n1", "n2", "p1", "p2")
"""Shades light enough for ink; a part is known by the number that stands on it."""

Corner = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A plan's part of the triangle: its number, shade, path and middle."""

    label: str
    style: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangle:
    """A triangle ready to draw; `names` are the objectives at its left, right and upper corner."""

    block: ClassVar[str] = "triangle"
    caption: Caption
    names: tuple[str, ...]
    parts: tuple[Part, ...]
    side: ClassVar[float] = SIDE
    margin: ClassVar[float] = MARGIN
    width: ClassVar[float] = SIDE + 2 * MARGIN
    height: ClassVar[float] = SIDE * math.sqrt(3) / 2 + 2 * MARGIN


def triangle(
    parts: Mapping[str, Sequence[Corner]], names: Sequence[str], caption: Caption
) -> Triangle:
    """Lay out the corners of each plan's part, given by three weights that add up to one."""
    drawn = []
    for i, (label, corners) in enumerate(parts.items()):
        points = [_point(corner) for corner in corners]
        steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        drawn.append(
            Part(
                label=label,
                style=STYLES[i % len(STYLES)],
                path=f"M{steps}z",
                x=round(sum(x for x, _ in points) / len(points), 1),
                y=round(sum(y for _, y in points) / len(points) + 4, 1),
            )
        )
    return Triangle(caption=caption, names=tuple(names), parts=tuple(drawn))


def _point(weights: Corner) -> tuple[float, float]:
    """Place weights: the first at the left, the second at the right, the third above."""
    total = sum(weights)
    _, second, third = (w / total for w in weights)
    x = MARGIN + SIDE * (second + third / 2)
    return x, MARGIN + SIDE * math.sqrt(3) / 2 * (1 - third)
