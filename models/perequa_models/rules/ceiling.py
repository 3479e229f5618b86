"""A tariff ceiling on the budget of an establishment: DOMINIC + 35 % (circular of 30 August 2004)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.strict import ColumnRef, Strict, Text


class Exceptions(Strict):
    """The two exceptions of the circular: *clapet anti-retour* and *effet mécanique*."""

    column: Text
    amount: ColumnRef | None = None


class Ceiling(RuleSpec):
    """Base plus new money stays within the ceiling; who is above already gets nothing new."""

    kind: Literal["ceiling"]
    above: Literal["freeze", "forbid"] = "freeze"
    exceptions: Exceptions | None = None
