"""The tree of territories, read again from its table (scenario reference, section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.sparse import Indices
    from perequa.verification.tables import Table

OVERSEAS_REGIONS = frozenset({"01", "02", "03", "04", "06"})
"""Régions d'outre-mer, official geographic code (INSEE, since 2016)."""
CAPITAL = frozenset(
    {
        ("region", "11"),
        *(("department", code) for code in ("75", "77", "78", "91", "92", "93", "94", "95")),
    }
)
"""Île-de-France and its departments, official geographic code (INSEE)."""


@dataclass(frozen=True)
class Territories:
    """Every territory, levels from the top, codes sorted inside a level.

    Attributes
    ----------
    levels
        Names of the levels from the top.
    key
        (level, code) of each node.
    names
        Name of each node.
    parent
        Node above each node, -1 at the top.
    decide_at
        Level at which the unknowns live.
    """

    levels: tuple[str, ...]
    key: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    parent: Indices
    decide_at: str

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        """Node of each (level, code)."""
        return {key: i for i, key in enumerate(self.key)}

    @cached_property
    def deciding(self) -> Indices:
        """Nodes of the decision level, in order, shape (T,)."""
        return self.at(self.decide_at)

    @cached_property
    def top(self) -> Indices:
        """Nodes of the top level."""
        return self.at(self.levels[0])

    @cached_property
    def above(self) -> dict[str, Indices]:
        """For each level not finer than the decision level: the ancestor of each decider."""
        found = {}
        nodes = self.deciding
        for level in reversed(self.levels[: self.levels.index(self.decide_at) + 1]):
            found[level] = nodes
            nodes = self.parent[nodes]
        return found

    def at(self, level: str) -> Indices:
        """Nodes of a level."""
        return np.array([i for i, key in enumerate(self.key) if key[0] == level], dtype=np.intp)

    def below(self, node: int) -> Indices:
        """Positions, among the decision territories, of those below (or at) a node."""
        level = self.key[node][0]
        if level in self.above:
            return np.flatnonzero(self.above[level] == node)
        return np.zeros(0, dtype=np.intp)

    def find(self, written: str) -> int:
        """Return the node of ``level:code`` or of a code that one level alone holds.

        Raises
        ------
        Unreadable
            When no territory, or more than one, is meant.
        """
        level, colon, code = written.partition(":")
        if colon and (level, code) in self.index:
            return self.index[level, code]
        held = [i for i, key in enumerate(self.key) if key[1] == written]
        if len(held) != 1:
            raise Unreadable("run.json", f"{written!r} names {len(held)} territories")
        return held[0]

    def is_overseas(self, node: int) -> bool | None:
        """Whether a region or department of France lies overseas, None for other territories."""
        while node >= 0:
            level, code = self.key[node]
            if level == "region":
                return code in OVERSEAS_REGIONS
            if level == "department":
                return code.startswith(("97", "98"))
            node = int(self.parent[node])
        return None

    def is_capital(self, node: int) -> bool:
        """Whether a territory is Île-de-France or lies in it."""
        while node >= 0:
            if self.key[node] in CAPITAL:
                return True
            node = int(self.parent[node])
        return False


def read_territories(scenario: Mapping[str, Any], table: Table) -> Territories:
    """Build the tree from ``territories``.

    Raises
    ------
    Unreadable
        When a level or a parent is unknown.
    """
    stated = scenario["territories"].get("levels")
    codes = table.column("code")
    if "level" in table.header:
        level_of = table.column("level")
    elif stated and len(stated) == 1:
        level_of = [stated[0]] * len(codes)
    else:
        level_of = [scenario.get("decide_at") or "territory"] * len(codes)
    levels = tuple(stated or dict.fromkeys(level_of))
    names = table.column("name") if "name" in table.header else codes
    parents = table.column("parent") if "parent" in table.header else [""] * len(codes)
    rank = {level: i for i, level in enumerate(levels)}
    unknown = set(level_of) - set(rank)
    if unknown:
        raise Unreadable(table.file, f"unknown level {sorted(unknown)[0]!r}")
    order = sorted(range(len(codes)), key=lambda i: (rank[level_of[i]], codes[i]))
    key = tuple((level_of[i], codes[i]) for i in order)
    index = {k: i for i, k in enumerate(key)}
    above = []
    for i in order:
        depth = rank[level_of[i]]
        over = (levels[depth - 1], parents[i]) if depth else None
        if over is not None and over not in index:
            raise Unreadable(table.file, f"{level_of[i]}:{codes[i]} has no parent {parents[i]!r}")
        above.append(-1 if over is None else index[over])
    return Territories(
        levels=levels,
        key=key,
        names=tuple(names[i] for i in order),
        parent=np.array(above, dtype=np.intp),
        decide_at=scenario.get("decide_at") or levels[-1],
    )


def part_of(tree: Territories, written: str) -> Territories:
    """Return the part of a tree at and below one territory."""
    top = tree.find(written)
    level = tree.key[top][0]
    at: dict[int, int] = {}
    for node, parent in enumerate(tree.parent):
        if node == top or int(parent) in at:
            at[node] = len(at)
    above = [-1 if node == top else at[int(tree.parent[node])] for node in at]
    return Territories(
        levels=tree.levels[tree.levels.index(level) :],
        key=tuple(tree.key[node] for node in at),
        names=tuple(tree.names[node] for node in at),
        parent=np.array(above, dtype=np.intp),
        decide_at=tree.decide_at,
    )
