"""The order in which points are solved, and where it is cut: fixed by the points alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

BLOCK = 5000
"""Points put in order together: the time it takes grows with their square."""


def chunks(points: Floats, least: int) -> list[Indices]:
    """Cut the points into chunks of neighbours, each walked from nearest to nearest.

    From one point to the next little changes, so that the last basis is nearly optimal. The points
    alone decide: neither who answers nor how many at a time.

    Parameters
    ----------
    points
        (N, D), at least one.
    least
        Points of a chunk, where there are as many.

    Returns
    -------
    list of arrays
        Every row of `points` once, in the order of solving.
    """
    blocks = np.array_split(np.arange(len(points)), max(1, len(points) // BLOCK))
    found: list[Indices] = []
    for block in blocks:
        walked = block[nearest_to_nearest(_unit(points[block]))]
        found.extend(np.array_split(walked, max(1, len(walked) // least)))
    return found


def nearest_to_nearest(points: Floats) -> Indices:
    """Walk from the first point to its nearest neighbour, and on to the nearest not yet met.

    Parameters
    ----------
    points
        (N, D). The earlier row is taken where two are as near.
    """
    left = np.arange(len(points))
    walked = np.zeros(len(points), dtype=np.intp)
    at = 0
    for step in range(len(points)):
        here = left[at]
        walked[step] = here
        left = np.delete(left, at)
        if left.size:
            at = int(np.argmin(((points[left] - points[here]) ** 2).sum(axis=1)))
    return walked


def _unit(points: Floats) -> Floats:
    """Give every column the same spread, so that none decides alone."""
    spread = np.ptp(points, axis=0)
    return np.asarray(points / np.where(spread > 0.0, spread, 1.0))
