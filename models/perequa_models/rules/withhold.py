"""Money shared out but not delivered until data arrive (circular of 30 August 2004, 1 A)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.strict import ColumnRef, Number


class Withhold(RuleSpec):
    """The plan is the same, its delivery is not; `amount` fixes the sum held for the selection."""

    kind: Literal["withhold"]
    amount: Number | ColumnRef | None = None
