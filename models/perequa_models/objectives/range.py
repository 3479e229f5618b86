"""The gap between the extreme rates, the aim stated in circular 98-199, III A."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import GapSpec


class Range(GapSpec):
    """Largest rate less smallest rate."""

    kind: Literal["range"]
