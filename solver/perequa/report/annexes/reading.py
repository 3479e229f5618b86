"""What annexes are made from: a run's tables, and the figures its scenario was read with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.report.annexes.rounding import rounded
from perequa.report.annexes.sheets import Column, Part, Zone
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words
    from perequa_models.instance import Flags, Floats, Instance
    from perequa_models.tree import Territory

Record = dict[str, "Value"]
PHASED = "milestones"
"""Kind of the rules that pay an award over years."""
MOST_LISTED = 400
"""Territories that one table of an annex lists; above, those of the top level are listed."""


@dataclass(frozen=True)
class AnnexRun:
    """A run with a plan.

    Attributes
    ----------
    name, fingerprint
        The scenario column of the run, and its fingerprint.
    instance
        The figures it was planned on.
    tables
        Its tables by name.
    """

    name: str
    fingerprint: str
    instance: Instance
    tables: Mapping[str, Table]
    _records: dict[str, list[Record]] = field(default_factory=dict, repr=False)

    def records(self, table: str) -> list[Record]:
        """Rows of a table; none where the run has no such table."""
        if table not in self._records:
            found = self.tables.get(table)
            self._records[table] = [] if found is None else list(found.records())
        return self._records[table]

    @cached_property
    def listed_level(self) -> str:
        """Level whose territories the tables of measures list."""
        tree = self.instance.tree
        many = len(self.instance.territories) > MOST_LISTED
        return tree.levels[0] if many else self.instance.level

    @cached_property
    def listed(self) -> tuple[Territory, ...]:
        """Territories that the tables of measures list, in order."""
        tree = self.instance.tree
        return tuple(tree.nodes[int(node)] for node in tree.at(self.listed_level))

    @cached_property
    def inside(self) -> tuple[Sequence[int], ...]:
        """Decision territories of each territory listed."""
        tree = self.instance.tree
        nodes = tree.at(self.listed_level)
        return tuple(tree.below(int(node), self.instance.level).tolist() for node in nodes)

    @cached_property
    def top(self) -> tuple[Territory, ...]:
        """Territories of the top level, which have a sheet of their own."""
        tree = self.instance.tree
        return tuple(tree.nodes[int(node)] for node in tree.at(tree.levels[0]))

    @cached_property
    def top_of(self) -> list[int]:
        """Position of the territory above (or at) each one listed."""
        tree = self.instance.tree
        nodes = tree.at(tree.levels[0]).tolist()
        return [nodes.index(a) for a in tree.ancestors(self.listed_level, tree.levels[0]).tolist()]

    def zones(self, level: str, words: Words) -> list[Zone]:
        """Metropolitan France and overseas where both are there; else one part without a name."""
        tree = self.instance.tree
        overseas = [tree.is_overseas(int(node)) for node in tree.at(level)]
        part = self._outside_capital(level, words)
        if True not in overseas or False not in overseas:
            return [Zone(name="", inside=range(len(overseas)), part=part)]
        names = {
            False: words.phrase("Sub-total metropolitan France"),
            True: words.phrase("Sub-total overseas"),
        }
        return [
            Zone(
                name=names[where],
                inside=[i for i, so in enumerate(overseas) if so is where],
                part=None if where else part,
            )
            for where in (False, True)
        ]

    def _outside_capital(self, level: str, words: Words) -> Part | None:
        """Metropolitan France without Île-de-France, where both have territories."""
        tree = self.instance.tree
        mainland = {
            i: tree.is_capital(int(node))
            for i, node in enumerate(tree.at(level))
            if tree.is_overseas(int(node)) is False
        }
        if len({*mainland.values()}) < 2:
            return None
        inside = [i for i, capital in mainland.items() if not capital]
        return Part(name=words.phrase("of which outside Île-de-France"), inside=inside)

    def named(self, words: Words) -> list[Column]:
        """Columns that name the territories listed, and those they lie in."""
        columns = [
            Column(heading=words.phrase("Code"), kind="code", values=[t.code for t in self.listed]),
            Column(
                heading=words.phrase("Territory"),
                kind="text",
                values=[t.name for t in self.listed],
            ),
        ]
        if self.listed_level != self.instance.tree.levels[0]:
            above = [self.top[i].name for i in self.top_of]
            columns.append(Column(heading=words.phrase("In"), kind="text", values=above))
        return columns

    @cached_property
    def phased(self) -> Flags:
        """Pairs whose awards a rule pays by milestones, (T, M)."""
        cells = np.zeros(self.instance.shape, dtype=np.bool_)
        for row in self.instance.rows:
            if row.kind == PHASED:
                for term in row.terms:
                    cells.ravel()[term.cells] = True
        return np.asarray(cells.any(axis=2))

    @cached_property
    def left_to_pay(self) -> Floats:
        """Committed and not paid at the end of each year, awards by milestones at once; (T, M, Y).

        Unrounded.
        """
        full = self.plan.full_year_credits
        committed = np.where(self.phased[:, :, None], 0.0, full)
        committed[:, :, 0] += np.where(self.phased, full.sum(axis=2), 0.0)
        paid = np.cumsum(committed - self.plan.credits, axis=2)
        return np.asarray(self.instance.carried[:, :, None] + paid)

    def cells(self, column: str) -> Floats:
        """Figures of the allocation, (T, M, Y); 0 where a cell is empty."""
        values = self.tables["allocation"].column(column)
        figures = [0.0 if v is None else float(v) for v in values]
        return np.array(figures).reshape(self.instance.shape)

    def envelope_title(self, envelope: str) -> str:
        """Name of an envelope in full; empty for that of measures that name none."""
        spec = self.instance.scenario.envelopes.get(envelope)
        return (spec.title if spec is not None else None) or envelope

    def title_of(self, measure: str) -> str:
        """Name of a measure in full."""
        return self.instance.scenario.measures[measure].title or measure

    @cached_property
    def credits(self) -> Floats:
        """Credits of every cell, what is withheld included, (T, M, Y)."""
        return self.cells("credits")

    @cached_property
    def withheld(self) -> Floats:
        """Part of them that is not delivered, (T, M, Y)."""
        return self.cells("withheld")

    @cached_property
    def plan(self) -> Quantities:
        """What the run hands out."""
        money = self.instance.is_money[None, :, None]
        grown = self.cells("installed_after") - self.cells("installed_before")
        x = np.where(money, grown + self.instance.closed, self.cells("places"))
        taken = {str(row["project"]) for row in self.records("projects") if row["taken"] is True}
        chosen = [float(project.code in taken) for project in self.instance.projects]
        return Quantities(self.instance, x, taken=np.array(chosen) if chosen else None)

    def printed(self, values: Floats, extra: Sequence[float] = ()) -> tuple[list[int], list[int]]:
        """Round (T,) figures of the territories listed, with what no territory has.

        Returns
        -------
        list, list
            One for each territory listed; one for each of `extra`.
        """
        own = [float(values[list(inside)].sum()) for inside in self.inside]
        found = rounded([*own, *extra])
        return found[: len(own)], found[len(own) :]
