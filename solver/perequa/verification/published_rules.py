"""The published rules and objectives against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import RELATIVE, compare_column, compare_keys, compare_words
from perequa.verification.recompute.limits import sum_over
from perequa.verification.recompute.linked import withheld_groups
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.whole import kept_between
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats
    from perequa.verification.tables import Table

VIOLATION = {"place": 1e-6, "project": 1e-9, "money": 0.01}
"""How far a rule may be passed by: a millionth of a place, a cent."""


def check_objectives(notes: Notebook, published: Published) -> str:
    """Compare the values of ``objectives.csv`` with the definitions, at the plan and before it."""
    model = published.model
    table = published.folder.table("objectives.csv")
    names = table.column("objective")
    specs = model.scenario["objectives"]
    if not compare_keys(notes, table.file, names, list(specs)):
        return "objectives.csv"
    nothing = np.zeros(model.shape)
    reference = published.reference
    value = np.array([objective_value(model, n, published.places, reference) for n in names])
    before = published.before
    initial = np.array([objective_value(before, n, nothing, reference) for n in names])
    # A gap closed to rounding is judged against what it was.
    compare_column(notes, table, "value", value, names, scale=np.maximum(1.0, np.abs(initial)))
    compare_column(notes, table, "initial_value", initial, names)
    weights = np.array([float(specs[n].get("weight", 1.0)) for n in names])
    compare_column(notes, table, "weight", weights, names)
    compare_words(notes, table, "kind", [specs[n]["kind"] for n in names], names)
    priorities = [str(specs[n].get("priority", 1)) for n in names]
    compare_words(notes, table, "priority", priorities, names)
    compare_words(notes, table, "scenario", [published.name] * len(names), names)
    return saying("{count} objectives", count=len(names))


def check_rules(notes: Notebook, published: Published) -> str:
    """Compare ``rules.csv`` with the limits and with the activities of the plan."""
    table = published.folder.table("rules.csv")
    names = table.column("row")
    rows = {row.id: row for row in published.rows}
    withheld = dict(withheld_groups(published.model))
    if not compare_keys(notes, table.file, names, [*rows, *withheld]):
        return "rules.csv"
    limit, activity, slack, scale = (np.full(len(names), np.nan) for _ in range(4))
    delegated = published.model.value("credits", published.places)
    at_plan, whole = activities(published), published.is_whole
    for i, name in enumerate(names):
        if name in withheld:
            activity[i] = sum_over(delegated, withheld[name].cells)
            continue
        row = rows[name]
        limit[i] = row.limit
        activity[i] = at_plan[name]
        slack[i] = abs(activity[i] - row.limit) if whole else max(0.0, _slack(row, activity[i]))
        scale[i] = max(1.0, abs(row.limit), abs(row.constant), abs(activity[i]))
        beyond = passed(row, activity[i], whole=whole)
        if beyond > VIOLATION[row.unit]:
            told = saying("the plan breaks the rule by {excess}", excess=float(beyond))
            notes.wrong(table.file, row.id, told, activity[i], row.limit)
    compare_column(notes, table, "limit", limit, names)
    compare_column(notes, table, "activity", activity, names, scale=np.nan_to_num(scale, nan=1.0))
    compare_column(notes, table, "slack", slack, names, scale=np.nan_to_num(scale, nan=1.0))
    money = np.array([name in rows and rows[name].unit == "money" for name in names])
    _check_binding(notes, table, names, slack, np.maximum(np.where(money, 1e3, 1.0), abs(limit)))
    if whole:
        continuous = activities_at(
            published, published.continuous, published.folder.solution["plan"]
        )
        expected = np.array([continuous.get(name, np.nan) for name in names])
        size = np.nan_to_num(scale, nan=1.0)
        compare_column(notes, table, "continuous_activity", expected, names, scale=size)
    _check_identity(notes, published, table, names)
    return saying(
        "{count} rule rows of rules.csv, the worst kept within 1e-6 place and 0.01 money",
        count=len(rows),
    )


def activities(published: Published) -> dict[str, float]:
    """Activity of every rule row at what is handed out, held-back amounts included."""
    return activities_at(published, published.places, published.laid_out)


def activities_at(published: Published, places: Floats, plan: Floats) -> dict[str, float]:
    """Activity of every rule row at some places, (T, M, Y), that `plan` lays over the columns."""
    program = published.folder.program
    held = {}
    for row in published.rows:
        if row.held and row.id in program.row_at:
            index, value = program.matrix.row(program.row_at[row.id])
            held[row.id] = float(value @ plan[index])
    return {
        row.id: row.activity(places, published.model.taken)
        + sum(share * held.get(name, 0.0) for name, share in row.holds.items())
        + (held.get(row.id, 0.0) if row.held else 0.0)
        for row in published.rows
    }


def _unit(row: ExpectedRow | None, currency: str) -> str:
    return currency if row is None or row.unit == "money" else row.unit


def _slack(row: ExpectedRow, activity: float) -> float:
    """Distance to the limit, negative when the rule is passed by."""
    if row.side == "at_least":
        return activity - row.limit
    if row.side == "at_most":
        return row.limit - activity
    return abs(activity - row.limit)


def passed(row: ExpectedRow, activity: float, *, whole: bool) -> float:
    """How far an activity lies beyond its limit, 0 or less where it keeps it.

    Parameters
    ----------
    whole
        Whether the plan is whole: it may leave money that a continuous one must spend, and its
        reserves round up.
    """
    if whole:
        least, most = kept_between(row)
        return max(least - activity, activity - most)
    slack = _slack(row, activity)
    return slack if row.side == "equals" else -slack


def _check_binding(
    notes: Notebook,
    table: Table,
    names: list[str],
    slack: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    size: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    for i, said in enumerate(table.column("binding")):
        if np.isnan(slack[i]):
            continue
        relative = slack[i] / size[i]
        # Between these two the verdict hangs on rounding and either is right.
        expected = "true" if relative <= RELATIVE / 10 else "false"
        if said != expected and not RELATIVE / 10 < relative < RELATIVE * 10:
            notes.wrong(table.file, names[i], "binding", said, expected)


def _check_identity(notes: Notebook, published: Published, table: Table, names: list[str]) -> None:
    currency = str(published.model.scenario.get("currency", "EUR"))
    rows = {row.id: row for row in published.rows}
    withheld = dict(withheld_groups(published.model))
    groups = {name: row.group for name, row in rows.items()} | withheld
    columns: dict[str, list[str]] = {
        "scenario": [published.name] * len(names),
        "rule": [name.split("/")[0] for name in names],
        "kind": [rows[n].kind if n in rows else "withhold" for n in names],
        "level": [groups[n].label[0] for n in names],
        "territory": [groups[n].label[1] for n in names],
        "measure": [groups[n].measure for n in names],
        "year": ["" if groups[n].year is None else str(groups[n].year) for n in names],
        "unit": [_unit(rows.get(n), currency) for n in names],
        "side": [rows[n].side if n in rows else "held_back" for n in names],
    }
    for column, expected in columns.items():
        compare_words(notes, table, column, expected, names)
