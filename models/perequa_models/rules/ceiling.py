"""A tariff ceiling on an establishment: DOMINIC + 35 % (circular of 30 August 2004, 1 A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.columns import is_yes
from perequa_models.instance import Overrun, Term
from perequa_models.problems import nearest
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import not_negative, quantity_among, refuse_unused
from perequa_models.strict import ColumnRef, Strict, Text

if TYPE_CHECKING:
    from perequa_models.figures.selection import Group
    from perequa_models.instance import RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work


class Exceptions(Strict):
    """The two exceptions of the circular: *clapet anti-retour* and *effet mécanique*."""

    column: Text
    amount: ColumnRef | None = None


class Ceiling(RuleSpec):
    """Base plus new money stays within the ceiling; who is above already gets nothing new."""

    kind: Literal["ceiling"]
    above: Literal["freeze", "forbid"] = "freeze"
    exceptions: Exceptions | None = None


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
        exception = _exception(work, spec, group, path)
        limit = _limit(work, spec, group, stated, carried, exception, path)
        if group.years[0] == 0:
            _note_overrun(work, group, stated, exception)
        terms = (Term(quantity=quantity, cells=group.cells(work.shape)),)
        written.append(work.row(name, spec, group, "at_most", limit, terms, unit="money"))
    return written


def _limit(
    work: Work,
    spec: Ceiling,
    group: Group,
    stated: float,
    carried: float,
    exception: str,
    path: Path,
) -> float:
    if exception == "clapet":
        return carried
    if exception == "mecanique" and spec.exceptions is not None and spec.exceptions.amount:
        column = spec.exceptions.amount.column
        amount = work.limits.column_value(column, group, (*path, "exceptions", "amount"))
        return carried + (amount or 0.0)
    return max(stated, carried) if spec.above == "freeze" else stated


def _exception(work: Work, spec: Ceiling, group: Group, path: Path) -> str:
    """Return the exception of the one establishment of a group, empty when it has none."""
    if spec.exceptions is None or len(group.members) != 1:
        return ""
    column = work.source.columns.get(spec.exceptions.column)
    if column is None:
        work.source.column(spec.exceptions.column, (*path, "exceptions", "column"))
        return ""
    node = int(work.source.nodes[group.members[0]])
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


def _note_overrun(work: Work, group: Group, ceiling: float, exception: str) -> None:
    base = float(work.base[np.ix_(group.members, group.measures)].sum())
    if base <= ceiling or group.node is None:
        return
    justified = work.source.columns.get("overrun_justified")
    work.overruns.append(
        Overrun(
            node=group.node,
            base=base,
            ceiling=ceiling,
            exception=exception,
            justified=justified is not None and is_yes(justified.values[group.node, 0, 0]),
        )
    )
