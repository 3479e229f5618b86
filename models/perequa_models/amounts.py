"""Amounts that rules hold or move, for a plan that is told by its cells alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perequa_models.instance import Instance, RuleRow
    from perequa_models.keys import RowKey
    from perequa_models.quantities import Quantities


def amounts_at(instance: Instance, plan: Quantities) -> dict[RowKey, float]:
    """Return what reserves hold back, and the least that transfers must move at a plan.

    A transfer moves what the row that receives exceeds its limit by, or what the row that gives
    must still hand out: a row takes part in one transfer at most, so that each stands alone.
    """
    amounts = {row.key: row.limit for row in instance.rows if row.fixes}
    for moving in (row.key for row in instance.rows if row.moves):
        needs = [0.0]
        for row in instance.rows:
            if moving in row.holds and row.key.side != "at_most":
                needs.append(row.limit - activity_at(row, plan, amounts))
            elif moving in row.receives and row.key.side != "at_least":
                needs.append(activity_at(row, plan, amounts) - row.limit)
        amounts[moving] = max(needs)
    return amounts


def activity_at(row: RuleRow, plan: Quantities, amounts: dict[RowKey, float]) -> float:
    """Sum what a row bounds; amounts that are not known count for nothing."""
    if row.held:
        return amounts.get(row.key, 0.0)
    total = row.constant
    total += sum(amounts.get(key, 0.0) for key in row.holds)
    total -= sum(amounts.get(key, 0.0) for key in row.receives)
    for term in row.terms:
        total += term.factor * float(getattr(plan, term.quantity).ravel()[term.cells].sum())
    return float(total)
