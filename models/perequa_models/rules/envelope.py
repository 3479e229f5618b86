"""A closed total of credits that cannot be exceeded (L.314-3 and L.314-4 CASF)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec


class Envelope(RuleSpec):
    """Credits delegated plus what is held in reserve stay within the envelope."""

    kind: Literal["envelope"]
