"""A leximin as its levels, as ``run.json`` says they were settled (scenario reference, 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

Settled = list[list[str]]
"""Territories (``level:code``) settled at each level."""


def levels_of(run: Mapping[str, Any]) -> dict[str, Settled]:
    """Levels of each leximin of a run, by its name.

    Raises
    ------
    Unreadable
        When they are no lists of territories.
    """
    said = run.get("levels", {})
    if not isinstance(said, dict):
        raise Unreadable("run.json", "levels is not a mapping")
    for name, settled in said.items():
        flat = [done for done in settled if isinstance(done, list) and done]
        if not isinstance(settled, list) or len(flat) != len(settled) or not settled:
            raise Unreadable("run.json", f"levels.{name} is not a list of lists of territories")
    return said


def level_name(name: str, k: int) -> str:
    """Name of the objective of the k-th level, from 0."""
    return name if k == 0 else f"{name}_level_{k + 1}"


def with_levels(scenario: Mapping[str, Any], levels: Mapping[str, Settled]) -> Mapping[str, Any]:
    """Return the scenario with one objective for each level, at consecutive priorities."""
    stated = scenario.get("objectives")
    if not levels or not isinstance(stated, dict):
        return scenario
    objectives = {name: dict(spec) for name, spec in stated.items()}
    # in the order of service, so that a later one is moved by those before it
    for name in sorted(levels, key=lambda n: (int(stated[n].get("priority", 1)), n)):
        spec, settled = objectives[name], levels[name]
        own = int(spec.get("priority", 1))
        for other in objectives.values():
            if int(other.get("priority", 1)) > own:
                other["priority"] = int(other.get("priority", 1)) + len(settled) - 1
        for k in range(1, len(settled)):
            left = [territory for done in settled[k:] for territory in done]
            objectives[level_name(name, k)] = spec | {"territories": left, "priority": own + k}
    return {**scenario, "objectives": objectives}
