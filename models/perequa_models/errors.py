"""Every error Perequa raises on purpose.

::

    PerequaError                exit status 1 unless stated
    ├── UsageError              2  the command cannot be carried out as asked
    │   └── NotInThisVersion    2  a word of the format that is not built yet
    ├── InvalidScenario         3  carries the findings, all of them
    │   └── InvalidInput        3  the same, each with its file and line (perequa.io.findings)
    ├── Infeasible              4  no plan satisfies every rule
    │   └── NoWholePlan         4  a plan does, but none in whole places
    ├── NotProven               5  a limit was reached, or the solver failed
    ├── RunFolderWrong          6  a run folder does not verify
    ├── NoPrices                2  a price was asked of something that has none
    └── InternalError           1  should not happen: asks for a report
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.problems import Problem


class PerequaError(Exception):
    """Root of the tree; `exit_status` is what the command line returns."""

    exit_status = 1


class UsageError(PerequaError):
    """The command cannot be carried out as asked."""

    exit_status = 2


class NotInThisVersion(UsageError):
    """A word of the public format whose machinery is not built yet.

    Parameters
    ----------
    what
        The word as the planner wrote it, e.g. ``rules.projects.kind: selection``.
    instead
        Why, and what to do instead; empty where nothing is known to help.
    """

    def __init__(self, what: str, instead: str = "") -> None:
        self.what = what
        said = f"{what}: not in this version"
        super().__init__(f"{said} ({instead})" if instead else said)


class InvalidScenario(PerequaError):
    """The scenario or its data are wrong; holds every problem found.

    Parameters
    ----------
    problems
        At least one of severity ``error``.
    """

    exit_status = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.message for problem in self.problems))


class Infeasible(PerequaError):
    """No plan satisfies every rule (confirmed by a checked Farkas ray)."""

    exit_status = 4


class NoWholePlan(Infeasible):
    """A plan satisfies every rule, but none in whole places."""


class NotProven(PerequaError):
    """A limit was reached without proof, or the solver failed."""

    exit_status = 5


class RunFolderWrong(PerequaError):
    """A run folder does not verify."""

    exit_status = 6


class NoPrices(UsageError):
    """A price was asked of a run that has none; says which and why."""


class InternalError(PerequaError):
    """Something that cannot happen did: please report it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (this is a fault in Perequa: please report it)")
