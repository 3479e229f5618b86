"""Within which weights the published plan stays the same."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.weight_range import WeightEnd, WeightRange, weight_ranges
from perequa.interpret.tables import Table, Value
from perequa.weighting import weight_units
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged
    from perequa.interpret.run import Solved
    from perequa.weighting import Weighting
    from perequa_models.instance import Floats, Instance

WEIGHTS = ("scenario", "priority", "objective", "weight", "lowest", "highest", "proof")
CHEAP = 5_000
"""Rows of the program times objectives of a priority up to which its ranges are always found: they
then take less than a tenth of the run (40 ms where they are most), on larger programs more than
everything else together."""


def stable_weights(
    instance: Instance,
    program: CompiledProgram,
    staged: Staged,
    plan: Floats,
    weighting: Weighting,
    options: SolverOptions,
    *,
    most: float = CHEAP,
) -> tuple[WeightRange, ...]:
    """Find the interval of every weight of the priorities that hold several objectives.

    Parameters
    ----------
    most
        Rows times objectives above which a priority is left out.
    """
    found: list[WeightRange] = []
    for p, members in enumerate(_members(instance, weighting)):
        if 1 < len(members) <= most / max(1, program.matrix.shape[0]):
            weights = [(k, float(weighting.weights[p, k])) for k in members]
            # a range that the solver cannot prove is left out: the plan and its prices stand
            with suppress(NotProven):
                found.extend(weight_ranges(program, staged, plan, p, weights, options))
    return tuple(found)


def weights_table(run: Solved) -> Table:
    """One row per objective, in the order of the priorities."""
    objectives = run.instance.scenario.objectives
    found = {(r.stage, r.objective): r for r in run.weight_ranges}
    units = weight_units(run.instance, run.weighting, run.alone)
    rows: list[tuple[Value, ...]] = []
    for p, members in enumerate(_members(run.instance, run.weighting)):
        for k in members:
            name = run.weighting.names[k]
            identity = (run.name, run.weighting.priorities[p], name, objectives[name].weight)
            rows.append((*identity, *_interval(found.get((p, k)), float(units[p, k]), members)))
    return Table(WEIGHTS, tuple(rows))


def _interval(found: WeightRange | None, unit: float, members: list[int]) -> tuple[Value, ...]:
    """Ends of the interval in the unit of the scenario's weights, and what proves them."""
    if len(members) == 1:
        return (0.0, math.inf, "alone")
    if found is None or math.isnan(unit):
        return (None, None, "")
    return (_stated(found.lowest, unit), _stated(found.highest, unit), "proven")


def _stated(end: WeightEnd, unit: float) -> float:
    return end.weight * unit


def _members(instance: Instance, weighting: Weighting) -> Iterator[list[int]]:
    """Yield the objectives that stand at each priority served, those of weight 0 included."""
    objectives = instance.scenario.objectives
    at = np.array([objectives[name].priority for name in weighting.names])
    for priority in weighting.priorities:
        yield np.flatnonzero(at == priority).tolist()
