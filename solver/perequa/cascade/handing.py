"""What is handed down: the received of each part becomes the limit of a rule of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from perequa.cascade.reading import CascadeRead, Part
    from perequa.interpret.tables import Table

HANDED = "handed_down"
"""Folder of the tables of limits, among the inputs of a part."""
UNKNOWN = 1e9
"""Limit of every row while a part is checked before the step above has decided."""


class Received(NamedTuple):
    """One row of what a part received; the measure is empty where all are summed."""

    measure: str
    year: int
    amount: float


Limits = Mapping[str, tuple[Received, ...]]
"""Rows by rule."""


def limit_table(rows: tuple[Received, ...]) -> bytes:
    """Write rows as a table of limits, each figure so that it reads back as the same number."""
    by_measure = any(row.measure for row in rows)
    header = "measure,year,limit" if by_measure else "year,limit"
    keys = (f"{row.measure},{row.year}" if by_measure else f"{row.year}" for row in rows)
    lines = [f"{key},{row.amount!r}" for key, row in zip(keys, rows, strict=True)]
    return "\n".join([header, *lines, ""]).encode()


def unknown_limits(read: CascadeRead, part: Part) -> Limits:
    """Limits of a part before the step above has decided."""
    return _limits(read, part, lambda _measures, _year, _in: UNKNOWN)


def received_limits(read: CascadeRead, part: Part, allocation: Table) -> Limits:
    """Sum what the plan of the step above gives a part, nothing rounded.

    Parameters
    ----------
    read, part
        The cascade, and the territory that decides.
    allocation
        ``allocation.csv`` of the step above.
    """
    at = (part.territory.level, part.territory.code)
    rows = [r for r in allocation.records() if (r["level"], r["territory"]) == at]

    def amount(measures: tuple[str, ...], year: int, quantity: str) -> float:
        chosen = [r for r in rows if r["measure"] in measures and r["year"] == year]
        # a solver's zero may lie a hair below
        return max(0.0, sum(float(r[quantity] or 0.0) for r in chosen))

    return _limits(read, part, amount)


def measures_of(read: CascadeRead, part: Part, rule: str) -> tuple[str, ...]:
    """Measures whose money (or places) a handed-down rule holds, sorted."""
    stated: Any = (part.stated.data.get("rules") or {}).get(rule, {})
    known = read.scenario.measures
    if isinstance(stated.get("measure"), str):
        return (stated["measure"],)
    if isinstance(stated.get("measures"), list):
        return tuple(sorted(stated["measures"]))
    if isinstance(stated.get("envelope"), str):
        return tuple(sorted(m for m in known if known[m].envelope == stated["envelope"]))
    return tuple(sorted(known))


def _limits(read: CascadeRead, part: Part, amount: Any) -> Limits:  # noqa: ANN401 - a function
    limits = {}
    for hand in read.stages[part.stage].hands:
        measures = measures_of(read, part, hand.rule)
        groups = [(m, (m,)) for m in measures] if hand.by_measure else [("", measures)]
        limits[hand.rule] = tuple(
            Received(name, year, float(amount(some, year, hand.in_)))
            for name, some in groups
            for year in read.scenario.years
        )
    return limits
