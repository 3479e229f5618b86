"""Every plan between two goals, exactly: supporting lines of the least value along the way.

The least value of ``(1 − s)·first + s·second`` is a concave, piecewise linear function of s. Two of
its lines meet either on the function, at a breakpoint, or above it, and then the plan that is least
there gives a new line between them: k breakpoints take at most 2k + 1 programs, whatever optimal
basis the solver returns. The ends are lexicographic limits: least in one goal, then in the other.

References
----------
Y. P. Aneja, K. P. K. Nair, "Bicriteria transportation problem", Management Science 25 (1979),
73-78.
M. J. Eisner, D. G. Severance, "Mathematical techniques for efficient record segmentation in large
shared databases", Journal of the ACM 23 (1976), 619-635.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.plans_left import Goal
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.plans_left import PlansLeft

Floats = NDArray[np.float64]

MOST_STEPS = 1000
"""Lines tried by a walk; each lies below the last, and there are as many as breakpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A plan and its value in both goals.

    Attributes
    ----------
    first, second
        Value in each goal.
    x
        (n,) a plan with these values.
    """

    first: float
    second: float
    x: Floats = field(repr=False)

    def at(self, share: float) -> float:
        """Value at a share of the way from the first goal to the second."""
        return (1.0 - share) * self.first + share * self.second


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the way along which the same plans are optimal.

    Attributes
    ----------
    start, end
        Shares of the way.
    point
        The values of both goals all along.
    """

    start: float
    end: float
    point: Point


class Way:
    """The way from one goal to another over the plans left.

    Parameters
    ----------
    plans
        The plans considered.
    first, second
        The goals at both ends.
    """

    def __init__(self, plans: PlansLeft, first: Goal, second: Goal) -> None:
        self._plans, self._first, self._second = plans, first, second
        self.start = self._point(plans.least(first, second))
        self.end = self._point(plans.least(second, first))
        scale = plans.column_scale
        self._near = (
            first.near(scale, self.start.first, self.end.first),
            second.near(scale, self.start.second, self.end.second),
        )

    def pieces(self) -> tuple[Piece, ...]:
        """Every stretch of the way with its plan, in order; breakpoints are where they meet."""
        points = self._hull(self._supporting())
        meets = [_meeting(a, b) for a, b in pairwise(points)]
        ends = [0.0, *meets, 1.0]
        return tuple(
            Piece(start=ends[i], end=ends[i + 1], point=point) for i, point in enumerate(points)
        )

    def stretch(self, point: Point) -> tuple[float, float]:
        """Return between which shares of the way a plan that is optimal somewhere stays so."""
        return self._reach(point, self.start), self._reach(point, self.end)

    def _reach(self, point: Point, end: Point) -> float:
        """Walk from an end of the way back to where the plan is optimal."""
        share = 0.0 if end is self.start else 1.0
        line = end
        for _ in range(MOST_STEPS):
            if point.at(share) - line.at(share) <= self._tolerance(share):
                return share
            share = _meeting(*((line, point) if end is self.start else (point, line)))
            line = self._least(share)
        message = f"where a plan stops being optimal is not found after {MOST_STEPS} programs"
        raise NotProven(message)

    def _supporting(self) -> list[Point]:
        """Points found by meeting lines, in the order of the way, the ends included."""
        found = [self.start]
        ahead = [self.end]
        while ahead:
            left, right = found[-1], ahead[-1]
            between = None if self._close(left, right) else self._between(left, right)
            if between is None:
                found.append(ahead.pop())
            else:
                ahead.append(between)
        return found

    def _between(self, left: Point, right: Point) -> Point | None:
        """Return a plan better than both where their lines meet; None when there is none."""
        share = _meeting(left, right)
        point = self._least(share)
        better = left.at(share) - point.at(share) > self._tolerance(share)
        new = not (self._same(left, point) or self._same(right, point))
        return point if better and new else None

    def _hull(self, points: list[Point]) -> list[Point]:
        """Leave out points that are optimal at one single share, and those found twice."""
        kept: list[Point] = []
        for point in points:
            if kept and self._close(kept[-1], point):
                # the two differ by rounding: the first end keeps its plan, as does the last
                if point is self.end and len(kept) > 1:
                    kept[-1] = point
                continue
            while len(kept) > 1 and self._needless(kept[-2], kept[-1], point):
                kept.pop()
            kept.append(point)
        return kept

    def _needless(self, left: Point, middle: Point, right: Point) -> bool:
        share = _meeting(left, right)
        return left.at(share) - middle.at(share) <= self._tolerance(share)

    def _close(self, left: Point, right: Point) -> bool:
        """Whether the way from one point to a later one gives up, or gains, nothing."""
        return (
            right.first - left.first <= self._near[0] or left.second - right.second <= self._near[1]
        )

    def _same(self, one: Point, other: Point) -> bool:
        return (
            abs(one.first - other.first) <= self._near[0]
            and abs(one.second - other.second) <= self._near[1]
        )

    def _tolerance(self, share: float) -> float:
        return (1.0 - share) * self._near[0] + share * self._near[1]

    def _least(self, share: float) -> Point:
        goal = Goal.mixed((1.0 - share, share), (self._first, self._second))
        return self._point(self._plans.least(goal))

    def _point(self, x: Floats) -> Point:
        return Point(first=self._first.value(x), second=self._second.value(x), x=x)


def _meeting(left: Point, right: Point) -> float:
    """Share of the way where the lines of two points meet."""
    lost, gained = right.first - left.first, left.second - right.second
    return float(np.clip(lost / (lost + gained), 0.0, 1.0)) if lost + gained else 0.5
