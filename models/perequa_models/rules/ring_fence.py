"""Credits that must be spent in, or may go only to, some territories (*crédits fléchés*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.figures.limits import adjusted
from perequa_models.figures.selection import decision_territories
from perequa_models.instance import RuleRow, Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import (
    BOUNDS,
    SELECTORS,
    bounded_rows,
    not_negative,
    refuse_unused,
    rows_of,
)
from perequa_models.strict import Name, Number

if TYPE_CHECKING:
    from perequa_models.rules.primitive import Work
    from perequa_models.tree import Indices


class RingFence(RuleSpec):
    """Either a least amount spent there, or an amount of another rule nobody else may use."""

    kind: Literal["ring_fence"]
    set_aside: Number | None = None
    """Amount of the rule `of`, in the currency, that only the territories named may use;
    instead of `at_least`."""
    of: Name | None = None
    """Name of the rule that `set_aside` is part of."""


def rows(work: Work, name: str, spec: RingFence) -> list[RuleRow]:
    """Σ over T of k ≥ A; with `set_aside`, Σ outside T of k ≤ L of the other rule − A."""
    if spec.set_aside is None:
        refuse_unused(work, name, spec, ("of",))
        return bounded_rows(work, name, spec, "credits")
    path = ("rules", name)
    if spec.of is None:
        work.source.problems.error(
            "no_bound",
            f"rule {name} sets money aside without saying of which rule",
            path=path,
            received="set_aside without of",
            accepted="of: the name of a rule",
            remedy="name the rule the money comes from",
        )
        return []
    others = tuple(key for key in SELECTORS if key != "territories")
    refuse_unused(work, name, spec, (*BOUNDS, *others, "in_"))
    inside = decision_territories(work.source, spec.territories, (*path, "territories"))
    taken_from = rows_of(work, spec.of, path)
    for row in taken_from:
        _check_both_sides(work, name, spec.of, row, inside)
        _check_no_freed_money(work, name, spec.of, row)
        _check_not_built(work, name, spec.of, row)
    return [_others(work, name, spec, row, inside, spec.set_aside) for row in taken_from]


def _check_both_sides(work: Work, name: str, of: str, row: RuleRow, inside: Indices) -> None:
    """Note a row of the other rule that does not hold both who may use the money and who may not.

    Money is set aside from those who share one limit: a region's own envelope holds nobody else.
    """
    members = work.group_of(row.key).members
    some = np.isin(members, inside)
    if some.any() and not some.all() and not row.held:
        return
    work.source.problems.error(
        "matches_nothing",
        f"rule {name} sets money aside from nobody: {row.key} holds "
        + ("its territories only" if some.any() else "none of its territories"),
        path=("rules", name, "of"),
        received=of,
        accepted="a rule whose every row holds the territories named and some others",
        remedy="take the money from a rule over all territories, or name other territories",
    )


def _check_no_freed_money(work: Work, name: str, of: str, row: RuleRow) -> None:
    """Note a total that freed money enters, or that transfers move: whose it is nobody says."""
    if row.moves_money:
        work.source.problems.error(
            "moved_money",
            f"rule {name} sets money of {of} aside, which a transfer changes",
            path=("rules", name, "of"),
            received=of,
            accepted="a rule that no transfer takes from or adds to",
            remedy="state at_least instead of set_aside, or make the transfer inactive",
        )
    if any(term.quantity == "freed" for term in row.terms):
        work.source.problems.error(
            "freed_money",
            f"rule {name} sets money of {of} aside, which convergence adds to",
            path=("rules", name, "of"),
            received=of,
            accepted="a rule that no convergence frees money for",
            remedy="state at_least instead of set_aside, or free the money for another rule",
        )


def _check_not_built(work: Work, name: str, of: str, row: RuleRow) -> None:
    """Note an envelope with the renewed base of everybody in it: what is set aside is new money."""
    if work.source.scenario.rules[of].at_most == "built":
        work.source.problems.error(
            "wrong_quantity",
            f"rule {name} sets money of {of} aside, which the campaign builds with its base",
            path=("rules", name, "of"),
            received=str(row.key),
            accepted="an envelope of new credits",
            remedy="state at_least instead of set_aside, or take the money from another rule",
        )


def _others(
    work: Work, name: str, spec: RingFence, row: RuleRow, inside: Indices, aside: float
) -> RuleRow:
    """Bound what everybody else may take of one row of the other rule."""
    terms = tuple(
        Term(
            quantity=term.quantity,
            cells=term.cells[~np.isin(np.unravel_index(term.cells, work.shape)[0], inside)],
            factor=term.factor,
        )
        for term in row.terms
    )
    stated = row.stated - aside
    not_negative(work, stated, ("rules", name, "set_aside"))
    key = row.key._replace(rule=name, side="at_most")
    work.groups_of[key] = work.group_of(row.key)
    limit, _ = adjusted(stated, spec.adjust, key)
    return RuleRow(key=key, kind=spec.kind, unit=row.unit, limit=limit, stated=stated, terms=terms)
