"""Tables cut to one territory and what stands below it (``territories: {within: region:84}``)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perequa_models.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perequa.io.tables import RawTable
    from perequa_models.problems import Problems


def node_within(tree: Tree, written: str, problems: Problems) -> int | None:
    """Return the territory that the tables are cut to; one that is not clear is noted."""
    found = tree.find(written)
    if isinstance(found, int):
        return found
    problems.error(
        "unknown_territory",
        f"territories.within names no territory: {written!r}",
        path=("territories", "within"),
        received=written,
        accepted="a territory of the table, written level:code",
        nearest=found[0] if len(found) == 1 else "",
        remedy="name a territory of the table, or drop within",
    )
    return None


def nodes_below(tree: Tree, node: int) -> frozenset[int]:
    """Return a node and all nodes that stand below it, at any level."""
    kept = {node}
    for i, parent in enumerate(tree.parent):  # levels stand in order: parents come first
        if int(parent) in kept:
            kept.add(i)
    return frozenset(kept)


def cut_tree(tree: Tree, node: int) -> Tree:
    """Return the part of a tree at and below one territory, which becomes its top."""
    top = tree.nodes[node]
    kept = nodes_below(tree, node)
    territories = [t._replace(parent="") if t is top else t for t in tree.nodes]
    depth = tree.levels.index(top.level)
    return Tree.of(tree.levels[depth:], [t for i, t in enumerate(territories) if i in kept])


def cut_rows(table: RawTable, nodes: Sequence[int | None], kept: Collection[int]) -> RawTable:
    """Leave out the rows that speak of other territories; each keeps its line.

    Parameters
    ----------
    nodes
        Node of each row; None where that is not clear, and the row is left for who reads it.
    kept
        Nodes that stay.
    """
    stays = [i for i, node in enumerate(nodes) if node is None or node in kept]
    return replace(
        table,
        rows=tuple(table.rows[i] for i in stays),
        lines=tuple(table.lines[i] for i in stays),
    )
