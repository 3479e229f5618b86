"""Distance to the target rate on either side, summed."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import GapSpec


class AbsoluteGap(GapSpec):
    """Sum over territories of w·abs(target − rate)."""

    kind: Literal["absolute_gap"]
