"""Part of a contingent or envelope kept back (circular 98-199, III A: 10 % of the places)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.strict import ColumnRef, Name, Number


class Reserve(RuleSpec):
    """What is held back counts against the rule it is taken from."""

    kind: Literal["reserve"]
    of: Name
    share: Number | None = None
    amount: Number | ColumnRef | None = None
