"""Uniqueness of a plan found by steps: three linear programs, each with its dual.

The least spending on the optimal face gives ρ; the steps' dual says where each decision may stand;
within that, the neutral cost's dual and the independence of what it leaves free prove that no
other plan is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.verification.duals import SIGN, wrong_signs
from perequa.verification.feasibility import check_feasible, row_tolerance
from perequa.verification.independent import independent, spanning
from perequa.words import saying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import Arrays, Program
    from perequa.verification.outcome import Check, Notebook
    from perequa.verification.sparse import Floats

    Flags = NDArray[np.bool_]

FILE = "solution.npz"
NEEDED = ("step_rho", "step_rho_x", "step_rho_y", "step_y", "neutral_y")
CORNERS = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
SLOPES = np.array([0.25, 0.75, 1.5, 3.0, 6.0, 12.0])
"""Slopes of the chords of u² between 0, the corners, and 8."""
SAME = 1e-7
PRICED = 1e-10
"""Share of the largest price above which a row has one: whoever solves takes off ten times more."""
FREE = 1e-11
"""Share of its own sum within which a neutral cost is nothing: rounding leaves 1e-15."""


def check_stepped(
    notes: Notebook, program: Program, solution: Arrays, face: tuple[Flags, Flags]
) -> Check:
    """Check ρ, the steps and the neutral cost, and that they leave one plan.

    Parameters
    ----------
    face
        Rows and columns fixed by the priorities.
    """
    absent = [name for name in NEEDED if name not in solution]
    if absent:
        notes.wrong(FILE, "", saying("lacks {arrays}", arrays=", ".join(absent)))
        return notes.close(saying("stepped"))
    rho = _check_rho(notes, program, solution, face)
    lower, upper = _check_steps(notes, program, solution, face, rho)
    rows = face[0] | _priced(program, solution["step_y"])
    free = _check_neutral(notes, program, solution, (rows, lower, upper))
    cells = int((program.arrays["tie_cost"] > 0).sum())
    return notes.close(
        saying(
            "stepped: ρ = {rho} proven, {cells} decisions on their steps, {free} columns left "
            "free by the neutral cost and independent, hence one plan",
            rho=float(rho),
            cells=cells,
            free=free,
        )
    )


def _check_rho(
    notes: Notebook, program: Program, solution: Arrays, face: tuple[Flags, Flags]
) -> float:
    """ρ is the least spending on the face per unit of the basis."""
    cost, square = program.arrays["tie_cost"], program.arrays["tie_square"]
    x, y = solution["step_rho_x"], solution["step_rho_y"]
    activity = program.matrix.times(x)
    check_feasible(notes, program, x, activity, "the plan of least spending")
    fixed = np.where(face[1], solution["plan"], x)
    if np.abs(fixed - x).max(initial=0.0) > 1e-6 * max(1.0, np.abs(x).max(initial=0.0)):
        notes.wrong(
            FILE, "step_rho_x", saying("the plan of least spending leaves the optimal face")
        )
    bounds = (program.least, program.most)
    _check_dual(notes, program, cost, (x, y), (face[0], face[1], *bounds), saying("least spending"))
    basis = np.where(square > 0, cost / np.where(square > 0, square, 1.0), 0.0)
    expected = max(float((cost * x).sum()) / float((cost * basis).sum()), 1e-9)
    rho = float(solution["step_rho"])
    notes.near((FILE, "step_rho", "ρ"), rho, expected, tolerance=1e-9 * max(1.0, expected))
    return rho


def _check_steps(
    notes: Notebook, program: Program, solution: Arrays, face: tuple[Flags, Flags], rho: float
) -> tuple[Floats, Floats]:
    """Every decision stands where the price of the steps puts it; return where it may stand."""
    cost, square = program.arrays["tie_cost"], program.arrays["tie_square"]
    around, plan, y = program.arrays["tie_around"], solution["plan"], solution["step_y"]
    pull = program.matrix.transposed.times(y)
    lower, upper = program.least.copy(), program.most.copy()
    lower[face[1]] = upper[face[1]] = plan[face[1]]
    decides = (cost > 0) & ~face[1]
    size = float(np.abs(pull).max(initial=0.0)) or 1.0
    pushed = ~decides & ~face[1] & (np.abs(pull) > SAME * size)
    bound = np.where(pull > 0, upper, lower)
    lower[pushed] = upper[pushed] = bound[pushed]
    low, high = _ends(pull[decides] / (cost[decides] * rho), around[decides] > 0)
    unit = rho * cost[decides] / square[decides]
    # beyond the last step, in either direction, a decision stands at its bound
    least, most = lower[decides], upper[decides]
    lower[decides] = np.clip(around[decides] + low * unit, least, most)
    upper[decides] = np.clip(around[decides] + high * unit, least, most)
    margin = 1e-7 * np.maximum(1.0, np.abs(plan))
    for j in np.flatnonzero((plan < lower - margin) | (plan > upper + margin)):
        place = f"[{lower[j]}, {upper[j]}]"
        notes.wrong(FILE, program.col_ids[j], saying("stands off its step"), float(plan[j]), place)
    _check_rows(notes, program, (plan, y), face[0], saying("steps"))
    return np.minimum(lower, upper), np.maximum(lower, upper)


def _ends(price: Floats, two_sided: Flags) -> tuple[Floats, Floats]:
    """Least and most, in ρ from `around`, at a price in units of c·ρ."""
    slopes = np.concatenate([-SLOPES[::-1], SLOPES])
    corners = np.concatenate([[-np.inf], -CORNERS[::-1], [0.0], CORNERS, [np.inf]])
    near = SAME * np.maximum(1.0, np.abs(price))
    low = corners[np.searchsorted(slopes, price - near, side="left")]
    high = corners[np.searchsorted(slopes, price + near, side="right")]
    return (
        np.where(two_sided, low, np.maximum(low, 0.0)),
        np.where(two_sided, high, np.maximum(high, 0.0)),
    )


def _check_neutral(
    notes: Notebook, program: Program, solution: Arrays, face: tuple[Flags, Floats, Floats]
) -> int:
    """Check the neutral optimum and that no column it leaves free can move; return how many."""
    rows, lower, upper = face
    neutral = program.neutral
    plan, y = solution["plan"], solution["neutral_y"]
    held = (rows, lower == upper, lower, upper)
    z = _check_dual(notes, program, neutral, (plan, y), held, "neutral cost")
    activity = program.matrix.times(plan)
    near = row_tolerance(program, plan) * 10
    tight = (
        rows
        | (np.abs(activity - program.lower) <= near)
        | (np.abs(activity - program.upper) <= near)
    ) & ~_only_told(program)
    size = np.abs(neutral) + program.matrix.transposed.size.times(np.abs(y))
    rest = (np.abs(z) <= FREE * size) & (lower < upper)
    # a column without cost that stands in no row that holds moves no decision
    touched = program.matrix.transposed.size.times(tight.astype(np.float64)) > 0
    free = np.flatnonzero(rest & (touched | (program.arrays["tie_cost"] > 0)))
    if free.size and not one_plan(program, np.flatnonzero(tight), free):
        notes.wrong(
            FILE, "neutral_y", saying("other plans are as good: free columns are dependent")
        )
    return len(free)


def _only_told(program: Program) -> Flags:
    """Rows that only say what an objective of no weight is worth: they hold no decision back."""
    weights = program.arrays["stage_weight"]
    names = {name for k, name in enumerate(program.objectives) if not weights[:, k].any()}
    owned = np.array([row.partition("/")[0] in names for row in program.row_ids], dtype=np.bool_)
    return owned & ~program.is_rule


def one_plan(program: Program, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> bool:
    """Whether no move along the columns, on the rows that hold, moves a decision.

    None does where all columns are independent. Where those that only measure depend on one another
    (a threshold between two shortfalls is any figure between them), none does when the decisions
    are independent beside what spans the others.
    """
    arrays = program.arrays
    matrix = sparse.csr_array(
        (arrays["a_data"], arrays["a_indices"], arrays["a_indptr"]),
        shape=(program.matrix.rows, program.matrix.columns),
    )[rows][:, columns]
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if independent(matrix):
        return True
    only_measures = _only_measures(program)[columns]
    measures = np.flatnonzero(only_measures)
    kept = np.append(np.flatnonzero(~only_measures), measures[spanning(matrix[:, measures])])
    return len(kept) < len(columns) and independent(matrix[:, np.sort(kept)])


def _only_measures(program: Program) -> Flags:
    """Columns of objectives, none of which is a decision or an amount of a rule."""
    rules = {program.row_ids[i].partition("/")[0] for i in np.flatnonzero(program.is_rule)}
    owners = set(program.objectives) - rules
    return np.array([name.partition("/")[0] in owners for name in program.col_ids], dtype=np.bool_)


def _check_dual(
    notes: Notebook,
    program: Program,
    cost: Floats,
    pair: tuple[Floats, Floats],
    held: tuple[Flags, Flags, Floats, Floats],
    what: str,
) -> Floats:
    """Check a dual on a face: free where held, right signs and complementary elsewhere."""
    x, y = pair
    rows, columns, lower, upper = held
    z = cost - program.matrix.transposed.times(y)
    size = SIGN * 10 * (np.abs(cost) + program.matrix.transposed.size.times(np.abs(y)))
    near = 1e-7 * np.maximum(1.0, np.abs(x))
    wrong = ((z > size) & (x > lower + near)) | ((z < -size) & (x < upper - near))
    for j in np.flatnonzero(wrong & ~columns):
        notes.wrong(
            FILE,
            program.col_ids[j],
            saying("reduced cost of the {program}", program=what),
            float(z[j]),
            0.0,
        )
    _check_rows(notes, program, pair, rows, what)
    return z


def _check_rows(
    notes: Notebook, program: Program, pair: tuple[Floats, Floats], held: Flags, what: str
) -> None:
    x, y = pair
    activity = program.matrix.times(x)
    near = row_tolerance(program, x) * 10
    carries = _carries(y)
    wrong = (
        wrong_signs(y, np.zeros_like(y), (program.lower, program.upper))
        | ((y > 0) & (activity > program.lower + near))
        | ((y < 0) & (activity < program.upper - near))
    )
    for i in np.flatnonzero(wrong & carries & ~held):
        notes.wrong(
            FILE,
            program.row_ids[i],
            saying("multiplier of the {program}", program=what),
            float(y[i]),
            0.0,
        )


def _priced(program: Program, y: Floats) -> Flags:
    """Rows with a price of steps, by what it makes a column cost: a place's or a euro's is one."""
    size = np.abs(y) * program.matrix.largest_in_row
    return size > PRICED * float(size.max(initial=0.0))


def _carries(y: Floats) -> Flags:
    """Rows whose multiplier is more than rounding."""
    largest = float(np.abs(y).max(initial=0.0))
    return np.abs(y) > SIGN * 10 * largest
