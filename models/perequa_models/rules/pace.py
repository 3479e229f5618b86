"""How fast a stock or a budget may grow or must grow from one year to the next."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.strict import Number


class Pace(RuleSpec):
    """Growth of each group between two years stays between two rates."""

    kind: Literal["pace"]
    growth_at_least: Number | None = None
    growth_at_most: Number | None = None
