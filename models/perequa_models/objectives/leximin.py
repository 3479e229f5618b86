"""The worst-off first, then the next, down to the last: the sorted shortfalls, lexicographically.

Among the plans with the least possible largest shortfall, those with the least possible largest
shortfall of everyone who can still be helped, and so on. Each level is the largest shortfall of
the territories not settled before; a territory is settled at the first level at which no plan
left could do better for it. Once levels are known the objective is a chain of strict priorities,
one for each level, over fewer and fewer territories.

H. Luss, "On equitable resource allocation problems: a lexicographic minimax approach", Operations
Research 47(3), 1999; W. Ogryczak and T. Śliwiński, "On direct methods for lexicographic min-max
optimization", ICCSA 2006; D. Nace and M. Pióro, "Max-min fairness and its applications to routing
and load-balancing in communication networks: a tutorial", IEEE Communications Surveys & Tutorials
10(4), 2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import model_validator

from perequa_models.keys import Where
from perequa_models.objectives.data import gap_data, unit_of_gap
from perequa_models.objectives.grammar import GapSpec

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.quantities import Quantities


class Leximin(GapSpec):
    """Shortfalls sorted from the worst, minimised lexicographically."""

    kind: Literal["leximin"]

    @model_validator(mode="after")
    def _one_year(self) -> Leximin:
        if self.years != "last":
            raise ValueError("leximin compares territories in the last year: drop years: all")
        return self


WEIGHTING = "territory"


def unit(instance: Instance, spec: Leximin) -> str:
    """Points of the rate, or places when a gap is counted in them."""
    return unit_of_gap(instance, spec, WEIGHTING)


def value(spec: Leximin, plan: Quantities) -> float:
    """Return the largest w·max(0, τ − r) of the territories compared: those of its level."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    gaps = data.targets(plan) - data.counted(plan) / data.people
    return float(np.maximum(data.weight * gaps, 0.0).max())


def write(b: Builder, name: str, spec: Leximin) -> Any:  # noqa: ANN401 - a Pyomo expression
    """people/w·M + C ≥ people·τ for every territory of the level; the objective is M."""
    data = gap_data(b.instance, spec, WEIGHTING)
    (year,) = data.years
    (most,) = b.variables(name, "level", [Where(year=b.instance.years[year])])
    wanted = (data.people * data.targets(b.quantities)).ravel()
    reached = (data.counted(b.quantities) + data.people / data.weight * most).ravel()
    b.at_least_zero(name, "gap", b.where(data.nodes, data.years), reached - wanted)
    return most
