"""A closed total of credits that cannot be exceeded (L.314-3 and L.314-4 CASF)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import bounded_rows

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.rules.primitive import Work


class Envelope(RuleSpec):
    """Credits delegated plus what is held in reserve stay within the envelope."""

    kind: Literal["envelope"]


def rows(work: Work, name: str, spec: Envelope) -> list[RuleRow]:
    """Σ k + R ≤ L: credits plus the reserve stay within the envelope."""
    return bounded_rows(work, name, spec, "credits")
