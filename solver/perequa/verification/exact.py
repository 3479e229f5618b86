"""The same sums in exact fractions: no rounding at all, for ``verify --exact``."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import Multipliers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.verification.folder import Arrays, Program
    from perequa.verification.optimum import Stage
    from perequa.verification.sparse import Floats, Matrix


def exact_dot(a: Floats, b: Floats) -> float:
    """Return a·b, rounded once."""
    both = np.flatnonzero((a != 0) & (b != 0))
    pairs = zip(a[both].tolist(), b[both].tolist(), strict=True)
    return float(sum((Fraction(u) * Fraction(v) for u, v in pairs), Fraction(0)))


def exact_times(matrix: Matrix, x: Floats) -> Floats:
    """Return A·x, each row rounded once."""
    return np.array([float(total) for total in _products(matrix, x)])


def exact_dual(
    program: Program, cost: Floats, stages: Sequence[Stage], solution: Arrays, dual: Multipliers
) -> Multipliers:
    """Return the multipliers of a priority with reduced costs summed in fractions.

    Parameters
    ----------
    cost
        The priority's own cost, shape (n,).
    stages
        All priorities up to this one, this one last.
    """
    p = len(stages) - 1
    taken = _products(program.matrix.transposed, solution["y"][p])
    earlier = [Fraction(float(lam)) for lam in solution["lam"][p, :p]]
    reduced = []
    for j, total in enumerate(taken):
        carried = sum(
            (
                lam * Fraction(float(stage.cost[j]))
                for lam, stage in zip(earlier, stages[:p], strict=True)
            ),
            Fraction(float(cost[j])),
        )
        reduced.append(float(carried - total))
    return Multipliers(y=dual.y, z=np.array(reduced), y_size=dual.y_size, z_size=dual.z_size)


def _products(matrix: Matrix, x: Floats) -> list[Fraction]:
    terms = [
        Fraction(a) * Fraction(b) if b else Fraction(0)
        for a, b in zip(matrix.value.tolist(), x[matrix.index].tolist(), strict=True)
    ]
    ends = matrix.pointer.tolist()
    return [sum(terms[a:b], Fraction(0)) for a, b in pairwise(ends)]
