"""The most a territory can take, e.g. its authorised-unfunded places (circular 98-199, III A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import bounded_rows
from perequa_models.strict import Flag

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.rules.primitive import Work


class Cap(RuleSpec):
    """No group receives more than its cap; over the whole plan unless `year` is in `by`."""

    kind: Literal["cap"]
    cumulative: Flag = False
    """`true`: with `year` in `by`, a year's cap holds for all years up to it together."""


def rows(work: Work, name: str, spec: Cap) -> list[RuleRow]:
    """Σ q ≤ L over the plan, or up to each year when cumulative."""
    return bounded_rows(work, name, spec, "places", cumulative=spec.cumulative)
