"""What the tie-break evens out, laid over the columns of a program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Σ cost·(x − around)²/basis over the columns that are decisions.

    Attributes
    ----------
    cost, basis, around
        (n,): see the models' `Evenness`; cost is 0 for columns that are not decisions.
    neutral
        (n,): fixed cost in [1, 2) that settles what the steps leave open.
    """

    cost: Floats
    basis: Floats
    around: Floats
    neutral: Floats

    @property
    def square(self) -> Floats:
        """Coefficient of the square, (n,)."""
        return self.cost / self.basis
