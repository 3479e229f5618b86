"""Part of a contingent or envelope kept back (circular 98-199, III A: 10 % of the places)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

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
from perequa_models.strict import ColumnRef, Name, Number

if TYPE_CHECKING:
    from perequa_models.rules.primitive import Work


class Reserve(RuleSpec):
    """What is held back counts against the rule it is taken from."""

    kind: Literal["reserve"]
    of: Name
    share: Number | None = None
    amount: Number | ColumnRef | None = None


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
    written = [_row(work, name, spec, row) for row in taken_from]
    held = {row.key: mine.key for row, mine in zip(taken_from, written, strict=True)}
    work.rows[spec.of] = [replace(row, holds=(*row.holds, held[row.key])) for row in taken_from]
    return written


def _row(work: Work, name: str, spec: Reserve, taken_from: RuleRow) -> RuleRow:
    key = taken_from.key._replace(rule=name, side="equals")
    work.groups_of[key] = work.group_of(taken_from.key)
    if isinstance(spec.amount, ColumnRef):
        group = work.group_of(taken_from.key)
        value = work.limits.column_value(spec.amount.column, group, ("rules", name, "amount"))
        stated = value or 0.0
    elif spec.amount is not None:
        stated = spec.amount
    else:
        # the stated limit, not the adjusted one: a price moves one limit, this one stays
        stated = (spec.share or 0.0) * taken_from.stated
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
