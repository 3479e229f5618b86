"""Every plan between two weightings, exactly, and who gains and loses at each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.parametric import Piece, Point, Way
from perequa.engine.partition import DIGITS, Part, triangle
from perequa.interpret.tables import Table, Value
from perequa.studies.evidence import Proven, duals_of, sampled, solved_each
from perequa.studies.plans import CELL, changes, plans_table, wanted_plans
from perequa.studies.prepared import infeasible_is_proven
from perequa.studies.study import Answer
from perequa.studies.weightings import Weights, one_priority
from perequa_models.errors import UsageError
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.plans_left import PlansLeft
    from perequa.studies.prepared import Floats, Prepared
    from perequa_models.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Two weightings of the objectives of one priority."""

    start: Weights
    end: Weights


def ends_of_scenario(scenario: Scenario) -> Between:
    """Return the ends a scenario names itself: all on one objective, all on the other.

    Raises
    ------
    UsageError
        When its `sensitivity.weights.vary` does not name two.
    """
    section = scenario.sensitivity.weights
    vary = section.vary if section is not None else ()
    if len(vary) != 2:
        message = (
            "between which weightings? Name both, --from A=1,B=0 --to A=0,B=1, or two objectives "
            "in the scenario's sensitivity.weights.vary"
        )
        raise UsageError(message)
    first, second = vary
    return Between(
        start=Weights(option="vary", by_objective={first: 1.0, second: 0.0}),
        end=Weights(option="vary", by_objective={first: 0.0, second: 1.0}),
    )


def weights_study(
    prepared: Prepared, between: Between | None, *, publish: bool | None = None
) -> Answer:
    """Find every breakpoint of the plan between two weightings.

    Parameters
    ----------
    prepared
        The compiled scenario. The weightings replace those of their priority; the priorities
        served before keep their optimum, those served later choose among the plans left.
    between
        The weightings; None for those the scenario names itself.
    publish
        Whether the plan of every stretch is published, with who gains and loses; None where there
        are few and all are proven. Otherwise only the objectives weighed are told.
    """
    scenario = prepared.instance.scenario
    between = between or ends_of_scenario(scenario)
    priority = one_priority(scenario, (between.start, between.end))
    named = sorted({*between.start.by_objective, *between.end.by_objective})
    rivals = [
        name
        for name, spec in scenario.objectives.items()
        if spec.priority == priority and (spec.weight > 0 or name in named)
    ]
    with infeasible_is_proven(prepared.program):
        sizes = prepared.sizes(named)
        left = prepared.plans_left(prepared.priorities.before(priority))
        names = prepared.program.objective_names
        start, end = (w.over(names, sizes) for w in (between.start, between.end))
        pieces = Way(left, prepared.goal(start), prepared.goal(end)).pieces()
        plans, why = wanted_plans(
            lambda: _published(prepared, priority, (start, end), pieces), publish, len(pieces)
        )
        stable = stability(prepared, left, priority, rivals)
        proven = _proven(prepared, priority, (start, end), pieces, told=plans is not None)
    values = (
        [[float(v) for v in prepared.values(plan)] for plan in plans]
        if plans is not None
        else [_weighed(prepared, piece.point, start + end) for piece in pieces]
    )
    tables = {"breakpoints": _breakpoints(prepared, pieces, values)}
    if plans is not None:
        tables["plans"] = plans_table(plans, "plan", range(1, len(plans) + 1))
        tables["gains"] = _gains(pieces, plans)
    tables["stability"] = stable
    return Answer(
        tables=tables,
        facts={
            "priority": priority,
            "from_weights": dict(between.start.by_objective),
            "to_weights": dict(between.end.by_objective),
            "sizes": prepared.sizes_by_name(named),
            "plans_left_out": why,
            "programs_solved": left.programs_solved,
        },
        proven=proven,
    )


