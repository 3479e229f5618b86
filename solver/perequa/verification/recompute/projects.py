"""The projects of a scenario, read again from their table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.figures import FALSE, TRUE, nodes_of
from perequa.verification.tables import is_missing, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices
    from perequa.verification.tables import Table


@dataclass(frozen=True)
class Projects:
    """The projects, in the order of their codes.

    Attributes
    ----------
    model, spec
        The scenario's figures, and its section `projects` (empty without one).
    """

    model: Model
    spec: Mapping[str, Any]

    @cached_property
    def table(self) -> Table | None:
        """The table; None in a scenario without projects."""
        return self.model.table(self.spec, "projects") if self.spec else None

    @cached_property
    def order(self) -> list[int]:
        """Rows of the table in the order of the codes."""
        codes = [] if self.table is None else self.table.column("project")
        return sorted(range(len(codes)), key=lambda i: codes[i])

    def texts(self, name: str) -> list[str]:
        """Return a column as text, empty where nothing is stated."""
        if self.table is None or name not in self.table.header:
            return [""] * len(self.order)
        cells = self.table.column(name)
        return ["" if is_missing(cells[i]) else cells[i] for i in self.order]

    def numbers(self, name: str) -> Floats:
        """Return a column as figures, NaN where nothing is stated."""
        file = "projects" if self.table is None else self.table.file
        return np.array([number(text, file, f"column {name}") for text in self.texts(name)])

    @property
    def codes(self) -> list[str]:
        """The codes."""
        return self.texts("project")

    @cached_property
    def nodes(self) -> Indices:
        """Node of the tree that puts each forward."""
        if self.table is None:
            return np.zeros(0, dtype=np.intp)
        nodes = nodes_of(self.model.tree, self.table, self.spec)
        return np.array([nodes[i] for i in self.order], dtype=np.intp)

    @cached_property
    def cells(self) -> Indices:
        """(J, 3): positions of the decision territory, measure and year each counts in."""
        tree, names = self.model.tree, self.texts("measure")
        decider = {int(node): t for t, node in enumerate(tree.deciding)}
        found = []
        for j, node in enumerate(self.nodes):
            at = int(node)
            while at not in decider:
                at = int(tree.parent[at])
                if at < 0:
                    raise Unreadable("projects", f"{self.codes[j]} stands above the deciders")
            measure = self.model.measures.index(names[j]) if names[j] else 0
            year = self.texts("year")[j]
            found.append((decider[at], measure, self.model.years.index(int(year)) if year else 0))
        return np.array(found, dtype=np.intp).reshape(-1, 3)

    @cached_property
    def apart(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(M,): measures handed out by projects only."""
        named = set(self.texts("measure")) if self.order else set()
        every = bool(self.order) and named == {""}
        return np.array([every or name in named for name in self.model.measures])

    @cached_property
    def places(self) -> Floats:
        """Places of each."""
        return self.numbers("places")

    @cached_property
    def charged(self) -> Floats:
        """Full-year cost of each that the envelope pays."""
        t, m, y = self.cells.T
        share = np.array([float(s.get("financed_share", 1.0)) for s in self._measures])[m]
        cost = self.numbers("cost")
        whole = np.where(
            np.isnan(cost), self.places * self.model.supply.cost[t, m, y] / share, cost
        )
        others = self.numbers("cofinanced")
        return np.asarray(whole * (1.0 - np.where(np.isnan(others), 1.0 - share, others)))

    @cached_property
    def opening(self) -> Floats:
        """What the envelope pays for each in the year it opens."""
        months = self.numbers("opening_months")
        usual = np.array([float(s.get("opening_months", 12)) for s in self._measures])
        return self.charged * np.where(np.isnan(months), usual[self.cells[:, 1]], months) / 12.0

    @cached_property
    def frees(self) -> Floats:
        """Places that each frees elsewhere."""
        stated = self.numbers("frees")
        return np.where(np.isnan(stated), 0.0, stated)

    @property
    def _measures(self) -> list[Mapping[str, Any]]:
        return [self.model.measure(name) for name in self.model.measures]

    def by_year(self, quantity: str) -> Floats:
        """What each counts in a quantity of its cell beside its places, (J, Y)."""
        years = len(self.model.years)
        found = np.zeros((len(self.order), years))
        each = np.arange(len(self.order))
        first = self.cells[:, 2]
        if quantity == "projects":
            found[each, first] = 1.0
        elif quantity == "freed_places":
            found[each, first] = self.frees
        elif quantity == "full_year_credits":
            found[each, first] = self.charged
        elif quantity == "credits":
            found[each, first] = self.opening
            late = first + 1 < years
            found[each[late], first[late] + 1] = (self.charged - self.opening)[late]
        elif quantity == "budget":
            return self._budget()
        return found

    def _budget(self) -> Floats:
        delegated = self.by_year("credits")
        t, m, _ = self.cells.T
        keeps = self.model.supply.recurrent[m]
        growth = self.model.supply.growth[t, m]
        found, before = np.zeros_like(delegated), np.zeros(len(delegated))
        for y in range(delegated.shape[1]):
            renewed = before * growth[:, y]
            found[:, y] = renewed + delegated[:, y]
            before = np.where(keeps, found[:, y], renewed)
        return found

    def amounts(self, quantity: str, taken: Floats) -> Floats:
        """What the projects taken add to a quantity of every cell, (T, M, Y)."""
        total = np.zeros(self.model.shape)
        by_year = self.by_year(quantity) * taken[:, None]
        for (t, m, _), each in zip(self.cells, by_year, strict=True):
            total[t, m] += each
        return total

    def opened(self, taken: Floats) -> Floats:
        """What the projects taken cost in the year they open, (T, M, Y)."""
        total = np.zeros(self.model.shape)
        for (t, m, y), each in zip(self.cells, self.opening * taken, strict=True):
            total[t, m, y] += each
        return total

    def in_cells(self, quantity: str, cells: Indices) -> Floats:
        """What each counts in a quantity summed over flat positions of (T, M, Y), (J,)."""
        inside = np.zeros(self.model.shape)
        inside.ravel()[cells] = 1.0
        t, m, _ = self.cells.T
        return np.asarray((self.by_year(quantity) * inside[t, m]).sum(axis=1))

    @cached_property
    def merit(self) -> Floats:
        """Merit of each."""
        stated = self.spec.get("merit")
        if stated is None:
            return np.ones(len(self.order))
        if "column" in stated:
            own = {"places": self.places, "frees": self.frees}
            name = stated["column"]
            return own[name] if name in own else self.numbers(name)
        above, below = (self._figure(name, stated, rate=False) for name in stated["ratio"])
        by = stated.get("divided_by")
        return above / below / (1.0 if by is None else self._figure(by, stated, rate=True))

    def _figure(self, name: str, stated: Mapping[str, Any], *, rate: bool) -> Floats:
        if self.table is not None and name in self.table.header:
            return self.numbers(name)
        nodes = [self._above(int(node), stated.get("level")) for node in self.nodes]
        if rate and name in (self.model.scenario.get("indicators") or {}):
            return self.model.rates(name).initial[nodes]
        figures = self.model.figures
        values = figures.unit_value(name) if rate else figures.quantity(name)
        _, m, y = self.cells.T
        at_m, at_y = np.minimum(m, values.shape[1] - 1), np.minimum(y, values.shape[2] - 1)
        return np.asarray(values[nodes, at_m, at_y])

    def _above(self, node: int, level: str | None) -> int:
        tree, at = self.model.tree, node
        while level is not None and at >= 0 and tree.key[at][0] != level:
            at = int(tree.parent[at])
        return node if at < 0 else at

    @cached_property
    def classes(self) -> list[int]:
        """Class of each: yes is 1, a whole number is itself, the rest is none (0)."""
        stated = self.spec.get("first")
        if stated is None:
            return [0] * len(self.order)
        found = []
        for text in self._words(stated["column"]):
            word = text.lower()
            yes = word in TRUE
            found.append(1 if yes else 0 if word in FALSE or not word else int(float(text)))
        return found

    @cached_property
    def preferences(self) -> list[tuple[str, Floats]]:
        """Each word of each preference in turn, and which projects bear it."""
        found = []
        for prefer in self.prefers:
            words = self._words(prefer["column"])
            for word in prefer["order"]:
                bears = np.array([w == word for w in words], dtype=float)
                found.append((f"{prefer['column']}={word}", bears))
        return found

    @property
    def prefers(self) -> list[Mapping[str, Any]]:
        """The preferences, as a list."""
        stated = self.spec.get("prefer") or []
        return [stated] if isinstance(stated, dict) else list(stated)

    def ranks(self, j: int) -> tuple[int, ...]:
        """Rank of a project's word in each preference."""
        found = []
        for prefer in self.prefers:
            word, order = self._words(prefer["column"])[j], list(prefer["order"])
            found.append(order.index(word) if word in order else len(order))
        return tuple(found)

    def _words(self, column: str) -> list[str]:
        if column == "measure":
            return [self.model.measures[m] for m in self.cells[:, 1]]
        return self.texts(column)
