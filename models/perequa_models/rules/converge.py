"""Tariff convergence: who is above the ceiling comes down to it along a calendar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from perequa_models.calendars import CALENDARS, CalendarName, closed_each_year, left_after
from perequa_models.figures.limits import adjusted
from perequa_models.instance import Convergence, RuleRow, Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import not_negative, quantity_among, refuse_unused, rows_of
from perequa_models.strict import Flag, Name, Number, Whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.figures.selection import Group
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work

Fraction = Annotated[Number, Field(ge=0, le=1)]


class Converge(RuleSpec):
    """The budget of who is above the ceiling follows a calendar; the money freed goes somewhere."""

    kind: Literal["converge"]
    calendar: CalendarName | Annotated[dict[Whole, Fraction], Field(min_length=1)]
    """Part of the gap still open that each year closes, from 0 to 1: by year, or one of
    `2010_2016`, `2010_2016_printed` and `2017_2023`."""
    of: Literal["initial", "remaining"] = "initial"
    """Which gap is closed: the `initial` one, before the plan, or the one `remaining`, measured
    every year."""
    band: Annotated[Number, Field(ge=0)] = 0.0
    """Only who stands above the ceiling by more than this share of it comes down: 0.1 for 10 %."""
    freed: Literal["returned", "kept"] | dict[Name, Fraction] = "returned"
    """Where the money freed goes: `returned` to the nation, `kept` in the envelope, or
    envelopes and their shares, from 0 to 1."""
    indexed: Flag = True
    """`false`: establishments that come down do not get the yearly rate."""

    @property
    def stays(self) -> float:
        """Share of what is freed that enters envelopes of the plan; the rest returns."""
        if isinstance(self.freed, dict):
            return sum(self.freed.values())
        return 1.0 if self.freed == "kept" else 0.0


def rows(work: Work, name: str, spec: Converge) -> list[RuleRow]:
    """G = C + φ·gap for each establishment above C·(1 + band): one row for every year."""
    path: Path = ("rules", name)
    told = len(work.source.problems.errors)
    refuse_unused(work, name, spec, ("at_least", "equals", "year", "years"))
    quantity_among(work, name, spec, ("budget",))
    _check_ceiling(work, name, spec)
    _check_first_year(work, name, spec)
    if len(work.source.problems.errors) > told:
        return []
    written: list[RuleRow] = []
    of_pair: dict[tuple[int, int], list[Group]] = {}
    known = len(work.convergence)
    for group in work.groups(spec, path, by_year=True):
        if not _is_one(work, name, group):
            return []
        of_pair.setdefault((int(group.members[0]), int(group.measures[0])), []).append(group)
    for pair, groups in of_pair.items():
        written += _path_down(work, name, spec, pair, groups)
    _check_one_calendar(work, name, written, known)
    _hand_over(work, name, spec, written)
    _excuse(work, written)
    if not written:
        _nobody_above(work, name)
    return written


def _excuse(work: Work, written: Sequence[RuleRow]) -> None:
    """Take who comes down along a calendar off what later delegations lose for overruns."""
    cells = np.array([row.budget_of for row in written], dtype=np.intp)
    coming = np.zeros(work.shape, dtype=np.bool_)
    coming.ravel()[cells] = True
    for i, over in enumerate(work.overruns):
        if coming[np.ix_(over.members, over.measures)].any():
            known = {*over.exception.split(";"), "convergence"} - {""}
            work.overruns[i] = replace(
                over, exception=";".join(sorted(known)), due=np.zeros_like(over.due)
            )


def _path_down(
    work: Work, name: str, spec: Converge, pair: tuple[int, int], groups: Sequence[Group]
) -> list[RuleRow]:
    """Write the budget of one establishment for every year; nothing for who is not above."""
    assert spec.at_most is not None
    path: Path = ("rules", name, "at_most")
    ceilings = [work.limits.of(spec.at_most, group, path) for group in groups]
    known = [c for c in ceilings if c is not None and not_negative(work, c, path)]
    base = float(work.base[pair])
    if len(known) < len(groups) or base <= known[0] * (1.0 + spec.band):
        return []
    if not _is_recurrent(work, name, pair):
        return []
    budgets = budgets_down(base, known, spec, work.source.years)
    cells = [int(group.cells(work.shape)[0]) for group in groups]
    written = []
    for group, ceiling, budget, cell in zip(groups, known, budgets, cells, strict=True):
        key = work.key(name, group, "equals")
        work.groups_of[key] = group
        limit, _ = adjusted(budget, spec.adjust, key)
        written.append(
            RuleRow(
                key=key,
                kind=spec.kind,
                unit="money",
                limit=limit,
                stated=budget,
                terms=(),
                held=True,
                budget_of=cell,
            )
        )
        work.convergence.append(Convergence(row=key, cell=cell, ceiling=ceiling))
    if not spec.indexed:
        work.rate[pair] = 0.0
    return written


def budgets_down(
    base: float, ceilings: Sequence[float], spec: Converge, years: Sequence[int]
) -> list[float]:
    """Budget of an establishment at the end of each year.

    Parameters
    ----------
    base
        Budget before the plan, above the first ceiling.
    ceilings
        Ceiling of each year.
    spec
        Its calendar, and the gap it speaks of: the one before the plan, or the one still open,
        measured each year against the year's own ceiling.
    years
        Years of the plan.
    """
    closed = closed_each_year(spec.calendar, years)
    if spec.of == "initial":
        gap = base - ceilings[0]
        return [c + left * gap for c, left in zip(ceilings, left_after(closed), strict=True)]
    budgets, budget = [], base
    for ceiling, part in zip(ceilings, closed, strict=True):
        budget = ceiling + (1.0 - part) * max(0.0, budget - ceiling)
        budgets.append(budget)
    return budgets


def _check_ceiling(work: Work, name: str, spec: Converge) -> None:
    """Note a rule without a ceiling to come down to."""
    if spec.at_most is None:
        work.source.problems.error(
            "no_bound",
            f"rule {name} states no ceiling to come down to",
            path=("rules", name),
            received="nothing",
            accepted="at_most",
            remedy="state at_most, e.g. {column: gmps}",
        )


def _check_first_year(work: Work, name: str, spec: Converge) -> None:
    """Note a calendar that is silent on the first year: the gap is that of the base before it."""
    first = work.source.years[0]
    stated = CALENDARS[spec.calendar] if isinstance(spec.calendar, str) else spec.calendar
    if first not in stated:
        work.source.problems.error(
            "unknown_year",
            f"the calendar of {name} says nothing of {first}, the first year of the plan",
            path=("rules", name, "calendar"),
            received=str(spec.calendar),
            accepted=f"a calendar that speaks of {first}",
            remedy=f"start the plan in a year of the calendar, or state {{{first}: 0, ...}}",
        )


def _nobody_above(work: Work, name: str) -> None:
    work.source.problems.warning(
        "nobody_above",
        f"rule {name} brings nobody down: no base exceeds its ceiling and the band",
        path=("rules", name),
        received="0 establishments above",
        accepted="a ceiling that some base exceeds",
        remedy="read it as information, or correct the ceiling",
    )


def _is_one(work: Work, name: str, group: Group) -> bool:
    """Whether a group is one establishment and one measure: who gives up what must be known."""
    if len(group.members) == 1 and len(group.measures) == 1:
        return True
    work.source.problems.error(
        "not_one_establishment",
        f"rule {name} brings {len(group.members)} territories and {len(group.measures)} measures "
        "down together, and does not say what each gives up",
        path=("rules", name, "by"),
        received=group.territory or "the whole selection",
        accepted="one territory of the level that decides, and one measure",
        remedy="state by: [territory, year], and a measure",
    )
    return False


def _is_recurrent(work: Work, name: str, pair: tuple[int, int]) -> bool:
    measure = work.source.measures[pair[1]]
    if work.source.scenario.measures[measure].recurrent:
        return True
    work.source.problems.error(
        "not_recurrent",
        f"rule {name} brings down {measure}, which is one-off money: nothing of it is renewed",
        path=("rules", name),
        received=measure,
        accepted="a recurrent measure",
        remedy="choose another measure",
    )
    return False


def _check_one_calendar(work: Work, name: str, written: Sequence[RuleRow], known: int) -> None:
    """Note an establishment that another rule brings down already.

    Parameters
    ----------
    known
        How many years of `work.convergence` other rules have written.
    """
    earlier = {c.cell: c.row.rule for c in work.convergence[:known]}
    twice = next((row for row in written if row.budget_of in earlier), None)
    if twice is not None and twice.budget_of is not None:
        who = f"{twice.key.level}:{twice.key.territory}"
        work.source.problems.error(
            "two_calendars",
            f"rules {earlier[twice.budget_of]} and {name} both bring down {who}",
            path=("rules", name),
            received=who,
            accepted="one calendar for each establishment",
            remedy="restrict one of them",
        )


def _hand_over(work: Work, name: str, spec: Converge, written: Sequence[RuleRow]) -> None:
    """Let the money freed enter the rules that `freed` names: their activity falls by it."""
    shares = spec.freed if isinstance(spec.freed, dict) else {}
    if sum(shares.values()) > 1.0 + 1e-12:
        work.source.problems.error(
            "shares_do_not_add_up",
            f"rule {name} hands over more than it frees",
            path=("rules", name, "freed"),
            received=f"{sum(shares.values()):.12g}",
            accepted="shares that add up to 1 at most",
            remedy="correct a share; what is left over goes back to the nation",
        )
    for rule, share in shares.items():
        if share == 0:
            continue
        found = rows_of(work, rule, ("rules", name, "freed"), key=rule)
        taking = [row for row in found if _takes_credits(work, name, row)]
        if len(taking) < len(found):
            continue
        cells = np.array([row.budget_of for row in written], dtype=np.intp)
        received = np.zeros(len(cells), dtype=np.intp)
        for i, row in enumerate(taking):
            inside = _inside(work, row, cells)
            received += inside
            taking[i] = _with_freed(row, cells[inside], share)
        if taking and written:
            work.rows[rule] = taking
            _check_received(work, name, rule, written, received)


def _inside(work: Work, row: RuleRow, cells: np.ndarray) -> np.ndarray:
    """Which cells lie among the territories and years of a row, whatever its measures."""
    group = work.group_of(row.key)
    t, _, y = np.unravel_index(cells, work.shape)
    return np.isin(t, group.members) & np.isin(y, group.years)


def _with_freed(row: RuleRow, cells: np.ndarray, share: float) -> RuleRow:
    """Take a share of what is freed off the activity of a row."""
    if not cells.size:
        return row
    return replace(row, terms=(*row.terms, Term(quantity="freed", cells=cells, factor=-share)))


def _takes_credits(work: Work, name: str, row: RuleRow) -> bool:
    """Whether a row bounds new credits: what is freed is money of the year."""
    if row.kind == "envelope" and all(t.quantity != "budget" for t in row.terms):
        return True
    work.source.problems.error(
        "wrong_quantity",
        f"rule {name} cannot hand money over to {row.key.rule}",
        path=("rules", name, "freed"),
        received=row.key.rule,
        accepted="an envelope of new credits",
        remedy="name an envelope that counts credits; one in: budget holds what is freed already",
    )
    return False


def _check_received(
    work: Work, name: str, rule: str, written: Sequence[RuleRow], received: np.ndarray
) -> None:
    """Note money that no row of the other rule receives, or that two of them would spend."""
    for times in sorted({int(n) for n in received} - {1}):
        row = written[int(np.flatnonzero(received == times)[0])]
        work.source.problems.error(
            "matches_nothing" if times == 0 else "counted_twice",
            f"what {row.key} frees enters {times} rows of {rule}",
            path=("rules", name, "freed", rule),
            received=f"{times} rows",
            accepted="one row of the envelope for each establishment and year",
            remedy=f"let {rule} be one total, or one for each region or department and year",
        )
