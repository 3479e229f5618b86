"""The limit of each group of a rule, from a number, a column or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa_models.columns import summed_up
from perequa_models.rules.grammar import ColumnBound, FileBound

if TYPE_CHECKING:
    from perequa_models.columns import Column
    from perequa_models.figures.arrays import Source
    from perequa_models.figures.selection import Group
    from perequa_models.instance import Floats
    from perequa_models.keys import RowKey
    from perequa_models.problems import Path
    from perequa_models.rules.grammar import Adjust, Bound
    from perequa_models.tree import Indices


class Limits:
    """Reads limits; keeps the sums of each column so that they are made once.

    Parameters
    ----------
    source
        What figures are read from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sums: dict[str, Floats] = {}

    def of(self, bound: Bound, group: Group, path: Path) -> float | None:
        """Return the limit of a group, None when it has none (``missing: skip``) or is wrong."""
        if isinstance(bound, ColumnBound):
            value = self.column_value(bound.column, group, path, skip=bound.missing == "skip")
            return None if value is None else bound.times * value + bound.plus
        if isinstance(bound, FileBound):
            name = f"@{bound.file}" + (f"#{bound.sheet}" if bound.sheet else "")
            return self.column_value(name, group, path, skip=False)
        if bound == "built":
            self._not_built(path)
            return None
        return float(bound)

    def _not_built(self, path: Path) -> None:
        self._source.problems.error(
            "wrong_limit",
            f"{'.'.join(map(str, path))} cannot be built: the campaign builds envelopes only",
            path=path,
            received="built",
            accepted="a number, {column: C} or {file: F}; at_most: built of an envelope",
            remedy="state a limit",
        )

    def column_value(
        self, name: str, group: Group, path: Path, *, skip: bool = False
    ) -> float | None:
        """Sum a column of quantities over a group; the value of the group's own node wins."""
        column = self._source.column(name, path)
        if column is None:
            return None
        if name not in self._sums:
            self._sums[name] = summed_up(column, self._source.tree)
        nodes = self._nodes(column, group)
        measures = group.measures if column.values.shape[1] > 1 else np.array([0])
        years = group.years if column.values.shape[2] > 1 else np.array([0])
        values = self._sums[name][nodes[:, None, None], measures[:, None], years]
        gone = np.isnan(values)
        if not gone.any():
            return float(values.sum())
        if not skip:
            i, j, k = (int(v) for v in np.argwhere(gone)[0])
            node = int(nodes[i]) if column.values.shape[0] > 1 else 0
            self._source.missing(column, node, int(measures[j]), int(years[k]), path)
        return None

    def _nodes(self, column: Column, group: Group) -> Indices:
        if column.values.shape[0] == 1:
            return np.array([0], dtype=np.intp)
        return nodes_covering(self._source, group)


def nodes_covering(source: Source, group: Group) -> Indices:
    """Return the nodes whose quantities make up a group's: its own where it is a whole one."""
    if group.node is not None:
        below = source.tree.below(group.node, source.level)
        if len(below) == len(group.members):
            return np.array([group.node], dtype=np.intp)
    if len(group.members) == len(source.nodes):
        return source.tree.at(source.tree.levels[0])
    return np.asarray(source.nodes[group.members], dtype=np.intp)


def adjusted(
    limit: float, adjust: tuple[Adjust, ...], key: RowKey
) -> tuple[float, tuple[int, ...]]:
    """Move a limit by the adjustments that name its row.

    Returns
    -------
    float, tuple of int
        The moved limit, and the positions of the adjustments that applied.
    """
    used = []
    territory = f"{key.level}:{key.territory}" if key.territory else ""
    for i, move in enumerate(adjust):
        if move.territory is not None and move.territory not in (territory, key.territory):
            continue
        if move.measure is not None and move.measure != key.measure:
            continue
        if move.year is not None and move.year != key.year:
            continue
        if move.side is not None and move.side != key.side:
            continue
        limit += move.plus
        used.append(i)
    return limit, tuple(used)
