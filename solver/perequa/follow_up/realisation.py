"""How much of the plan was carried out: realisation rates, at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.follow_up.checking import Checked
    from perequa.follow_up.plan import Plan
    from perequa_models.instance import Instance
    from perequa_models.tree import Indices

AMOUNTS = ("authorised", "funded", "opened", "closed")
COLUMNS = (
    *("level", "territory", "territory_name", "measure", "year"),
    *("planned", *AMOUNTS, "funded_rate", "realisation_rate"),
)


def realisation_table(plan: Plan, checked: Checked) -> Table:
    """Write what was planned, authorised, funded and opened, and their shares of the plan.

    ``realisation_rate`` is opened ÷ planned (funded ÷ planned for money); empty where nothing was
    planned. What is not known counts as nothing.
    """
    instance = plan.instance
    sums = {n: np.nan_to_num(checked.sums(n, plan.planned.shape)) for n in AMOUNTS}
    rows: list[tuple[Value, ...]] = []
    for who, members in _groups(instance):
        for m, measure in enumerate(instance.measures):
            for y in checked.years:
                planned = float(plan.planned[members, m, y].sum())
                amounts = [float(sums[name][members, m, y].sum()) for name in AMOUNTS]
                done = amounts[1] if instance.is_money[m] else amounts[2]
                shares = [_share(amounts[1], planned), _share(done, planned)]
                rows.append((*who, measure, instance.years[y], planned, *amounts, *shares))
    return Table(COLUMNS, tuple(rows))


def _groups(instance: Instance) -> Iterator[tuple[tuple[str, str, str], Indices]]:
    """Yield decision territories, then everyone above, then the nation, with their members."""
    levels = instance.tree.levels
    for level in reversed(levels[: levels.index(instance.level) + 1]):
        for node in instance.tree.at(level):
            territory = instance.tree.nodes[int(node)]
            members = instance.tree.below(int(node), instance.level)
            yield (territory.level, territory.code, territory.name), members
    yield ("nation", "", ""), np.arange(len(instance.territories), dtype=np.intp)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
