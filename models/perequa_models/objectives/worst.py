"""The largest shortfall of any territory."""

from __future__ import annotations

from typing import Literal

from perequa_models.objectives.grammar import GapSpec


class Worst(GapSpec):
    """Largest max(0, target − rate)."""

    kind: Literal["worst"]
