"""Credits that must be spent in, or may go only to, some territories (*crédits fléchés*)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.strict import Name, Number


class RingFence(RuleSpec):
    """Either a least amount spent there, or an amount of another rule nobody else may use."""

    kind: Literal["ring_fence"]
    set_aside: Number | None = None
    of: Name | None = None
