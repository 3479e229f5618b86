"""Columns of figures and how they travel in the tree.

Quantities are summed up the tree; unit values are inherited down it (scenario reference,
section 1). A column stands over every node of the tree, every measure or none, every year or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from perequa_models.problems import Cell
    from perequa_models.tree import Tree

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Figures or words of one column of a table.

    Attributes
    ----------
    name, table
        The column and the file that holds it.
    values
        Shape (N or 1, M or 1, Y or 1) over nodes, measures and years in the instance's order, 1
        where the table has no such key; NaN (or None in a column of words) where nothing is stated.
    rows
        Data row of the table that states each value, -1 where none; same shape. A missing value
        of a row that exists has its row.
    is_text
        Whether `values` holds words.
    """

    name: str
    table: str
    values: NDArray[np.float64] | NDArray[np.object_]
    rows: NDArray[np.intp]
    is_text: bool = False

    def cell(self, node: int, measure: int = 0, year: int = 0) -> Cell:
        """Return where a value stands, for messages (header when the row does not exist)."""
        from perequa_models.problems import Cell  # noqa: PLC0415 - only when something is wrong

        n, m, y = (
            min(i, size - 1) for i, size in zip((node, measure, year), self.rows.shape, strict=True)
        )
        row = int(self.rows[n, m, y])
        return Cell(self.table, row if row >= 0 else None, self.name)


def summed_up(column: Column, tree: Tree, absent: float | None = None) -> Floats:
    """Give every node its quantity: its own when stated, else the sum of its children's.

    Parameters
    ----------
    absent
        What a node without children counts where nothing is stated; by default it is missing, and
        so is every sum it belongs to.

    Returns
    -------
    array, shape of ``column.values``
        NaN where neither the node nor all of its children state a value.
    """
    values = np.array(column.values, dtype=np.float64)
    if absent is not None:
        childless = np.setdiff1d(np.arange(len(values)), tree.parent)
        values[childless] = np.where(np.isnan(values[childless]), absent, values[childless])
    if values.shape[0] == 1:
        return values
    for depth in range(len(tree.levels) - 2, -1, -1):
        children = np.flatnonzero(tree.level_of == depth + 1)
        sums = np.zeros_like(values)
        np.add.at(sums, tree.parent[children], values[children])
        counted = np.zeros(len(tree.nodes), dtype=np.intp)
        np.add.at(counted, tree.parent[children], 1)
        nodes = np.flatnonzero(tree.level_of == depth)
        sums[nodes[counted[nodes] == 0]] = np.nan
        values[nodes] = np.where(np.isnan(values[nodes]), sums[nodes], values[nodes])
    return values


def inherited(column: Column, tree: Tree) -> Floats:
    """Give every node its unit value: its own when stated, else its nearest ancestor's."""
    values = np.array(column.values, dtype=np.float64)
    if values.shape[0] == 1:
        return np.repeat(values, len(tree.nodes), axis=0)
    for depth in range(1, len(tree.levels)):
        nodes = np.flatnonzero(tree.level_of == depth)
        above = values[tree.parent[nodes]]
        values[nodes] = np.where(np.isnan(values[nodes]), above, values[nodes])
    return values


def is_yes(value: object) -> bool:
    """Whether a cell says yes: ``1``, ``yes``, ``oui`` or ``true`` in any case."""
    if isinstance(value, str):
        return value.strip().lower() in {"1", "yes", "oui", "true"}
    return value == 1.0
