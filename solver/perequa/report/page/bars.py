"""Bars from one figure to another: a waterfall, ranges, or amounts from zero.

Each bar has its figure in words beside it; gains and losses differ by their sign and by their side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from perequa.report.page.dot_plot import BOTTOM, LEFT, LINE, TOP, WIDTH, Tick, short, steps_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.report.page.blocks import Caption
    from perequa.words import Words

RIGHT = 130.0
"""Pixels for the figures."""
GAIN, LOSS, SUM, RANGE = "gain", "loss", "sum", "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar from `low` to `high`; `mark` is a point on it, None where there is none."""

    label: str
    figure: str
    low: float
    high: float
    style: str
    mark: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A bar in pixels."""

    label: str
    figure: str
    style: str
    y: float
    x: float
    wide: float
    mark: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars ready to draw, with the steps of their scale and where zero is."""

    block: ClassVar[str] = "bars"
    caption: Caption
    height: float
    zero: float
    lines: tuple[Drawn, ...]
    ticks: tuple[Tick, ...]
    width: ClassVar[float] = WIDTH
    left: ClassVar[float] = LEFT
    right: ClassVar[float] = WIDTH - RIGHT


def bars(listed: Sequence[Bar], words: Words, caption: Caption) -> Bars:
    """Lay out one bar at least, from top to bottom in the order given; zero is on the scale."""
    ends = [0.0, *(v for b in listed for v in (b.low, b.high, b.mark) if v is not None)]
    steps = steps_between(min(ends), max(ends))
    low, high = min(*ends, steps[0]), max(*ends, steps[-1])
    scale = (WIDTH - LEFT - RIGHT) / (high - low)

    def across(value: float) -> float:
        return round(LEFT + (value - low) * scale, 1)

    lines = tuple(
        Drawn(
            label=short(bar.label),
            figure=bar.figure,
            style=bar.style,
            y=TOP + LINE * i + 3,
            x=across(min(bar.low, bar.high)),
            # what is nothing still shows where it stands
            wide=max(1.0, round(abs(bar.high - bar.low) * scale, 1)),
            mark=None if bar.mark is None else across(bar.mark),
        )
        for i, bar in enumerate(listed)
    )
    return Bars(
        caption=caption,
        height=TOP + LINE * len(lines) + BOTTOM,
        zero=across(0.0),
        lines=lines,
        ticks=tuple(Tick(label=words.number(v), x=across(v)) for v in steps),
    )


def waterfall(parts: Sequence[tuple[str, float, str]], total: tuple[str, float, str]) -> list[Bar]:
    """Set parts one after another, each from where the last one ended, then their total.

    Parameters
    ----------
    parts, total
        Name, figure, and the figure in words.
    """
    listed, reached = [], 0.0
    for label, value, figure in parts:
        style = LOSS if value < 0 else GAIN
        listed.append(
            Bar(label=label, figure=figure, low=reached, high=reached + value, style=style)
        )
        reached += value
    label, value, figure = total
    return [*listed, Bar(label=label, figure=figure, low=0.0, high=value, style=SUM)]
