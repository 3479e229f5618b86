"""Rules on a rate and its target (scenario reference, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.groups import groups, selected_cells
from perequa.verification.recompute.limits import cover
from perequa.verification.recompute.rules import ExpectedRow, row_of, summed, unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rates import Rates
    from perequa.verification.sparse import Floats


def distance_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State what a rate counts against 1 − δ of what it would count at the target.

    Raises
    ------
    Unreadable
        When a target that is needed is not stated.
    """
    rates = model.rates(spec["indicator"])
    quantity = str(rates.spec.get("in", "stock"))
    target = _targets(model, spec, rates)
    counted = {**spec, "measures": [model.measures[m] for m in rates.positions]}
    rows = []
    for group in groups(model, spec, selected_cells(model, counted), by_year=True):
        nodes, y = cover(model, group), int(group.years[0])
        at = target[nodes, min(y, target.shape[1] - 1)]
        wanted = float(at @ rates.population[nodes, y]) / rates.per
        if np.isnan(wanted):
            raise Unreadable("inputs", f"rules.{name}: a target is not stated")
        total = summed(model, quantity, group.cells)
        if quantity == "stock":
            there = model.supply.installed[np.ix_(group.territories, rates.positions)].sum()
            total = total.plus(float(rates.start[nodes].sum()) - float(there))
        limit = (1 - float(spec["at_most"])) * wanted
        unit = unit_of(model, quantity, group)
        rows.append(row_of(model, name, group, "at_least", limit, total, unit=unit))
    return rows


def _targets(model: Model, spec: Mapping[str, Any], rates: Rates) -> Floats:
    """Target of every node and year, shape (N, Y or 1)."""
    stated = spec.get("target")
    if isinstance(stated, dict):
        values = model.figures.unit_value(str(stated["column"]))
        column = min(int(rates.positions.min()), values.shape[1] - 1)
        return np.asarray(values[:, column])
    target = rates.target if stated is None else rates.number(stated)
    return np.full((len(model.tree.key), 1), target)
