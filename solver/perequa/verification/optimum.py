"""Check 4: the plan is optimal in every priority, by the dual of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import (
    GAP,
    Multipliers,
    allowed_gap,
    multipliers,
    note_signs,
    off_bound,
    proven_bound,
)
from perequa.verification.exact import exact_dot, exact_dual, exact_times
from perequa.verification.feasibility import check_feasible, row_tolerance
from perequa.verification.outcome import Notebook
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.verification.folder import Arrays, HoldsArrays, Program
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats

FILE = "solution.npz"


@dataclass(frozen=True)
class Stage:
    """One priority: its cost, its proof, its optimal value.

    Attributes
    ----------
    priority, cost, value
        The priority, its cost vector (n,) and the least value of cost·x.
    dual
        Its multipliers.
    """

    priority: int
    cost: Floats
    value: float
    dual: Multipliers


def stages_of(program: Program, solution: Arrays) -> list[Stage]:
    """Gather the proofs of all priorities; each later one carries the earlier costs."""
    stages: list[Stage] = []
    for p, priority in enumerate(program.arrays["stage_priority"]):
        cost = program.stage_cost[p]
        carried = cost + solution["lam"][p, :p] @ program.stage_cost[:p]
        dual = multipliers(program, carried, solution["y"][p])
        value = _dot(cost, solution["x"][p])
        stages.append(Stage(int(priority), cost, value, dual))
    return stages


def check_optimum(folder: HoldsArrays, *, exact: bool = False) -> Check:
    """Prove each priority's value by its dual, and that the plan reaches it.

    Parameters
    ----------
    exact
        Whether sums are made in fractions instead of ``math.fsum``.
    """
    notes = Notebook(4, "optimum")
    program, solution = folder.program, folder.solution
    if (solution["lam"] < 0).any() or np.triu(solution["lam"]).any():
        notes.wrong(FILE, "lam", saying("multipliers of earlier priorities are not all ≥ 0 below"))
    stages = stages_of(program, solution)
    gaps = []
    times = exact_times if exact else type(program.matrix).times_exactly
    plan = solution["plan"]
    for p, stage in enumerate(stages):
        x = solution["x"][p]
        check_feasible(
            notes, program, x, times(program.matrix, x), f"x of priority {stage.priority}"
        )
        gaps.append(_check_stage(notes, program, solution, stages[: p + 1], exact=exact))
    activity = times(program.matrix, plan)
    check_feasible(notes, program, plan, activity, "the plan")
    for stage in stages:
        _check_reached(notes, stage, plan)
        check_complementary(notes, program, stage, plan, activity)
    worst = max(gaps, default=0.0)
    sums = saying("in exact fractions") if exact else saying("by fsum")
    return notes.close(
        saying(
            "{priorities} priorities, {rows} rows × {columns} columns {sums}, largest gap {gap}",
            priorities=len(stages),
            rows=program.matrix.rows,
            columns=program.matrix.columns,
            sums=sums,
            gap=worst,
        )
    )


def _check_stage(
    notes: Notebook, program: Program, solution: Arrays, stages: Sequence[Stage], *, exact: bool
) -> float:
    """Check the proof of the last of `stages`; return its relative gap."""
    stage = stages[-1]
    p = len(stages) - 1
    name = f"priority {stage.priority}"
    dual = stage.dual
    if exact:
        dual = exact_dual(program, stage.cost, stages, solution, dual)
    note_signs(notes, program, dual, (FILE, name))
    x = solution["x"][p]
    for before in stages[:p]:
        _check_reached(notes, before, x)
    taken = _taken_off(solution, stages)
    bound = proven_bound(program, dual) - math.fsum(taken)
    value = exact_dot(stage.cost, x) if exact else stage.value
    allowed = allowed_gap(program, dual, value, sum(map(abs, taken)))
    if not abs(value - bound) <= allowed:
        notes.wrong(
            FILE,
            name,
            saying("gap {gap} between value and proven bound", gap=value - bound),
            value,
            bound,
        )
    return abs(value - bound) / max(1.0, abs(value))


def bound_of(program: Program, solution: Arrays, stages: Sequence[Stage]) -> float:
    """Return the value that no plan goes below at the last of `stages`, by its multipliers."""
    return proven_bound(program, stages[-1].dual) - math.fsum(_taken_off(solution, stages))


def _taken_off(solution: Arrays, stages: Sequence[Stage]) -> list[float]:
    """What earlier priorities take off the bound of the last of `stages`: λ times their value."""
    earlier = solution["lam"][len(stages) - 1].tolist()
    return [lam * stage.value for lam, stage in zip(earlier, stages[:-1], strict=False)]


def _check_reached(notes: Notebook, stage: Stage, x: Floats) -> None:
    value = _dot(stage.cost, x)
    where = (FILE, f"priority {stage.priority}", "value reached by a later plan")
    notes.near(where, value, stage.value, tolerance=GAP * max(1.0, abs(stage.value)))


def check_complementary(
    notes: Notebook, program: Program, stage: Stage, x: Floats, activity: Floats
) -> None:
    """Note rows and columns that carry a multiplier although the plan does not meet the bound."""
    dual = stage.dual
    rows = off_bound(
        dual.y_support,
        dual.y,
        activity,
        (program.lower, program.upper),
        row_tolerance(program, x) * 10,
    )
    columns = off_bound(
        dual.z_support,
        dual.z,
        x,
        (program.least, program.most),
        1e-8 * np.maximum(1.0, np.abs(x)),
    )
    for names, where, value in ((program.row_ids, rows, activity), (program.col_ids, columns, x)):
        for i in np.flatnonzero(where):
            notes.wrong(
                FILE,
                f"priority {stage.priority}, {names[i]}",
                saying("carries a multiplier, so the plan must meet its bound"),
                float(value[i]),
            )


def _dot(a: Floats, b: Floats) -> float:
    return math.fsum((a * b).tolist())
