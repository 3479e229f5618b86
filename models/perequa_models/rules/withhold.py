"""Money shared out but not delivered until data arrive (circular of 30 August 2004, 1 A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.instance import Term, Withheld
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import BOUNDS, refuse_unused
from perequa_models.strict import ColumnRef, Number

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.rules.primitive import Work


class Withhold(RuleSpec):
    """The plan is the same, its delivery is not; `amount` fixes the sum held for the selection."""

    kind: Literal["withhold"]
    amount: Number | ColumnRef | None = None
    """Credits held for the territories named, in the currency: a number, or a column; what the
    plan gives them where it is left out."""


def rows(work: Work, name: str, spec: Withhold) -> list[RuleRow]:
    """Σ k = amount, where an amount is stated; otherwise no row in the program."""
    written = []
    path = ("rules", name)
    refuse_unused(work, name, spec, (*BOUNDS, "in_"))
    for group in work.groups(spec, path):
        cells = group.cells(work.shape)
        work.withheld.append(Withheld(key=work.key(name, group, "held_back"), cells=cells))
        if spec.amount is None:
            continue
        if isinstance(spec.amount, ColumnRef):
            amount = work.limits.column_value(spec.amount.column, group, (*path, "amount"))
        else:
            amount = spec.amount
        if amount is not None:
            terms = (Term(quantity="credits", cells=cells),)
            written.append(work.row(name, spec, group, "equals", amount, terms, unit="money"))
    return written
