"""Rules on when money is paid: milestones, credits reserved until places open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.groups import groups, selected_cells
from perequa.verification.recompute.limits import limit_of
from perequa.verification.recompute.rules import (
    ExpectedRow,
    quantity_of,
    row_of,
    summed,
    unit_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Indices


def milestones_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State what is paid by each year but the last against its share of the whole award."""
    quantity = quantity_of(spec)
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        y = int(group.years[0])
        if y == len(model.years) - 1:
            continue
        pairs = group.cells - y
        until = (pairs[:, None] + np.arange(y + 1)).ravel()
        award = (pairs[:, None] + np.arange(len(model.years))).ravel()
        share = _share(model, spec["paid"], group)
        total = summed(model, quantity, until).less(summed(model, quantity, award), share)
        unit = unit_of(model, quantity, group)
        rows.append(row_of(model, name, group, "at_most", 0.0, total, unit=unit))
    return rows


def _share(model: Model, paid: Mapping[Any, Any], group: Group) -> float:
    """Part of an award that may be paid by the end of the group's year."""
    y = int(group.years[0])
    if "column" in paid:
        values = model.figures.unit_value(paid["column"])
        node = model.tree.deciding[group.territories[0]]
        m = min(int(group.measures[0]), values.shape[1] - 1)
        return float(values[node, m, min(y, values.shape[2] - 1)])
    stated = {int(year): float(share) for year, share in paid.items()}
    named = [year for year in stated if model.years[0] <= year <= model.years[y]]
    return stated[max(named)] if named else 0.0


def until_opening_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State one-off credits of a year against those delegated for places not open by then."""
    _, measures, years = model.shape
    one_off = model.measures.index(spec["one_off"])
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        y = int(group.years[0])
        waiting = waiting_cells(model, spec, group)
        pairs = waiting[waiting % years == y] // years
        due = float(model.supply.carried.ravel()[pairs].sum())
        spent = np.array([(t * measures + one_off) * years + y for t in group.territories])
        total = summed(model, "credits", spent).less(summed(model, "credits", waiting), 1.0)
        stated = spec.get("at_most")
        limit = 0.0 if stated is None else limit_of(model, stated, group) or 0.0
        row = row_of(model, name, group, "at_most", limit, total.plus(due), unit="money")
        rows.append(row)
    return rows


def waiting_cells(model: Model, spec: Mapping[str, Any], group: Group) -> Indices:
    """Cells, up to the year of a group, of the places that open after it."""
    _, measures, years = model.shape
    opens = model.figures.unit_value(spec["opens"]["column"])
    y = int(group.years[0])
    waiting: list[int] = []
    for cell in group.cells:
        t, m = divmod(int(cell) // years, measures)
        if opens[model.tree.deciding[t], min(m, opens.shape[1] - 1), 0] > model.years[y]:
            waiting += range(int(cell) - y, int(cell) + 1)
    return np.array(waiting, dtype=np.intp)
