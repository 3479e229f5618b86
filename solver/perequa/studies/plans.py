"""Tables of plans: who gets what under each, and who gains and loses between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.tables import Table, Value
from perequa.report.study import UNMOVED
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perequa_models.instance import Flags, Floats, Instance
    from perequa_models.quantities import Quantities

CELL = ("level", "territory", "territory_name", "measure", "year", "places", "credits")
LeftOut = dict[str, str | int]
MOST_PLANS = 100
"""Plans that are published without being asked for."""


def wanted_plans(
    publish: Callable[[], list[Quantities]], asked: bool | None, count: int
) -> tuple[list[Quantities] | None, LeftOut | None]:
    """Publish plans where they are wanted and can be.

    Parameters
    ----------
    publish
        Makes them.
    asked
        Whether they were asked for; None asks for them where there are `MOST_PLANS` at most and
        each is proven.
    count
        How many there are.

    Returns
    -------
    list or None, dict or None
        The plans, or why they are left out, as ``study.json`` records it.

    Raises
    ------
    NotProven
        When they were asked for and one is not proven.
    """
    if asked is False:
        return None, {"why": "not_asked"}
    if asked is None and count > MOST_PLANS:
        return None, {"why": "many", "count": count}
    try:
        return publish(), None
    except NotProven as error:
        if asked:
            raise
        return None, {"why": "not_proven", "error": str(error)}


def plans_table(plans: Sequence[Quantities], label: str, marks: Sequence[Value]) -> Table:
    """One row per plan, decision territory, measure and year.

    Parameters
    ----------
    plans
        At least one.
    label, marks
        Name of the first column, and what it says of each plan.
    """
    rows: list[tuple[Value, ...]] = []
    for mark, plan in zip(marks, plans, strict=True):
        rows.extend((mark, *cell) for cell in _cells(plan))
    return Table((label, *CELL), tuple(rows))


def _cells(plan: Quantities) -> Iterator[tuple[Value, ...]]:
    instance = plan.instance
    for t, territory in enumerate(instance.territories):
        who = (territory.level, territory.code, territory.name)
        for m, measure in enumerate(instance.measures):
            for y, year in enumerate(instance.years):
                places = None if instance.is_money[m] else float(plan.x[t, m, y])
                yield (*who, measure, year, places, float(plan.credits[t, m, y]))


def changes(before: Quantities, after: Quantities) -> list[tuple[Value, ...]]:
    """Cells that move from one plan to another, with their change in places and credits."""
    instance: Instance = before.instance
    moved = _moved(before.x, after.x) | _moved(before.credits, after.credits)
    rows: list[tuple[Value, ...]] = []
    for t, m, y in np.argwhere(moved):
        territory = instance.territories[t]
        who = (territory.level, territory.code, territory.name)
        places = None if instance.is_money[m] else float(after.x[t, m, y] - before.x[t, m, y])
        money = float(after.credits[t, m, y] - before.credits[t, m, y])
        rows.append((*who, instance.measures[m], instance.years[y], places, money))
    return rows


def _moved(before: Floats, after: Floats) -> Flags:
    size = np.maximum(1.0, np.abs(before) + np.abs(after))
    return np.asarray(np.abs(after - before) > UNMOVED * size)
