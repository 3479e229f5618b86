"""A line from point to point over two scales, with a dot where it bends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from perequa.report.page.dot_plot import Tick, steps_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.report.page.blocks import Caption
    from perequa.words import Words

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760.0, 380.0, 100.0, 20.0, 40.0, 50.0
"""Pixels: the whole picture, and the room around the lines."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """A line ready to draw; `across` and `up` say what its scales are."""

    block: ClassVar[str] = "line"
    caption: Caption
    across: str
    up: str
    path: str
    dots: tuple[Point, ...]
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]
    width: ClassVar[float] = WIDTH
    height: ClassVar[float] = HEIGHT
    left: ClassVar[float] = LEFT
    right: ClassVar[float] = WIDTH - RIGHT
    top: ClassVar[float] = TOP
    bottom: ClassVar[float] = HEIGHT - BOTTOM


def line_chart(
    points: Sequence[Point], words: Words, *, caption: Caption, across: str, up: str
) -> LineChart:
    """Lay out one point at least, joined in the order given."""
    xs, ys = steps_between(*_ends(points, 0)), steps_between(*_ends(points, 1))
    spread = (xs[-1] - xs[0], ys[-1] - ys[0])

    def x_of(value: float) -> float:
        return round(LEFT + (value - xs[0]) / spread[0] * (WIDTH - LEFT - RIGHT), 1)

    def y_of(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - ys[0]) / spread[1] * (HEIGHT - TOP - BOTTOM), 1)

    dots = tuple((x_of(x), y_of(y)) for x, y in points)
    return LineChart(
        caption=caption,
        across=across,
        up=up,
        path=f"M{'L'.join(f'{x} {y}' for x, y in dots)}",
        dots=dots,
        columns=tuple(Tick(label=words.number(v), x=x_of(v)) for v in xs),
        rows=tuple(Tick(label=words.number(v), x=y_of(v)) for v in ys),
    )


def _ends(points: Sequence[Point], axis: int) -> tuple[float, float]:
    values = [point[axis] for point in points]
    return min(values), max(values)
