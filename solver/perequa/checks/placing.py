"""Problems given their file, line and column."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perequa.io.findings import Details, Finding

if TYPE_CHECKING:
    from perequa.io.scenario_files import RawScenario
    from perequa.io.tables import RawTable
    from perequa.io.yaml_nodes import Origin
    from perequa_models.problems import Path, Problem

AT_THE_KEY = frozenset({"unknown_key", "wrong_key"})
"""Problems of a key itself: they are placed at the key, the others at the value."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things stand in the files of a scenario.

    Parameters
    ----------
    raw
        The scenario as read.
    tables
        Tables read, by key (``file`` or ``file#sheet``).
    """

    raw: RawScenario
    tables: dict[str, RawTable] = field(default_factory=dict)

    def finding(self, problem: Problem) -> Finding:
        """Give a problem its place: the cell when it names one, else the scenario's value."""
        details: Details = {
            "received": problem.received,
            "accepted": problem.accepted,
            "nearest": problem.nearest,
            "remedy": problem.remedy,
        }
        cell = problem.cell
        if cell is not None and cell.table in self.tables:
            table = self.tables[cell.table]
            placed = table.finding(problem.code, problem.message, cell.row, cell.column, **details)
            return placed if problem.severity == "error" else _as_warning(placed)
        origin = self._origin(problem.path, at_key=problem.code in AT_THE_KEY)
        from_set = origin is not None and origin.override.startswith("--set")
        file = self.raw.shown(self.raw.main)
        if origin is not None:
            file = origin.override if from_set else self.raw.shown(origin.file)
        return Finding(
            code=problem.code,
            message=problem.message,
            severity=problem.severity,
            file=file,
            line=None if from_set or origin is None else origin.line,
            column=None if from_set or origin is None else origin.column,
            key=".".join(str(step) for step in problem.path),
            **details,
        )

    def _origin(self, path: Path, *, at_key: bool) -> Origin | None:
        """Return the origin of the value at a path, or of the nearest mapping around it."""
        if at_key and path in self.raw.keys:
            return self.raw.keys[path]
        for length in range(len(path), -1, -1):
            if path[:length] in self.raw.origins:
                return self.raw.origins[path[:length]]
        return None


def _as_warning(finding: Finding) -> Finding:
    return replace(finding, severity="warning")
