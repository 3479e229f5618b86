"""The log of money moved from one envelope to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import Table, Value
from perequa_models.rules.transfer import Transfer

if TYPE_CHECKING:
    from perequa.interpret.run import Solved

TRANSFERS = (
    *("scenario", "rule", "level", "territory", "territory_name", "year"),
    *("from", "to", "limit", "moved", "title", "source"),
)


def transfers_table(run: Solved) -> Table:
    """Every amount that may move, what moves, and why the scenario lets it."""
    activity = dict(zip(run.program.row_keys, run.handed_out_activity.tolist(), strict=True))
    rows: list[tuple[Value, ...]] = []
    for row in run.instance.rows:
        if not row.moves:
            continue
        spec = run.instance.scenario.rules[row.key.rule]
        assert isinstance(spec, Transfer)
        where = (row.key.level, row.key.territory)
        node = run.instance.tree.index.get(where)
        name = "" if node is None else run.instance.tree.nodes[node].name
        moved = float(activity[row.key])
        rows.append(
            (
                *(run.name, row.key.rule, *where, name, row.key.year),
                *(spec.from_, spec.to, row.limit, moved, spec.title, spec.source),
            )
        )
    return Table(TRANSFERS, tuple(rows))
