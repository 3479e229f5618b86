"""The stepped tie-break: the same evenness by steps, by linear programs only.

Σ c·(x − around)²/a is replaced by its chords at 1/4, 1/2, 1, 2, 4 and 8 times ρ, where ρ is what
each unit of a would get if the least spending on the optimal face were spread evenly; a neutral
cost then settles what the steps leave open (scenario reference, section 6).

The duals of the first program say on which step every decision stands: at a price strictly
between two slopes it stands at their common end, at the price of a slope anywhere on that step.
The neutral program therefore needs no extra columns, only narrower bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.parts import LinearProgram, minimise_apart, two_at_once
from perequa.engine.scaling import size_factor
from perequa.engine.stages import without_rounding
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.spread import Spread
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

STEPS = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
"""Ends of the steps, in ρ; the last step is open above."""
SLOPES = STEPS[1:] + STEPS[:-1]
"""Slope of the chord of u² on each step."""
ENDS = np.append(STEPS[1:-1], np.inf)
"""Upper end of each step; the last has none."""
SAME = 1e-7
"""Relative distance within which a price is the price of a step."""
PRICED = 1e-9
"""Share of the largest price below which a row has none; what is left of it is taken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """The plan and what proves it, natural units.

    Attributes
    ----------
    plan
        (n,) the published plan.
    rho
        Length of one step unit: least spending on the face, per unit of the basis.
    rho_x, rho_y
        (n,), (m,): a plan of least spending, and the dual that proves it least.
    step_y
        (m,): dual of the steps.
    neutral_y
        (m,): dual of the neutral cost, within the steps' own optimal set.
    """

    plan: Floats
    rho: float
    rho_x: Floats
    rho_y: Floats
    step_y: Floats
    neutral_y: Floats


def solve_stepped(staged: Staged, spread: Spread, options: SolverOptions) -> Stepped:
    """Solve the stepped tie-break on the optimal face.

    Raises
    ------
    NotProven
        When HiGHS does not prove one of the programs.
    """
    face, scaled = staged.face, staged.scaled
    on_face = LinearProgram(
        matrix=scaled.matrix,
        row_lower=face.row_lower,
        row_upper=face.row_upper,
        column_lower=face.column_lower,
        column_upper=face.column_upper,
    )
    least, least_y = _minimise(on_face, spread.cost * scaled.column, scaled.row, options)
    rho_x = scaled.natural_x(least.x)
    rho = max(_spending(spread, rho_x) / _spending(spread, spread.basis), 1e-9)
    free = np.flatnonzero((face.column_lower < face.column_upper) & (spread.cost > 0))
    step_y, row_lower, row_upper = _price_of_steps(staged, spread, rho, free, options)
    lower, upper = _stands(staged, spread, rho, free, step_y)
    on_steps = LinearProgram(
        matrix=scaled.matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        column_lower=lower,
        column_upper=upper,
    )
    last, neutral_y = _minimise(on_steps, spread.neutral * scaled.column, scaled.row, options)
    x = np.clip(last.x, scaled.column_lower, scaled.column_upper)
    return Stepped(
        plan=scaled.natural_x(x),
        rho=rho,
        rho_x=rho_x,
        rho_y=least_y,
        step_y=step_y,
        neutral_y=neutral_y,
    )


def _spending(spread: Spread, x: Floats) -> float:
    """Cost of a plan. No dot product: at this size BLAS wakes threads that outlast the gain."""
    return float((spread.cost * x).sum())


def _relative_size(values: Floats) -> Floats:
    return np.abs(values) / max(1e-300, float(np.abs(values).max(initial=0.0)))


def _minimise(
    program: LinearProgram, cost: Floats, row: Floats, options: SolverOptions
) -> tuple[Outcome, Floats]:
    """Minimise one cost; return the outcome and its row duals in natural units."""
    factor = size_factor(cost)
    outcome = minimise_apart(program, cost * factor, options, two_at_once)
    if outcome.termination is not Termination.OPTIMAL:
        message = f"the tie-break ended {outcome.termination.value}"
        raise NotProven(message)
    return outcome, without_rounding(outcome.y, cost * factor) * row / factor


def _price_of_steps(
    staged: Staged, spread: Spread, rho: float, free: Indices, options: SolverOptions
) -> tuple[Floats, Floats, Floats]:
    """Return the dual of the steps and the bounds that its prices leave the rows, each (m,)."""
    face = staged.face
    steps, costs = _by_steps(staged, spread, rho, free)
    # the steps of a decision are alike but for their slope: presolve only loses time on them
    plainly = replace(options, presolve=False)
    _, y = _minimise(steps, costs, staged.scaled.row, plainly)
    # a euro's price is a thousandth of a thousandth of a place's: what each makes a column cost
    priced = _relative_size(y * _largest_in_row(staged.scaled)) > PRICED
    y = np.where(priced, y, 0.0)
    at = np.where(y > 0, face.row_lower, face.row_upper)
    return y, np.where(priced, at, face.row_lower), np.where(priced, at, face.row_upper)


