"""Credits spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from perequa_models.objectives.grammar import ObjectiveSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities


class Spend(ObjectiveSpec):
    """Sum of all credits of all years."""

    kind: Literal["spend"]


def unit(instance: Instance, spec: Spend) -> str:  # noqa: ARG001 - one face for all kinds
    """Return the currency."""
    return instance.scenario.currency


def value(spec: Spend, plan: Quantities) -> float:  # noqa: ARG001 - one face for all kinds
    """Σ k over every cell."""
    return float(plan.credits.sum())


def write(b: Builder, name: str, spec: Spend) -> Any:  # noqa: ANN401, ARG001 - a Pyomo expression
    """Write Σ k over every cell."""
    return sum(b.quantities.credits.ravel())
