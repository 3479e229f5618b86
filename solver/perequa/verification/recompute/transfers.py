"""Money that moves from one envelope to another (scenario reference, section 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.limits import adjusted, limit_of
from perequa.verification.recompute.rules import ExpectedRow, row_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats


def transfer_rows(
    model: Model, name: str, spec: Mapping[str, Any], rows: list[ExpectedRow]
) -> list[ExpectedRow]:
    """State T ≤ L for each group of the rule the money comes from.

    Parameters
    ----------
    rows
        All rows so far; those of the two rules come to hold what moves.
    """
    moving: dict[tuple[object, object], ExpectedRow] = {}
    for row in rows:
        where = (row.group.label, row.group.year)
        if row.rule != spec["from"] or where in moving:
            continue
        limit = limit_of(model, spec["at_most"], row.group)
        if limit is None:
            continue
        group = replace(row.group, measure="")
        moving[where] = ExpectedRow(
            id=row_id(name, group, "at_most"),
            rule=name,
            kind=spec["kind"],
            side="at_most",
            unit="money",
            group=group,
            cells=np.zeros(0, dtype=np.intp),
            values=np.zeros(0),
            each=np.zeros(len(model.projects.order)),
            constant=0.0,
            limit=adjusted(model, spec, group, "at_most", limit),
            written=limit,
            held=True,
        )
    for i, row in enumerate(rows):
        share = {spec["from"]: 1.0, spec["to"]: -1.0}.get(row.rule)
        moved = moving.get((row.group.label, row.group.year))
        if share is not None and moved is not None:
            rows[i] = replace(row, holds={**row.holds, moved.id: share})
    return list(moving.values())


def amounts_of(rows: Sequence[ExpectedRow], bare: Floats, limits: Floats) -> dict[str, float]:
    """What reserves hold back, and the least that transfers must move at a plan.

    Parameters
    ----------
    rows
        Every rule row.
    bare, limits
        (m,): activity of each without such amounts, and the limit it stands at.
    """
    amounts = {
        row.id: float(limits[i]) for i, row in enumerate(rows) if row.held and row.side == "equals"
    }
    for moving in [row.id for row in rows if row.held and row.side != "equals"]:
        needs = [0.0]
        for i, row in enumerate(rows):
            share = row.holds.get(moving, 0.0)
            over = with_amounts(row, float(bare[i]), amounts) - float(limits[i])
            if share > 0 and row.side != "at_most":
                needs.append(-over)
            elif share < 0 and row.side != "at_least":
                needs.append(over)
        amounts[moving] = max(needs)
    return amounts


def with_amounts(row: ExpectedRow, bare: float, amounts: Mapping[str, float]) -> float:
    """Activity of a row, what is held back or moved included."""
    if row.held:
        return amounts.get(row.id, 0.0)
    return bare + sum(share * amounts.get(name, 0.0) for name, share in row.holds.items())
