"""Places that differ from the circular's own allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.keys import Where
from perequa_models.objectives.data import nodes_compared
from perequa_models.objectives.grammar import ObjectiveSpec
from perequa_models.strict import Text

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities
    from perequa_models.reference.reference import Reference


class DistanceToReference(ObjectiveSpec):
    """Sum over territories of abs(places − reference places)."""

    kind: Literal["distance_to_reference"]
    level: Text


def unit(instance: Instance, spec: DistanceToReference) -> str:  # noqa: ARG001 - one face for all
    """Places, or money when every measure the reference speaks of is counted in money."""
    money = [instance.is_money[m] for m in _shared(instance)]
    return instance.scenario.currency if money and all(money) else "place"


def _shared(instance: Instance) -> list[int]:
    """Positions of the measures that the blocks of the reference share out."""
    found: set[int] = set()
    for block in instance.scenario.reference:
        rule = instance.scenario.rules.get(block.of or "")
        name = block.measure or (rule.measure if rule is not None else None)
        everything = range(len(instance.measures))
        found.update(everything if name is None else [instance.measures.index(name)])
    return sorted(found)


def value(spec: DistanceToReference, plan: Quantities, reference: Reference) -> float:
    """Σ abs(places − reference places), over the measures and years the reference speaks of."""
    return float(sum(abs(gap) for _, gap in _gaps(spec, plan, reference)))


def write(b: Builder, name: str, spec: DistanceToReference) -> Any:  # noqa: ANN401 - Pyomo
    """X − x_ref = more − less; the objective is Σ (more + less)."""
    gaps = _gaps(spec, b.quantities, b.reference)
    where = [w for w, _ in gaps]
    more = b.variables(name, "more", where)
    less = b.variables(name, "less", where)
    bodies = [u - v - gap for u, v, (_, gap) in zip(more, less, gaps, strict=True)]
    b.zero(name, "distance", where, bodies)
    return sum(more) + sum(less)


def _gaps(
    spec: DistanceToReference, plan: Quantities, reference: Reference
) -> list[tuple[Where, Any]]:
    """Places less reference places, by node of the objective's level, measure and year."""
    instance = plan.instance
    nodes = nodes_compared(instance, spec)
    level = instance.tree.nodes[int(nodes[0])].level
    above = instance.tree.ancestors(instance.level, level)
    gaps = []
    for node in nodes:
        territory = instance.tree.nodes[int(node)]
        members = np.flatnonzero(above == node)
        for m, measure in enumerate(instance.measures):
            for y, year in enumerate(instance.years):
                # money has no places: its reference is the credits themselves
                stated = reference.credits if instance.is_money[m] else reference.places
                wanted = stated[members, m, y]
                if np.isnan(wanted).all():
                    continue
                # a closed pair has no reference: it counts no place
                gap = plan.x[members, m, y].sum() - float(np.nansum(wanted))
                gaps.append((Where(territory.level, territory.code, measure, year), gap))
    return gaps
