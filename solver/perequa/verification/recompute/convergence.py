"""Who comes down to a ceiling, along which calendar (scenario reference, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.groups import groups, selected_cells
from perequa.verification.recompute.limits import adjusted, limit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model

PRINTED = {2010: 1000, 2011: 1666, 2012: 2000, 2013: 2500, 2014: 3333, 2015: 5000, 2016: 10000}
"""Ten-thousandths of the gap still open that the order of 2010-2016 prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One year of an establishment in convergence.

    Attributes
    ----------
    rule, group
        What states it.
    cell
        Flat position in (T, M, Y).
    ceiling, written, limit
        Ceiling of the year; budget along the calendar, without and with what-ifs.
    """

    rule: str
    group: Group
    cell: int
    ceiling: float
    written: float
    limit: float


def coming_down(model: Model) -> dict[int, Coming]:
    """Every year of every establishment in convergence, by flat position of its cell."""
    found = {}
    for name, spec in sorted(model.rules.items()):
        if spec["kind"] != "converge":
            continue
        by_pair: dict[int, list[Group]] = {}
        for group in groups(model, spec, selected_cells(model, spec), by_year=True):
            if len(group.cells) != 1:
                raise Unreadable("run.json", f"rules.{name} brings several cells down together")
            by_pair.setdefault(int(group.cells[0]) // len(model.years), []).append(group)
        for pair in by_pair.values():
            found.update({c.cell: c for c in _one(model, name, spec, pair)})
    return found


def _one(model: Model, name: str, spec: Mapping[str, Any], pair: list[Group]) -> list[Coming]:
    ceilings = [limit_of(model, spec["at_most"], group) for group in pair]
    known = [c for c in ceilings if c is not None]
    base = float(model.bare_supply.base.ravel()[int(pair[0].cells[0]) // len(model.years)])
    if len(known) < len(pair) or not base > known[0] * (1 + float(spec.get("band", 0.0))):
        return []
    budgets, left, budget = [], Fraction(1), base
    for year, ceiling in zip(model.years, known, strict=True):
        part = part_closed(spec["calendar"], year)
        left *= 1 - part
        if spec.get("of", "initial") == "initial":
            budget = ceiling + float(left) * (base - known[0])
        else:
            budget = max(ceiling, ceiling + float(1 - part) * (budget - ceiling))
        budgets.append(budget)
    return [
        Coming(
            rule=name,
            group=group,
            cell=int(group.cells[0]),
            ceiling=ceiling,
            written=written,
            limit=adjusted(model, spec, group, "equals", written),
        )
        for group, ceiling, written in zip(pair, known, budgets, strict=True)
    ]


def part_closed(calendar: str | Mapping[Any, Any], year: int) -> Fraction:
    """Part of the gap still open that a year closes."""
    if isinstance(calendar, str):
        if calendar == "2010_2016":
            # a tenth first; then one part in as many as there are years to 2016
            return Fraction(1, 10) if year == 2010 else _one_in(2017 - year)
        if calendar == "2010_2016_printed":
            return Fraction(PRINTED.get(year, 0), 10000)
        if calendar == "2017_2023":
            return _one_in(2024 - year)
        raise Unreadable("run.json", f"verify does not know the calendar {calendar!r}")
    return next((Fraction(float(v)) for k, v in calendar.items() if int(k) == year), Fraction(0))


def _one_in(years: int) -> Fraction:
    return Fraction(1, years) if years > 0 else Fraction(0)


def share_kept(rule: Mapping[str, Any]) -> float:
    """Share of what a rule frees that stays in envelopes of the plan."""
    freed = rule.get("freed", "returned")
    if isinstance(freed, str):
        return float(freed == "kept")
    return sum(float(share) for share in freed.values())
