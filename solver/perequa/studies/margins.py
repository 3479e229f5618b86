"""Least and most every territory can get among plans that are nearly optimal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.near_optimal import Extreme, NearOptimal, Sum
from perequa.engine.plans_left import stop_unless_optimal
from perequa.engine.stages import solve_stages
from perequa.interpret.tables import Table, Value
from perequa.studies.evidence import Dual, Proven, duals_of, sampled, solved_each
from perequa.studies.prepared import infeasible_is_proven
from perequa.studies.study import Answer
from perequa_models.errors import UsageError
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.engine.plans_left import Goal
    from perequa.engine.stages import Stage
    from perequa.studies.prepared import Floats, Prepared
    from perequa_models.instance import Instance

COLUMNS = (
    *("level", "territory", "territory_name", "measure", "year"),
    *("in", "least", "planned", "most"),
)
ZERO = 1e-9
"""Share of its initial value up to which an optimum counts as zero."""


PLAN = -1.0
"""Number of the plan itself among the lines that are proven."""
LINES = 12
"""Lines of which both ends are proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A line of the table before it is answered: who, what, and the sum that says how much."""

    named: tuple[Value, ...]
    total: Sum
    constant: float


def read_within(text: str) -> float:
    """Read ``1%``.

    Raises
    ------
    UsageError
        When it is not a percentage ≥ 0.
    """
    figure, percent, rest = text.strip().partition("%")
    try:
        share = float(figure) / 100.0
    except ValueError:
        share = math.nan
    if not percent or rest or not math.isfinite(share) or share < 0:
        message = f"--within {text}: a percentage ≥ 0 is needed, e.g. 1% or 0.5%"
        raise UsageError(message)
    return share


def margins_study(
    prepared: Prepared, within: float, *, by_year: bool = False, jobs: int | None = None
) -> Answer:
    """Find the least and the most of every territory and measure among nearly optimal plans.

    Parameters
    ----------
    prepared
        The compiled scenario.
    within
        How far every priority may stand from its optimum, as a share of it (of its initial value
        where the optimum is zero).
    by_year
        Whether years stand apart; otherwise they are added up.
    jobs
        Threads; the table does not depend on it.
    """
    with infeasible_is_proven(prepared.program):
        costs = prepared.program.weighed(prepared.weighting.weights)
        staged = solve_stages(
            prepared.program, prepared.weighting.priorities, costs, prepared.options
        )
        stop_unless_optimal(staged.termination)
        values = np.array([goal.value(s.x) for goal, s in _goals(prepared, staged.stages)])
        room = _room(prepared, values, within)
        cells = list(cells_of(prepared.instance, by_year=by_year))
        near = NearOptimal(staged, room, prepared.options)
        ranges = near.ranges([cell.total for cell in cells], jobs)
        planned = prepared.plan(prepared.priorities).x.ravel()
        proven = _proven(
            prepared,
            near if room.any() else None,
            staged.stages,
            _sampled(cells, ranges),
            planned,
        )
    rows = []
    for cell, (least, most) in zip(cells, ranges, strict=True):
        now = cell.total.at(planned)
        # the plan is one of those compared: rounding does not put it outside
        ends = min(least, now), now, max(most, now)
        rows.append((*cell.named, *(end + cell.constant for end in ends)))
    table = Table(COLUMNS, tuple(rows))
    return Answer(
        tables={"margins": table},
        facts={
            "within": within,
            "optima": _by_priority(prepared, values),
            "room": _by_priority(prepared, room),
            "programs_solved": len(staged.stages) + 1 + 2 * len(cells),
        },
        proven=proven,
    )


def _proven(
    prepared: Prepared,
    near: NearOptimal | None,
    stages: Sequence[Stage],
    asked: Sequence[tuple[int, float, Sum]],
    planned: Floats,
) -> tuple[Proven, ...]:
    """Prove the optimum of every priority by the plan, then ends of a sample of lines.

    Parameters
    ----------
    near
        The plans compared; None where they are the optimal ones.
    asked
        Number of the line, 1 for its least and -1 for its most, and the sum.
    """
    cells = len(planned)
    found = [Proven(asked=(PLAN, 0.0), duals=duals_of(stages), cells=planned)]
    if near is not None:
        ends = [near.extreme(total, sign) for _, sign, total in asked]
    else:
        # where nothing may be given up, the sum is one priority more
        own = [stage.cost for stage in stages]
        programs = [(prepared.program, np.array([*own, _cost(prepared, *one)])) for one in asked]
        ends = [
            Extreme(x=each[-1].x, y=each[-1].y, lam=each[-1].lam)
            for each in solved_each(programs, prepared.options)
        ]
    found += [
        Proven(
            asked=(float(line), sign),
            duals=(Dual(stage=len(stages), y=end.y, lam=end.lam),),
            cells=end.x[:cells],
        )
        for (line, sign, _), end in zip(asked, ends, strict=True)
    ]
    return tuple(found)


def _cost(prepared: Prepared, _line: int, sign: float, total: Sum) -> Floats:
    cost = np.zeros(prepared.program.matrix.shape[1])
    cost[total.columns] = sign * total.values
    return cost


def _sampled(
    cells: Sequence[Cell], ranges: Sequence[tuple[float, float]]
) -> list[tuple[int, float, Sum]]:
    """Return the ends that are proven: both of a few lines, where something bounds them."""
    return [
        (line, sign, cells[line].total)
        for line in sampled(len(cells), LINES)
        for sign, end in zip((1.0, -1.0), ranges[line], strict=True)
        if math.isfinite(end)
    ]


def _goals(prepared: Prepared, stages: Sequence[Stage]) -> Iterator[tuple[Goal, Stage]]:
    for weights, stage in zip(prepared.weighting.weights, stages, strict=True):
        yield prepared.goal(weights), stage


def _by_priority(prepared: Prepared, figures: Floats) -> dict[str, float]:
    return {
        str(priority): float(figure)
        for priority, figure in zip(prepared.weighting.priorities, figures, strict=True)
    }


def _room(prepared: Prepared, values: Floats, within: float) -> Floats:
    """How much worse each priority may be, in its unit."""
    initial = np.abs(prepared.weighting.weights @ prepared.weighting.initial)
    zero = np.abs(values) <= ZERO * np.maximum(1.0, initial)
    return np.asarray(within * np.where(zero, initial, np.abs(values)))


def cells_of(instance: Instance, *, by_year: bool) -> Iterator[Cell]:
    """Yield every territory and measure, then the credits of the territory as a whole."""
    T, M, Y = instance.shape
    flat = np.arange(T * M * Y).reshape(T, M, Y)
    nothing = Quantities(instance, np.zeros(instance.shape)).credits
    paid = _credits_per_unit(instance, nothing)
    years = [[y] for y in range(Y)] if by_year else [list(range(Y))]
    for t, territory in enumerate(instance.territories):
        who = (territory.level, territory.code, territory.name)
        for m, measure in enumerate(instance.measures):
            unit = "money" if instance.is_money[m] else "places"
            for group in years:
                named = (*who, measure, _year(instance, group), unit)
                columns = flat[t, m, group]
                yield Cell(
                    named=named,
                    total=Sum(columns=columns, values=np.ones(len(columns))),
                    constant=0.0,
                )
        yield Cell(
            named=(*who, None, _year(instance, list(range(Y))), "credits"),
            total=Sum(columns=flat[t].ravel(), values=paid[t].ravel()),
            constant=float(nothing[t].sum()),
        )


def _credits_per_unit(instance: Instance, nothing: Floats) -> Floats:
    """Credits of all years that a place funded in each cell brings, (T, M, Y)."""
    per_unit = np.zeros(instance.shape)
    for y in range(instance.shape[2]):
        x = np.zeros(instance.shape)
        x[:, :, y] = 1.0
        per_unit[:, :, y] = (Quantities(instance, x).credits - nothing).sum(axis=2)
    return per_unit


def _year(instance: Instance, group: list[int]) -> int | None:
    return instance.years[group[0]] if len(group) == 1 else None
