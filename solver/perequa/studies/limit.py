"""The exact value curve of one limit, or of several moved together, and the shares along it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.infeasibility import Clashes
from perequa.engine.scaled_limits import ScaledLimits, at_scale, scale_limits, spread_with_scale
from perequa.engine.value_curve import Curves, Stretch, value_curves
from perequa.interpret.tables import Table, Value
from perequa.studies.evidence import Proven, duals_of, sampled, solved_each
from perequa.studies.plans import plans_table, wanted_plans
from perequa.studies.study import Answer
from perequa_models.errors import Infeasible, NotProven, UsageError
from perequa_models.keys import RowKey
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.studies.prepared import Floats, Prepared
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities

CURVE = (
    *("scale", "limit", "value", "slope_below", "slope_above"),
    *("slope_below_per_unit", "slope_above_per_unit", "priority", "objective", "objective_unit"),
)
NAMED = ("rule", "kind", "territory", "territory_name", "measure", "year")
"""What names the limits moved."""
INWARD = (0.0, 1e-9, 1e-7)
"""Shares of the curve tried from its end inward: a limit may be missed there by rounding."""


MIDDLE, REACHED, LEAST, GREATEST = range(4)
"""What is proven: a stretch, by its middle; a plan at a scale; the ends of where plans exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Which limits move, and how far.

    Attributes
    ----------
    rule
        The rule they belong to.
    territory, measure, year
        Keep only the rows of this territory, measure, year; None keeps all.
    low, high
        Least and greatest scale: 1 is what the scenario states.
    """

    rule: str
    territory: str | None = None
    measure: str | None = None
    year: int | None = None
    low: float = 0.5
    high: float = 1.5


def limit_study(prepared: Prepared, moved: Moved, *, shares: bool | None = None) -> Answer:
    """Follow the optimum of every priority while some limits are scaled together.

    Parameters
    ----------
    prepared
        The compiled scenario.
    moved
        The limits. Those computed from them (a reserve's share) stay where they are.
    shares
        Whether the plan of every bend is published too; None where they are few and proven.
    """
    _check_range(moved)
    rows = rows_moved(prepared, moved)
    limits = [float(prepared.program.row_limit[i]) for i in rows]
    scaled = scale_limits(prepared.program, rows, moved.rule)
    low, high = moved.low * scaled.unit, moved.high * scaled.unit
    asked = scaled.between(low, high)
    goals = [prepared.goal(weights) for weights in prepared.weighting.weights]
    goals = [replace(goal, cost=_with_scale(goal.cost)) for goal in goals]
    try:
        curves = value_curves(asked, goals, prepared.options)
    except Infeasible:
        if Clashes(asked, prepared.options).has_plan_without(()):
            raise NotProven("HiGHS called a program infeasible that has a plan") from None
        message = (
            f"no plan satisfies every rule, whatever the scale of {moved.rule} between "
            f"{moved.low:g} and {moved.high:g}"
        )
        raise Infeasible(message) from None
    tables = {"curve": _curve_table(prepared, curves, scaled, limits, moved)}
    scales = sorted({float(s or 0.0) for s in tables["curve"].column("scale")})
    plans, why = wanted_plans(
        lambda: list(_plans(prepared, scaled, scales, curves)), shares, len(scales)
    )
    if plans is not None:
        tables["shares"] = plans_table(plans, "scale", scales)
    proven = _proven(prepared, rows, scaled, scales, asked, told=plans is not None)
    names = [str(prepared.program.row_keys[i]) for i in rows]
    feasible = curves.low / scaled.unit, curves.high / scaled.unit
    return Answer(
        tables=tables,
        facts={
            "rows": names,
            "named": _named(prepared, rows),
            "feasible_from": feasible[0],
            "feasible_to": feasible[1],
            "shares_left_out": why,
            "programs_solved": curves.programs_solved,
        },
        proven=proven,
    )


def _named(prepared: Prepared, rows: Sequence[int]) -> dict[str, str]:
    """Say what the limits moved are: a cell is empty where they differ."""
    kinds = {row.key: row.kind for row in prepared.instance.rows}
    told = []
    for i in rows:
        key = prepared.program.row_keys[i]
        assert isinstance(key, RowKey), "only rows of rules are moved"
        _, code, name = prepared.instance.tree.named(key.level, key.territory)
        cells = (
            key.rule,
            kinds[key],
            code,
            name,
            key.measure,
            "" if key.year is None else str(key.year),
        )
        told.append(cells)
    same = (values[0] if len({*values}) == 1 else "" for values in zip(*told, strict=True))
    return dict(zip(NAMED, same, strict=True))


def _proven(
    prepared: Prepared,
    rows: Sequence[int],
    scaled: ScaledLimits,
    scales: Sequence[float],
    asked: CompiledProgram,
    *,
    told: bool,
) -> tuple[Proven, ...]:
    """Prove the optimum between neighbouring scales, and that there is no plan beyond the ends.

    Multipliers that are optimal between two scales are a line below the curve; plans that reach it
    at both prove that the curve is this line.
    """
    stretches = list(pairwise(scales)) or [(scales[0], scales[0])]
    chosen = [stretches[i] for i in sampled(len(stretches))]
    middles = [0.5 * (a + b) for a, b in chosen]
    costs = prepared.costed(prepared.priorities)[1]
    solved = solved_each(
        [(at_scale(prepared.program, rows, s), costs) for s in middles], prepared.options
    )
    found = [
        Proven(asked=(MIDDLE, s), duals=duals_of(stages))
        for s, stages in zip(middles, solved, strict=True)
    ]
    if not told:
        found += _reached(prepared, rows, sorted({s for pair in chosen for s in pair}), scales)
    last = np.zeros((1, asked.matrix.shape[1]))
    last[0, -1] = 1.0
    ends = solved_each([(asked, last), (asked, -last)], prepared.options)
    found += [
        Proven(asked=(kind, float(stages[0].x[-1]) / scaled.unit), duals=duals_of(stages))
        for kind, stages in zip((LEAST, GREATEST), ends, strict=True)
    ]
    return tuple(found)


def _reached(
    prepared: Prepared, rows: Sequence[int], wanted: Sequence[float], scales: Sequence[float]
) -> Iterator[Proven]:
    """Yield an optimal plan at each scale wanted, where the tables have none."""
    cells = int(np.prod(prepared.instance.shape))
    costs = prepared.costed(prepared.priorities)[1]
    towards = 0.5 * (scales[0] + scales[-1])
    for s in wanted:
        for share in INWARD:
            fixed = at_scale(prepared.program, rows, s + share * (towards - s))
            try:
                [stages] = solved_each([(fixed, costs)], prepared.options)
            except Infeasible:
                continue
            yield Proven(asked=(REACHED, s), duals=(), cells=stages[-1].x[:cells])
            break


def _with_scale(cost: Floats) -> Floats:
    return np.append(cost, 0.0)


def _check_range(moved: Moved) -> None:
    if not (math.isfinite(moved.low) and math.isfinite(moved.high)):
        raise UsageError("--from and --to are numbers, e.g. --from 0.5 --to 1.5")
    if not 0.0 <= moved.low < moved.high:
        asked = f"--from {moved.low:g} --to {moved.high:g}"
        message = f"{asked}: scales go from a number ≥ 0 to a greater one"
        raise UsageError(message)


def rows_moved(prepared: Prepared, moved: Moved) -> list[int]:
    """Find the rows of a rule that a question names.

    Raises
    ------
    UsageError
        When there is none, or nothing to scale; says what there is.
    """
    scenario = prepared.instance.scenario
    if moved.rule not in scenario.rules:
        close = nearest(moved.rule, scenario.rules)
        hint = f"; did you mean {close}?" if close else ""
        message = f"--rule {moved.rule}: no such rule ({', '.join(scenario.rules)}){hint}"
        raise UsageError(message)
    keys = {
        i: key
        for i, key in enumerate(prepared.program.row_keys)
        if isinstance(key, RowKey) and key.rule == moved.rule
    }
    if not keys:
        why = "is not active" if not scenario.rules[moved.rule].active else "has no limit to scale"
        message = f"--rule {moved.rule}: {moved.rule} {why}"
        raise UsageError(message)
    keys = _of_territory(prepared.instance, keys, moved.territory)
    keys = _of(keys, "measure", moved.measure)
    keys = _of(keys, "year", moved.year)
    if not any(prepared.program.row_limit[i] for i in keys):
        message = f"--rule {moved.rule}: its limits are all 0, whatever scale they are given"
        raise UsageError(message)
    return list(keys)


def _of_territory(
    instance: Instance, keys: dict[int, RowKey], territory: str | None
) -> dict[int, RowKey]:
    if territory is None:
        return keys
    found = instance.tree.find(territory)
    if not isinstance(found, int):
        hint = f": {' or '.join(found)}?" if found else ""
        message = f"--territory {territory}: no such territory, or several{hint}"
        raise UsageError(message)
    node = instance.tree.nodes[found]
    kept = {i: k for i, k in keys.items() if (k.level, k.territory) == (node.level, node.code)}
    if not kept:
        there = list(dict.fromkeys(f"{k.level}:{k.territory}" for k in keys.values()))
        raise UsageError(_none_there("territory", territory, there))
    return kept


def _of(keys: dict[int, RowKey], part: str, wanted: str | int | None) -> dict[int, RowKey]:
    if wanted is None:
        return keys
    kept = {i: key for i, key in keys.items() if getattr(key, part) == wanted}
    if not kept:
        there = list(dict.fromkeys(str(getattr(key, part)) for key in keys.values()))
        raise UsageError(_none_there(part, wanted, there))
    return kept


def _none_there(part: str, wanted: object, there: Sequence[str]) -> str:
    named = [word for word in there if word not in {":", "", "None"}]
    if not named:
        return f"--{part} {wanted}: the rows of this rule name no {part}"
    more = ", …" if len(named) > 12 else ""
    return f"--{part} {wanted}: the rule has no row there ({', '.join(named[:12])}{more})"


def _plans(
    prepared: Prepared, scaled: ScaledLimits, scales: Sequence[float], curves: Curves
) -> Iterator[Quantities]:
    """Yield the published plan at each scale."""
    spread = spread_with_scale(prepared.spread)
    for s in scales:
        towards = 0.5 * (curves.low + curves.high)
        for share in INWARD:
            column = s * scaled.unit
            fixed = scaled.at(column + share * (towards - column))
            try:
                yield replace(prepared, program=fixed, spread=spread).plan(prepared.priorities)
            except Infeasible:
                continue
            break
        else:
            message = f"no plan was found at {s:g}, where plans exist"
            raise NotProven(message)


def _curve_table(
    prepared: Prepared,
    curves: Curves,
    scaled: ScaledLimits,
    limits: Sequence[float],
    moved: Moved,
) -> Table:
    total = math.fsum(limits)
    asked = moved.low * scaled.unit, moved.high * scaled.unit
    rows: list[tuple[Value, ...]] = []
    for p, stretches in enumerate(curves.levels):
        named = (
            prepared.weighting.priorities[p],
            ";".join(prepared.weighting.served(p)),
            prepared.weighting.units[p],
        )
        for column, value, below, above in _bends(stretches, scaled.unit, asked):
            s = column / scaled.unit
            slopes = (_times(below, scaled.unit), _times(above, scaled.unit))
            # one row: the slope in units of its own limit; several have no common unit
            single = (below, above) if len(limits) == 1 else (None, None)
            sign = math.copysign(1.0, total)
            per_unit = tuple(_times(v, sign) for v in single)
            rows.append((s, s * total, value, *slopes, *per_unit, *named))
    return Table(CURVE, tuple(rows))


def _times(slope: float | None, factor: float) -> float | None:
    return None if slope is None else slope * factor


def _bends(
    stretches: Sequence[Stretch], unit: float, asked: tuple[float, float]
) -> Iterator[tuple[float, float, float | None, float | None]]:
    """Yield column, value, slope below and above of every bend, of the ends and of scale 1.

    Beyond a feasible end the slope is infinite; beyond what was asked it is not known.
    """
    first, last = stretches[0], stretches[-1]
    below = None if first.start <= asked[0] else -math.inf
    above = None if last.end >= asked[1] else math.inf
    if first.start == last.end:
        yield first.start, first.first, below, above
        return
    yield first.start, first.first, below, first.slope
    for one, other in pairwise([*stretches, last]):
        if one.start < unit < one.end:
            yield unit, one.at(unit), one.slope, one.slope
        if other is not one:
            yield one.end, other.first, one.slope, other.slope
    yield last.end, last.last, last.slope, above
