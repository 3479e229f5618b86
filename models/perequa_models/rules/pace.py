"""How fast a stock or a budget may grow or must grow from one year to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.instance import Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import BOUNDS, quantity_among, refuse_unused
from perequa_models.strict import Number

if TYPE_CHECKING:
    from perequa_models.figures.selection import Group
    from perequa_models.instance import RuleRow
    from perequa_models.keys import Side
    from perequa_models.rules.grammar import Quantity
    from perequa_models.rules.primitive import Work


class Pace(RuleSpec):
    """Growth of each group between two years stays between two rates."""

    kind: Literal["pace"]
    growth_at_least: Number | None = None
    """Least growth from one year to the next: 0.02 for 2 %, and below 0 for a fall."""
    growth_at_most: Number | None = None
    """Most growth from one year to the next: 0.02 for 2 %, and below 0 for a fall."""


def rows(work: Work, name: str, spec: Pace) -> list[RuleRow]:
    """S − (1 + γ)·S of the year before ≥ 0 or ≤ 0; limit 0, in places (or money)."""
    sides: list[tuple[Side, float | None]] = [
        ("at_least", spec.growth_at_least),
        ("at_most", spec.growth_at_most),
    ]
    refuse_unused(work, name, spec, BOUNDS)
    quantity = quantity_among(work, name, spec, ("stock", "budget"))
    written = []
    if all(growth is None for _, growth in sides):
        work.source.problems.error(
            "no_bound",
            f"rule {name} states no growth",
            path=("rules", name),
            received="nothing",
            accepted="growth_at_least or growth_at_most",
            remedy="state a yearly growth, e.g. growth_at_most: 0.05",
        )
    for group in work.groups(spec, ("rules", name), by_year=True):
        unit = work.unit(quantity, group, ("rules", name))
        for side, growth in sides:
            if growth is not None:
                terms, constant = _growth(work, group, quantity, growth)
                row = work.row(name, spec, group, side, 0.0, terms, unit=unit, constant=constant)
                written.append(row)
    return written


def _growth(
    work: Work, group: Group, quantity: Quantity, growth: float
) -> tuple[tuple[Term, ...], float]:
    cells = group.cells(work.shape)
    now = Term(quantity=quantity, cells=cells)
    if group.years[0] > 0:
        # the year is the last axis: the same cell a year earlier stands one position before
        return (now, Term(quantity=quantity, cells=cells - 1, factor=-(1.0 + growth))), 0.0
    before = work.base if quantity == "budget" else work.installed
    start = float(before[np.ix_(group.members, group.measures)].sum())
    return (now,), -(1.0 + growth) * start
