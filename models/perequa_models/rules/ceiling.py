"""A tariff ceiling on an establishment: DOMINIC + 35 % (circular of 30 August 2004, 1 A)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.columns import is_yes
from perequa_models.instance import Overrun, Term
from perequa_models.problems import nearest
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import not_negative, quantity_among, refuse_unused
from perequa_models.strict import ColumnRef, Strict, Text

if TYPE_CHECKING:
    from perequa_models.columns import Column
    from perequa_models.figures.selection import Group
    from perequa_models.instance import RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work


class Exceptions(Strict):
    """The two exceptions of the circular: *clapet anti-retour* and *effet mécanique*."""

    column: Text
    """Column that says which exception an establishment has: empty, `clapet` (nothing new even
    below the ceiling) or `mecanique`."""
    amount: ColumnRef | None = None
    """Column of the validated amount, in the currency, that `mecanique` allows above the base."""


class Ceiling(RuleSpec):
    """Base plus new money stays within the ceiling; who is above already gets nothing new."""

    kind: Literal["ceiling"]
    above: Literal["freeze", "forbid"] = "freeze"
    """Who is above the ceiling already: `freeze`, keeps the base and gets nothing new, or
    `forbid`, must come below."""
    exceptions: Exceptions | None = None
    """Establishments to which one of the circular's two exceptions applies."""


def rows(work: Work, name: str, spec: Ceiling) -> list[RuleRow]:
    """G ≤ L', with L' = max(L, base carried) when who is above is frozen; exceptions apart."""
    path = ("rules", name)
    written = []
    refuse_unused(work, name, spec, ("at_least", "equals"))
    quantity = quantity_among(work, name, spec, ("budget",))
    if spec.at_most is None:
        work.source.problems.error(
            "no_bound",
            f"rule {name} states no ceiling",
            path=path,
            received="nothing",
            accepted="at_most",
            remedy="state at_most, e.g. {column: dominic, times: 1.35}",
        )
        return []
    for group in work.groups(spec, path, by_year=True):
        stated = work.limits.of(spec.at_most, group, (*path, "at_most"))
        if stated is None or not not_negative(work, stated, (*path, "at_most")):
            continue
        grid = np.ix_(group.members, group.measures, group.years)
        carried = float(work.base_carried[grid].sum())
        exceptions = _exceptions(work, spec, group, path)
        limit = _limit(work, spec, group, stated, carried, exceptions, path)
        if group.years[0] == 0:
            _note_overrun(work, name, group, stated, exceptions)
        terms = (Term(quantity=quantity, cells=group.cells(work.shape)),)
        written.append(work.row(name, spec, group, "at_most", limit, terms, unit="money"))
    return written


def _limit(
    work: Work,
    spec: Ceiling,
    group: Group,
    stated: float,
    carried: float,
    exceptions: list[str],
    path: Path,
) -> float:
    """Return the limit that is applied.

    Budgets under one ceiling share the *clapet* of one among them: what it has above its own
    ceiling takes from what the others may still receive, and validated amounts add up.
    """
    if exceptions == ["clapet"]:
        return carried
    amounts = _validated(work, spec, group, exceptions, path)
    if exceptions == ["mecanique"] and amounts is not None:
        return carried + amounts
    return max(stated, carried + (amounts or 0.0)) if spec.above == "freeze" else stated


def _validated(
    work: Work, spec: Ceiling, group: Group, exceptions: list[str], path: Path
) -> float | None:
    """Sum the validated amounts of the members with an *effet mécanique*; None without any."""
    if spec.exceptions is None or spec.exceptions.amount is None or "mecanique" not in exceptions:
        return None
    inside = [word == "mecanique" for word in exceptions]
    members = group.members[inside]
    node = group.node if len(group.members) == 1 else None
    concerned = replace(group, members=members, node=node)
    column = spec.exceptions.amount.column
    return work.limits.column_value(column, concerned, (*path, "exceptions", "amount")) or 0.0


def _exceptions(work: Work, spec: Ceiling, group: Group, path: Path) -> list[str]:
    """Return the exception of each member of a group, empty where it has none."""
    if spec.exceptions is None:
        return [""] * len(group.members)
    column = work.source.columns.get(spec.exceptions.column)
    if column is None:
        work.source.column(spec.exceptions.column, (*path, "exceptions", "column"))
        return [""] * len(group.members)
    nodes = [int(work.source.nodes[t]) for t in group.members]
    return [_exception(work, column, node, path) for node in nodes]


def _exception(work: Work, column: Column, node: int, path: Path) -> str:
    word = column.values[node, 0, 0]
    if word is None or word == "" or word != word:  # noqa: PLR0124 - NaN where nothing is stated
        return ""
    if word not in {"clapet", "mecanique"}:
        work.source.problems.error(
            "unknown_exception",
            f"{word!r} is not an exception to the ceiling",
            path=(*path, "exceptions"),
            cell=column.cell(node),
            received=str(word),
            accepted="empty, clapet or mecanique",
            nearest=nearest(str(word), ("clapet", "mecanique")),
            remedy="correct the cell",
        )
        return ""
    return str(word)


def _note_overrun(
    work: Work, name: str, group: Group, ceiling: float, exceptions: list[str]
) -> None:
    """Note a base above the ceiling, and what later delegations lose for it."""
    bases = work.base[np.ix_(group.members, group.measures)].sum(axis=1)
    base = float(bases.sum())
    if base <= ceiling or (group.node is None and not group.territory):
        return
    nodes = work.source.nodes[group.members]
    column = work.source.columns.get("overrun_justified")
    justified = column is not None and all(is_yes(column.values[n, 0, 0]) for n in nodes)
    exception = ";".join(sorted(set(exceptions) - {""}))
    due = 0.0 if justified or exception else base - ceiling
    work.overruns.append(
        Overrun(
            rule=name,
            node=group.node,
            label=group.territory,
            members=group.members,
            measures=group.measures,
            base=base,
            ceiling=ceiling,
            exception=exception,
            justified=justified,
            due=due * bases / base,
        )
    )
