"""Problems found in a scenario, gathered rather than raised one at a time."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""A place in the scenario: ``("rules", "floor", "at_least")``."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: the table's file as named in the scenario, data row from 0, column name.

    `row` is None for the header (a missing or superfluous column).
    """

    table: str
    row: int | None
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong (or doubtful) in a scenario, before files and lines are attached.

    Attributes
    ----------
    code
        Stable word for programs, e.g. ``unknown_territory``.
    message
        One sentence: what is wrong.
    path
        Where in the scenario, when it is there.
    cell
        Where in a table, when it is there.
    received, accepted, nearest, remedy
        The value found, what would be accepted, the nearest known name, what to do.
    """

    code: str
    message: str
    severity: Literal["error", "warning"] = "error"
    path: Path = ()
    cell: Cell | None = None
    received: str = ""
    accepted: str = ""
    nearest: str = ""
    remedy: str = ""


@dataclass(slots=True)
class Problems:
    """A list of problems that grows while a scenario is checked."""

    found: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, **details: object) -> None:
        """Note an error; `details` are the other fields of `Problem`."""
        self.found.append(Problem(code=code, message=message, **details))  # type: ignore[arg-type]

    def warning(self, code: str, message: str, **details: object) -> None:
        """Note a warning: the scenario stays valid."""
        self.found.append(
            Problem(code=code, message=message, severity="warning", **details)  # type: ignore[arg-type]
        )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the scenario invalid."""
        return tuple(p for p in self.found if p.severity == "error")

    def stop_if_wrong(self) -> None:
        """Raise when at least one error was noted.

        Raises
        ------
        InvalidScenario
            With every problem found so far, warnings included.
        """
        if self.errors:
            raise InvalidScenario(self.found)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name nearest to `name`, or an empty text."""
    close = difflib.get_close_matches(name, [str(k) for k in known], n=1, cutoff=0.6)
    return close[0] if close else ""
