"""All costs at which a basis known to be optimal stays so: one product tests many at once.

Reduced costs are linear in the cost: those of a sum of goals are the sum of theirs. Where all have
the right sign the simplex, begun at this basis, would end where it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import Session

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RIGHT = 1e-9
"""How far beyond zero a reduced cost may be: the tolerance of the solver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimalCone:
    """What every goal says of each limit that the basis stands at.

    Attributes
    ----------
    rising, falling
        (D, r), (D, f): reduced costs, and multipliers of rows, that must not be negative, and that
        must not be positive. Those that no goal has of the wrong sign are left out: no weight is
        negative.
    """

    rising: Floats
    falling: Floats

    def holds(self, weights: Floats, factors: Floats) -> Flags:
        """Say at which weightings the basis is optimal.

        Parameters
        ----------
        weights
            (N, D) ≥ 0 of the goals.
        factors
            (N,): what the solver multiplies the cost of each by.
        """
        allowed = -RIGHT / factors
        # no BLAS, as for the cost of a point
        least = np.einsum("pd,dr->pr", weights, self.rising).min(axis=1, initial=np.inf)
        most = np.einsum("pd,df->pf", weights, self.falling).max(axis=1, initial=-np.inf)
        return np.asarray((least >= allowed) & (most <= -allowed))


def optimal_cone(session: Session, scaled: ScaledProgram, x: Floats, costs: Floats) -> OptimalCone:
    """Price every goal at the present basis.

    Parameters
    ----------
    session, scaled
        The solver, at an optimal basis, and the program it holds.
    x
        (n,) where the basis stands.
    costs
        (D, n) of the goals, in the units of the solver.
    """
    columns, rows = session.nonbasic()
    duals = session.multipliers(costs)
    reduced = costs - duals @ scaled.matrix
    activity = scaled.matrix @ x
    parts = (
        (
            reduced[:, columns],
            x[columns],
            scaled.column_lower[columns],
            scaled.column_upper[columns],
        ),
        (duals[:, rows], activity[rows], scaled.row_lower[rows], scaled.row_upper[rows]),
    )
    rising, falling = [], []
    for priced, at, low, high in parts:
        moves, free = low < high, np.isinf(low) & np.isinf(high)
        nearer = at - low <= high - at
        rising.append(priced[:, moves & (nearer | free) & (priced < 0.0).any(axis=0)])
        falling.append(priced[:, moves & (~nearer | free) & (priced > 0.0).any(axis=0)])
    return OptimalCone(rising=np.hstack(rising), falling=np.hstack(falling))
