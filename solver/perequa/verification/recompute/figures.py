"""Columns of the tables over territories, measures and years (scenario reference, section 1)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.tables import is_missing, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from perequa.verification.recompute.territories import Territories
    from perequa.verification.sparse import Floats
    from perequa.verification.tables import Table

KEYS = ("level", "territory", "measure", "year")
TRUE = frozenset({"1", "yes", "oui", "true"})
FALSE = frozenset({"0", "no", "non", "false"})


@dataclass(frozen=True, slots=True)
class Words:
    """A column as text, shape (N, M or 1, Y or 1); empty where nothing is stated."""

    table: str
    text: NDArray[np.object_]


@dataclass(slots=True)
class Figures:
    """Every column of every table.

    Attributes
    ----------
    tree, measures, years
        The axes.
    words
        Columns as text.
    derived
        Columns of figures computed by `derive`, same shape.
    supplied
        (T, M): pairs that the supply table states, at the decision level or below.
    closed
        (N, M): pairs of the supply table's own level without a row, under ``absent: closed``:
        nothing is there.
    """

    tree: Territories
    measures: tuple[str, ...]
    years: tuple[int, ...]
    words: dict[str, Words] = field(default_factory=dict)
    derived: dict[str, Floats] = field(default_factory=dict)
    supplied: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    closed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))

    def has(self, name: str) -> bool:
        """Whether a table or a formula gives this column."""
        return name in self.words or name in self.derived

    def stated(self, name: str) -> Floats:
        """Return a column as figures where they are stated, NaN elsewhere.

        Raises
        ------
        Unreadable
            When no table has it, or a cell is not a number.
        """
        if name in self.derived:
            return self.derived[name]
        if name not in self.words:
            raise Unreadable("run.json", f"no table has a column {name!r}")
        words = self.words[name]
        flat = [number(t, words.table, f"column {name}") for t in words.text.ravel()]
        return np.array(flat, dtype=np.float64).reshape(words.text.shape)

    def quantity(self, name: str) -> Floats:
        """Every node's quantity: its own when stated, else the sum of its children's."""
        return self.summed(self.stated(name))

    def amount(self, name: str) -> Floats:
        """Every node's quantity of what is there: nothing where a pair is closed."""
        stated = self.stated(name)
        closed = self.closed[:, :, None] & np.isnan(stated)
        return self.summed(np.where(closed, 0.0, stated))

    def summed(self, stated: Floats) -> Floats:
        """Sum figures up the tree; a stated total wins; NaN when a child has none."""
        values = stated.copy()
        tree = self.tree
        for level in reversed(tree.levels[:-1]):
            for node in tree.at(level):
                children = np.flatnonzero(tree.parent == node)
                own = values[node]
                total = values[children].sum(axis=0) if len(children) else np.full_like(own, np.nan)
                values[node] = np.where(np.isnan(own), total, own)
        return values

    def unit_value(self, name: str) -> Floats:
        """Every node's unit value: its own when stated, else its nearest ancestor's."""
        values = self.stated(name).copy()
        for node, parent in enumerate(self.tree.parent):
            if parent >= 0:
                values[node] = np.where(np.isnan(values[node]), values[parent], values[node])
        return values

    def word(self, name: str, node: int, measure: int = 0) -> str:
        """Return the text that holds for a node: its own, else its nearest ancestor's."""
        if name not in self.words:
            raise Unreadable("run.json", f"no table has a column {name!r}")
        text = self.words[name].text
        while node >= 0:
            own = str(text[node, min(measure, text.shape[1] - 1), 0])
            if not is_missing(own):
                return own
            node = int(self.tree.parent[node])
        return ""


def equals(text: str, wanted: object) -> bool:
    """Whether a cell says a value: yes/no in any of its writings, a number, or a text."""
    if isinstance(wanted, bool):
        return text.lower() in (TRUE if wanted else FALSE)
    if isinstance(wanted, int | float):
        try:
            return float(text) == float(wanted)
        except ValueError:
            return False
    return text == str(wanted)


def add_table(
    figures: Figures, table: Table, entry: Mapping[str, Any], keys: Sequence[str]
) -> None:
    """Take over the columns of a table.

    Parameters
    ----------
    figures
        Grows.
    table, entry
        The table and what the scenario says of it (its `level`).
    keys
        Names of its key columns, among ``level, territory, measure, year``.
    """
    places = _places(figures, table, entry, keys)
    shape = (
        len(figures.tree.key),
        len(figures.measures) if "measure" in keys else 1,
        len(figures.years) if "year" in keys else 1,
    )
    for name in table.header:
        if name in keys or name == "":
            continue
        text = np.full(shape, "", dtype=object)
        for place, cell in zip(places, table.column(name), strict=True):
            if place is not None:
                text[place] = cell
        if name in figures.words:
            raise Unreadable(table.file, f"column {name!r} stands in another table too")
        figures.words[name] = Words(table.file, text)


