"""Money that may go from one envelope to another, one way and within a limit.

*Fongibilité asymétrique*: a movement between envelopes needs a rule that allows it, and is logged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from perequa_models.figures.limits import adjusted
from perequa_models.instance import RuleRow
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import SELECTORS, not_negative, refuse_unused, rows_of
from perequa_models.strict import Name

if TYPE_CHECKING:
    from perequa_models.keys import RowKey
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work

Where = tuple[str, str, int | None]
"""Level, territory and year of a group: what the two envelopes have in common."""


class Transfer(RuleSpec):
    """What one envelope gives up to another, within a limit and never back."""

    kind: Literal["transfer"]
    from_: Name = Field(alias="from")
    """Name of the rule that money may leave: an envelope, or a contingent of measures counted
    in money."""
    to: Name
    """Name of the rule that money may reach: an envelope, or a contingent of measures counted
    in money."""


def rows(work: Work, name: str, spec: Transfer) -> list[RuleRow]:
    """0 ≤ T ≤ L, T added to the activity of `from` and taken off that of `to`."""
    path: Path = ("rules", name)
    told = len(work.source.problems.errors)
    refuse_unused(work, name, spec, ("at_least", "equals", *SELECTORS, "in_"))
    if _is_built(work, name, spec):
        return []
    giving, taking = rows_of(work, spec.from_, path, "from"), rows_of(work, spec.to, path, "to")
    for key, found in (("from", giving), ("to", taking)):
        _check_money(work, name, key, found)
    _check_bound(work, name, spec)
    if len(work.source.problems.errors) == told:
        _check_groups(work, name, spec, giving, taking)
    if len(work.source.problems.errors) > told:
        return []
    written = {}
    for row in giving:
        if _where(row) not in written:
            made = _row(work, name, spec, row)
            if made is not None:
                written[_where(row)] = made
    _enter(work, spec, written)
    return list(written.values())


def _row(work: Work, name: str, spec: Transfer, giving: RuleRow) -> RuleRow | None:
    """Bound what one group may move; None where the limit says nothing."""
    path: Path = ("rules", name, "at_most")
    assert spec.at_most is not None
    stated = work.limits.of(spec.at_most, work.group_of(giving.key), path)
    if stated is None or not not_negative(work, stated, path):
        return None
    key = giving.key._replace(rule=name, measure="", side="at_most")
    work.groups_of[key] = work.group_of(giving.key)
    limit, _ = adjusted(stated, spec.adjust, key)
    return RuleRow(
        key=key, kind=spec.kind, unit="money", limit=limit, stated=stated, terms=(), held=True
    )


def _enter(work: Work, spec: Transfer, written: dict[Where, RuleRow]) -> None:
    """Let every amount moved count in the rows it leaves and in those it reaches."""
    moved: dict[Where, RowKey] = {where: row.key for where, row in written.items()}
    work.rows[spec.from_] = [
        replace(row, holds=(*row.holds, moved[_where(row)])) if _where(row) in moved else row
        for row in work.rows[spec.from_]
    ]
    work.rows[spec.to] = [
        replace(row, receives=(moved[_where(row)],)) if _where(row) in moved else row
        for row in work.rows[spec.to]
    ]


def _where(row: RuleRow) -> Where:
    return row.key.level, row.key.territory, row.key.year


def _check_bound(work: Work, name: str, spec: Transfer) -> None:
    if spec.at_most is None:
        work.source.problems.error(
            "no_bound",
            f"rule {name} does not say how much may move",
            path=("rules", name),
            received="nothing",
            accepted="at_most",
            remedy="state at_most, e.g. 1000000",
        )


def _is_built(work: Work, name: str, spec: Transfer) -> bool:
    """Note an envelope that the campaign builds: what joins or leaves it is a line there."""
    rules = work.source.scenario.rules
    built = [
        (key, of)
        for key, of in (("from", spec.from_), ("to", spec.to))
        if of in rules and rules[of].at_most == "built"
    ]
    for key, of in built:
        work.source.problems.error(
            "wrong_quantity",
            f"rule {name} cannot move money {key} {of}, which the campaign builds line by line",
            path=("rules", name, key),
            received=of,
            accepted="an envelope whose limit is stated",
            remedy="write a line of the campaign with enters: transfers and from",
        )
    return bool(built)


def _check_money(work: Work, name: str, key: str, found: list[RuleRow]) -> None:
    """Note rows that share out no money."""
    wrong = next((r for r in found if r.held or r.unit != "money" or r.kind not in _SHARED), None)
    if wrong is not None:
        work.source.problems.error(
            "wrong_quantity",
            f"rule {name} cannot move money {key} {wrong.key.rule}",
            path=("rules", name, key),
            received=f"{wrong.key.rule} ({wrong.kind})",
            accepted="an envelope, or a contingent of measures counted in money",
            remedy="name a rule that shares out money",
        )


_SHARED = frozenset({"envelope", "contingent"})


def _check_groups(
    work: Work, name: str, spec: Transfer, giving: list[RuleRow], taking: list[RuleRow]
) -> None:
    """Note envelopes that are not grouped alike, or that another transfer moves already."""
    here, there = {_where(row) for row in giving}, {_where(row) for row in taking}
    sides = [{(_where(row), row.key.side) for row in found} for found in (giving, taking)]
    apart = len(sides[0]) < len(giving) or len(sides[1]) < len(taking)
    if here != there or apart or spec.from_ == spec.to:
        work.source.problems.error(
            "different_groups",
            f"rule {name} moves money between rules that are not two of the same groups",
            path=("rules", name, "to"),
            received=f"{len(giving)} rows of {spec.from_}, {len(taking)} rows of {spec.to}",
            accepted="two rules with the same by, one row of each for each territory and year",
            remedy="group both by the same level and year, and name two rules",
        )
        return
    twice = next((row for row in (*giving, *taking) if row.moves_money), None)
    if twice is not None:
        work.source.problems.error(
            "two_transfers",
            f"rule {name} moves money of {twice.key}, which another transfer does already",
            path=("rules", name),
            received=str(twice.key.rule),
            accepted="one transfer for each row of an envelope",
            remedy="make one of the transfers inactive, or split the envelope",
        )
