"""Next year's starting point: tables that the next scenario names as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.follow_up.backlog import PENDING, UNFUNDED, backlog_of
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.follow_up.checking import Checked
    from perequa.follow_up.plan import Plan
    from perequa.follow_up.returns import Returned
    from perequa_models.columns import Column
    from perequa_models.instance import Floats, Instance

KEYS = ("level", "territory", "measure")
REPLACED = frozenset({"installed", UNFUNDED, PENDING, "carried", "base", "closed"})
"""Columns of the supply table that the returns bring up to date, or that the next year has not."""


def next_supply(plan: Plan, checked: Checked, supply: Mapping[str, Column]) -> Table:
    """Write the supply table of the next year.

    Parameters
    ----------
    plan, checked
        What was planned, and what was returned of it.
    supply
        Columns of the supply table that are not brought up to date: they stay as they are.
    """
    instance = plan.instance
    installed = instance.installed + _grown(plan, checked, "opened") - _closed(plan, checked)
    left = backlog_of(instance).unfunded
    left = left + _grown(plan, checked, "authorised") - _grown(plan, checked, "funded")
    columns: dict[str, Floats] = {"installed": installed, UNFUNDED: np.maximum(left, 0.0)}
    if "base" in instance.columns:
        columns["base"] = _base(plan, checked)
    kept = {name: column for name, column in supply.items() if name not in REPLACED}
    rows: list[tuple[Value, ...]] = []
    for t, m in np.argwhere(instance.open_pairs):
        figures = [
            None if instance.is_money[m] and name != "base" else float(values[t, m])
            for name, values in columns.items()
        ]
        others = [_stated(column, int(instance.nodes[t]), int(m)) for column in kept.values()]
        rows.append((*_key(instance, int(t), int(m)), *figures, *others))
    return Table((*KEYS, *columns, *kept), tuple(rows))


def next_columns(plan: Plan, checked: Checked) -> Table:
    """Write what the next year has beside its supply: places pending, extension still due."""
    instance = plan.instance
    pending = backlog_of(instance).pending
    pending = pending + _grown(plan, checked, "funded") - _grown(plan, checked, "opened")
    carried = extension_due(plan, checked)
    rows: list[tuple[Value, ...]] = []
    for t, m in np.argwhere(instance.open_pairs):
        waits = 0.0 if instance.is_money[m] else max(0.0, float(pending[t, m]))
        rows.append((*_key(instance, int(t), int(m)), waits, float(carried[t, m])))
    return Table((*KEYS, PENDING, "carried"), tuple(rows))


def extension_due(plan: Plan, checked: Checked) -> Floats:
    """Σ cost·opened·(12 − months open) ÷ 12 of the last year, in the currency; (T, M)."""
    instance, last = plan.instance, checked.years[-1]
    due = np.zeros(instance.open_pairs.shape)
    for (t, m, y), lines in checked.lines.items():
        if y == last and not instance.is_money[m]:
            cost = float(instance.cost[t, m, y])
            due[t, m] = math.fsum(
                cost * (line.opened or 0.0) * (12 - months_open(instance, line)) / 12
                for line in lines
            )
    return due


def months_open(instance: Instance, line: Returned) -> int:
    """Months paid in the year of opening: that of opening counts; as planned where not known."""
    year = instance.years[line.cell[2]]
    if line.opened_on is None or line.opened_on.year != year:
        return int(instance.opening_months[line.cell[1]])
    return 13 - line.opened_on.month


def _grown(plan: Plan, checked: Checked, name: str) -> Floats:
    """Sum a figure over the years followed up; what is not known counts as nothing; (T, M)."""
    sums: Floats = np.nan_to_num(checked.sums(name, plan.planned.shape)).sum(axis=2)
    return sums


def _closed(plan: Plan, checked: Checked) -> Floats:
    """Places closed, as planned where the return does not say; (T, M)."""
    told = checked.sums("closed", plan.planned.shape)
    closed = np.where(np.isnan(told), plan.instance.closed, told)
    total: Floats = closed[:, :, list(checked.years)].sum(axis=2)
    return total


def _base(plan: Plan, checked: Checked) -> Floats:
    """Renewed budget at the end of the last year: its rate, and what was really delegated.

    Money measures have what was funded; places the months they were open, and the extension of
    those opened the year before.
    """
    instance = plan.instance
    funded = np.nan_to_num(checked.sums("funded", plan.planned.shape))
    recurrent = [instance.scenario.measures[m].recurrent for m in instance.measures]
    budget, due = instance.base.copy(), instance.carried.copy()
    for y in checked.years:
        paid, later = _paid(instance, checked, y)
        new = np.where(instance.is_money[None, :], funded[:, :, y], paid + due)
        budget = budget * (1.0 + instance.rate[:, :, y]) + np.where(recurrent, new, 0.0)
        due = later
    return budget


def _paid(instance: Instance, checked: Checked, y: int) -> tuple[Floats, Floats]:
    """Credits of places opened in a year: of that year, and of the next; each (T, M)."""
    paid, later = np.zeros(instance.open_pairs.shape), np.zeros(instance.open_pairs.shape)
    for (t, m, year), lines in checked.lines.items():
        if year != y:
            continue
        for line in lines:
            full = float(instance.cost[t, m, y]) * (line.opened or 0.0)
            share = months_open(instance, line) / 12
            paid[t, m] += full * share
            later[t, m] += full * (1.0 - share)
    return paid, later


def _key(instance: Instance, t: int, m: int) -> tuple[str, str, str]:
    territory = instance.territories[t]
    return territory.level, territory.code, instance.measures[m]


def _stated(column: Column, node: int, measure: int) -> Value:
    """What a column states for a territory itself, None where nothing."""
    value = column.values[node, min(measure, column.values.shape[1] - 1), 0]
    if column.is_text:
        return None if value is None else str(value)
    return None if np.isnan(value) else float(value)
