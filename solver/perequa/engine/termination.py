"""How a solve ended."""

from __future__ import annotations

from enum import Enum


class Termination(Enum):
    """What a solver's status means for a planner."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    LIMIT = "limit"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
