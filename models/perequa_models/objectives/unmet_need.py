"""Declared needs that the plan does not meet."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import ObjectiveSpec
from perequa_models.strict import ColumnRef, Name, Text


class UnmetNeed(ObjectiveSpec):
    """Sum over territories of max(0, declared need − places)."""

    kind: Literal["unmet_need"]
    level: Text
    measure: Name
    need: ColumnRef
