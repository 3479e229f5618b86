"""Typed keys of the rows and columns of the program, carried from formulation to report.

Meaning is never decoded from a name: names are written from keys, for people only.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Side = Literal["at_least", "at_most", "equals", "held_back"]


class RowKey(NamedTuple):
    """Identifies one row of a rule; a part is empty when the group does not hold exactly one.

    Parameters
    ----------
    rule
        Name of the rule in the scenario.
    level, territory
        Level and code of the territory of the group.
    measure, year
        The group's measure and year.
    side
        Which bound the row states.
    """

    rule: str
    level: str
    territory: str
    measure: str
    year: int | None
    side: Side

    def __str__(self) -> str:
        territory = f"{self.level}:{self.territory}" if self.territory else "-"
        year = "-" if self.year is None else str(self.year)
        return "/".join((self.rule, territory, self.measure or "-", year, self.side))


OWN_AMOUNTS = frozenset({"held_back", "transferred"})
"""Roles of the columns that rules have of their own: what reserves hold and transfers move."""


class AuxiliaryKey(NamedTuple):
    """Identifies a row or column that states an objective, a reserve or a definition.

    Parameters
    ----------
    owner
        Name of the objective or rule that needs it.
    role
        What it is, e.g. ``shortfall`` or ``gap``.
    level, territory, measure, year
        As for `RowKey`; of a pair of territories both codes, with + between them.
    """

    owner: str
    role: str
    level: str
    territory: str
    measure: str
    year: int | None

    def __str__(self) -> str:
        territory = f"{self.level}:{self.territory}" if self.territory else "-"
        year = "-" if self.year is None else str(self.year)
        return "/".join((self.owner, self.role, territory, self.measure or "-", year))


class CellKey(NamedTuple):
    """Identifies one decision: places (or money) newly funded in a territory, measure and year."""

    level: str
    territory: str
    measure: str
    year: int

    def __str__(self) -> str:
        return f"x/{self.level}:{self.territory}/{self.measure}/{self.year}"


class ProjectKey(NamedTuple):
    """Identifies the decision on a project: taken whole (1) or not at all (0)."""

    project: str

    def __str__(self) -> str:
        return f"z/{self.project}"


ColumnKey = CellKey | AuxiliaryKey | ProjectKey


class Where(NamedTuple):
    """What a variable or row of an objective stands for."""

    level: str = ""
    territory: str = ""
    measure: str = ""
    year: int | None = None
