"""Squares of the distances to the target rate, summed, by segments of a stated error.

A square is replaced by its chords between rates one step apart on either side of the target, so
that the program stays linear and every price is proven. The step is the root mean square of the
gaps before the plan divided by `segments`: a chord lies above its square by at most a quarter of
the step squared, and the sum above the true one by at most 1 ÷ (4·segments²) of its value before
the plan (0.0625 % for twenty). Chords reach every gap there is before the plan, and as far above
the target as the root mean square, or above the territory's own surplus by as much; the last one
goes on from there.

A square counts one large gap for more than several small ones that add up to it. Chords of
separable convex functions are those of A. Charnes and C. E. Lemke, "Minimization of non-linear
separable convex functionals", Naval Research Logistics Quarterly 1, 1954.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from perequa_models.objectives.data import gap_data
from perequa_models.objectives.grammar import GapSpec
from perequa_models.quantities import Quantities
from perequa_models.strict import Whole

if TYPE_CHECKING:
    from perequa_models.builder import Builder
    from perequa_models.instance import Floats, Instance
    from perequa_models.objectives.data import GapData
    from perequa_models.tree import Indices


class SquaredGap(GapSpec):
    """Sum over territories of w·(target − rate)², by segments."""

    kind: Literal["squared_gap"]
    segments: Annotated[Whole, Field(ge=1, le=200)] = 20
    """Straight segments that stand for the square, from 1 to 200; more of them are nearer to it."""


WEIGHTING = "population"
ROUNDING = 1e-9
"""Share of a step by which a gap may pass a breakpoint and still end there."""
CLOSED = 1e-12
"""Share of the target below which the gaps before the plan are what rounding leaves of none."""


def unit(instance: Instance, spec: SquaredGap) -> str:  # noqa: ARG001 - as every kind
    """Squares of points of the rate, weighted."""
    return "squared rate point"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chords:
    """Steps of the rate and how many of them each territory and year has.

    Attributes
    ----------
    step
        Width of a segment, in points of the rate.
    below, above
        (n, Y') segments under and over the target; the last of each goes on.
    """

    step: float
    below: Indices
    above: Indices


def chords(instance: Instance, spec: SquaredGap, data: GapData) -> Chords:
    """Lay the segments of an objective."""
    nothing = Quantities(instance, np.zeros(instance.shape))
    gap = data.targets(nothing) - data.counted(nothing) / data.people
    mean_square = float((data.weight * gap**2).sum() / data.weight.sum())
    scale = float(np.sqrt(mean_square))
    target = float(np.abs(data.targets(nothing)).max())
    if scale <= CLOSED * target:
        # where every gap is closed any scale does: a rate the size of the target, or 1
        scale = target or 1.0
    step = scale / spec.segments
    reach = np.ceil(np.abs(gap) / step - ROUNDING)
    below = np.where(gap > 0, reach, 0.0)
    above = np.where(gap < 0, reach, 0.0) + spec.segments
    return Chords(
        step=step,
        below=np.maximum(below, 1.0).astype(np.intp),
        above=above.astype(np.intp),
    )


def value(spec: SquaredGap, plan: Quantities) -> float:
    """Σ w·(τ − r)² along the chords, mean over the years looked at."""
    data = gap_data(plan.instance, spec, WEIGHTING)
    laid = chords(plan.instance, spec, data)
    gap = data.targets(plan) - data.counted(plan) / data.people
    along = np.where(
        gap > 0, _along(gap, laid.step, laid.below), _along(-gap, laid.step, laid.above)
    )
    return float((data.weight * along).sum() / len(data.years))


def _along(gap: Floats, step: float, segments: Indices) -> Floats:
    """Square of a gap along its chords: k² steps at the k-th breakpoint."""
    last = np.clip(np.floor(gap / step), 0, segments - 1)
    return np.asarray(step**2 * last**2 + step * (2 * last + 1) * (gap - last * step))


def write(b: Builder, name: str, spec: SquaredGap) -> Any:  # noqa: ANN401 - a Pyomo expression
    """Write C − people·τ = Σ above − Σ below; the k-th of a side costs step·(2k+1)·w/people."""
    data = gap_data(b.instance, spec, WEIGHTING)
    laid = chords(b.instance, spec, data)
    where = b.where(data.nodes, data.years)
    gap = (data.people * data.targets(b.quantities) - data.counted(b.quantities)).ravel()
    width, factor = (laid.step * data.people).ravel(), data.factor.ravel()
    sides = {"above": (laid.above.ravel(), 1.0), "below": (laid.below.ravel(), -1.0)}
    bodies, terms = list(gap), []
    for side, (counts, sign) in sides.items():
        for k in range(int(counts.max())):
            has = np.flatnonzero(counts > k)
            # the last segment of a side goes on for ever
            most = [float(width[i]) if counts[i] > k + 1 else None for i in has]
            made = b.variables(name, f"{side}_{k + 1}", [where[i] for i in has], most=most)
            for i, segment in zip(has, made, strict=True):
                bodies[i] = bodies[i] + sign * segment
                terms.append(float(laid.step * (2 * k + 1) * factor[i]) * segment)
    b.zero(name, "gap", where, bodies)
    return sum(terms)
