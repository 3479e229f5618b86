"""The territories above each territory, by what a workbook can compare them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa_models.tree import Tree

ZONE = "zone"
"""Not a level of the tree: metropolitan France and overseas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Where territories belong.

    Attributes
    ----------
    levels
        Levels from the top.
    held
        For each level and code, by level: the name and the identifier of the territory of that
        level that holds it (itself, or one above), and of its zone where there is one.
    """

    levels: tuple[str, ...]
    held: Mapping[tuple[str, str], Mapping[str, tuple[str, str]]]

    def of(self, level: str, code: str) -> Mapping[str, tuple[str, str]]:
        """Return what holds a territory."""
        return self.held.get((level, code), {})

    def levels_above(self, rows: Sequence[Mapping[str, Value]]) -> tuple[str, ...]:
        """Return the levels that stand above the finest of some lines, zone included."""
        present = {str(row["level"]) for row in rows}
        finest = max((self.levels.index(v) for v in present if v in self.levels), default=0)
        zones = {self.of(str(r["level"]), str(r["territory"])).get(ZONE) for r in rows} - {None}
        return (*((ZONE,) if len(zones) > 1 else ()), *self.levels[:finest])


def above_in(tree: Tree) -> Above:
    """Say where the territories of a tree belong."""
    held: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for node, territory in enumerate(tree.nodes):
        found: dict[str, tuple[str, str]] = {}
        overseas = tree.is_overseas(node)
        if overseas is not None:
            zone = "overseas" if overseas else "metropolitan"
            found[ZONE] = (zone, identifier(ZONE, zone))
        at = node
        while at >= 0:
            here = tree.nodes[at]
            found[here.level] = (here.name, identifier(here.level, here.code))
            at = int(tree.parent[at])
        held[territory.level, territory.code] = found
    return Above(levels=tuple(tree.levels), held=held)


def identifier(level: str, code: str) -> str:
    """Name a territory by its level and its code.

    A condition of a spreadsheet takes ``01`` and ``1`` for the same number; ``region:01`` is text.
    """
    return f"{level}:{code}"
