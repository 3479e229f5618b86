"""Every vertex of a small program, by brute force: the optimum of any cost without a solver."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from programs import Dense


def vertices(program: Dense) -> np.ndarray:
    """Every basic feasible plan, shape (V, n): n limits that meet in one point, all others kept."""
    n = program.A.shape[1]
    normals = [program.A, program.A, np.eye(n), np.eye(n)]
    values = [program.low, program.up, program.least, program.most]
    G = np.vstack(normals)
    h = np.concatenate(values)
    kept = np.isfinite(h)
    G, h = G[kept], h[kept]
    _, unique = np.unique(np.column_stack([G, h]), axis=0, return_index=True)
    G, h = G[unique], h[unique]
    choices = np.array(list(itertools.combinations(range(len(h)), n)))
    systems = G[choices]
    regular = np.abs(np.linalg.det(systems)) > 1e-7
    points = np.linalg.solve(systems[regular], h[choices[regular]][..., None])[..., 0]
    activity = points @ program.A.T
    inside = ((activity >= program.low - 1e-8) & (activity <= program.up + 1e-8)).all(axis=1) & (
        (points >= program.least - 1e-8) & (points <= program.most + 1e-8)
    ).all(axis=1)
    return np.unique(np.round(points[inside], 12), axis=0)


def breakpoints(first: np.ndarray, second: np.ndarray) -> list[float]:
    """Shares of the way at which the least of the lines (1 − s)·first + s·second changes."""
    pairs = np.column_stack([first, second])
    tied = pairs[pairs[:, 0] <= pairs[:, 0].min() + 1e-9]
    a, b = tied[np.argmin(tied[:, 1])]
    found, share = [], 0.0
    while True:
        lost, gained = pairs[:, 0] - a, b - pairs[:, 1]
        ahead = gained > 1e-7
        if not ahead.any():
            return found
        meets = lost[ahead] / (lost[ahead] + gained[ahead])
        share = meets.min()
        tied = pairs[ahead][meets <= share + 1e-12]
        a, b = tied[np.argmin(tied[:, 1])]
        # three lines that meet in one point meet twice, but for rounding
        if not found or share > found[-1] + 1e-7:
            found.append(float(share))


def lower_hull(points: np.ndarray) -> list[tuple[float, float]]:
    """Corners of the lower convex hull of points (P, 2), from left to right."""
    lowest = {}
    for x, y in np.round(points, 10):
        lowest[x] = min(y, lowest.get(x, np.inf))
    hull: list[tuple[float, float]] = []
    for x, y in sorted(lowest.items()):
        while len(hull) > 1 and _under(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    return hull


def _under(
    left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]
) -> bool:
    """Whether the chord from left to right passes below (or through) the middle."""
    share = (middle[0] - left[0]) / (right[0] - left[0])
    return left[1] + share * (right[1] - left[1]) <= middle[1] + 1e-8
