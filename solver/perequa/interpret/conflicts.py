"""The rules that clash when no plan satisfies them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import Table, Value
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from perequa.interpret.run import Failure

COLUMNS = (
    "scenario",
    "conflict",
    "row",
    "rule",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "unit",
    "side",
    "limit",
)


def conflicts_table(failure: Failure) -> Table:
    """One irreducible set of rows: no plan satisfies them all, one does without any of them."""
    tree = failure.instance.tree
    units = {row.key: row.unit for row in failure.instance.rows}
    rows: list[tuple[Value, ...]] = []
    for i in failure.conflict.rows:
        key = failure.program.row_keys[i]
        if not isinstance(key, RowKey):
            continue
        node = tree.index.get((key.level, key.territory))
        name = tree.nodes[node].name if node is not None else ""
        unit = "place" if units[key] == "place" else failure.instance.scenario.currency
        where = (key.level, key.territory, name, key.measure, key.year)
        limit = float(failure.program.row_limit[i])
        rows.append((failure.name, 1, str(key), key.rule, *where, unit, key.side, limit))
    return Table(COLUMNS, tuple(rows))
