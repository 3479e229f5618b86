"""A dot plot: one line per territory, two figures on it, and what they are compared with.

The two figures differ by shape (a ring and a disc), so that the picture reads without colour. It
is drawn from the rows of a table that stands behind it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from perequa.report.page.blocks import decimals_of, fixed_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.words import Words

WIDTH, LEFT, RIGHT, TOP, LINE, BOTTOM = 760.0, 210.0, 80.0, 24.0, 18.0, 26.0
"""Pixels: the whole picture, names, figures, room above, one territory, the scale below."""
MOST_LINES = 120
"""Most territories of a picture; a longer one is no longer read."""
LONGEST = 30
"""Most letters of a name; the table has it whole."""
TICKS = 5
"""Steps of a scale, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A territory's figures: where it starts, where it ends, what they are compared with."""

    name: str
    first: float
    last: float
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One territory, in pixels."""

    label: str
    figure: str
    y: float
    first: float
    last: float
    target: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A step of the scale, in pixels."""

    label: str
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DotPlot:
    """A picture ready to draw.

    Attributes
    ----------
    key, title
        Its identifier in the page, and what it shows.
    first, last, target
        What a ring, a disc and a stroke stand for; `target` is empty where there is none.
    behind
        Identifier of the table behind it.
    height
        In pixels; the width is `WIDTH`.
    lines, ticks
        Territories from top to bottom, steps of the scale from left to right.
    """

    block: ClassVar[str] = "plot"
    key: str
    title: str
    first: str
    last: str
    target: str
    behind: str
    height: float
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]

    @property
    def width(self) -> float:
        """Width in pixels."""
        return WIDTH

    @property
    def left(self) -> float:
        """Where names end."""
        return LEFT

    @property
    def right(self) -> float:
        """Where the scale ends."""
        return WIDTH - RIGHT


def dot_plot(
    pairs: Sequence[Pair],
    words: Words,
    *,
    key: str,
    title: str,
    first: str,
    last: str,
    target: str,
    behind: str,
) -> DotPlot:
    """Lay out a picture of one territory at least, in the order given."""
    ends = [v for p in pairs for v in (p.first, p.last, p.target) if v is not None]
    steps = steps_between(min(ends), max(ends))
    low, high = min(*ends, steps[0]), max(*ends, steps[-1])
    scale = (WIDTH - LEFT - RIGHT) / (high - low)

    def across(value: float) -> float:
        return round(LEFT + (value - low) * scale, 1)

    decimals = decimals_of(p.last for p in pairs)
    lines = tuple(
        Line(
            label=short(pair.name),
            figure=fixed_cell(pair.last, decimals, words).text,
            y=TOP + LINE * (i + 0.5),
            first=across(pair.first),
            last=across(pair.last),
            target=None if pair.target is None else across(pair.target),
        )
        for i, pair in enumerate(pairs)
    )
    return DotPlot(
        key=key,
        title=title,
        first=first,
        last=last,
        target=target,
        behind=behind,
        height=TOP + LINE * len(pairs) + BOTTOM,
        lines=lines,
        ticks=tuple(Tick(label=words.number(v), x=across(v)) for v in steps),
    )


def short(name: str) -> str:
    """Cut a name that a picture has no room for."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def steps_between(low: float, high: float) -> list[float]:
    """Round figures from `low` to `high` or just inside, two at least."""
    spread = (high - low) or max(abs(low), 1.0)
    rough = spread / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough)
    first = math.floor(low / step)
    # a step is a round figure: products of it keep what adding it up would lose
    digits = max(0, -math.floor(math.log10(step)))
    count = max(2, math.ceil(high / step) - first + 1)
    return [round((first + i) * step, digits) + 0.0 for i in range(count)]
