"""A number of places to hand out (S9, S14, S16)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec


class Contingent(RuleSpec):
    """Places handed out plus what is held in reserve meet the contingent."""

    kind: Literal["contingent"]
