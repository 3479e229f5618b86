"""The limit of a row: a number, a column, or a table (scenario reference, section 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.figures import nodes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices


def limit_of(model: Model, bound: object, group: Group) -> float | None:
    """Return the limit a planner wrote for a group; None when the row is to be skipped.

    Raises
    ------
    Unreadable
        When a value that is needed is not stated.
    """
    if isinstance(bound, int | float):
        return float(bound)
    if not isinstance(bound, dict):
        raise Unreadable("run.json", f"{bound!r} is no limit")
    if "file" in bound:
        return _from_table(model, bound, group)
    value = amount(model, bound["column"], group)
    if math.isnan(value):
        if bound.get("missing") == "skip":
            return None
        raise Unreadable(
            "inputs", f"column {bound['column']!r} states nothing for {':'.join(group.label)}"
        )
    return float(bound.get("times", 1.0)) * value + float(bound.get("plus", 0.0))


def amount(model: Model, column: str, group: Group) -> float:
    """Sum a quantity over a group: a value stated at the group's own level wins."""
    values = model.quantity(column)
    picked = values[cover(model, group)].sum(axis=0)
    only = np.zeros(1, dtype=np.intp)
    measures = group.measures if values.shape[1] > 1 else only
    years = group.years if values.shape[2] > 1 else only
    return math.fsum(picked[np.ix_(measures, years)].ravel())


def cover(model: Model, group: Group) -> Indices:
    """Nodes whose quantities make up the group's: itself, or the largest whole ones inside it."""
    tree = model.tree
    if group.node >= 0 and len(tree.below(group.node)) == len(group.territories):
        return np.array([group.node], dtype=np.intp)
    inside = np.zeros(len(tree.deciding), dtype=bool)
    inside[group.territories] = True
    if inside.all() and group.node < 0:
        return tree.top
    nodes: list[int] = []
    for level in tree.levels[: tree.levels.index(tree.decide_at) + 1]:
        for node in np.unique(tree.above[level][inside]):
            below = tree.below(int(node))
            if inside[below].all():
                nodes.append(int(node))
                inside[below] = False
    return np.array(nodes, dtype=np.intp)


def adjusted(model: Model, spec: Mapping[str, Any], group: Group, side: str, limit: float) -> float:
    """Add the what-ifs of `adjust` that name this row."""
    for item in spec.get("adjust") or ():
        territory = item.get("territory")
        if territory is not None and not _is_named(model, territory, group):
            continue
        if item.get("side") not in (None, side):
            continue
        if item.get("measure") not in (None, group.measure):
            continue
        if item.get("year") not in (None, group.year):
            continue
        limit += float(item["plus"])
    return limit


def _is_named(model: Model, written: str, group: Group) -> bool:
    """Whether a territory as written is the group's; groups across the tree are no territory."""
    if ":" in written:
        return written == ":".join(group.label)
    return model.tree.key[model.tree.find(written)] == group.label


def _from_table(model: Model, bound: Mapping[str, Any], group: Group) -> float:
    """Read the limit of a group in the table whose columns are the group's keys."""
    table = model.table(bound)
    wanted: list[np.ndarray[Any, np.dtype[np.bool_]]] = []
    if "territory" in table.header or "code" in table.header:
        nodes = np.array(nodes_of(model.tree, table, bound))
        wanted.append(nodes == model.tree.index.get(group.label, -1))
    for level in model.tree.levels:
        if level in table.header:
            # a key named after a level holds its codes, written 11 or region:11
            codes = [code.removeprefix(f"{level}:") for code in table.column(level)]
            wanted.append(np.array([group.label == (level, code) for code in codes]))
    if "measure" in table.header:
        wanted.append(np.array(table.column("measure")) == group.measure)
    if "year" in table.header:
        wanted.append(np.array(table.column("year")) == str(group.year))
    rows = np.flatnonzero(np.logical_and.reduce(wanted)) if wanted else np.arange(len(table.rows))
    if len(rows) != 1:
        raise Unreadable(table.file, f"{len(rows)} rows give a limit to {':'.join(group.label)}")
    return float(table.numbers("limit")[int(rows[0])])


def amounts(model: Model, stated: object, group: Group) -> float:
    """Return an amount stated as a number or as a column."""
    if isinstance(stated, int | float):
        return float(stated)
    if not isinstance(stated, dict):
        raise Unreadable("run.json", f"{stated!r} is no amount")
    value = amount(model, stated["column"], group)
    if math.isnan(value):
        raise Unreadable("inputs", f"column {stated['column']!r} states nothing here")
    return value


def sum_over(values: Floats, cells: Indices) -> float:
    """Sum of figures of cells (T, M, Y) by their flat positions."""
    return math.fsum(values.ravel()[cells])
