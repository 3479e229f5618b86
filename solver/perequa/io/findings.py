"""Findings: problems with the file, line and column (or sheet and cell) where they stand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from perequa_models.errors import InvalidScenario
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["error", "warning"]
_ORDER = (
    *("code", "severity", "file", "sheet", "line", "column", "key"),
    *("received", "accepted", "nearest", "remedy", "message"),
)


class Details(TypedDict, total=False):
    """What a finding may add to its message."""

    received: str
    accepted: str
    nearest: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong or doubtful, told so that it can be found and put right.

    Attributes
    ----------
    code
        Stable word for programs, e.g. ``unknown_key``.
    severity
        ``error`` makes the scenario invalid, ``warning`` does not.
    message
        One sentence: what is wrong.
    file
        The file as the command line would name it; ``--set …`` for a value given there.
    sheet
        Sheet of a workbook, empty for other files.
    line, column
        From 1; of a table, the line of the file (row of the sheet) and the rank of the field.
    key
        Dotted path in the scenario, or name of the table's column.
    received, accepted, nearest, remedy
        The value found, what would be accepted, the nearest known name, what to do.
    """

    code: str
    message: str
    severity: Severity = "error"
    file: str = ""
    sheet: str = ""
    line: int | None = None
    column: int | None = None
    key: str = ""
    received: str = ""
    accepted: str = ""
    nearest: str = ""
    remedy: str = ""

    @property
    def place(self) -> str:
        """Where it stands: ``file:line:column``, or ``file:sheet!B4`` in a workbook."""
        if self.sheet:
            cell = f"{column_letters(self.column or 1)}{self.line}" if self.line else ""
            return f"{self.file}:{self.sheet}!{cell}" if cell else f"{self.file}:{self.sheet}"
        parts = [self.file] if self.file else []
        parts += [str(n) for n in (self.line, self.column if self.line else None) if n]
        return ":".join(parts)

    def __str__(self) -> str:
        details = [
            f"{word} {text}"
            for word, text in (
                ("received", shortened(self.received)),
                ("accepted", self.accepted),
                ("did you mean", self.nearest and f"{self.nearest}?"),
            )
            if text
        ]
        told = f"{self.severity}: {self.message}"
        told += f" ({'; '.join(details)})" if details else ""
        told += f" → {self.remedy}" if self.remedy else ""
        return one_line(f"{self.place}: {told}" if self.place else told)

    def as_record(self) -> dict[str, str | int | None]:
        """Return the finding as a mapping for JSON, in the order of the reference."""
        record = asdict(self)
        return {name: None if record[name] == "" else record[name] for name in _ORDER}


class InvalidInput(InvalidScenario):
    """Files that cannot make a scenario; `findings` says where and why, warnings included."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__([as_problem(finding) for finding in findings])


def as_problem(finding: Finding) -> Problem:
    """Return a finding as a problem whose message holds its place."""
    return Problem(
        code=finding.code,
        message=f"{finding.place}: {finding.message}" if finding.place else finding.message,
        severity=finding.severity,
        received=finding.received,
        accepted=finding.accepted,
        nearest=finding.nearest,
        remedy=finding.remedy,
    )


def findings_of(error: InvalidScenario) -> tuple[Finding, ...]:
    """Return the findings an error carries; problems without a file become findings without one."""
    if isinstance(error, InvalidInput):
        return error.findings
    return tuple(
        Finding(
            code=problem.code,
            message=problem.message,
            severity=problem.severity,
            key=".".join(str(part) for part in problem.path),
            received=problem.received,
            accepted=problem.accepted,
            nearest=problem.nearest,
            remedy=problem.remedy,
        )
        for problem in error.problems
    )


def column_letters(rank: int) -> str:
    """Name a column of a sheet by its letters: 1 is A, 27 is AA."""
    letters = ""
    while rank > 0:
        rank, rest = divmod(rank - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def shortened(text: str, most: int = 80) -> str:
    """Cut a long text, so that a message stays readable."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


SPACES = "\u00a0\u202f"
"""Spaces of French figures, which Python does not call printable."""


def one_line(text: str) -> str:
    """Write control characters visibly: a finding is one line whatever the file holds."""
    return "".join(c if c.isprintable() or c in SPACES else repr(c)[1:-1] for c in text)
