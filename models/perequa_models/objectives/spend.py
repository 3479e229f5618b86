"""Credits spent."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import ObjectiveSpec


class Spend(ObjectiveSpec):
    """Sum of all credits of all years."""

    kind: Literal["spend"]
