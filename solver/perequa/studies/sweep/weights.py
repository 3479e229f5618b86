"""Weightings as points of a sweep: which objectives, and what is asked of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.studies.prepared import infeasible_is_proven
from perequa.studies.sweep.asking import Unique, Untied
from perequa.studies.weightings import Weights, one_priority
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.studies.prepared import Floats, Prepared
    from perequa.studies.sweep.design import Design
    from perequa_models.scenario import Scenario


def weighed(scenario: Scenario, named: Sequence[str]) -> tuple[str, ...]:
    """Return the objectives whose weights are drawn.

    Parameters
    ----------
    named
        Those asked for; none for the scenario's ``sensitivity.weights.vary``, or else the
        objectives of the first priority that has several.

    Raises
    ------
    UsageError
        When there are not two.
    """
    section = scenario.sensitivity.weights
    names = tuple(dict.fromkeys(named or (section.vary if section is not None else ())))
    if not names:
        priorities = sorted({spec.priority for spec in scenario.objectives.values()})
        groups = [
            tuple(sorted(n for n, spec in scenario.objectives.items() if spec.priority == p))
            for p in priorities
        ]
        names = next((group for group in groups if len(group) > 1), ())
    if len(names) < 2:
        message = (
            "which weights? Two objectives of one priority are needed: name them with "
            "--objective, or in the scenario's sensitivity.weights.vary"
        )
        raise UsageError(message)
    return names


def check_weightings(design: Design) -> None:
    """Refuse a weighting that weighs nothing.

    Raises
    ------
    UsageError
        With the first of them.
    """
    empty = np.flatnonzero(~design.points.any(axis=1))
    if empty.size:
        message = f"point {empty[0] + 1} of the design weighs nothing: one weight must be above 0"
        raise UsageError(message)


def priority_of(scenario: Scenario, names: Sequence[str], option: str) -> int:
    """Return the priority at which all the objectives weighted stand.

    Raises
    ------
    UsageError
        When one is unknown, or their priorities differ.
    """
    return one_priority(scenario, [Weights(option=option, by_objective=dict.fromkeys(names, 1.0))])


def untied(prepared: Prepared, names: Sequence[str], priority: int) -> Untied:
    """Ask for the optimum at each weighting, hot from the scenario's own.

    Raises
    ------
    Infeasible
        When no plan satisfies every rule.
    NotProven
        When the solver does not say.
    """
    own = prepared.priorities
    goals = dict(zip(own.numbers, map(prepared.goal, own.weights), strict=True))
    with infeasible_is_proven(prepared.program):
        left = prepared.plans_left(own.before(priority))
        over = weights_over(prepared, names)
        scenario = goals[priority] if priority in goals else prepared.goal(over.sum(axis=0))
        left.least(scenario)
    later = tuple(goal for number, goal in goals.items() if number > priority)
    return Untied(prepared=prepared, start=left.start(), over=over, scenario=scenario, later=later)


def unique(prepared: Prepared, names: Sequence[str], priority: int) -> Unique:
    """Ask for the plan that would be published at each weighting."""
    return Unique(prepared=prepared, over=weights_over(prepared, names), priority=priority)


def weights_over(prepared: Prepared, names: Sequence[str]) -> Floats:
    """What a weight of 1 of each objective weighs over all of them, (D, K)."""
    sizes = prepared.sizes(names)
    order = prepared.program.objective_names
    return np.array([Weights(option="", by_objective={n: 1.0}).over(order, sizes) for n in names])