def triangle_study(prepared: Prepared, names: tuple[str, str, str]) -> Answer:
    """Cut the triangle of the weights of three objectives into the plans of each part.

    Parameters
    ----------
    prepared
        The compiled scenario. Other objectives of the priority weigh nothing.
    names
        Three objectives of one priority.

    Raises
    ------
    UsageError
        When one is unknown, two are the same, or their priorities differ.
    """
    if len(set(names)) < 3:
        message = f"--triangle {' '.join(names)}: three different objectives are needed"
        raise UsageError(message)
    corners = [Weights(option="--triangle", by_objective={name: 1.0}) for name in names]
    priority = one_priority(prepared.instance.scenario, corners)
    with infeasible_is_proven(prepared.program):
        sizes = prepared.sizes(names)
        left = prepared.plans_left(prepared.priorities.before(priority))
        laid = np.array([w.over(prepared.program.objective_names, sizes) for w in corners])
        parts = triangle(left, [prepared.goal(weights) for weights in laid])
        wanted = [prepared.priorities.served(priority, part.middle @ laid) for part in parts]
        plans = prepared.plans(wanted)
        proven = _corners_proven(prepared, priority, laid, parts)
    tables = {
        "triangle": _parts_table(prepared, parts, plans),
        "corners": _corners_table(names, parts),
        "plans": plans_table(plans, "plan", range(1, len(plans) + 1)),
    }
    return Answer(
        tables=tables,
        facts={
            "priority": priority,
            "objectives": list(names),
            "sizes": prepared.sizes_by_name(names),
            "programs_solved": left.programs_solved,
        },
        proven=proven,
    )


def _proven(
    prepared: Prepared,
    priority: int,
    ends: tuple[Floats, Floats],
    pieces: Sequence[Piece],
    *,
    told: bool,
) -> tuple[Proven, ...]:
    """Prove the optimum where plans meet; where later priorities choose, in the middle too.

    A plan that is optimal at both ends of its stretch is optimal all along it.
    """
    own = prepared.priorities
    first = len(own.before(priority).numbers)
    bends = [0.0, *(piece.end for piece in pieces)]
    asked = [(bends[i], own.before(priority)) for i in sampled(len(bends))]
    if told and own.numbers and own.numbers[-1] > priority:
        asked += [(0.5 * (pieces[i].start + pieces[i].end), own) for i in sampled(len(pieces))]
    wanted = [
        others.served(priority, (1.0 - share) * ends[0] + share * ends[1])
        for share, others in asked
    ]
    solved = solved_each([prepared.costed(each) for each in wanted], prepared.options)
    cells = int(np.prod(prepared.instance.shape))
    return tuple(
        Proven(
            asked=(share,),
            duals=duals_of(stages, first),
            cells=None if told else stages[first].x[:cells],
        )
        for (share, _), stages in zip(asked, solved, strict=True)
    )


def _corners_proven(
    prepared: Prepared, priority: int, laid: Floats, parts: Sequence[Part]
) -> tuple[Proven, ...]:
    """Prove the optimum at the corners of the parts: a plan optimal at all of its own is inside."""
    before = prepared.priorities.before(priority)
    corners = distinct_corners([corner for part in parts for corner in part.corners])
    asked = [corners[i] for i in sampled(len(corners))]
    wanted = [before.served(priority, corner @ laid) for corner in asked]
    solved = solved_each([prepared.costed(each) for each in wanted], prepared.options)
    return tuple(
        Proven(asked=tuple(corner.tolist()), duals=duals_of(stages, len(before.numbers)))
        for corner, stages in zip(asked, solved, strict=True)
    )


def distinct_corners(corners: Sequence[Floats]) -> list[Floats]:
    """Keep each corner once, in order: those of neighbours differ by rounding."""
    named: dict[tuple[float, ...], Floats] = {}
    for corner in corners:
        named.setdefault(tuple((np.round(corner, DIGITS) + 0.0).tolist()), corner)
    return list(named.values())


def _parts_table(prepared: Prepared, parts: Sequence[Part], plans: Sequence[Quantities]) -> Table:
    rows = [
        (i, part.area, *(float(v) for v in prepared.values(plan)))
        for i, (part, plan) in enumerate(zip(parts, plans, strict=True), start=1)
    ]
    own = ("plan", "area")
    return Table((*own, *value_columns(prepared.program.objective_names, own)), tuple(rows))


