"""What one more and one less of a limit do to each objective along the published plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.rules import IDENTITY
from perequa.interpret.tables import Table, Value
from perequa.weighting import objective_value
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.quantities import plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.engine.plan_moves import PlanMoves
    from perequa.interpret.run import Solved
    from perequa_models.instance import Floats

COLUMNS = (
    *(name if name != "unit" else "row_unit" for name in IDENTITY),
    "priority",
    "objective",
    "unit",
    "effect_of_one_more",
    "effect_of_one_less",
    "unique",
)
STEPS = (1e-3, 5e-4)
"""Two steps whose difference quotients must agree, as a share of the size of the plan."""
AGREE = 1e-6
NOISE = 1e-13
"""Relative rounding of the value of an objective."""
ROUNDING = 1e-12
"""Share of the size of its terms below which a sum is zero."""


def by_objective_table(run: Solved) -> Table:
    """One line per rule row printed and objective, in the objective's own unit.

    Raises
    ------
    ValueError
        When no prices were asked.
    """
    moves = run.moves
    if moves is None:
        raise ValueError(f"{run.name}: the plan was not followed along its limits")
    units = {
        name: OBJECTIVE_KINDS[spec.kind].unit(run.instance, spec)
        for name, spec in run.instance.scenario.objectives.items()
    }
    prices = [{(side.row, side.sign): side.price for side in level.sides} for level in run.levels]
    rows: list[tuple[Value, ...]] = []
    for i, identity in run.rule_rows.items():
        if i not in moves.rows:
            continue
        more, less = (_side(run, moves, prices, (i, sign)) for sign in (1, -1))
        for k, name in enumerate(run.weighting.names):
            spec = run.instance.scenario.objectives[name]
            known = more[k] is not None and less[k] is not None
            unique = moves.constant[k] if known else None
            rows.append((*identity, spec.priority, name, units[name], more[k], less[k], unique))
    return Table(COLUMNS, tuple(rows))


def _side(
    run: Solved,
    moves: PlanMoves,
    prices: Sequence[Mapping[tuple[int, int], float]],
    side: tuple[int, int],
) -> list[float | None]:
    """Effects of one side: infinite when impossible, None when not proven or not the same for all.

    An objective alone in its priority has that priority's price, whatever the plan does.
    """
    names = run.weighting.names
    effects: list[float | None] = [None] * len(names)
    if side in moves.rates:
        rate = moves.rates[side]
        if rate is None:
            return [np.inf] * len(names)
        told = effects_of(run, rate)
        effects = [
            effect if moves.published or same else None
            for effect, same in zip(told, moves.constant, strict=True)
        ]
    for p, level in enumerate(prices):
        served = run.weighting.served(p)
        if len(served) == 1:
            effects[names.index(served[0])] = level[side]
    return effects


def effects_of(run: Solved, rate: Floats) -> list[float | None]:
    """Rate of change of every objective along a move of the plan, each in its own unit.

    Parameters
    ----------
    rate
        (n,) change of every column, natural units.

    Returns
    -------
    list
        In the order of the objectives; None where an objective of no weight bends right there.
    """
    served = np.asarray(run.weighting.weights.any(axis=0)).tolist()
    linear = _linear(run.program.costs, rate)
    return [
        linear[k] if served[k] else slope_of(run, name, rate)
        for k, name in enumerate(run.weighting.names)
    ]


def _linear(costs: Floats, rate: Floats) -> list[float]:
    """Rate of change of every cost along a move; few columns move."""
    moving = np.flatnonzero(rate)
    terms = costs[:, moving] * rate[moving]
    total = terms.sum(axis=1)
    # what cancels but for rounding is nothing
    size = np.abs(terms).sum(axis=1)
    told: list[float] = np.where(np.abs(total) <= ROUNDING * size, 0.0, total).tolist()
    return told


def slope_of(run: Solved, name: str, rate: Floats) -> float | None:
    """Slope of an objective of no weight along a move, by its definition.

    Its columns in the program are not held at what it is worth. Every objective is linear by
    pieces: two short steps with the same slope lie on one piece.
    """
    decided = int(np.prod(run.instance.shape)) + sum(row.held for row in run.instance.rows)
    size = float(np.abs(rate[:decided]).max(initial=0.0))
    if size == 0.0:
        return 0.0
    here = objective_value(run.instance, name, run.plan, run.reference)
    slopes, noise = [], 0.0
    for share in STEPS:
        step = share * max(1.0, float(np.abs(run.x).max())) / size
        there = plan_of(run.instance, run.published.plan + step * rate)
        slopes.append((objective_value(run.instance, name, there, run.reference) - here) / step)
        noise = NOISE * abs(here) / step
    if max(abs(slope) for slope in slopes) <= noise:
        return 0.0
    agree = abs(slopes[0] - slopes[1]) <= AGREE * abs(slopes[1]) + noise
    return slopes[1] if agree else None
