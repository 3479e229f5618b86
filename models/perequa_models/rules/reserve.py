"""Part of a contingent or envelope kept back (circular 98-199, III A: 10 % of the places)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.figures.limits import adjusted
from perequa_models.instance import RuleRow
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import (
    BOUNDS,
    SELECTORS,
    not_negative,
    refuse_unused,
    rows_of,
)
from perequa_models.strict import ColumnRef, Name, Number, Strict

if TYPE_CHECKING:
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work


class Overruns(Strict):
    """What establishments above a ceiling exceed it by without justification."""

    overruns: Name
    """Name of the `ceiling` that establishments exceed without justification."""


class Reserve(RuleSpec):
    """What is held back counts against the rule it is taken from."""

    kind: Literal["reserve"]
    of: Name
    """Name of the rule of whose limit a part is held back."""
    share: Number | None = None
    """Share of that limit that is held back: 0.10 for 10 %; either this or `amount`."""
    amount: Number | ColumnRef | Overruns | None = None
    """Amount held back, in the unit of that rule: a number, a column, or the overruns of a
    ceiling; either this or `share`."""


def rows(work: Work, name: str, spec: Reserve) -> list[RuleRow]:
    """R = s·L or R = amount: one row for each row of the rule it is taken from."""
    path = ("rules", name)
    if (spec.share is None) == (spec.amount is None):
        work.source.problems.error(
            "no_bound",
            f"rule {name} needs a share or an amount, not both",
            path=path,
            received="both" if spec.share is not None else "neither",
            accepted="share or amount",
            remedy="state share: 0.10, or an amount",
        )
        return []
    refuse_unused(work, name, spec, (*BOUNDS, *SELECTORS, "in_"))
    taken_from = rows_of(work, spec.of, path)
    if isinstance(spec.amount, Overruns):
        amounts = _due_in_turn(work, name, spec.amount.overruns, taken_from)
    else:
        amounts = [_amount(work, name, spec, row) for row in taken_from]
    written = [
        _row(work, name, spec, row, amount) for row, amount in zip(taken_from, amounts, strict=True)
    ]
    held = {row.key: mine.key for row, mine in zip(taken_from, written, strict=True)}
    work.rows[spec.of] = [replace(row, holds=(*row.holds, held[row.key])) for row in taken_from]
    return written


def _amount(work: Work, name: str, spec: Reserve, taken_from: RuleRow) -> float:
    """Return what one row holds back."""
    if isinstance(spec.amount, ColumnRef):
        group = work.group_of(taken_from.key)
        return work.limits.column_value(spec.amount.column, group, ("rules", name, "amount")) or 0.0
    if isinstance(spec.amount, float):
        return spec.amount
    # the stated limit, not the adjusted one: a price moves one limit, this one stays
    return (spec.share or 0.0) * taken_from.stated


def _due_in_turn(work: Work, name: str, ceiling: str, taken_from: list[RuleRow]) -> list[float]:
    """Share out unjustified overruns over the delegations, the earliest first.

    *À due concurrence*: a delegation loses what its establishments owe, and no more than it is;
    the rest waits for the next one.
    """
    path: Path = ("rules", name, "amount")
    rows_of(work, ceiling, path, key="overruns")
    due = np.zeros(work.shape[0])
    for over in work.overruns:
        if over.rule == ceiling:
            due[over.members] += over.due
    amounts = [0.0] * len(taken_from)
    order = sorted(range(len(taken_from)), key=lambda i: (taken_from[i].key.year or 0, i))
    for i in order:
        members = work.group_of(taken_from[i].key).members
        owed = float(due[members].sum())
        if owed > 0:
            amounts[i] = min(owed, taken_from[i].stated)
            due[members] *= 1.0 - amounts[i] / owed
    left = float(due.sum())
    if left > 0.005:
        work.source.problems.warning(
            "overruns_left",
            f"{left:,.2f} of the overruns are deducted from no delegation of this plan",
            path=path,
            received=f"{left:,.2f}",
            accepted="delegations as large as what their establishments owe",
            remedy="deduct the rest from a delegation after the plan",
        )
    return amounts


def _row(work: Work, name: str, spec: Reserve, taken_from: RuleRow, stated: float) -> RuleRow:
    key = taken_from.key._replace(rule=name, side="equals")
    work.groups_of[key] = work.group_of(taken_from.key)
    not_negative(work, stated, ("rules", name, "share" if spec.amount is None else "amount"))
    limit, _ = adjusted(stated, spec.adjust, key)
    return RuleRow(
        key=key,
        kind=spec.kind,
        unit=taken_from.unit,
        limit=limit,
        stated=stated,
        terms=(),
        held=True,
    )
