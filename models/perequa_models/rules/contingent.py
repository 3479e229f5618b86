"""A number of places to hand out (S9, S14, S16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import bounded_rows

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.rules.primitive import Work


class Contingent(RuleSpec):
    """Places handed out plus what is held in reserve meet the contingent."""

    kind: Literal["contingent"]


def rows(work: Work, name: str, spec: Contingent) -> list[RuleRow]:
    """Σ x + R = L: places handed out plus the reserve meet the contingent."""
    return bounded_rows(work, name, spec, "places")
