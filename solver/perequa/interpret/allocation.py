"""Who gets what: the allocation at the decision level, and its totals above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.tables import Table, Value
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.interpret.run import Solved
    from perequa_models.instance import Floats, RuleRow
    from perequa_models.tree import Indices, Territory

COLUMNS = (
    "scenario",
    "level",
    "territory",
    "territory_name",
    "measure",
    "envelope",
    "year",
    "places",
    "credits",
    "withheld",
    "due_after",
    "installed_before",
    "installed_after",
    "continuous_places",
    "continuous_credits",
    "reference_places",
    "reference_credits",
)
FIGURES = COLUMNS[7:]


def cell_figures(run: Solved) -> dict[str, Floats]:
    """Figures of every cell by column, shape (T, M, Y); NaN where a cell of the table is empty."""
    instance, plan = run.instance, run.handed_out
    money = np.broadcast_to(instance.is_money[None, :, None], instance.shape)
    held = np.zeros(instance.shape, dtype=np.bool_)
    for listed in instance.withheld:
        held.ravel()[listed.cells] = True
    last = np.arange(instance.shape[2]) == instance.shape[2] - 1
    whole = run.whole is not None
    empty = np.full(instance.shape, np.nan)
    return {
        "places": np.where(money, np.nan, plan.x),
        "credits": plan.credits,
        "withheld": np.where(held, plan.credits, 0.0),
        "due_after": np.where(last, plan.due_after, 0.0),
        "installed_before": plan.stock - plan.x + instance.closed,
        "installed_after": plan.stock,
        "continuous_places": np.where(money, np.nan, run.x) if whole else empty,
        "continuous_credits": run.plan.credits if whole else empty,
        "reference_places": np.where(money, np.nan, run.reference.places),
        "reference_credits": run.reference.credits,
    }


def allocation_table(run: Solved) -> Table:
    """One row per decision territory, measure and year, zeros included."""
    instance = run.instance
    figures = cell_figures(run)
    cells = zip(*(_values(figures[name]) for name in FIGURES), strict=True)
    envelopes = [instance.scenario.measures[m].envelope or "" for m in instance.measures]
    rows: list[tuple[Value, ...]] = []
    for territory in instance.territories:
        named = (run.name, territory.level, territory.code, territory.name)
        for m, measure in enumerate(instance.measures):
            rows.extend(
                (*named, measure, envelopes[m], year, *next(cells)) for year in instance.years
            )
    return Table(COLUMNS, tuple(rows))


def totals_table(run: Solved) -> Table:
    """The same columns at every level above, for parts of the country and for the nation.

    Lines `reserve` and `undistributed` complete the nation to what its rules hand out;
    `withheld` repeats what is shared out but not delivered.
    """
    figures = cell_figures(run)
    rows: list[tuple[Value, ...]] = []
    for level, code, name, inside in _groups(run):
        rows.extend(_sums(run, figures, (level, code, name), inside))
    rows.extend(_kept_back(run))
    rows.extend(_withheld(run, figures["withheld"]))
    return Table(COLUMNS, tuple(rows))


def _groups(run: Solved) -> Iterator[tuple[str, str, str, Indices]]:
    """Yield level, code, name and decision territories of every total."""
    instance = run.instance
    tree = instance.tree
    for level in tree.levels[: tree.levels.index(instance.level)]:
        for node in tree.at(level):
            territory = tree.nodes[int(node)]
            yield level, territory.code, territory.name, tree.below(int(node), instance.level)
    overseas = np.array([tree.is_overseas(int(node)) for node in instance.nodes], dtype=object)
    if any(overseas == True) and any(overseas == False):  # noqa: E712 - None is neither
        inside = np.flatnonzero(overseas == False)  # noqa: E712
        yield "zone", "metropolitan", "France métropolitaine", inside
        yield "zone", "overseas", "Outre-mer", np.flatnonzero(overseas == True)  # noqa: E712
    yield "nation", "", "France", np.arange(len(instance.nodes))


def _sums(
    run: Solved, figures: dict[str, Floats], who: tuple[str, str, str], inside: Indices
) -> Iterator[tuple[Value, ...]]:
    instance = run.instance
    above = run.reference.above.get(who[0])
    position = {t.code: i for i, t in enumerate(_level(run, who[0]))}
    totals = {name: _total(figures[name][inside]).tolist() for name in FIGURES}
    for m, measure in enumerate(instance.measures):
        for y, year in enumerate(instance.years):
            values = []
            for name in FIGURES:
                total = totals[name][m][y]
                if above is not None and name.startswith("reference") and math.isnan(total):
                    table = above.places if name.endswith("places") else above.credits
                    total = float(table[position[who[1]], m, y])
                values.append(_value(total))
            envelope = instance.scenario.measures[measure].envelope or ""
            yield (run.name, *who, measure, envelope, year, *values)


def _total(cells: Floats) -> Floats:
    """Sum over territories of (n, M, Y) figures; NaN where no territory has one."""
    last = np.ascontiguousarray(np.moveaxis(cells, 0, -1))
    return np.where(np.isnan(last).all(axis=-1), np.nan, np.nansum(last, axis=-1))


def _level(run: Solved, level: str) -> list[Territory]:
    tree = run.instance.tree
    if level not in tree.levels:
        return []
    return [tree.nodes[int(node)] for node in tree.at(level)]


def _kept_back(run: Solved) -> Iterator[tuple[Value, ...]]:
    """Lines for reserves, and for what envelopes and contingents leave undistributed."""
    program = run.program
    kinds = {row.key: row for row in run.instance.rows}
    for i, key in enumerate(program.row_keys):
        if not isinstance(key, RowKey):
            continue
        row = kinds[key]
        if row.budget_of is not None or row.moves:
            continue
        if row.held:
            yield _line(run, key, "reserve", row.unit, float(run.handed_out_activity[i]))
        elif row.kind in {"envelope", "contingent"} and may_be_left(run, row):
            left = max(0.0, float(program.row_limit[i] - run.handed_out_activity[i]))
            yield _line(run, key, "undistributed", row.unit, left)


def may_be_left(run: Solved, row: RuleRow) -> bool:
    """Whether part of a limit may stay unused; of money that whole places cannot use up, always."""
    left_by_whole = run.whole is not None and row.unit == "money" and not row.held
    return row.key.side == "at_most" or (row.key.side == "equals" and left_by_whole)


def _withheld(run: Solved, withheld: Floats) -> Iterator[tuple[Value, ...]]:
    for listed in run.instance.withheld:
        amount = float(withheld.ravel()[listed.cells].sum())
        line = list(_line(run, listed.key, "withheld", "money", None))
        line[COLUMNS.index("withheld")] = amount
        yield tuple(line)


def _line(
    run: Solved, key: RowKey, what: str, unit: str, amount: float | None
) -> tuple[Value, ...]:
    where = f"{key.rule} {key.level}:{key.territory}" if key.territory else key.rule
    values: list[Value] = [None] * len(FIGURES)
    values[FIGURES.index("places" if unit == "place" else "credits")] = amount
    return (run.name, "nation", what, where, key.measure, "", key.year, *values)


def _values(figures: Floats) -> list[Value]:
    """Give the figures of all cells in order, None where a cell is empty."""
    written = figures.astype(object)
    written[np.isnan(figures)] = None
    values: list[Value] = written.ravel().tolist()
    return values


def _value(value: float) -> Value:
    return None if math.isnan(value) else value
