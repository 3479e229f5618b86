"""The least a territory receives (circular of 30 August 2004, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import bounded_rows

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.rules.primitive import Work


class Floor(RuleSpec):
    """No group receives less than its floor."""

    kind: Literal["floor"]


def rows(work: Work, name: str, spec: Floor) -> list[RuleRow]:
    """Σ q ≥ L: no group receives less."""
    return bounded_rows(work, name, spec, "places")
