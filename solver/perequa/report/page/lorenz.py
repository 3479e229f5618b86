"""The Lorenz curve: which share of the places the least endowed share of the people has.

Territories stand from the lowest rate up; the diagonal is the same rate for all, and twice the area
between it and a curve is the Gini index around the territories' own mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from perequa.report.page.blocks import Caption

    Floats = NDArray[np.float64]

SIDE, LEFT, ROOM = 380.0, 56.0, 44.0
"""Pixels: the square, the room for its scale, that around it."""
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A curve: its style, what it stands for, its path in pixels."""

    style: str
    told: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A step of both scales, in pixels from the corner at the bottom left."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lorenz:
    """A Lorenz curve ready to draw: its caption, curves, scale and the words of its axes."""

    block: ClassVar[str] = "lorenz"
    caption: Caption
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    across: str
    up: str
    side: ClassVar[float] = SIDE
    left: ClassVar[float] = LEFT
    width: ClassVar[float] = LEFT + SIDE + 20.0
    height: ClassVar[float] = SIDE + 2 * ROOM


def lorenz_points(rates: Sequence[float], people: Sequence[float]) -> Floats:
    """Cumulate shares of people and of what they have, from the lowest rate up; shape (T + 1, 2).

    Where nobody has anything, everyone has the same: the diagonal.
    """
    order = np.argsort(np.asarray(rates), kind="stable")
    heads = np.asarray(people)[order]
    held = np.asarray(rates)[order] * heads
    total = float(held.sum())
    shares = np.column_stack([heads / heads.sum(), held / total if total else heads / heads.sum()])
    return np.vstack([np.zeros(2), np.cumsum(shares, axis=0)])


def lorenz(
    curves: Sequence[tuple[str, str, Floats]],
    quarters: Sequence[str],
    *,
    caption: Caption,
    across: str,
    up: str,
) -> Lorenz:
    """Lay out curves, each with its style, what it stands for and its points."""
    return Lorenz(
        caption=caption,
        curves=tuple(Curve(style=s, told=told, path=_path(p)) for s, told, p in curves),
        marks=tuple(
            Mark(at=at * SIDE, label=label) for at, label in zip(QUARTERS, quarters, strict=True)
        ),
        across=across,
        up=up,
    )


def _path(points: Floats) -> str:
    steps = (f"{LEFT + x * SIDE:.1f} {ROOM + (1 - y) * SIDE:.1f}" for x, y in points)
    return f"M{'L'.join(steps)}"
