"""The most a territory can take, e.g. its authorised-unfunded places (circular 98-199, III A)."""

from __future__ import annotations

from typing import Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.strict import Flag


class Cap(RuleSpec):
    """No group receives more than its cap; over the whole plan unless `year` is in `by`."""

    kind: Literal["cap"]
    cumulative: Flag = False