def _largest_in_row(scaled: ScaledProgram) -> Floats:
    """Largest coefficient of each row, natural units, (m,)."""
    matrix = scaled.matrix
    column = np.repeat(scaled.column, np.diff(matrix.indptr))
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, matrix.indices, np.abs(matrix.data) / column)
    return largest / scaled.row


def _by_steps(
    staged: Staged, spread: Spread, rho: float, free: Indices
) -> tuple[LinearProgram, Floats]:
    """Write every free decision as around + Σ up − Σ down, one column for each step it may use.

    Columns that are held are taken out.

    Returns
    -------
    program, costs
        The program, and the cost of its columns.
    """
    face, scaled = staged.face, staged.scaled
    lower, upper = face.column_lower, face.column_upper
    others = np.flatnonzero((lower < upper) & (spread.cost == 0))
    around = (spread.around / scaled.column)[free]
    fixed = np.where(lower == upper, lower, 0.0)
    fixed[free] = around
    unit = (rho * spread.basis / scaled.column)[free, None]
    price = (spread.cost * scaled.column)[free] * rho
    columns, signs, costs = [others], [np.ones(len(others))], [np.zeros(len(others))]
    least, most = [lower[others]], [upper[others]]
    for sign, low, high in (
        (1.0, lower[free] - around, upper[free] - around),
        (-1.0, around - upper[free], around - lower[free]),
    ):
        start, end = unit * STEPS[:-1], unit * ENDS
        shortest = np.clip(np.maximum(low, 0.0)[:, None], start, end) - start
        longest = np.clip(np.maximum(high, 0.0)[:, None], start, end) - start
        which, step = np.nonzero(longest > 0.0)
        columns.append(free[which])
        signs.append(np.full(len(which), sign))
        costs.append(price[which] * SLOPES[step])
        least.append(shortest[which, step])
        most.append(longest[which, step])
    matrix = scaled.matrix[:, np.concatenate(columns)]
    values = matrix.data * np.repeat(np.concatenate(signs), np.diff(matrix.indptr))
    moved = scaled.matrix @ fixed
    program = LinearProgram(
        matrix=sparse.csc_array((values, matrix.indices, matrix.indptr), shape=matrix.shape),
        row_lower=face.row_lower - moved,
        row_upper=face.row_upper - moved,
        column_lower=np.concatenate(least),
        column_upper=np.concatenate(most),
    )
    return program, np.concatenate(costs)


def _stands(
    staged: Staged, spread: Spread, rho: float, free: Indices, step_y: Floats
) -> tuple[Floats, Floats]:
    """Bounds within which every column may stand and still be optimal for the steps."""
    face, scaled = staged.face, staged.scaled
    lower, upper = face.column_lower.copy(), face.column_upper.copy()
    pull = (scaled.matrix.T @ (step_y / scaled.row)) / scaled.column
    size = float(np.abs(pull).max(initial=0.0)) or 1.0
    others = np.flatnonzero((lower < upper) & (spread.cost == 0) & (np.abs(pull) > SAME * size))
    at = np.where(pull[others] > 0, upper[others], lower[others])
    at = np.where(np.isfinite(at), at, np.where(pull[others] > 0, lower[others], upper[others]))
    lower[others] = upper[others] = at
    low, high = standing_on(pull[free] / (spread.cost[free] * rho), spread.around[free] > 0)
    unit = (rho * spread.basis / scaled.column)[free]
    around = (spread.around / scaled.column)[free]
    lower[free] = np.minimum(np.maximum(lower[free], around + low * unit), upper[free])
    upper[free] = np.maximum(np.minimum(upper[free], around + high * unit), lower[free])
    return lower, upper


def standing_on(price: Floats, two_sided: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Where a decision may stand on the steps at a price, in ρ from `around`.

    Parameters
    ----------
    price
        Price of one more, in units of ``c·ρ``: compared with the slopes.
    two_sided
        Whether it may also stand below `around`.

    Returns
    -------
    low, high
        The same at a corner between two steps; the ends of the step at the price of its slope.
    """
    slopes = np.concatenate([-SLOPES[::-1], SLOPES])
    ends = np.concatenate([-ENDS[::-1], [0.0], ENDS])
    near = SAME * np.maximum(1.0, np.abs(price))[:, None]
    below = (slopes[None, :] < price[:, None] - near).sum(axis=1)
    not_above = (slopes[None, :] <= price[:, None] + near).sum(axis=1)
    low, high = ends[below], ends[not_above]
    return np.where(two_sided, low, np.maximum(low, 0.0)), np.where(
        two_sided, high, np.maximum(high, 0.0)
    )
