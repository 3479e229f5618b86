"""Places that differ from the circular's own allocation."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import ObjectiveSpec
from perequa_models.strict import Text


class DistanceToReference(ObjectiveSpec):
    """Sum over territories of abs(places − reference places)."""

    kind: Literal["distance_to_reference"]
    level: Text
