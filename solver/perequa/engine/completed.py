"""What an objective of no weight is worth at a plan, written into its own columns.

Nothing holds these columns at what they measure, since nothing minimises them. Put at their best
for the decisions taken, they say what the objective is worth there, and what any weight at all
would want to move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.optimum_alone import owners
from perequa.engine.session import Session
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.compilation import CompiledProgram
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import SolverOptions

    Floats = NDArray[np.float64]


def completed(
    program: CompiledProgram,
    scaled: ScaledProgram,
    plan: Floats,
    told: frozenset[str],
    options: SolverOptions,
) -> Floats:
    """Put the columns of some objectives at their best, every other column staying where it is.

    Parameters
    ----------
    plan
        (n,) natural units.
    told
        Objectives that no priority serves.

    Returns
    -------
    array, shape (n,)
        The same plan where the solver finds nothing better to say.
    """
    if not told:
        return plan
    rows = np.flatnonzero(owners(program.row_keys, told) != "")
    columns = np.flatnonzero(owners(program.column_keys, told) != "")
    if not len(columns):
        return plan
    x = plan / scaled.column
    others = x.copy()
    others[columns] = 0.0
    matrix = sparse.csr_array(scaled.matrix)[rows]
    moved = matrix @ others
    session = Session(
        sparse.csc_array(matrix[:, columns]),
        scaled.row_lower[rows] - moved,
        scaled.row_upper[rows] - moved,
        scaled.column_lower[columns],
        scaled.column_upper[columns],
        options,
    )
    costs = [program.costs[program.objective_names.index(name)] for name in sorted(told)]
    session.set_cost(np.sum([scaled.cost(cost)[0][columns] for cost in costs], axis=0))
    outcome = session.solve()
    if outcome.termination is not Termination.OPTIMAL:
        return plan
    x[columns] = outcome.x
    return scaled.natural_x(np.clip(x, scaled.column_lower, scaled.column_upper))