def _corners_table(names: tuple[str, str, str], parts: Sequence[Part]) -> Table:
    own = ("plan", "corner")
    rows = [
        (i, k, *(float(w) for w in weights))
        for i, part in enumerate(parts, start=1)
        for k, weights in enumerate(part.corners, start=1)
    ]
    return Table((*own, *value_columns(names, own)), tuple(rows))


def _published(
    prepared: Prepared, priority: int, ends: tuple[Floats, Floats], pieces: Sequence[Piece]
) -> list[Quantities]:
    """Publish the plan of each stretch, at its middle."""
    middles = [0.5 * (piece.start + piece.end) for piece in pieces]
    mixed = [(1.0 - middle) * ends[0] + middle * ends[1] for middle in middles]
    return prepared.plans([prepared.priorities.served(priority, w) for w in mixed])


def _weighed(prepared: Prepared, point: Point, weights: Floats) -> list[float | None]:
    """Value of each objective weighed, at the plan that was found; None for the others."""
    shape = prepared.instance.shape
    x = point.x[: int(np.prod(shape))].reshape(shape)
    values = prepared.values(Quantities(prepared.instance, x))
    return [float(v) if w > 0 else None for v, w in zip(values, weights, strict=True)]


def _breakpoints(
    prepared: Prepared, pieces: Sequence[Piece], values: Sequence[Sequence[float | None]]
) -> Table:
    own = ("from", "to", "plan")
    rows = [
        (piece.start, piece.end, i, *found)
        for i, (piece, found) in enumerate(zip(pieces, values, strict=True), start=1)
    ]
    return Table((*own, *value_columns(prepared.program.objective_names, own)), tuple(rows))


def value_columns(names: Sequence[str], taken: Sequence[str]) -> tuple[str, ...]:
    """One column for each objective, under its name unless a column already has it."""
    return tuple(f"objective_{name}" if name in taken else name for name in names)


def _gains(pieces: Sequence[Piece], plans: Sequence[Quantities]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for i in range(1, len(pieces)):
        moved = changes(plans[i - 1], plans[i])
        rows.extend((i, pieces[i].start, i, i + 1, *change) for change in moved)
    return Table(("breakpoint", "at", "plan_before", "plan_after", *CELL), tuple(rows))


def stability(prepared: Prepared, left: PlansLeft, priority: int, rivals: Sequence[str]) -> Table:
    """Between which weights of each objective, the others fixed, the plan shown stays optimal.

    The plan shown is that of the scenario itself.
    """
    scenario, names = prepared.instance.scenario, prepared.program.objective_names
    columns = ("priority", "objective", "weight", "from", "to")
    weights = {n: scenario.objectives[n].weight for n in rivals}
    if not any(weights.values()):
        return Table(columns, ())
    sizes = prepared.sizes(rivals)
    own = Weights(option="", by_objective=weights).over(names, sizes)
    shown = prepared.values(prepared.plan(prepared.priorities.served(priority, own)))
    rows: list[tuple[Value, ...]] = []
    for name in sorted(rivals):
        alone = np.where(np.array(names) == name, 1.0 / sizes, 0.0)
        others = np.where(alone > 0, 0.0, own)
        low, high = 0.0, np.inf
        if others.any():
            low, high = _stretch(prepared, left, others, alone, shown)
        # the plan is optimal at its own weight, whatever rounding says of the ends
        weight = weights[name]
        rows.append((priority, name, weight, min(low, weight), max(high, weight)))
    return Table(columns, tuple(rows))


def _stretch(
    prepared: Prepared, left: PlansLeft, others: Floats, alone: Floats, shown: Floats
) -> tuple[float, float]:
    """Weights of one objective between which a plan with these values stays optimal."""
    way = Way(left, prepared.goal(others), prepared.goal(alone))
    point = Point(first=float(others @ shown), second=float(alone @ shown), x=np.zeros(0))
    start, end = way.stretch(point)
    return _weight_at(start), _weight_at(end)


def _weight_at(share: float) -> float:
    """The weight w such that others + w·objective stands at this share of the way."""
    return share / (1.0 - share) if share < 1.0 else float("inf")
