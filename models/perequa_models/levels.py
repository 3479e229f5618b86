"""A leximin laid out in its levels: one objective for each, at consecutive priorities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perequa_models.objectives.data import nodes_compared
from perequa_models.objectives.leximin import Leximin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.instance import Instance
    from perequa_models.scenario import Objective, Scenario

Settled = tuple[tuple[str, ...], ...]
"""Territories (``level:code``) settled at each level, in order."""


def next_leximin(instance: Instance) -> str | None:
    """Name of the first leximin in the order of service that is not laid out in levels yet."""
    waiting = [
        (spec.priority, name)
        for name, spec in instance.scenario.objectives.items()
        if isinstance(spec, Leximin) and spec.weight > 0 and name not in _laid_out(instance)
    ]
    return min(waiting)[1] if waiting else None


def _laid_out(instance: Instance) -> set[str]:
    """Names of the objectives of every level laid out."""
    return {
        level_name(name, k)
        for name, settled in instance.levels.items()
        for k in range(len(settled))
    }


def level_name(name: str, k: int) -> str:
    """Name the objective of the k-th level, from 0: the first keeps that of the leximin."""
    return name if k == 0 else f"{name}_level_{k + 1}"


def in_levels(instance: Instance, name: str, settled: Settled) -> Instance:
    """Lay a leximin out: each level compares the territories not settled before.

    Objectives served later make room: their priority rises by the number of levels added.
    """
    scenario = instance.scenario
    return replace(
        instance,
        scenario=scenario.model_copy(
            update={"objectives": _objectives(instance, scenario, name, settled)}
        ),
        levels={**instance.levels, name: settled},
    )


def _objectives(
    instance: Instance, scenario: Scenario, name: str, settled: Settled
) -> dict[str, Objective]:
    spec = scenario.objectives[name]
    more = len(settled) - 1
    found: dict[str, Objective] = {}
    for other, stated in scenario.objectives.items():
        later = stated.priority > spec.priority
        moved = {"priority": stated.priority + more} if later else {}
        found[other] = stated.model_copy(update=moved)
    left = compared(instance, name)
    for k, done in enumerate(settled):
        if k > 0:
            changes = {"territories": tuple(left), "priority": spec.priority + k}
            found[level_name(name, k)] = spec.model_copy(update=changes)
        left = [territory for territory in left if territory not in done]
    return found


def compared(instance: Instance, name: str) -> list[str]:
    """Territories that an objective compares, as ``level:code``."""
    spec = instance.scenario.objectives[name]
    return [instance.tree.nodes[int(node)].id for node in nodes_compared(instance, spec)]


def left_to_the_next(settled: Settled, helped: Sequence[tuple[int, str]]) -> Settled:
    """Move territories that could still do better at their level to the next one."""
    levels = [list(done) for done in settled] + [[]]
    for k, territory in helped:
        levels[k].remove(territory)
        levels[k + 1].append(territory)
    return tuple(tuple(sorted(done)) for done in levels if done)