def note_supplied(figures: Figures, table: Table, entry: Mapping[str, Any]) -> None:
    """Note which pairs of territory and measure the supply table states."""
    keys = [key for key in KEYS if key in table.header]
    decider = {int(node): t for t, node in enumerate(figures.tree.deciding)}
    figures.supplied = np.zeros((len(decider), len(figures.measures)), dtype=bool)
    for place in _places(figures, table, entry, keys):
        node = -1 if place is None else place[0]
        while node >= 0 and node not in decider:
            node = int(figures.tree.parent[node])
        if place is not None and node >= 0:
            figures.supplied[decider[node], place[1]] = True
    _note_closed(figures, table, entry, keys)


def _note_closed(
    figures: Figures, table: Table, entry: Mapping[str, Any], keys: Sequence[str]
) -> None:
    tree = figures.tree
    figures.closed = np.zeros((len(tree.key), len(figures.measures)), dtype=bool)
    if entry.get("absent", "error") != "closed":
        return
    stated = np.zeros_like(figures.closed)
    for place in _places(figures, table, entry, keys):
        if place is not None:
            stated[place[:2]] = True
    rank = max(tree.levels.index(tree.key[n][0]) for n in np.flatnonzero(stated.any(axis=1)))
    for node in tree.at(tree.levels[rank]):
        line, at = np.zeros(len(figures.measures), dtype=bool), int(node)
        while at >= 0:
            line |= stated[at]
            at = int(tree.parent[at])
        figures.closed[node] = ~line


def _places(
    figures: Figures, table: Table, entry: Mapping[str, Any], keys: Sequence[str]
) -> list[tuple[int, int, int] | None]:
    """Where each row of a table goes; None for a year or measure that the plan leaves out."""
    count = len(table.rows)
    nodes = nodes_of(figures.tree, table, entry)
    measure_at = {name: i for i, name in enumerate(figures.measures)}
    year_at = {str(year): i for i, year in enumerate(figures.years)}
    measures = table.column("measure") if "measure" in keys else [""] * count
    years = table.column("year") if "year" in keys else [""] * count
    places: list[tuple[int, int, int] | None] = []
    for node, measure, year in zip(nodes, measures, years, strict=True):
        m = measure_at.get(measure, -1) if "measure" in keys else 0
        y = year_at.get(year, -1) if "year" in keys else 0
        places.append((node, m, y) if m >= 0 and y >= 0 else None)
    return places


def nodes_of(tree: Territories, table: Table, entry: Mapping[str, Any]) -> list[int]:
    """Node of each row of a table keyed by territory.

    The level is that of a `level` column, of the entry, of the code itself (``region:11``), of
    the only level that holds the code, or else the level that holds every code of the table
    (the decision level first).
    """
    name = "territory" if "territory" in table.header else "code"
    codes = table.column(name)
    if "level" in table.header:
        return [
            _node(tree, table, lv, c) for lv, c in zip(table.column("level"), codes, strict=True)
        ]
    level = entry.get("level") or _common_level(tree, codes)
    return [
        tree.find(code) if ":" in code or level is None else _node(tree, table, level, code)
        for code in codes
    ]


def rows_within(
    table: Table, whole: Territories, part: Territories, entry: Mapping[str, Any]
) -> Table:
    """Leave out the rows of a table that speak of territories outside a part of the tree."""
    named = [level for level in whole.levels if level in table.header]
    if "territory" in table.header or "code" in table.header:
        keys = [whole.key[node] for node in nodes_of(whole, table, entry)]
    elif named:
        level = named[-1]
        keys = [(level, code.removeprefix(f"{level}:")) for code in table.column(level)]
    else:
        return table
    pairs = zip(table.rows, keys, strict=True)
    return replace(table, rows=tuple(row for row, key in pairs if key in part.index))


def _common_level(tree: Territories, codes: list[str]) -> str | None:
    bare = {code for code in codes if ":" not in code}
    for level in (tree.decide_at, *tree.levels):
        if bare and bare <= {code for at, code in tree.key if at == level}:
            return level
    return None


def _node(tree: Territories, table: Table, level: str, code: str) -> int:
    code = code.partition(":")[2] or code
    if (level, code) not in tree.index:
        raise Unreadable(table.file, f"unknown territory {level}:{code}")
    return tree.index[level, code]
