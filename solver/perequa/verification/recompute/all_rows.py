"""Every row of every active rule, in the order that linked rules need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.campaign import built_rows
from perequa.verification.recompute.linked import (
    ceiling_rows,
    converge_rows,
    reserve_rows,
    set_aside_rows,
    withhold_rows,
)
from perequa.verification.recompute.phased import milestones_rows, until_opening_rows
from perequa.verification.recompute.rules import (
    QUANTITY,
    ExpectedRow,
    deadline_rows,
    pace_rows,
    summing_rows,
)
from perequa.verification.recompute.targets import distance_rows
from perequa.verification.recompute.transfers import transfer_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model


OWN = {
    "ceiling": ceiling_rows,
    "deadline": deadline_rows,
    "distance": distance_rows,
    "milestones": milestones_rows,
    "pace": pace_rows,
    "until_opening": until_opening_rows,
    "withhold": withhold_rows,
}
"""Kinds whose rows are more than a sum against a limit, and that look at no other rule."""
CHANGING = {
    "converge": (0, converge_rows),
    "transfer": (1, transfer_rows),
    "reserve": (2, reserve_rows),
    "ring_fence": (2, set_aside_rows),
}
"""Kinds that look at rows of other rules, or change them, and the turn of each."""


def expected_rows(model: Model) -> list[ExpectedRow]:
    """State every row the scenario's active rules write.

    Raises
    ------
    Unreadable
        When a rule kind is unknown to `verify`, or a figure it needs is not stated.
    """
    rows: list[ExpectedRow] = []
    changing: list[tuple[int, str, Mapping[str, Any]]] = []
    for name, spec in sorted(model.rules.items()):
        kind = spec["kind"]
        if kind in CHANGING and (kind != "ring_fence" or spec.get("set_aside") is not None):
            changing.append((CHANGING[kind][0], name, spec))
        elif kind == "envelope" and spec.get("at_most") == "built":
            rows += built_rows(model, name, spec)
        elif kind in OWN:
            rows += OWN[kind](model, name, spec)
        elif kind in QUANTITY:
            rows += summing_rows(model, name, spec)
        else:
            raise Unreadable("run.json", f"rules.{name}: verify does not know kind {kind!r}")
    for _, name, spec in sorted(changing, key=lambda entry: entry[:2]):
        rows += CHANGING[spec["kind"]][1](model, name, spec, rows)
    return rows
