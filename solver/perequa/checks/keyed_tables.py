"""Keys of tables resolved: which territory, measure and year each row speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from perequa.checks.columns import Keyed, Position
from perequa_models.problems import Cell, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.checks.frame import Frame
    from perequa.io.tables import RawTable
    from perequa_models.problems import Problems
    from perequa_models.tree import Tree

KEY_COLUMNS = ("level", "territory", "measure", "year")
_NEAR = 30


@dataclass(frozen=True, kw_only=True)
class KeyReader:
    """Resolves the keys of a table.

    Attributes
    ----------
    tree, frame
        Territories, measures and years that rows may name.
    problems
        Grows with unknown, unclear or repeated keys.
    level
        Level of the bare codes of the table, when the scenario states it.
    """

    tree: Tree
    frame: Frame
    problems: Problems
    level: str = ""

    @cached_property
    def by_code(self) -> dict[str, list[int]]:
        """Nodes that hold each code, whatever their level."""
        nodes: dict[str, list[int]] = {}
        for i, territory in enumerate(self.tree.nodes):
            nodes.setdefault(territory.code, []).append(i)
        return nodes

    def read(self, table: RawTable, *, level_columns: bool = False) -> Keyed:
        """Resolve every row.

        Parameters
        ----------
        table
            The table as text.
        level_columns
            Whether a column named like a level holds territories of that level (tables of limits,
            whose columns are named like the groups of their rule).
        """
        territory, level = self._territory_column(table, level_columns=level_columns)
        where = self._columns(table, territory)
        _, measure, year = where
        shape = (
            1 if territory is None else len(self.tree.nodes),
            1 if measure is None else len(self.frame.measures),
            1 if year is None else len(self.frame.years),
        )
        positions: list[Position | None] = []
        first: dict[Position, int] = {}
        for i in range(len(table.rows)):
            at = self._place(table, i, where, level)
            if min(at) < 0:
                positions.append(None)
            elif at in first:
                self._repeated(table, i, first[at], territory)
                positions.append(None)
            else:
                first[at] = i
                positions.append(at)
        keys = {*KEY_COLUMNS, territory}
        names = tuple(name for name in table.header if name not in keys)
        return Keyed(table=table, shape=shape, positions=positions, names=names)

    def place(self, table: RawTable, row: int) -> Position:
        """Resolve the keys of one row of a table whose rows may speak of one place several times.

        A key that is wrong is noted, and −1; one that the table does not have is 0.
        """
        territory, level = self._territory_column(table, level_columns=False)
        return self._place(table, row, self._columns(table, territory), level)

    @staticmethod
    def _columns(table: RawTable, territory: str | None) -> tuple[int | None, ...]:
        """Positions of the columns of territories, measures and years."""
        territories = None if territory is None else table.index(territory)
        return territories, table.index("measure"), table.index("year")

    def _place(
        self, table: RawTable, row: int, where: tuple[int | None, ...], level: str
    ) -> Position:
        cells = table.rows[row]
        territories, measure, year = where
        node = m = y = 0
        if territories is not None:
            own_level = self._own_level(table, row, level)
            node = self._node(table, row, table.header[territories], cells[territories], own_level)
        if measure is not None:
            m = self._measure(table, row, cells[measure])
        if year is not None:
            y = self._year(table, row, cells[year])
        return node, m, y

    def _territory_column(self, table: RawTable, *, level_columns: bool) -> tuple[str | None, str]:
        """Return the column of territories, if any, and the level of its bare codes."""
        if table.index("territory") is not None:
            return "territory", self.level
        if level_columns:
            named = [name for name in table.header if name in self.tree.levels]
            if named:
                finest = max(named, key=self.tree.levels.index)
                return finest, finest
        return None, ""

    def _own_level(self, table: RawTable, row: int, default: str) -> str:
        position = table.index("level")
        level = table.rows[row][position] if position is not None else ""
        if level and level not in self.tree.levels:
            self._note(
                table,
                row,
                "level",
                "unknown_level",
                f"{level!r} is not a level of the scenario",
                level,
                self.tree.levels,
            )
        return level or default

    def _node(self, table: RawTable, row: int, column: str, written: str, level: str) -> int:
        """Return the node a row speaks of, -1 when that is not clear."""
        own, colon, code = written.partition(":")
        if colon:
            held = [self.tree.index[own, code]] if (own, code) in self.tree.index else []
        elif level:
            held = [self.tree.index[level, own]] if (level, own) in self.tree.index else []
        else:
            held = self.by_code.get(own, [])
        if len(held) == 1:
            return held[0]
        if held:
            self.problems.error(
                "ambiguous_territory",
                f"{written!r} is held by several levels",
                cell=Cell(table.key, row, column),
                received=written,
                accepted=" or ".join(self.tree.nodes[node].id for node in held),
                remedy="write level:code, add a column level, or state level where the scenario "
                "names the table",
            )
        elif not level or level in self.tree.levels:
            nodes = [t for t in self.tree.nodes if t.level == (own if colon else level or t.level)]
            known = [t.id if colon else t.code for t in nodes]
            message = f"no {level or 'territory'} {written!r}"
            message = message if written else "the territory is not stated"
            self._note(table, row, column, "unknown_territory", message, written, known)
        return -1

    def _measure(self, table: RawTable, row: int, name: str) -> int:
        if name in self.frame.measures:
            return self.frame.measures.index(name)
        message = f"no measure {name!r}" if name else "the measure is not stated"
        self._note(table, row, "measure", "unknown_measure", message, name, self.frame.measures)
        return -1

    def _year(self, table: RawTable, row: int, written: str) -> int:
        years = [str(year) for year in self.frame.years]
        if written in years:
            return years.index(written)
        message = f"{written!r} is not a year of the plan" if written else "the year is not stated"
        self._note(table, row, "year", "unknown_year", message, written, years)
        return -1

    def _note(
        self,
        table: RawTable,
        row: int,
        column: str,
        code: str,
        message: str,
        received: str,
        known: Sequence[str],
    ) -> None:
        listed = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
        self.problems.error(
            code,
            message,
            cell=Cell(table.key, row, column),
            received=received or "nothing",
            accepted=listed,
            # looking for a near name among thousands is slow: the first findings have it
            nearest=nearest(received, known) if len(self.problems.found) < _NEAR else "",
            remedy="correct the cell, or drop the row",
        )

    def _repeated(self, table: RawTable, row: int, first: int, territory: str | None) -> None:
        column = territory or next((k for k in KEY_COLUMNS if k in table.header), table.header[0])
        keys = [k for k in (territory, "measure", "year") if k and k in table.header]
        cells = dict(zip(table.header, table.rows[row], strict=True))
        self.problems.error(
            "duplicate_row",
            f"the same {', '.join(keys) or 'row'} is stated twice "
            f"(first on line {table.lines[first]})",
            cell=Cell(table.key, row, column),
            received=", ".join(cells[k] for k in keys) or "a second row",
            accepted="each combination of keys once",
            remedy="drop one of the two rows",
        )
