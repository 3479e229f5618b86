"""The table of territories read as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa_models.problems import Cell, nearest
from perequa_models.tree import RESERVED_LEVELS, Territory, Tree

if TYPE_CHECKING:
    from perequa.checks.frame import Frame
    from perequa.io.tables import RawTable
    from perequa_models.problems import Problems

KEYS = ("level", "code", "name", "parent")
_FORBIDDEN = ":/;|"
"""Characters that separate a territory from what stands beside it in names of rows."""


@dataclass(slots=True)
class _Rows:
    """Territories accepted so far, with the row of each."""

    table: RawTable
    problems: Problems
    levels: tuple[str, ...]
    found: dict[tuple[str, str], int]
    territories: list[Territory]

    def error(self, code: str, message: str, row: int | None, column: str, **more: str) -> None:
        """Note an error at a cell of the table."""
        self.problems.error(code, message, cell=Cell(self.table.key, row, column), **more)

    def cell(self, row: int, column: str) -> str:
        """Return a cell, empty when the table has no such column."""
        position = self.table.index(column)
        return "" if position is None else self.table.rows[row][position]


def build_tree(table: RawTable, frame: Frame, problems: Problems) -> Tree | None:
    """Read territories: each is its level and its code, below a parent of the level above.

    Parameters
    ----------
    table
        Columns ``code`` and ``name``; ``level`` and ``parent`` with several levels.
    frame
        Levels the scenario states.
    problems
        Grows with missing columns, unknown levels, repeated or empty codes, orphans.

    Returns
    -------
    Tree or None
        None when anything is wrong.
    """
    already = len(problems.errors)
    levels = _levels(table, frame, problems)
    if levels is None:
        return None
    rows = _Rows(table, problems, levels, {}, [])
    for column in ("code", "name", *(("level", "parent") if len(levels) > 1 else ())):
        if table.index(column) is None:
            rows.error(
                "missing_column",
                f"the table of territories has no column {column!r}",
                None,
                column,
                received=", ".join(table.header),
                accepted=", ".join(KEYS),
                nearest=nearest(column, table.header),
                remedy=f"add the column {column}",
            )
    for column in ("territory", "measure", "year"):
        if table.index(column) is not None:
            rows.error(
                "reserved_column",
                f"{column!r} is not a column of the table of territories",
                None,
                column,
                received=column,
                accepted="columns that hold one value a territory",
                remedy="put figures by measure or year in supply or in a table of columns",
            )
    if len(problems.errors) > already:
        return None
    for row in range(len(table.rows)):
        _read_row(rows, row)
    _check_parents(rows)
    _check_levels_used(rows)
    if len(problems.errors) > already:
        return None
    return Tree.of(levels, rows.territories)


def rows_of_tree(table: RawTable, tree: Tree) -> list[int]:
    """Return the node of each row of the table of territories."""
    level, code = table.index("level"), table.index("code")
    assert code is not None
    return [
        tree.index[tree.levels[0] if level is None else cells[level], cells[code]]
        for cells in table.rows
    ]


def _levels(table: RawTable, frame: Frame, problems: Problems) -> tuple[str, ...] | None:
    """Return the levels from the top, stated or (when there is one only) found in the table."""
    path = ("territories", "levels")
    position = table.index("level")
    held = sorted({row[position] for row in table.rows} - {""}) if position is not None else []
    levels = frame.levels
    if not levels and len(held) > 1:
        problems.error(
            "missing_levels",
            "the table holds several levels: say which stands above which",
            path=path,
            received="nothing",
            accepted=f"levels: [{', '.join(held)}], from the top",
            remedy="state territories.levels, from the top",
        )
        return None
    levels = levels or tuple(held) or ((frame.decide_at,) if frame.decide_at else ())
    if not levels:
        problems.error(
            "missing_levels",
            "nothing names the level of the territories",
            path=path,
            received="nothing",
            accepted="levels: [region]",
            remedy="state territories.levels, or add a column level",
        )
        return None
    wrong = [level for level in levels if level in RESERVED_LEVELS]
    wrong += [level for i, level in enumerate(levels) if level in levels[:i]]
    for level in wrong:
        reserved = level in RESERVED_LEVELS
        problems.error(
            "reserved_level" if reserved else "repeated_level",
            f"{level!r} cannot name a level" if reserved else f"level {level!r} is stated twice",
            path=path,
            received=level,
            accepted=f"other names than {', '.join(sorted(RESERVED_LEVELS))}, each once",
            remedy="rename the level",
        )
    return None if wrong else levels


def _read_row(rows: _Rows, row: int) -> None:
    """Read one territory."""
    level = rows.cell(row, "level") if rows.table.index("level") is not None else rows.levels[0]
    code = rows.cell(row, "code")
    if level not in rows.levels:
        rows.error(
            "unknown_level",
            f"{level!r} is not a level of the scenario" if level else "the level is not stated",
            row,
            "level",
            received=level or "nothing",
            accepted=", ".join(rows.levels),
            nearest=nearest(level, rows.levels),
            remedy="correct the cell, or add the level to territories.levels",
        )
        return
    if not code or any(c in _FORBIDDEN or not c.isprintable() for c in code):
        rows.error(
            "wrong_code" if code else "empty_code",
            "the code holds a reserved character" if code else "the code is empty",
            row,
            "code",
            received=code or "nothing",
            accepted=f"text without {' '.join(_FORBIDDEN)}",
            remedy="state the official code, as text",
        )
        return
    first = rows.found.get((level, code))
    if first is not None:
        rows.error(
            "duplicate_territory",
            f"{level}:{code} is stated twice (first on line {rows.table.lines[first]})",
            row,
            "code",
            received=code,
            accepted="each code once a level",
            remedy="drop one of the two rows",
        )
        return
    rows.found[level, code] = row
    rows.territories.append(
        Territory(level, code, rows.cell(row, "name") or code, rows.cell(row, "parent"))
    )


def _check_parents(rows: _Rows) -> None:
    above = dict(zip(rows.levels[1:], rows.levels[:-1], strict=True))
    for territory in rows.territories:
        row = rows.found[territory.level, territory.code]
        upper = above.get(territory.level)
        if upper is None:
            if territory.parent:
                rows.error(
                    "parent_at_the_top",
                    f"{territory.id} stands at the top and has a parent",
                    row,
                    "parent",
                    received=territory.parent,
                    accepted="an empty cell",
                    remedy="empty the cell, or correct the level",
                )
        elif (upper, territory.parent) not in rows.found:
            known = [code for level, code in rows.found if level == upper]
            rows.error(
                "orphan",
                f"{territory.id} ({territory.name}) has no parent in the table",
                row,
                "parent",
                received=territory.parent or "nothing",
                accepted=f"the code of a {upper}",
                nearest=nearest(territory.parent, known),
                remedy=f"correct the cell, or add the {upper}",
            )


def _check_levels_used(rows: _Rows) -> None:
    held = {level for level, _ in rows.found}
    for level in rows.levels:
        if level not in held:
            rows.problems.error(
                "empty_level",
                f"no territory stands at level {level!r}",
                path=("territories", "levels"),
                received=level,
                accepted=", ".join(sorted(held)) or "a level of the table",
                nearest=nearest(level, held),
                remedy="correct the level, or add its territories",
            )
