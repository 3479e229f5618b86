"""The tables at the top of a cascade's folder: those of all steps, and what was handed down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.cascade.reading import INTEGRATED, NATION
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perequa.cascade.handing import Limits
    from perequa.cascade.reading import CascadeRead, Part
    from perequa.running import FinishedRun

CASCADE = (
    "scenario",
    "step",
    "level",
    "territory",
    "territory_name",
    "status",
    "exit_code",
    "folder",
    "unit",
    "handed_down",
    "used",
    "unspent",
    "message",
    "above",
)
HANDED_DOWN = (
    "scenario",
    "step",
    "rule",
    "measure",
    "year",
    "unit",
    "handed_down",
    "used",
    "unspent",
)
ROUNDING = 1e-9
NO_MONEY = (None,) * 4
"""Figures of a step to which nothing is handed down."""
NOT_SOLVED = "not_solved"
"""Status of a part whose step above has no plan: nothing was handed down to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """What became of one part.

    Attributes
    ----------
    part
        The territory.
    limits
        What it received; empty where the step above has no plan.
    run
        How its own program ended; None where it was not solved.
    """

    part: Part
    limits: Limits
    run: FinishedRun | None


def joined_tables(name: str, steps: Mapping[str, Mapping[str, Table]]) -> dict[str, Table]:
    """Put the tables of all steps one below the other, with the step beside the scenario.

    Parameters
    ----------
    name
        The scenario column.
    steps
        Tables by name, for each step that found a plan, in order.
    """
    joined: dict[str, Table] = {}
    for file in sorted({file for tables in steps.values() for file in tables}):
        held = {step: tables[file] for step, tables in steps.items() if file in tables}
        columns = next(iter(held.values())).columns
        rows = [(name, step, *row[1:]) for step, table in held.items() for row in table.rows]
        joined[file] = Table(("scenario", "step", *columns[1:]), tuple(rows))
    return joined


def handed_table(read: CascadeRead, done: Sequence[StepDone]) -> Table:
    """What each part received, used and left, by rule and year."""
    rows: list[tuple[Value, ...]] = []
    for step in done:
        rows.extend(_handed_rows(read, step))
    return Table(HANDED_DOWN, tuple(rows))


def cascade_table(
    read: CascadeRead, nation: FinishedRun, done: Sequence[StepDone], integrated: FinishedRun | None
) -> Table:
    """One row a step: how it ended, and what became of what it received."""
    name = read.raw.column_name
    rows = [_row(name, NATION, ("nation", None, None), nation, f"steps/{NATION}", NO_MONEY, None)]
    for step in done:
        territory = step.part.territory
        who = (territory.level, territory.code, territory.name)
        folder = f"steps/{step.part.step}"
        money = _summed(read, step)
        rows.append(_row(name, step.part.step, who, step.run, folder, money, step.part.above))
    whole = ("nation", None, None)
    rows.append(_row(name, INTEGRATED, whole, integrated, INTEGRATED, NO_MONEY, None))
    return Table(CASCADE, tuple(rows))


def _row(
    name: str,
    step: str,
    who: tuple[Value, ...],
    run: FinishedRun | None,
    folder: str,
    money: tuple[Value, ...],
    above: str | None,
) -> tuple[Value, ...]:
    if run is None:
        ended: tuple[Value, ...] = (NOT_SOLVED, None, None)
    else:
        ended = (run.status, run.exit_code, folder if run.folder is not None else None)
    said = None if run is None else run.message or None
    return (name, step, *who, *ended, *money, said, above)


def _handed_rows(read: CascadeRead, step: StepDone) -> Iterable[tuple[Value, ...]]:
    used = _activities(step.run)
    for hand in read.stages[step.part.stage].hands:
        unit = read.scenario.currency if hand.in_ == "credits" else "place"
        for row in step.limits.get(hand.rule, ()):
            spent = used.get((hand.rule, row.measure, row.year))
            left = None if spent is None else _left(row.amount, spent)
            key = (hand.rule, row.measure or None, row.year, unit)
            yield (read.raw.column_name, step.part.step, *key, row.amount, spent, left)


def _left(amount: float, spent: float) -> float:
    """What is unspent; a solver's hair above or below nothing is nothing."""
    left = amount - spent
    return 0.0 if abs(left) <= ROUNDING * max(1.0, amount) else left


def _activities(run: FinishedRun | None) -> dict[tuple[str, str, int], float]:
    """What each row of a run holds, by rule, measure and year; the measure's, and without it."""
    found: dict[tuple[str, str, int], float] = {}
    table = None if run is None else run.tables.get("rules")
    for row in table.records() if table is not None else ():
        rule, measure, year, activity = (row[k] for k in ("rule", "measure", "year", "activity"))
        if isinstance(activity, float) and isinstance(year, int):
            found[str(rule), str(measure or ""), year] = activity
            found.setdefault((str(rule), "", year), activity)
    return found


def _summed(read: CascadeRead, step: StepDone) -> tuple[Value, Value, Value, Value]:
    """Sum what a part received, used and left; empty where its rows have several units."""
    rows = [dict(zip(HANDED_DOWN, row, strict=True)) for row in _handed_rows(read, step)]
    units = {str(row["unit"]) for row in rows}
    if len(units) != 1:
        return None, None, None, None
    sums = [_sum(row[name] for row in rows) for name in ("handed_down", "used", "unspent")]
    return units.pop(), *sums  # type: ignore[return-value] # three columns, three sums


def _sum(values: Iterable[Value]) -> float | None:
    held = list(values)
    if any(value is None for value in held):
        return None
    return sum(float(value) for value in held if isinstance(value, int | float))
