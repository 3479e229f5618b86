"""Weightings as they are typed: ``A=1,B=0``, and what they weigh in a program."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa_models.errors import UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa_models.scenario import Scenario

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of some objectives of one priority.

    Attributes
    ----------
    option
        Where they were typed, for messages.
    by_objective
        Weight by objective; those not named weigh nothing.
    """

    option: str
    by_objective: Mapping[str, float]

    def __str__(self) -> str:
        return ", ".join(f"{name}={weight:g}" for name, weight in self.by_objective.items())

    def over(self, names: tuple[str, ...], sizes: Floats) -> Floats:
        """Lay the weights over the objectives of a program, each divided by its size; (K,)."""
        laid = np.array([self.by_objective.get(name, 0.0) for name in names])
        return np.where(laid > 0, laid / sizes, 0.0)


def read_weights(text: str, option: str) -> Weights:
    """Read ``A=1,B=0``.

    Raises
    ------
    UsageError
        When it is not written so, a weight is not a number ≥ 0, or all are zero.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, figure = (piece.strip() for piece in part.partition("="))
        if not name or not equals:
            _refuse(option, text, f"{part.strip()!r} is not written OBJECTIVE=WEIGHT")
        if name in found:
            _refuse(option, text, f"{name} is weighted twice")
        found[name] = _weight(figure, name, option, text)
    if not any(found.values()):
        _refuse(option, text, "every weight is 0: one at least must be above")
    return Weights(option=option, by_objective=found)


def _weight(figure: str, name: str, option: str, text: str) -> float:
    try:
        weight = float(figure)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight >= 0):
        _refuse(option, text, f"the weight of {name} is {figure!r}: a number ≥ 0 is needed")
    return weight


def _refuse(option: str, text: str, why: str) -> None:
    message = f"{option} {text}: {why} (accepted: A=1,B=0 with objectives of one priority)"
    raise UsageError(message)


def one_priority(scenario: Scenario, weightings: Iterable[Weights]) -> int:
    """Return the priority all the objectives weighted stand at.

    Raises
    ------
    UsageError
        When an objective is unknown, or their priorities differ.
    """
    found: dict[int, str] = {}
    for weights in weightings:
        for name in weights.by_objective:
            check_objective(scenario, name, weights.option)
            found.setdefault(scenario.objectives[name].priority, name)
    if len(found) > 1:
        named = " and ".join(f"{name} at {priority}" for priority, name in sorted(found.items()))
        message = (
            f"the objectives weighted have different priorities ({named}): strict priorities are "
            "not weighed against each other; --set objectives.NAME.priority=N gives them one"
        )
        raise UsageError(message)
    return next(iter(found))


def check_objective(scenario: Scenario, name: str, option: str) -> None:
    """Refuse an objective that the scenario does not have.

    Raises
    ------
    UsageError
        With the nearest name there is.
    """
    if name not in scenario.objectives:
        close = nearest(name, scenario.objectives)
        hint = f"; did you mean {close}?" if close else ""
        message = f"{option} {name}: no such objective ({', '.join(scenario.objectives)}){hint}"
        raise UsageError(message)
