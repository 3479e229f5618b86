"""Which objectives each priority minimises, and with which weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.errors import InvalidScenario
from perequa_models.problems import Problem
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference

Floats = NDArray[np.float64]
SHARE = "share of the initial gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """The stages of a scenario.

    Attributes
    ----------
    names
        Objectives, in the order of the program.
    priorities
        (P,) in the order of service.
    weights
        (P, K): stage p minimises ``Σ weights[p, k] · objective k``, each in its own unit. An
        objective alone in its priority has weight 1 there.
    units
        (P,) unit of each stage's value.
    initial
        (K,) value of each objective when nothing is done.
    """

    names: tuple[str, ...]
    priorities: tuple[int, ...]
    weights: Floats
    units: tuple[str, ...]
    initial: Floats

    def served(self, stage: int) -> tuple[str, ...]:
        """Names of the objectives a stage minimises."""
        return tuple(n for n, w in zip(self.names, self.weights[stage], strict=True) if w > 0)


def objective_value(instance: Instance, name: str, plan: Quantities, reference: Reference) -> float:
    """Recompute one objective from a plan by its definition."""
    spec = instance.scenario.objectives[name]
    kind = OBJECTIVE_KINDS[spec.kind]
    if spec.kind == "distance_to_reference":
        return kind.value(spec, plan, reference)
    return kind.value(spec, plan)


def weigh(
    instance: Instance, reference: Reference, optimum_alone: Callable[[int], float]
) -> Weighting:
    """Read weights, priorities and ``normalise`` into one row of weights per priority.

    Parameters
    ----------
    optimum_alone
        Least value of the k-th objective on its own; called only for ``normalise: range``.

    Raises
    ------
    InvalidScenario
        When an objective cannot be normalised because its initial value (or range) is zero.
    """
    objectives = instance.scenario.objectives
    names = tuple(sorted(objectives))
    nothing = Quantities(instance, np.zeros(instance.shape))
    initial = np.array([objective_value(instance, n, nothing, reference) for n in names])
    priorities = tuple(sorted({o.priority for o in objectives.values() if o.weight > 0}))
    weights = np.zeros((len(priorities), len(names)))
    units = []
    problems: list[Problem] = []
    for p, priority in enumerate(priorities):
        served = [
            k
            for k, n in enumerate(names)
            if objectives[n].priority == priority and objectives[n].weight > 0
        ]
        if len(served) == 1:
            spec = objectives[names[served[0]]]
            weights[p, served[0]] = 1.0
            units.append(OBJECTIVE_KINDS[spec.kind].unit(instance, spec))
            continue
        units.append(SHARE)
        for k in served:
            spec = objectives[names[k]]
            size = _normaliser(spec.normalise, float(initial[k]), k, optimum_alone)
            if size is None:
                problems.append(_cannot_normalise(names[k], str(spec.normalise)))
            else:
                weights[p, k] = spec.weight / size
    if problems:
        raise InvalidScenario(problems)
    return Weighting(
        names=names,
        priorities=priorities,
        weights=weights,
        units=tuple(units),
        initial=initial,
    )


def weight_units(instance: Instance, weighting: Weighting, alone: Mapping[str, float]) -> Floats:
    """How much weight of the scenario one unit of weight of a stage is.

    Parameters
    ----------
    alone
        Least value of each objective on its own, for ``normalise: range``.

    Returns
    -------
    array, shape (P, K)
        NaN for an objective that does not stand at a priority, or cannot be normalised.
    """
    units = np.full(weighting.weights.shape, np.nan)
    least = [alone[name] for name in weighting.names]
    for p, priority in enumerate(weighting.priorities):
        sizes = {}
        for k, name in enumerate(weighting.names):
            spec = instance.scenario.objectives[name]
            if spec.priority == priority:
                start = float(weighting.initial[k])
                size = _normaliser(spec.normalise, start, k, least.__getitem__)
                sizes[k] = np.nan if size is None else size
        served = np.flatnonzero(weighting.weights[p])
        # an objective served alone has weight 1 in its stage, whatever the scenario says
        known = float(weighting.weights[p, served[0]])
        weight = instance.scenario.objectives[weighting.names[served[0]]].weight
        for k, size in sizes.items():
            units[p, k] = size * weight / (known * sizes[int(served[0])])
    return units


def normalisers(
    instance: Instance,
    reference: Reference,
    names: Sequence[str],
    optimum_alone: Callable[[int], float],
) -> Floats:
    """Return what each of some objectives is divided by when several are added.

    Parameters
    ----------
    names
        Objectives that are given a weight, whatever theirs in the scenario.
    optimum_alone
        As for `weigh`.

    Returns
    -------
    array, shape (K,)
        In the order of the program; 1 for the objectives not named.

    Raises
    ------
    InvalidScenario
        When an objective cannot be normalised because its initial value (or range) is zero.
    """
    objectives = instance.scenario.objectives
    order = sorted(objectives)
    nothing = Quantities(instance, np.zeros(instance.shape))
    sizes = np.ones(len(order))
    problems: list[Problem] = []
    for name in names:
        k, how = order.index(name), objectives[name].normalise
        initial = objective_value(instance, name, nothing, reference)
        size = _normaliser(how, initial, k, optimum_alone)
        if size is None:
            problems.append(_cannot_normalise(name, str(how)))
        else:
            sizes[k] = size
    if problems:
        raise InvalidScenario(problems)
    return sizes


def _normaliser(
    how: str | float, initial: float, k: int, optimum_alone: Callable[[int], float]
) -> float | None:
    if how == "none":
        return 1.0
    if how == "initial":
        return initial if initial > 1e-9 else None
    if how == "range":
        width = initial - optimum_alone(k)
        return width if width > 1e-9 else None
    return float(how)


def _cannot_normalise(name: str, how: str) -> Problem:
    what = "initial value" if how == "initial" else "range (initial value less optimum alone)"
    return Problem(
        code="cannot_normalise",
        message=f"objective {name} cannot be divided by its {what}, which is 0",
        path=("objectives", name, "normalise"),
        received=how,
        accepted="none, or a number",
        remedy="state normalise: none, or normalise: NUMBER",
    )
