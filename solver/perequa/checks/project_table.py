"""The table of projects: a row each, its keys resolved, its figures read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.checks.keyed_tables import KeyReader
from perequa.checks.numbers import ACCEPTED_NUMBERS, is_in_range, is_missing, parse_number
from perequa_models.problems import Cell, nearest
from perequa_models.projects.project import ProjectLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.checks.frame import Frame
    from perequa.io.tables import RawTable
    from perequa_models.problems import Problems
    from perequa_models.tree import Tree

NEEDED = ("project", "territory", "places")
FIGURES = ("places", "cost", "cofinanced", "opening_months", "frees")
WORDS = ("project", "title", "operation", "group", "requires")
KEYS = ("level", "territory", "measure", "year")
BOUNDS = {
    "places": "a number of at least 0",
    "cost": "a number of at least 0",
    "cofinanced": "a share of at least 0 and below 1",
    "opening_months": "a whole number from 1 to 12",
    "frees": "a number of at least 0",
}
OPERATIONS = ("extension", "creation", "conversion")


@dataclass(frozen=True, kw_only=True)
class ProjectReader:
    """Reads the table of projects.

    Attributes
    ----------
    tree, frame, problems, level
        As for `KeyReader`.
    """

    tree: Tree
    frame: Frame
    problems: Problems
    level: str = ""

    def read(self, table: RawTable) -> tuple[ProjectLine, ...]:
        """Read every row; what is wrong is noted, and the row left out."""
        needed = [*NEEDED, *(["measure"] if len(self.frame.measures) > 1 else [])]
        absent = [name for name in needed if name not in table.header]
        for name in absent:
            self.problems.error(
                "missing_column",
                f"the table of projects has no column {name!r}",
                cell=Cell(table.key, None, name),
                received=", ".join(table.header),
                accepted=", ".join((*KEYS, *WORDS, *FIGURES)) + ", and any criterion",
                nearest=nearest(name, table.header),
                remedy=f"add the column {name}",
            )
        if not table.rows:
            self.problems.error(
                "no_row",
                "the table of projects holds no project",
                cell=Cell(table.key, None, "project"),
                received="a header alone",
                accepted="at least one project",
                remedy="add a project, or drop the section projects",
            )
        if absent:
            return ()
        keys = KeyReader(tree=self.tree, frame=self.frame, problems=self.problems, level=self.level)
        codes = self._codes(table)
        lines = (self._line(table, keys, i, codes) for i in range(len(table.rows)))
        return tuple(line for line in lines if line is not None)

    def _codes(self, table: RawTable) -> dict[str, int]:
        """Row of each code; codes that are absent or repeated are noted."""
        first: dict[str, int] = {}
        for i, code in enumerate(self._column(table, "project")):
            if is_missing(code) or "/" in code or ";" in code:
                self._note(
                    table,
                    i,
                    "project",
                    "wrong_name",
                    "the code of a project is missing, or holds / or ;",
                    code,
                    "a code of its own for each project",
                )
            elif code in first:
                told = f"project {code} stands twice (first on line {table.lines[first[code]]})"
                self._note(table, i, "project", "duplicate_row", told, code, "each code once")
            else:
                first[code] = i
        return first

    def _line(
        self, table: RawTable, keys: KeyReader, row: int, codes: dict[str, int]
    ) -> ProjectLine | None:
        cells = dict(zip(table.header, table.rows[row], strict=True))
        told = len(self.problems.errors)
        node, measure, year = keys.place(table, row)
        figures = dict(self._figures(table, row, cells))
        self._check_words(table, row, cells, codes)
        if figures.get("frees", 0.0) > figures.get("places", float("inf")):
            message = "more places are freed than are opened: whoever moves in frees one at most"
            accepted = f"a number of at most {figures['places']:g}"
            self._note(table, row, "frees", "out_of_bounds", message, cells["frees"], accepted)
        wrong = len(self.problems.errors) > told or min(node, measure, year) < 0
        if wrong or codes.get(cells["project"]) != row:
            return None
        others = {k: v for k, v in cells.items() if k not in (*KEYS, *WORDS, *FIGURES)}
        read = {k: parse_number(v) for k, v in others.items() if not is_missing(v)}
        months = figures.get("opening_months")
        word = {name: _stated(cells, name) for name in WORDS}
        return ProjectLine(
            table=table.key,
            row=row,
            code=word["project"],
            title=word["title"],
            operation=word["operation"],
            group=word["group"],
            requires=word["requires"],
            node=node,
            measure=measure,
            year=year,
            places=figures["places"],
            cost=figures.get("cost"),
            cofinanced=figures.get("cofinanced"),
            opening_months=None if months is None else int(months),
            figures={k: v for k, v in read.items() if v is not None},
            words={k: "" if is_missing(v) else v for k, v in others.items()},
            frees=figures.get("frees", 0.0),
        )

    def _figures(
        self, table: RawTable, row: int, cells: dict[str, str]
    ) -> Iterator[tuple[str, float]]:
        """Yield the figures of a project that are stated, each within its bounds."""
        for name, accepted in BOUNDS.items():
            text = cells.get(name, "")
            if is_missing(text):
                if name == "places":
                    message = f"{name} is not stated"
                    self._note(table, row, name, "missing_value", message, text, "a number")
                continue
            value = parse_number(text)
            if value is None:
                message = f"{name} is not a number"
                self._note(table, row, name, "not_a_number", message, text, ACCEPTED_NUMBERS)
            elif not _fits(name, value) or not is_in_range(value):
                message = f"{name} is out of bounds"
                self._note(table, row, name, "out_of_bounds", message, text, accepted)
            else:
                yield name, value

    def _check_words(
        self, table: RawTable, row: int, cells: dict[str, str], codes: dict[str, int]
    ) -> None:
        operation, needs = _stated(cells, "operation"), _stated(cells, "requires")
        if operation and operation not in OPERATIONS:
            self._note(
                table,
                row,
                "operation",
                "wrong_value",
                f"{operation!r} is no operation",
                operation,
                ", ".join(OPERATIONS),
                nearest(operation, OPERATIONS),
            )
        if needs and (needs not in codes or needs == cells["project"]):
            self._note(
                table,
                row,
                "requires",
                "unknown_project",
                f"no other project {needs!r} to require",
                needs,
                "the code of another project of the table",
                nearest(needs, codes),
            )

    def _column(self, table: RawTable, name: str) -> list[str]:
        at = table.header.index(name)
        return [row[at] for row in table.rows]

    def _note(
        self,
        table: RawTable,
        row: int,
        column: str,
        code: str,
        message: str,
        received: str,
        accepted: str,
        close: str = "",
    ) -> None:
        self.problems.error(
            code,
            message,
            cell=Cell(table.key, row, column),
            received=received or "nothing",
            accepted=accepted,
            nearest=close,
            remedy="correct the cell, or drop the row",
        )


def _fits(name: str, value: float) -> bool:
    if name == "opening_months":
        return value in range(1, 13)
    return 0 <= value < (1.0 if name == "cofinanced" else float("inf"))


def _stated(cells: dict[str, str], name: str) -> str:
    text = cells.get(name, "")
    return "" if is_missing(text) else text
