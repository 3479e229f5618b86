"""What deciding in steps costs, against everything decided at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perequa.interpret.tables import Table, Value
from perequa.weighting import objective_value
from perequa_models.amounts import activity_at, amounts_at
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.problems import Problems
from perequa_models.quantities import Quantities
from perequa_models.reference.allocation import reference_allocation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa_models.instance import Floats, Instance, RuleRow
    from perequa_models.keys import RowKey

DECENTRALISATION = (
    "scenario",
    "objective",
    "unit",
    "priority",
    "weight",
    "integrated",
    "cascade",
    "difference",
)
UNKEPT = (
    "scenario",
    "row",
    "rule",
    "kind",
    "level",
    "territory",
    "measure",
    "year",
    "unit",
    "side",
    "limit",
    "activity",
    "excess",
)
PLACE, MONEY = 1e-6, 0.01
"""What a rule may be exceeded by: a millionth of a place, a cent."""


class Missed(NamedTuple):
    """A rule row that the plan of the parts does not keep."""

    row: RuleRow
    activity: float
    excess: float


def joined_plan(instance: Instance, allocations: Iterable[Table]) -> Floats:
    """Lay what the parts decided over the cells of the integrated program, shape (T, M, Y)."""
    plan = np.full(instance.shape, np.nan)
    territory = {(t.level, t.code): i for i, t in enumerate(instance.territories)}
    measure = {name: i for i, name in enumerate(instance.measures)}
    for table in allocations:
        for row in table.records():
            t = territory[str(row["level"]), str(row["territory"])]
            m = measure[str(row["measure"])]
            y = instance.years.index(int(_figure(row["year"])))
            if instance.is_money[m]:  # has no places: what its base has grown by
                grown = _figure(row["installed_after"]) - _figure(row["installed_before"])
                plan[t, m, y] = grown + instance.closed[t, m, y]
            else:
                plan[t, m, y] = _figure(row["places"])
    return plan


def objectives_at(instance: Instance, plan: Floats) -> dict[str, float]:
    """Value of each of the nation's objectives for a plan, by its definition."""
    reference = reference_allocation(instance, Problems())
    quantities = Quantities(instance, plan)
    names = sorted(instance.scenario.objectives)
    return {n: objective_value(instance, n, quantities, reference) for n in names}


def missed_rows(instance: Instance, plan: Floats) -> list[Missed]:
    """Find the rules of the integrated program that a plan does not keep."""
    quantities = Quantities(instance, plan)
    amounts = amounts_at(instance, quantities)
    missed = []
    for row in instance.rows:
        if row.fixes:
            continue
        activity = activity_at(row, quantities, amounts)
        over, under = activity - row.limit, row.limit - activity
        excess = {"at_most": over, "at_least": under}.get(row.key.side, abs(over))
        slack = PLACE if row.unit == "place" else MONEY
        if excess > slack * max(1.0, 1e-9 * abs(row.limit) / slack):
            missed.append(Missed(row, activity, excess))
    return missed


def decentralisation_table(
    name: str,
    instance: Instance,
    integrated: Mapping[str, float] | None,
    cascade: Mapping[str, float] | None,
) -> Table:
    """Compare the nation's objectives: everything at once, and step by step.

    Parameters
    ----------
    name
        The scenario column.
    integrated, cascade
        Values by objective; None where there is no plan, or not of every part.
    """
    rows = []
    for objective in sorted(instance.scenario.objectives):
        spec = instance.scenario.objectives[objective]
        unit = OBJECTIVE_KINDS[spec.kind].unit(instance, spec)
        one = None if integrated is None else integrated[objective]
        other = None if cascade is None else cascade[objective]
        difference = None if one is None or other is None else other - one
        rows.append((name, objective, unit, spec.priority, spec.weight, one, other, difference))
    return Table(DECENTRALISATION, tuple(rows))


def unkept_table(name: str, instance: Instance, missed: Iterable[Missed]) -> Table:
    """List rules of the whole that the parts, each deciding alone, do not keep together."""
    rows: list[tuple[Value, ...]] = []
    for row, activity, excess in missed:
        key: RowKey = row.key
        unit = "place" if row.unit == "place" else instance.scenario.currency
        where = (key.level or None, key.territory or None, key.measure or None, key.year)
        rows.append(
            (
                name,
                str(key),
                key.rule,
                row.kind,
                *where,
                unit,
                key.side,
                row.limit,
                activity,
                excess,
            )
        )
    return Table(UNKEPT, tuple(rows))


def _figure(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
