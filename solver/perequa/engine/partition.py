"""The triangle of three weights cut exactly into the plans that are optimal in each part.

The least weighted value is concave over the triangle. Planes known so far lie above it; where they
agree with it at every corner of the parts they cut, they agree everywhere between. So each corner
is asked once: either the planes are right there, or the plan that is optimal gives a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.plans_left import Goal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.plans_left import PlansLeft

Floats = NDArray[np.float64]

CORNERS = np.eye(3)
NO_AREA = 1e-12
"""Share of the triangle below which a part is a line or a point."""
DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the triangle in which the same plans are optimal.

    Attributes
    ----------
    values
        (3,) of the goals, all over the part.
    corners
        (V, 3) weights at its corners, in order around it.
    area
        Share of the triangle.
    """

    values: Floats
    corners: Floats
    area: float

    @property
    def middle(self) -> Floats:
        """Weights strictly inside, (3,)."""
        return np.asarray(self.corners.mean(axis=0))


def triangle(plans: PlansLeft, goals: Sequence[Goal]) -> tuple[Part, ...]:
    """Cut the triangle of the weights of three goals into the parts that share their plans.

    Returns
    -------
    tuple of Part
        The largest first.
    """
    return _Cutting(plans, goals).run()


class _Cutting:
    """The planes found so far, and the corners at which they are known to be right."""

    def __init__(self, plans: PlansLeft, goals: Sequence[Goal]) -> None:
        self._plans, self._goals = plans, goals
        self._right: set[tuple[float, ...]] = set()
        self._planes = np.array([self._least(w) for w in [*CORNERS, np.full(3, 1.0 / 3.0)]])
        scale = plans.column_scale
        self._near = np.array(
            [goal.near(scale, *self._planes[:, k].tolist()) for k, goal in enumerate(goals)]
        )
        self._planes = self._distinct(self._planes[:1], self._planes[1:])

    def run(self) -> tuple[Part, ...]:
        while True:
            cells = [(k, self._cell(k)) for k in range(len(self._planes))]
            missing = [found for w in _every(cells) if (found := self._missing(w)) is not None]
            planes = self._distinct(self._planes, np.array(missing).reshape(-1, 3))
            if len(planes) == len(self._planes):
                break
            self._planes = planes
        parts = [Part(values=self._planes[k], corners=cell, area=_area(cell)) for k, cell in cells]
        return tuple(
            sorted(
                (part for part in parts if part.area > NO_AREA),
                key=lambda part: (-round(part.area, DIGITS), *part.values),
            )
        )

    def _missing(self, weights: Floats) -> Floats | None:
        """Return the plane that the corner of a part shows to be missing; None when none is."""
        name = tuple(np.round(weights, DIGITS).tolist())
        if name in self._right:
            return None
        plane = self._least(weights)
        if (self._planes @ weights).min() - plane @ weights <= weights @ self._near:
            self._right.add(name)
            return None
        return plane

    def _least(self, weights: Floats) -> Floats:
        goal = Goal.mixed(weights.tolist(), self._goals)
        together = Goal.mixed((1.0, 1.0, 1.0), self._goals)
        # on an edge, what weighs nothing is only worth what it must be when asked for second
        x = self._plans.least(goal) if (weights > 0).all() else self._plans.least(goal, together)
        return np.array([each.value(x) for each in self._goals])

    def _distinct(self, known: Floats, more: Floats) -> Floats:
        """Add planes that are not there yet."""
        kept = list(known)
        for plane in more:
            if not any((np.abs(plane - other) <= self._near).all() for other in kept):
                kept.append(plane)
        return np.array(kept)

    def _cell(self, k: int) -> Floats:
        """Corners of the part where one plane is the lowest, (V, 3); V is 0 when there is none."""
        cell = CORNERS
        for other, plane in enumerate(self._planes):
            if other != k and len(cell):
                cell = _clipped(cell, self._planes[k] - plane)
        return cell


def _clipped(cell: Floats, above: Floats) -> Floats:
    """Keep the part of a polygon where a plane is not above another."""
    heights = cell @ above
    size = 1e-13 * float(np.abs(above).max())
    kept: list[Floats] = []
    for (a, at), (b, to) in pairwise([*zip(cell, heights, strict=True), (cell[0], heights[0])]):
        if at <= size:
            kept.append(a)
        if (at < -size and to > size) or (at > size and to < -size):
            share = at / (at - to)
            kept.append((1.0 - share) * a + share * b)
    return np.array(kept).reshape(-1, 3)


def _every(cells: Sequence[tuple[int, Floats]]) -> list[Floats]:
    """Corners of all parts, each once."""
    named = {tuple(np.round(w, DIGITS).tolist()): w for _, cell in cells for w in cell}
    return list(named.values())


def _area(cell: Floats) -> float:
    """Share of the triangle that a polygon covers."""
    if len(cell) < 3:
        return 0.0
    u, v = cell[:, 1], cell[:, 2]
    return abs(float(u @ np.roll(v, -1) - v @ np.roll(u, -1)))
