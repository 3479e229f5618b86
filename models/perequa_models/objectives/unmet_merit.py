"""Merit of the projects that are not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa_models.objectives.data import nodes_compared
from perequa_models.objectives.grammar import ObjectiveSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Floats, Instance
    from perequa_models.quantities import Quantities


class UnmetMerit(ObjectiveSpec):
    """Σ merit·(1 − z) over the projects, of the territories chosen."""

    kind: Literal["unmet_merit"]


def unit(instance: Instance, spec: UnmetMerit) -> str:  # noqa: ARG001 - one face for all kinds
    """Projects where each counts for one, else points of merit."""
    table = instance.scenario.projects
    return "project" if table is not None and table.merit is None else "merit"


def value(spec: UnmetMerit, plan: Quantities) -> float:
    """Σ merit of the projects that the plan does not take."""
    merit = merits(plan.instance, spec)
    taken = np.zeros(len(merit)) if plan.taken is None else plan.taken
    return float(merit @ (1.0 - taken))


def write(b: Builder, name: str, spec: UnmetMerit) -> Any:  # noqa: ANN401, ARG001 - a Pyomo expression
    """Write Σ merit·(1 − z)."""
    merit = merits(b.instance, spec)
    taken = b.quantities.taken
    assert taken is not None, "an instance with this objective has projects"
    return float(merit.sum()) - sum(m * z for m, z in zip(merit, taken, strict=True) if m)


def merits(instance: Instance, spec: UnmetMerit) -> Floats:
    """Merit of each project that the objective looks at, 0 for the others, shape (J,)."""
    looked_at = {int(node) for node in nodes_compared(instance, spec)}
    levels = instance.tree.levels
    level = spec.level or instance.level
    above = instance.tree.ancestors(instance.level, level) if level in levels else instance.nodes
    return np.array(
        [p.merit if int(above[p.territory]) in looked_at else 0.0 for p in instance.projects]
    )
