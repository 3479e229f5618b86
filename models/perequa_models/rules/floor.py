"""The least a territory receives (circular of 30 August 2004, section 2)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec


class Floor(RuleSpec):
    """No group receives less than its floor."""

    kind: Literal["floor"]
