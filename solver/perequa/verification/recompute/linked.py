"""Rules that look at another rule or at what is already there (scenario reference, section 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.figures import equals
from perequa.verification.recompute.groups import groups, selected_cells
from perequa.verification.recompute.limits import adjusted, amount, amounts, limit_of, sum_over
from perequa.verification.recompute.rules import (
    ExpectedRow,
    combined,
    quantity_of,
    row_id,
    summing_row,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model


def ceiling_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State G ≤ max(L, base carried), and the two exceptions of the circular."""
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        limit = limit_of(model, spec["at_most"], group)
        if limit is None:
            continue
        carried = sum_over(model.supply.base_carried, group.cells)
        exception = _exception(model, spec, group)
        if exception == "clapet":
            limit = carried
        elif exception == "mecanique" and spec["exceptions"].get("amount"):
            limit = carried + amount(model, spec["exceptions"]["amount"]["column"], group)
        elif spec.get("above", "freeze") == "freeze":
            limit = max(limit, carried)
        rows.append(summing_row(model, name, spec, group, "at_most", limit))
    return rows


def _exception(model: Model, spec: Mapping[str, Any], group: Group) -> str:
    if not spec.get("exceptions") or len(group.territories) != 1:
        return ""
    node = int(model.tree.deciding[group.territories[0]])
    word = model.figures.word(spec["exceptions"]["column"], node)
    return next((known for known in ("clapet", "mecanique") if equals(word, known)), "")


def reserve_rows(
    model: Model, name: str, spec: Mapping[str, Any], rows: list[ExpectedRow]
) -> list[ExpectedRow]:
    """State R = s·L or R = amount for each row of the rule it is taken from.

    Parameters
    ----------
    rows
        All rows so far; those of the rule taken from come to hold the reserve.
    """
    held = []
    for i, row in enumerate(rows):
        if row.rule != spec["of"]:
            continue
        if spec.get("share") is not None:
            limit = float(spec["share"]) * row.written
        else:
            limit = amounts(model, spec["amount"], row.group)
        reserve = ExpectedRow(
            id=row_id(name, row.group, "equals"),
            rule=name,
            kind=spec["kind"],
            side="equals",
            unit=row.unit,
            group=row.group,
            cells=np.zeros(0, dtype=np.intp),
            values=np.zeros(0),
            each=np.zeros(len(model.projects.order)),
            constant=0.0,
            limit=adjusted(model, spec, row.group, "equals", limit),
            written=limit,
            held=True,
        )
        held.append(reserve)
        rows[i] = replace(row, holds=(*row.holds, reserve.id))
    return held


def set_aside_rows(
    model: Model, name: str, spec: Mapping[str, Any], rows: list[ExpectedRow]
) -> list[ExpectedRow]:
    """State Σ k outside the selection ≤ L − A for each row of the rule it is set aside in."""
    inside = np.flatnonzero(selected_cells(model, spec))
    found = []
    for row in rows:
        if row.rule != spec["of"]:
            continue
        other = model.rules[row.rule]
        outside = np.setdiff1d(row.group.cells, inside)
        quantity = model.supply.quantities[quantity_of(other)]
        places, values, constant = combined(model, quantity, outside)
        limit = row.written - float(spec["set_aside"])
        found.append(
            ExpectedRow(
                id=row_id(name, row.group, "at_most"),
                rule=name,
                kind=spec["kind"],
                side="at_most",
                unit=row.unit,
                group=row.group,
                cells=places,
                values=values,
                each=model.projects.in_cells(quantity_of(other), outside),
                constant=constant,
                limit=adjusted(model, spec, row.group, "at_most", limit),
                written=limit,
            )
        )
    return found


def withhold_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State Σ k = amount where an amount is stated; otherwise no row."""
    if spec.get("amount") is None:
        return []
    return [
        summing_row(model, name, spec, group, "equals", amounts(model, spec["amount"], group))
        for group in groups(model, spec, selected_cells(model, spec))
    ]


def withheld_groups(model: Model) -> list[tuple[str, Group]]:
    """Groups whose credits are shared out but not delivered, with their row in ``rules.csv``."""
    return [
        (row_id(name, group, "held_back"), group)
        for name, spec in model.rules.items()
        if spec["kind"] == "withhold"
        for group in groups(model, spec, selected_cells(model, spec))
    ]
