"""The exact trade-off between two objectives: its extreme points, and what one costs the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.parametric import Piece, Way
from perequa.interpret.tables import Table, Value
from perequa.studies.evidence import Proven, duals_of, sampled, solved_each
from perequa.studies.plans import plans_table
from perequa.studies.prepared import Priorities, infeasible_is_proven
from perequa.studies.study import Answer
from perequa.studies.weightings import check_objective
from perequa.studies.weights import value_columns
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.plans_left import PlansLeft
    from perequa.studies.prepared import Floats, Prepared

OWN = ("point", "exchange_rate_below", "exchange_rate_above")
PRICE = ("price_of_equity_below", "price_of_equity_above")
"""Beside the exchange rates, where one of the two objectives is a Gini index."""
GINI_POINT = 0.01
"""One point of Gini, in units of the index."""
NO_TRADE = 1e-12
"""Share of its value below which an objective gives nothing up."""

CANCELS = 1e-9
"""Share of its terms below which a cost along a line between two points is none."""


def frontier_study(prepared: Prepared, first: str, second: str) -> Answer:
    """Find every extreme point of the trade-off between two objectives.

    Parameters
    ----------
    prepared
        The compiled scenario. Its priorities and weights play no part: every plan that keeps the
        rules is considered.
    first, second
        Names of two objectives.

    Raises
    ------
    UsageError
        When an objective is unknown, or both are the same.
    """
    for name in (first, second):
        check_objective(prepared.instance.scenario, name, "--objectives")
    if first == second:
        message = f"--objectives {first} {second}: two different objectives are needed"
        raise UsageError(message)
    with infeasible_is_proven(prepared.program):
        plans = prepared.plans_left(
            Priorities(numbers=(), weights=np.zeros((0, len(prepared.program.costs))))
        )
        ends = _each(prepared, first, second)
        sizes = _sizes(prepared, plans, ends)
        weighed = ends / sizes[:, None]
        pieces = Way(plans, prepared.goal(weighed[0]), prepared.goal(weighed[1])).pieces()
        middles = [0.5 * (piece.start + piece.end) for piece in pieces]
        wanted = [
            Priorities(numbers=(1,), weights=((1.0 - s) * weighed[0] + s * weighed[1])[None])
            for s in middles
        ]
        published = prepared.plans(wanted)
        values = [prepared.values(plan) for plan in published]
        proven = _proven(prepared, (first, second), values)
    tables = {
        "frontier": _frontier(prepared, (first, second), pieces, sizes, values),
        "plans": plans_table(published, "point", range(1, len(pieces) + 1)),
    }
    return Answer(
        tables=tables,
        facts={
            "objectives": [first, second],
            "units": _units(prepared, (first, second)),
            "price_of_equity_in": _efficiency(prepared, (first, second)) or None,
            "programs_solved": plans.programs_solved,
        },
        proven=proven,
    )


def _proven(
    prepared: Prepared, chosen: tuple[str, str], values: Sequence[Floats]
) -> tuple[Proven, ...]:
    """Prove both ends, and that no plan is below the line between two neighbouring points."""
    names = prepared.program.objective_names
    pair = [names.index(name) for name in chosen]
    weights = np.zeros((len(values) + 1, len(names)))
    weights[0, pair[0]] = weights[-1, pair[1]] = 1.0
    for i, (before, after) in enumerate(pairwise(values), start=1):
        # along the line between them one is given up in proportion to the other
        weights[i, pair] = 1.0 / np.abs(after[pair] - before[pair])
    asked = sampled(len(weights))
    solved = solved_each(
        [(prepared.program, _along(prepared.program, weights[i])[None]) for i in asked],
        prepared.options,
    )
    return tuple(
        Proven(asked=(i,), duals=duals_of(stages)) for i, stages in zip(asked, solved, strict=True)
    )


def _along(program: CompiledProgram, weights: Floats) -> Floats:
    """Cost of a line between two points, (n,).

    A column that moves from one point to the other costs nothing along it; the values the line is
    drawn from leave something of it, which is no cost to solve for.
    """
    cost: Floats = weights @ program.costs
    return np.where(np.abs(cost) <= CANCELS * (weights @ np.abs(program.costs)), 0.0, cost)


def _each(prepared: Prepared, first: str, second: str) -> Floats:
    """One row of weights for each objective alone, (2, K)."""
    names = np.array(prepared.program.objective_names)
    return np.array([names == first, names == second], dtype=float)


def _sizes(prepared: Prepared, plans: PlansLeft, ends: Floats) -> Floats:
    """How far each objective moves from one end to the other, so that both weigh alike, (2,)."""
    way = Way(plans, prepared.goal(ends[0]), prepared.goal(ends[1]))
    moves = np.array([way.end.first - way.start.first, way.start.second - way.end.second])
    levels = np.array([abs(way.start.first), abs(way.start.second)])
    # what gives nothing up is as large as it is: an index beside places would be rounding
    unmoved = np.where(levels > 0.0, levels, 1.0)
    return np.where(moves > NO_TRADE * np.maximum(1.0, levels), moves, unmoved)


def _units(prepared: Prepared, names: Sequence[str]) -> dict[str, str]:
    objectives = prepared.instance.scenario.objectives
    return {
        name: OBJECTIVE_KINDS[objectives[name].kind].unit(prepared.instance, objectives[name])
        for name in names
    }


def _efficiency(prepared: Prepared, names: tuple[str, str]) -> str:
    """Name the objective that stands against a Gini index; empty where none does."""
    kinds = [prepared.instance.scenario.objectives[name].kind for name in names]
    return names[1 - kinds.index("gini")] if kinds.count("gini") == 1 else ""


def _frontier(
    prepared: Prepared,
    chosen: tuple[str, str],
    pieces: Sequence[Piece],
    sizes: Floats,
    values: Sequence[Floats],
) -> Table:
    """Both objectives first, then the rates, then what else the plan of the point is worth."""
    names = prepared.program.objective_names
    others = [name for name in names if name not in chosen]
    rates = _rates(pieces, sizes)
    efficiency = _efficiency(prepared, chosen)
    of_index = rates if efficiency == chosen[1] else _inverse(rates)
    prices = _prices_of_equity(of_index) if efficiency else None
    rows: list[tuple[Value, ...]] = []
    for i, found in enumerate(values):
        by_name = dict(zip(names, (float(v) for v in found), strict=True))
        between = (rates[i], rates[i + 1], *(() if prices is None else prices[i : i + 2]))
        rows.append((i + 1, *(by_name[n] for n in chosen), *between, *(by_name[n] for n in others)))
    told = OWN if prices is None else (*OWN, *PRICE)
    columns = (
        told[0],
        *value_columns(chosen, told),
        *told[1:],
        *value_columns(others, told),
    )
    return Table(columns, tuple(rows))


def _rates(pieces: Sequence[Piece], sizes: Floats) -> list[float | None]:
    """Change of the second objective per unit of the first, before, between and after points."""
    rates: list[float | None] = [None]
    for before, after in pairwise(pieces):
        given = (after.point.first - before.point.first) * sizes[0]
        got = (after.point.second - before.point.second) * sizes[1]
        rates.append(float(got / given))
    return [*rates, None]


def _inverse(rates: Sequence[float | None]) -> list[float | None]:
    """Change of the first objective per unit of the second."""
    return [None if rate is None else 1.0 / rate for rate in rates]


def _prices_of_equity(rates: Sequence[float | None]) -> list[float | None]:
    """Efficiency lost for each point of Gini taken off, from changes of it per unit of index."""
    return [None if rate is None else -GINI_POINT * rate for rate in rates]
