"""All the tables of a scenario, read as a tree and columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perequa.checks.columns import Keyed, columns_of
from perequa.checks.figures import check_yes_no
from perequa.checks.keyed_tables import KEY_COLUMNS, KeyReader
from perequa.checks.limit_tables import limit_column, limit_keys
from perequa.checks.project_table import ProjectReader
from perequa.checks.territories import KEYS, build_tree, rows_of_tree
from perequa.checks.uses import Uses
from perequa.checks.within import cut_rows, cut_tree, node_within, nodes_below
from perequa.io.findings import Finding, InvalidInput
from perequa.io.table_files import table_mentions
from perequa.io.tables import RawTable, read_table
from perequa_models.problems import Cell, Problems, nearest

if TYPE_CHECKING:
    from perequa.checks.frame import Frame
    from perequa.io.scenario_files import RawScenario
    from perequa_models.columns import Column
    from perequa_models.problems import Path
    from perequa_models.projects.project import ProjectLine
    from perequa_models.tree import Tree


@dataclass(slots=True)
class TableSet:
    """Tables being read.

    Attributes
    ----------
    raw, frame, problems
        The scenario, the names tables may use, and where problems are noted.
    unreadable
        Findings of files that are no tables at all.
    tables
        Tables by key (``file`` or ``file#sheet``).
    named
        Tables by the path of the mapping that names them.
    tree
        Territories; None when their table is wrong.
    columns
        Columns by name; tables of limits under ``@file`` or ``@file#sheet``.
    incomplete
        Whether a table is missing from `columns` because it has not the keys it needs.
    projects
        Rows of the table of projects.
    """

    raw: RawScenario
    frame: Frame
    problems: Problems
    unreadable: list[Finding] = field(default_factory=list)
    tables: dict[str, RawTable] = field(default_factory=dict)
    named: dict[Path, RawTable] = field(default_factory=dict)
    tree: Tree | None = None
    columns: dict[str, Column] = field(default_factory=dict)
    incomplete: bool = False
    projects: tuple[ProjectLine, ...] = ()

    def read(self) -> None:
        """Read every table as far as what is right allows."""
        for path in table_mentions(self.raw.data):
            self._read_table(path)
        territories = self.named.get(("territories",))
        if territories is None:
            return
        self.tree = build_tree(territories, self.frame, self.problems)
        within = self._entry(("territories",)).get("within")
        if self.tree is not None and isinstance(within, str):
            self.tree = self._cut(self.tree, within)
        check_yes_no(self.named["territories",], self.problems)
        if self.tree is None or not self.frame.measures:
            return
        uses = Uses.of(self.raw.data)
        for path, table in self.named.items():
            if "year" in table.header and not self.frame.years:
                continue  # the years are wrong, and said so: nothing can be told of these rows
            if path[0] == "rules":
                self._read_limits(path, table, self.tree)
                continue
            if path == ("projects",):
                self.projects = self._read_projects(table, self.tree)
                continue
            keyed = self._keyed(path, table, self.tree)
            self.incomplete |= keyed is None
            if keyed is not None:
                quantities = path[0] == "supply"
                for column in columns_of(keyed, uses, self.problems, figures=quantities):
                    self._add(column)

    def _cut(self, tree: Tree, within: str) -> Tree | None:
        """Cut every table to one territory and those below it."""
        node = node_within(tree, within, self.problems)
        if node is None:
            return None
        kept = nodes_below(tree, node)
        for path, table in self.named.items():
            cut = cut_rows(table, self._nodes(path, table, tree), kept)
            self.named[path] = self.tables[table.key] = cut
        return cut_tree(tree, node)

    def _nodes(self, path: Path, table: RawTable, tree: Tree) -> list[int | None]:
        """Node of each row of a table; None where the row says none, or says it wrongly."""
        if path[0] == "territories":
            return list(rows_of_tree(table, tree))
        entry, said_later = self._entry(path), Problems()
        if path[0] == "rules":
            rule = self._entry(path[:2])
            keyed = limit_keys(table, rule, tree, self.frame, said_later)
        else:
            level = entry.get("level")
            level = level if level in tree.levels else ""
            reader = KeyReader(tree=tree, frame=self.frame, problems=said_later, level=level)
            keyed = reader.read(table)
        by_territory = keyed.shape[0] > 1
        return [at[0] if at is not None and by_territory else None for at in keyed.positions]

    def _entry(self, path: Path) -> dict[Any, Any]:
        entry: Any = self.raw.data
        for step in path:
            entry = entry[step]
        return dict(entry)

    def _read_table(self, path: Path) -> None:
        entry = self._entry(path)
        file = self.raw.files.get(entry["file"])
        sheet = entry.get("sheet")
        if file is None or not (sheet is None or isinstance(sheet, str)):
            return  # said already
        try:
            table = read_table(file, self.raw.shown(file.key), sheet, str(path[0]))
        except InvalidInput as error:
            self.unreadable.extend(f for f in error.findings if f not in self.unreadable)
        else:
            self.named[path] = self.tables.setdefault(table.key, table)

    def _read_limits(self, path: Path, table: RawTable, tree: Tree) -> None:
        bound = self._entry(path)
        name = f"@{bound['file']}" + (f"#{bound['sheet']}" if bound.get("sheet") else "")
        rule = self._entry(path[:2])
        column = limit_column(table, rule, tree, self.frame, self.problems)
        self.incomplete |= column is None
        if column is not None:
            self.columns[name] = column

    def _read_projects(self, table: RawTable, tree: Tree) -> tuple[ProjectLine, ...]:
        """Read the table of projects."""
        level = self._entry(("projects",)).get("level")
        level = level if isinstance(level, str) else ""
        if level and not self._known_level(("projects",), level, tree):
            return ()
        reader = ProjectReader(tree=tree, frame=self.frame, problems=self.problems, level=level)
        return reader.read(table)

    def _known_level(self, path: Path, level: str, tree: Tree) -> bool:
        """Whether a level that an entry states is one of the tree; another one is noted."""
        if level in tree.levels:
            return True
        self.problems.error(
            "unknown_level",
            f"no level {level!r}",
            path=(*path, "level"),
            received=level,
            accepted=", ".join(tree.levels),
            nearest=nearest(level, tree.levels),
            remedy="name a level of territories.levels",
        )
        return False

    def _keyed(self, path: Path, table: RawTable, tree: Tree) -> Keyed | None:
        """Resolve the keys of a table of figures; None when it has not those it needs."""
        if path[0] == "territories":
            return Keyed(
                table=table,
                shape=(len(tree.nodes), 1, 1),
                positions=[(node, 0, 0) for node in rows_of_tree(table, tree)],
                names=tuple(name for name in table.header if name not in KEYS),
            )
        level = self._entry(path).get("level")
        level = level if isinstance(level, str) else ""
        known = not level or self._known_level(path, level, tree)
        if not self._has_its_keys(str(path[0]), table) or not known:
            return None
        reader = KeyReader(tree=tree, frame=self.frame, problems=self.problems, level=level)
        return reader.read(table)

    def _has_its_keys(self, section: str, table: RawTable) -> bool:
        """Whether a table has the key columns that its section needs."""
        already = len(self.problems.errors)
        keys = [key for key in KEY_COLUMNS if key in table.header]
        if section == "supply":
            needed = ["territory", *(["measure"] if len(self.frame.measures) > 1 else [])]
            if "year" in keys:
                self._wrong_key(table, "year", "supply holds one row a territory and measure")
        else:
            needed = ["territory"] if keys in ([], ["level"]) else []
        for key in needed:
            if key not in keys:
                self.problems.error(
                    "missing_column",
                    f"the table has no column {key!r}",
                    cell=Cell(table.key, None, key),
                    received=", ".join(table.header),
                    accepted=", ".join(KEY_COLUMNS),
                    nearest=nearest(key, table.header),
                    remedy=f"add the column {key}",
                )
        return len(self.problems.errors) == already

    def _wrong_key(self, table: RawTable, key: str, message: str) -> None:
        self.problems.error(
            "reserved_column",
            message,
            cell=Cell(table.key, None, key),
            received=key,
            accepted="territory, measure",
            remedy="put figures by year in a table of columns",
        )

    def _add(self, column: Column) -> None:
        """Take a column; its name belongs to one table only."""
        other = self.columns.get(column.name)
        if other is None:
            self.columns[column.name] = column
            return
        self.problems.error(
            "repeated_column",
            f"the column {column.name!r} stands in two tables",
            cell=Cell(column.table, None, column.name),
            received=f"{other.table} and {column.table}",
            accepted="each name in one table",
            remedy="rename or drop one of the two columns",
        )
