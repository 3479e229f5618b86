"""The published tables of establishments: who is above a ceiling, who comes down to one."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.recompute.convergence import part_closed, share_kept
from perequa.verification.recompute.linked import overruns
from perequa.verification.recompute.rules import fixing_row
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model

CLOSED = 1e-9
"""Share of a ceiling by which a budget may exceed it and count as having reached it."""


def check_overruns(notes: Notebook, published: Published) -> str:
    """Compare ``overruns.csv`` with the bases and the ceilings."""
    model, file = published.model, "overruns.csv"
    found = overruns(model)
    if bool(found) != published.folder.has(file):
        notes.wrong(file, "", saying("the table is there where someone is above a ceiling"))
    if not found or not published.folder.has(file):
        return saying("nobody above a ceiling")
    table = published.folder.table(file)
    names = [over.group.label[1] for over in found]
    if table.column("territory") != names:
        notes.wrong(file, "", "territory", ", ".join(table.column("territory")), ", ".join(names))
        return file
    words = {
        "scenario": [published.name] * len(found),
        "name": [_name(model, over.group) for over in found],
        "department": [_above(model, over.group) for over in found],
        "exception": [over.exception for over in found],
        "justified": ["true" if over.justified else "false" for over in found],
    }
    for column, expected in words.items():
        compare_words(notes, table, column, expected, names)
    base = np.array([over.base for over in found])
    figures = {
        "base": base,
        "ceiling": np.array([over.ceiling for over in found]),
        "overrun": np.array([over.base - over.ceiling for over in found]),
        "deducted": np.array([sum(over.due.values()) for over in found]),
    }
    for column, values in figures.items():
        compare_column(notes, table, column, values, names, scale=base)
    return saying("{count} above a ceiling", count=len(found))


def _name(model: Model, group: Group) -> str:
    return model.tree.names[group.node] if group.node >= 0 else ""


def _above(model: Model, group: Group) -> str:
    inside = model.tree.deciding[group.territories] if group.node < 0 else [group.node]
    parents = {int(model.tree.parent[node]) for node in inside}
    only = parents.pop() if len(parents) == 1 else -1
    return model.tree.key[only][1] if only >= 0 else ""


def check_convergence(notes: Notebook, published: Published) -> str:
    """Compare ``convergence.csv`` with the calendars, and with the budgets of the plan."""
    model, file = published.model, "convergence.csv"
    coming = list(model.converging.values())
    if bool(coming) != published.folder.has(file):
        notes.wrong(file, "", saying("the table is there where a rule brings someone down"))
    if not coming or not published.folder.has(file):
        return saying("nobody in convergence")
    table = published.folder.table(file)
    keys = ("rule", "level", "territory", "measure", "year")
    listed = ["/".join(k) for k in zip(*(table.column(c) for c in keys), strict=True)]
    cells = {
        "/".join((c.rule, *c.group.label, c.group.measure, str(c.group.year))): c.cell
        for c in coming
    }
    if not compare_keys(notes, file, listed, list(cells)):
        return file
    expected = [_line(published, cells[key]) for key in listed]
    for i, column in enumerate(("ceiling", "budget", "gap", "freed", "handed_over", "returned")):
        values = np.array([line[i] for line in expected])
        scale = np.array([line[0] for line in expected])
        compare_column(notes, table, column, values, listed, scale=scale)
    compare_words(notes, table, "closed_in", [_closed(model, cells[k]) for k in listed], listed)
    compare_words(notes, table, "scenario", [published.name] * len(listed), listed)
    names = [_name(model, model.converging[cells[key]].group) for key in listed]
    compare_words(notes, table, "name", names, listed)
    return saying("{count} years of establishments in convergence", count=len(listed))


def _line(published: Published, cell: int) -> tuple[float, ...]:
    """Figures of one year of an establishment, its budget as the plan has it."""
    model, supply = published.model, published.model.supply
    coming = model.converging[cell]
    budget = _budget(published, cell)
    if cell % len(model.years):
        before, due = _budget(published, cell - 1), 0.0
    else:
        pair = cell // len(model.years)
        before, due = float(supply.base.ravel()[pair]), float(supply.carried.ravel()[pair])
    freed = float(supply.growth.ravel()[cell]) * before + due - budget
    share = share_kept(model.rules[coming.rule])
    gap = budget - coming.ceiling
    return coming.ceiling, budget, gap, freed, freed * share, freed * (1 - share)


def _budget(published: Published, cell: int) -> float:
    program, plan = published.folder.program, published.folder.solution["plan"]
    index, value = program.matrix.row(program.row_at[fixing_row(published.model, cell)])
    return float(value @ plan[index])


def _closed(model: Model, cell: int) -> str:
    """Year in which the budget reaches the ceiling: in the plan, or later by the calendar."""
    years = len(model.years)
    first = cell // years * years
    for y in range(years):
        coming = model.converging[first + y]
        if coming.limit - coming.ceiling <= CLOSED * coming.ceiling:
            return str(model.years[y])
    calendar = model.rules[model.converging[cell].rule]["calendar"]
    last = model.years[-1]
    later = range(last + 1, last + 8) if isinstance(calendar, str) else sorted(map(int, calendar))
    ends = [y for y in later if y > last and part_closed(calendar, y) == Fraction(1)]
    return str(ends[0]) if ends else ""
