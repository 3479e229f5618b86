"""What the tie-break evens out, laid over the columns of a program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Σ cost·(x − around)²/basis over the decisions, among the plans that transfer least.

    Attributes
    ----------
    cost, basis, around
        (n,): see the models' `Evenness`; cost is 0 for columns that are not decisions.
    neutral
        (n,): fixed cost in [1, 2) that settles what the steps leave open.
    moved
        (n,): 1 for what a transfer moves, 0 elsewhere. Their sum is made least before anything is
        evened out: a plan that moves more for no objective is not published.
    """

    cost: Floats
    basis: Floats
    around: Floats
    neutral: Floats
    moved: Floats

    @property
    def square(self) -> Floats:
        """Coefficient of the square, (n,)."""
        return self.cost / self.basis
