"""Every row that the rules of a scenario state (scenario reference, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.groups import Group, groups, selected_cells
from perequa.verification.recompute.limits import adjusted, limit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.activity import Coefficients
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices

SIDES = ("equals", "at_least", "at_most")
QUANTITY = {
    "contingent": "places",
    "envelope": "credits",
    "floor": "places",
    "cap": "places",
    "ceiling": "budget",
    "ring_fence": "credits",
    "withhold": "credits",
    "pace": "stock",
    "selection": "projects",
}
"""What each kind sums unless `in` says otherwise."""
YEARLY = ("stock", "budget")
"""Quantities never summed over years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRow:
    """A row as the scenario states it.

    Attributes
    ----------
    id, rule, kind, side, unit
        What identifies it; `unit` is ``place`` or ``money``.
    group
        Its cells.
    cells, values
        Coefficients on x, by flat position in (T, M, Y).
    each
        (J,): coefficients on the projects taken.
    constant, limit
        The activity's constant, and the number a planner wrote (what-ifs included).
    written
        The limit before what-ifs: what linked limits are computed from.
    holds
        Reserve rows whose held-back amount counts in this activity.
    held
        Whether the activity is a held-back amount itself.
    """

    id: str
    rule: str
    kind: str
    side: str
    unit: str
    group: Group
    cells: Indices
    values: Floats
    each: Floats
    constant: float
    limit: float
    written: float
    holds: tuple[str, ...] = ()
    held: bool = False

    def activity(self, x: Floats, taken: Floats | None = None) -> float:
        """Activity for places x (T, M, Y) and projects (J,), held-back amounts left out."""
        projects = 0.0 if taken is None else float(self.each @ taken)
        return float(np.dot(self.values, x.ravel()[self.cells])) + projects + self.constant


def row_id(rule: str, group: Group, side: str) -> str:
    """Return ``rule/level:code/measure/year/side``."""
    place = ":".join(group.label) if group.label[1] else "-"
    year = "-" if group.year is None else str(group.year)
    return "/".join((rule, place, group.measure or "-", year, side))


def quantity_of(spec: Mapping[str, Any]) -> str:
    """Return what a rule sums."""
    return str(spec.get("in") or QUANTITY[spec["kind"]])


def unit_of(model: Model, quantity: str, group: Group) -> str:
    """Unit of a row: projects, or places only where places alone are summed."""
    if quantity == "projects":
        return "project"
    if quantity not in ("places", "stock"):
        return "money"
    return "money" if model.supply.is_money[group.measures].all() else "place"


def combined(model: Model, quantity: Coefficients, cells: Indices) -> tuple[Indices, Floats, float]:
    """Sum a quantity over cells: coefficients by flat position of x, and the constant."""
    matrix, constant = quantity
    years = len(model.years)
    rows = matrix.reshape(-1, years)[cells]
    columns = (cells // years * years)[:, None] + np.arange(years)
    kept = rows != 0
    places, inverse = np.unique(columns[kept], return_inverse=True)
    values = np.bincount(inverse, rows[kept], len(places)).astype(np.float64)
    return places, values, float(constant.ravel()[cells].sum())


def summing_row(
    model: Model, name: str, spec: Mapping[str, Any], group: Group, side: str, limit: float
) -> ExpectedRow:
    """State a row that sums the rule's quantity over its group."""
    quantity = quantity_of(spec)
    cells = group.cells
    if spec["kind"] == "cap" and spec.get("cumulative"):
        cells = _until(model, cells)
    places, values, constant = combined(model, model.supply.quantities[quantity], cells)
    return ExpectedRow(
        id=row_id(name, group, side),
        rule=name,
        kind=spec["kind"],
        side=side,
        unit=unit_of(model, quantity, group),
        group=group,
        cells=places,
        values=values,
        each=model.projects.in_cells(quantity, cells),
        constant=constant,
        limit=adjusted(model, spec, group, side, limit),
        written=limit,
    )


def summing_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """Rows of a rule whose bounds are limits on a plain sum."""
    rows = []
    yearly = quantity_of(spec) in YEARLY
    for group in groups(model, spec, selected_cells(model, spec), by_year=yearly):
        if quantity_of(spec) == "projects" and not _any_project(model, group):
            continue
        for side in SIDES:
            if spec.get(side) is None:
                continue
            limit = limit_of(model, spec[side], group)
            if limit is not None:
                rows.append(summing_row(model, name, spec, group, side, limit))
    return rows


def pace_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """Rows on the growth of a stock or budget from one year to the next."""
    quantity = quantity_of(spec)
    if quantity not in ("stock", "budget"):
        raise Unreadable("run.json", f"rules.{name}: pace in {quantity} is unknown to verify")
    matrix, constant = model.supply.quantities[quantity]
    start = model.supply.base if quantity == "budget" else model.supply.installed
    before_x = np.concatenate([np.zeros_like(matrix[:, :, :1]), matrix[:, :, :-1]], axis=2)
    before = np.concatenate([start[:, :, None], constant[:, :, :-1]], axis=2)
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        for side in ("at_least", "at_most"):
            growth = spec.get(f"growth_{side}")
            if growth is None:
                continue
            factor = 1 + float(growth)
            change = (matrix - factor * before_x, constant - factor * before)
            places, values, fixed = combined(model, change, group.cells)
            rows.append(
                ExpectedRow(
                    id=row_id(name, group, side),
                    rule=name,
                    kind=spec["kind"],
                    side=side,
                    unit=unit_of(model, quantity, group),
                    group=group,
                    cells=places,
                    values=values,
                    each=_growth_of_projects(model, quantity, group.cells, factor),
                    constant=fixed,
                    limit=adjusted(model, spec, group, side, 0.0),
                    written=0.0,
                )
            )
    return rows


def _any_project(model: Model, group: Group) -> bool:
    """Whether any project stands in a group: a group without one has no row."""
    return bool(model.projects.in_cells("projects", group.cells).any())


def _growth_of_projects(model: Model, quantity: str, cells: Indices, factor: float) -> Floats:
    """What each project adds to the growth of a budget; its places add to a stock."""
    by_year = model.projects.by_year(quantity)
    before = np.concatenate([np.zeros_like(by_year[:, :1]), by_year[:, :-1]], axis=1)
    inside = np.zeros(model.shape)
    inside.ravel()[cells] = 1.0
    t, m, _ = model.projects.cells.T
    return np.asarray(((by_year - factor * before) * inside[t, m]).sum(axis=1))


def _until(model: Model, cells: Indices) -> Indices:
    """Cells of the same territories and measures up to the year of each cell."""
    years = len(model.years)
    pairs, last = cells // years, cells % years
    spread = pairs[:, None] * years + np.arange(years)
    return np.unique(spread[np.arange(years) <= last[:, None]])
