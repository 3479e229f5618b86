"""Which checks each study calls for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from perequa.verification.studies import frontier, implied, limit, margins, sweep, triangle, weights
from perequa.verification.studies.plans import check_described

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.verification.outcome import Check
    from perequa.verification.studies.opened import Study

Called = list[tuple[int, str, "Callable[[Study], Check]"]]

CHECKS: Mapping[str, Called] = {
    "breakpoints": [
        (3, "plan", weights.check_plans),
        (4, "optimum", weights.check_optima),
        (11, "study", weights.check_tables),
    ],
    "curve": [
        (3, "plan", limit.check_plans),
        (4, "optimum", limit.check_optima),
        (11, "study", limit.check_tables),
    ],
    "frontier": [
        (3, "plan", partial(check_described, file=frontier.FILE, mark="point")),
        (4, "optimum", frontier.check_optima),
        (11, "study", frontier.check_tables),
    ],
    "implied": [
        (3, "plan", implied.check_allocation),
        (4, "optimum", implied.check_optima),
        (11, "study", implied.check_tables),
    ],
    "margins": [
        (3, "plan", margins.check_plans),
        (4, "optimum", margins.check_optima),
    ],
    "acceptability": [
        (4, "optimum", sweep.check_optima),
        (11, "study", sweep.check_counts),
    ],
    "triangle": [
        (3, "plan", partial(check_described, file=triangle.FILE, mark="plan")),
        (4, "optimum", triangle.check_optima),
        (11, "study", triangle.check_tables),
    ],
}
"""The checks of a study by its main table: number, name and what makes it."""


def called_for(study: Study) -> Called:
    """List the checks of a study's figures."""
    return CHECKS[next(iter(study.record["tables"]))]
