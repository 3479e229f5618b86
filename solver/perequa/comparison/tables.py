"""What was compared, what differs in its inputs, and which change did what: as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.comparison.shares import unit_of
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.comparison.differences import Difference, Item
    from perequa.comparison.figures import Figure
    from perequa.comparison.sides import Side
    from perequa.comparison.study import Against

SCENARIOS = (
    *("scenario", "argument", "kind", "status", "exit_code", "reason", "fingerprint"),
    *("changes", "attribution", "combinations_solved", "note"),
)
INPUTS = (
    *("change", "path", "level", "territory", "measure", "year"),
    *("scenario", "value", "file", "line", "override"),
)
ATTRIBUTION = (
    *("scenario", "level", "territory", "territory_name", "measure", "year", "quantity", "of"),
    *("unit", "change", "contribution", "standard_error", "total", "method"),
)


def scenarios_table(sides: Sequence[Side], against: Sequence[Against]) -> Table:
    """One line per run or scenario, those without a plan with the reason."""
    compared = {one.side.name: one for one in against}
    rows: list[tuple[Value, ...]] = []
    for side in sides:
        one = compared.get(side.name)
        found = None if one is None else one.attribution
        rows.append(
            (
                side.name,
                side.asked.written,
                side.asked.kind,
                side.status,
                side.exit_code,
                side.reason,
                side.fingerprint,
                None if one is None else len(one.changes),
                "" if found is None else found.method,
                None if found is None else found.solved,
                "" if found is None else found.refused,
            )
        )
    return Table(SCENARIOS, tuple(rows))


def inputs_table(
    names: Sequence[str], found: Sequence[Difference], changes: Mapping[Item, str]
) -> Table:
    """One line per difference and scenario: what it states, and where.

    Parameters
    ----------
    names
        Scenarios that could be read, in the order of what each difference states.
    found
        The differences.
    changes
        The change that each of them belongs to.
    """
    rows: list[tuple[Value, ...]] = []
    told = [(_change(difference, changes), difference) for difference in found]
    order = list(dict.fromkeys([*changes.values(), ""]))
    for change, difference in sorted(told, key=lambda pair: order.index(pair[0])):
        cell = difference.cell
        where = ("", "", "", "") if cell is None else (
            cell.level, cell.territory, cell.measure, cell.year
        )  # fmt: skip
        for name, stated in zip(names, difference.stated, strict=True):
            place = (stated.file, stated.line, stated.override)
            rows.append((change, difference.path, *where, name, stated.value, *place))
    return Table(INPUTS, tuple(rows))


def _change(difference: Difference, changes: Mapping[Item, str]) -> str:
    """Name the change of a difference: two scenarios may differ inside what differs between all."""
    item = difference.item
    if item in changes:
        return changes[item]
    related = (
        name
        for other, name in changes.items()
        if other.path[: len(item.path)] == item.path or item.path[: len(other.path)] == other.path
    )
    return next(related, "")


def attribution_table(base: Side, against: Sequence[Against], currency: str) -> Table:
    """One line per scenario, figure and change; the contributions of a figure add up."""
    named = {
        (str(row["level"]), str(row["territory"])): str(row["territory_name"])
        for name in ("allocation", "totals")
        if name in base.tables
        for row in base.tables[name].records()
    }
    rows: list[tuple[Value, ...]] = []
    for one in against:
        found = one.attribution
        if found is None:
            continue
        totals = [math.fsum(column) for column in found.contributions.T]
        for j, figure in enumerate(found.figures):
            unit = figure.unit or unit_of(figure.quantity, currency)
            name = named.get((figure.level, figure.territory), "")
            for i, change in enumerate(found.changes):
                rows.append(
                    (
                        *(one.side.name, *_where(figure, name), unit, change),
                        float(found.contributions[i, j]),
                        float(found.standard_error[i, j]),
                        totals[j],
                        found.method,
                    )
                )
    return Table(ATTRIBUTION, tuple(rows))


def _where(figure: Figure, name: str) -> tuple[Value, ...]:
    where = (figure.level, figure.territory, name, figure.measure, figure.year)
    return (*where, figure.quantity, figure.of)
