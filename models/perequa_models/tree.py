"""The tree of territories: nodes of every level, in one stable order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perequa_models.problems import nearest

Indices = NDArray[np.intp]

RESERVED_LEVELS = frozenset({"nation", "territory", "measure", "year", "envelope"})
OVERSEAS_REGIONS = frozenset({"01", "02", "03", "04", "06"})
"""Régions d'outre-mer in the official geographic code (INSEE, since 2016)."""
CAPITAL_REGION = "11"
CAPITAL_DEPARTMENTS = frozenset({"75", "77", "78", "91", "92", "93", "94", "95"})
"""Île-de-France and its departments in the official geographic code (INSEE)."""


class Territory(NamedTuple):
    """A territory is its level and its code: region 11 and department 11 are two."""

    level: str
    code: str
    name: str
    parent: str

    @property
    def id(self) -> str:
        """The way a territory is written wherever one is named."""
        return f"{self.level}:{self.code}"


@dataclass(frozen=True)
class Tree:
    """All territories, levels from the top, codes sorted inside a level.

    Attributes
    ----------
    levels
        Names of the levels, from the top.
    nodes
        Every territory; nodes of one level stand together, sorted by code.
    """

    levels: tuple[str, ...]
    nodes: tuple[Territory, ...]

    @classmethod
    def of(cls, levels: tuple[str, ...], territories: list[Territory]) -> Tree:
        """Order the territories; their parents are taken to exist (the checks made sure)."""
        rank = {level: i for i, level in enumerate(levels)}
        return cls(levels, tuple(sorted(territories, key=lambda t: (rank[t.level], t.code))))

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        """Node of each (level, code)."""
        return {(t.level, t.code): i for i, t in enumerate(self.nodes)}

    @cached_property
    def level_of(self) -> Indices:
        """Rank of the level of each node, shape (N,)."""
        rank = {level: i for i, level in enumerate(self.levels)}
        return np.array([rank[t.level] for t in self.nodes], dtype=np.intp)

    @cached_property
    def parent(self) -> Indices:
        """Node of the parent of each node, -1 at the top, shape (N,)."""
        above = dict(zip(self.levels[1:], self.levels[:-1], strict=True))
        return np.array(
            [self.index[above[t.level], t.parent] if t.level in above else -1 for t in self.nodes],
            dtype=np.intp,
        )

    def at(self, level: str) -> Indices:
        """Nodes of a level, in order."""
        return self._at[level]

    @cached_property
    def _at(self) -> dict[str, Indices]:
        return {
            level: _unchanging(np.flatnonzero(self.level_of == rank))
            for rank, level in enumerate(self.levels)
        }

    def ancestors(self, level: str, above: str) -> Indices:
        """For each node of `level`, in order, its ancestor (or itself) at level `above`."""
        nodes = self.at(level)
        for _ in range(self.levels.index(level) - self.levels.index(above)):
            nodes = self.parent[nodes]
        return nodes

    def below(self, node: int, level: str) -> Indices:
        """Positions, among the nodes of `level`, of those that stand below `node`."""
        if (node, level) not in self._below:
            own = self.nodes[node].level
            found = split(self.ancestors(level, own), self.at(own))
            for other, positions in zip(self.at(own).tolist(), found, strict=True):
                self._below[other, level] = _unchanging(positions)
        return self._below[node, level]

    @cached_property
    def _below(self) -> dict[tuple[int, str], Indices]:
        """What `below` has found: every group of every rule asks for it again."""
        return {}

    def named(self, level: str, code: str) -> tuple[str, str, str]:
        """Return a level and a code with the name of their territory; empty where there is none."""
        node = self.index.get((level, code))
        return level, code, "" if node is None else self.nodes[node].name

    def find(self, written: str) -> int | tuple[str, ...]:
        """Return the node of a territory as written, or the candidates when it is not clear.

        Parameters
        ----------
        written
            ``level:code``, or a bare code that one level alone holds.

        Returns
        -------
        int or tuple of str
            The node; otherwise the ids that could have been meant (empty when none is near).
        """
        level, colon, code = written.partition(":")
        if colon:
            if (level, code) in self.index:
                return self.index[level, code]
            close = nearest(written, (t.id for t in self.nodes))
            return (close,) if close else ()
        held = [i for i, t in enumerate(self.nodes) if t.code == written]
        if len(held) == 1:
            return held[0]
        return tuple(self.nodes[i].id for i in held)

    def is_overseas(self, node: int) -> bool | None:
        """Whether a region or department of France lies overseas, by its official code."""
        territory = self.nodes[node]
        if territory.level == "region":
            return territory.code in OVERSEAS_REGIONS
        if territory.level == "department":
            return territory.code.startswith(("97", "98"))
        return self.is_overseas(int(self.parent[node])) if self.parent[node] >= 0 else None

    def is_capital(self, node: int) -> bool:
        """Whether a territory is Île-de-France or lies in it, by its official code."""
        territory = self.nodes[node]
        if territory.level == "region":
            return territory.code == CAPITAL_REGION
        if territory.level == "department":
            return territory.code in CAPITAL_DEPARTMENTS
        return self.parent[node] >= 0 and self.is_capital(int(self.parent[node]))


def split(above: Indices, nodes: Indices) -> list[Indices]:
    """Positions that stand below each of some nodes, in order.

    Parameters
    ----------
    above
        (n,) ancestor of each position, as `Tree.ancestors` gives it.
    nodes
        The nodes asked for.

    Notes
    -----
    Sorted once: to look for each node in turn would take n times as many comparisons as there are
    nodes, and at the level of establishments there are n of them.
    """
    order = np.argsort(above, kind="stable")
    sorted_ = above[order]
    starts = np.searchsorted(sorted_, nodes, side="left").tolist()
    ends = np.searchsorted(sorted_, nodes, side="right").tolist()
    return [order[start:end] for start, end in zip(starts, ends, strict=True)]


def _unchanging(positions: Indices) -> Indices:
    """Positions that several hold: nobody may write into them."""
    positions.setflags(write=False)
    return positions
