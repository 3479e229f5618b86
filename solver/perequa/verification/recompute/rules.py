"""Every row that the rules of a scenario state (scenario reference, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.groups import Group, groups, selected_cells
from perequa.verification.recompute.limits import adjusted, limit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "milestones": "full_year_credits",
    "until_opening": "credits",
    "selection": "projects",
    "deadline": "places",
    "distance": "stock",
}
"""What each kind sums unless `in` says otherwise."""
OF_PROJECTS = ("projects", "freed_places")
"""Quantities that projects alone have."""
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
        Rows of their own amount (a reserve, a budget in convergence) that count in this activity,
        with what each is multiplied by.
    held
        Whether the activity is an amount of the row's own.
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
    holds: Mapping[str, float] = field(default_factory=dict)
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
    if quantity == "freed_places":
        return "place"
    if quantity not in ("places", "stock"):
        return "money"
    return "money" if model.supply.is_money[group.measures].all() else "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """A quantity summed over cells.

    Attributes
    ----------
    cells, weights
        Coefficients of x, by flat position in (T, M, Y), each position once.
    each
        (J,): coefficients of the projects taken.
    constant
        What is there without any x.
    holds
        Coefficient of each amount that a row of its own fixes.
    """

    cells: Indices
    weights: Floats
    each: Floats
    constant: float
    holds: Mapping[str, float]

    def plus(self, constant: float) -> Summed:
        """Add a constant."""
        return replace(self, constant=self.constant + constant)

    def less(self, other: Summed, factor: float) -> Summed:
        """Take `factor` times another sum off."""
        holds = dict(self.holds)
        for name, share in other.holds.items():
            holds[name] = holds.get(name, 0.0) - factor * share
        cells, weights = _gathered(
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.weights, -factor * other.weights]),
        )
        return Summed(
            cells=cells,
            weights=weights,
            each=self.each - factor * other.each,
            constant=self.constant - factor * other.constant,
            holds=holds,
        )


def summed(model: Model, quantity: str, cells: Indices) -> Summed:
    """Sum a quantity over cells: coefficients of x, constant, and budgets fixed elsewhere."""
    matrix, constant = model.supply.quantities[quantity]
    years = len(model.years)
    rows = matrix.reshape(-1, years)[cells]
    columns = (cells // years * years)[:, None] + np.arange(years)
    kept = rows != 0
    places, weights = _gathered(columns[kept], rows[kept])
    known = model.converging if quantity == "budget" else {}
    fixed = [c for c in cells.tolist() if c in known] if known else []
    free = np.setdiff1d(cells, fixed) if fixed else cells
    return Summed(
        cells=places,
        weights=weights,
        each=model.projects.in_cells(quantity, cells),
        constant=float(constant.ravel()[free].sum()),
        holds={fixing_row(model, cell): 1.0 for cell in fixed},
    )


def _gathered(cells: Indices, weights: Floats) -> tuple[Indices, Floats]:
    """Add up coefficients of the same x."""
    places, inverse = np.unique(cells, return_inverse=True)
    return places, np.bincount(inverse, weights, len(places)).astype(np.float64)


def fixing_row(model: Model, cell: int) -> str:
    """Name the row that fixes the budget of a cell in convergence."""
    coming = model.converging[cell]
    return row_id(coming.rule, coming.group, "equals")


def row_of(
    model: Model,
    name: str,
    group: Group,
    side: str,
    limit: float,
    total: Summed,
    *,
    unit: str,
) -> ExpectedRow:
    """State a row: a sum against its limit."""
    spec = model.rules[name]
    return ExpectedRow(
        id=row_id(name, group, side),
        rule=name,
        kind=spec["kind"],
        side=side,
        unit=unit,
        group=group,
        cells=total.cells,
        values=total.weights,
        each=total.each,
        constant=total.constant,
        limit=adjusted(model, spec, group, side, limit),
        written=limit,
        holds={row: share for row, share in total.holds.items() if share != 0},
    )


def summing_row(
    model: Model, name: str, spec: Mapping[str, Any], group: Group, side: str, limit: float
) -> ExpectedRow:
    """State a row that sums the rule's quantity over its group."""
    quantity = quantity_of(spec)
    cells = group.cells
    if spec["kind"] == "cap" and spec.get("cumulative"):
        cells = _until(model, cells)
    total = summed(model, quantity, cells)
    return row_of(model, name, group, side, limit, total, unit=unit_of(model, quantity, group))


def summing_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """Rows of a rule whose bounds are limits on a plain sum."""
    rows = []
    yearly = quantity_of(spec) in YEARLY
    for group in groups(model, spec, selected_cells(model, spec), by_year=yearly):
        if quantity_of(spec) in OF_PROJECTS and not _any_project(model, group):
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
    start = model.supply.base if quantity == "budget" else model.supply.installed
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        now = summed(model, quantity, group.cells)
        # the year is the last axis: the cell a year earlier stands one position before
        if group.cells[0] % len(model.years):
            before = summed(model, quantity, group.cells - 1)
        else:
            there = float(start.ravel()[group.cells // len(model.years)].sum())
            none = np.zeros(0, dtype=np.intp)
            before = Summed(
                cells=none,
                weights=np.zeros(0),
                each=np.zeros(len(model.projects.order)),
                constant=there,
                holds={},
            )
        for side in ("at_least", "at_most"):
            growth = spec.get(f"growth_{side}")
            if growth is None:
                continue
            total = now.less(before, 1 + float(growth))
            unit = unit_of(model, quantity, group)
            rows.append(row_of(model, name, group, side, 0.0, total, unit=unit))
    return rows


def _any_project(model: Model, group: Group) -> bool:
    """Whether any project stands in a group: a group without one has no row."""
    return bool(model.projects.in_cells("projects", group.cells).any())


def deadline_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """Rows on all that is funded up to one year, named by it."""
    chosen = selected_cells(model, {**spec, "year": spec["by_year"]})
    rows = []
    for group in groups(model, spec, chosen, by_year=True):
        limit = limit_of(model, spec["at_least"], group)
        if limit is not None:
            total = summed(model, quantity_of(spec), _until(model, group.cells))
            unit = unit_of(model, quantity_of(spec), group)
            rows.append(row_of(model, name, group, "at_least", limit, total, unit=unit))
    return rows


def _until(model: Model, cells: Indices) -> Indices:
    """Cells of the same territories and measures up to the year of each cell."""
    years = len(model.years)
    pairs, last = cells // years, cells % years
    spread = pairs[:, None] * years + np.arange(years)
    return np.unique(spread[np.arange(years) <= last[:, None]])
