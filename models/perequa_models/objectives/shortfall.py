"""Places missing to the target rate, summed."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import GapSpec


class Shortfall(GapSpec):
    """Sum over territories of w·max(0, target − rate)."""

    kind: Literal["shortfall"]
