"""``indices.csv`` where no method chose the points: what each figure explains alone.

The first-order index of Sobol is the share of an output's variance that its mean at each value of
one figure accounts for. It is estimated from whatever points there are: those nearest by that
figure make a class, and the means of the classes are compared with what is left inside them
(corrected for their number, as the adjusted coefficient of determination is).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.interpret.tables import Table, Value
from perequa.studies.sweep.indices import FIGURE, moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.studies.sweep.design import Design

Floats = NDArray[np.float64]

METHOD = "given_points"
COLUMNS = ("method", "output", *FIGURE, "first_order")
SAME = 12
"""Decimals to which two figures are the same."""


def influences(design: Design, outputs: Mapping[str, Floats]) -> Table:
    """Estimate what every figure explains of every output, from the points as they are.

    Parameters
    ----------
    outputs
        (N,) by name. An index of what never moves, or has no value somewhere, is missing.
    """
    points = design.points
    if design.varied == "weight":
        # twice the same weights is the same weighting
        points = points / points.sum(axis=1, keepdims=True)
    return Table(COLUMNS, tuple(_rows(design.names, points.round(SAME), outputs)))


def _rows(
    names: tuple[str, ...], points: Floats, outputs: Mapping[str, Floats]
) -> Iterator[tuple[Value, ...]]:
    for output, y in outputs.items():
        for name, figure in zip(names, points.T, strict=True):
            low, high = float(figure.min()), float(figure.max())
            yield (METHOD, output, name, None, low, high, first_order(figure, y))


def first_order(figure: Floats, y: Floats) -> float | None:
    """Return the share of the variance of an output that one figure explains alone.

    Parameters
    ----------
    figure, y
        Shape (N,). There are √N classes; points of the same figure are in the same one.

    Returns
    -------
    float or None
        From 0 to 1; missing where the output does not move, or a class has but one point.
    """
    count = len(y)
    if not moves(y):
        return None
    smaller = np.searchsorted(np.sort(figure), figure, side="left")
    _, of_point = np.unique(math.isqrt(count) * smaller // count, return_inverse=True)
    members = np.bincount(of_point)
    if count <= len(members):
        return None
    inside = y - (np.bincount(of_point, weights=y) / members)[of_point]
    within = float(inside @ inside) / (count - len(members))
    around = y - y.mean()
    return max(0.0, 1.0 - within / (float(around @ around) / (count - 1)))
