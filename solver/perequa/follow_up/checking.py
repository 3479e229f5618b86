"""Returns against the plan, cell by cell: what is missing, contradictory, or more than planned."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa.follow_up.backlog import backlog_of
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa.follow_up.plan import Plan
    from perequa.follow_up.returns import Read, Returned
    from perequa.words import Words
    from perequa_models.instance import Floats, Instance

Cell = tuple[int, int, int]
Severity = Literal["error", "warning"]
SEVERITY: dict[str, Severity] = {
    "funded_above_plan": "warning",
    "opened_above_funded": "error",
    "funded_above_authorised": "error",
    "date_outside_year": "error",
    "unknown_pair": "error",
    "repeated": "error",
    "missing": "warning",
}
"""What contradicts itself or goes nowhere is an error; what is late or over the plan is not."""
FINDINGS = (
    "code",
    "severity",
    "file",
    "line",
    "level",
    "territory",
    "measure",
    "year",
    "planned",
    "returned",
    "difference",
    "message",
)
SLACK = 1e-6
"""Places (or money) within which two figures agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpFinding:
    """One thing missing or contradictory; the columns of ``findings.csv``."""

    code: str
    message: str
    file: str = ""
    line: int | None = None
    level: str = ""
    territory: str = ""
    measure: str = ""
    year: str = ""
    planned: float | None = None
    returned: float | None = None

    @property
    def severity(self) -> Severity:
        """``error`` or ``warning``."""
        return SEVERITY[self.code]

    def cells(self) -> tuple[Value, ...]:
        """The row of ``findings.csv``."""
        both = self.planned is not None and self.returned is not None
        difference = (self.returned or 0.0) - (self.planned or 0.0) if both else None
        year = int(self.year) if self.year.isdecimal() else self.year
        where = (self.file, self.line, self.level, self.territory, self.measure, year)
        return (
            *(self.code, self.severity, *where),
            *(self.planned, self.returned, difference, self.message),
        )


@dataclass(slots=True)
class Checked:
    """Returns summed by cell, with everything found on the way.

    Attributes
    ----------
    years
        Positions of the years followed up: all up to the last one returned.
    lines
        Lines of each cell, repeated ones left out.
    missing
        Cells with a plan and no return.
    findings
        What is missing or contradictory, in the order of the tables, then of the plan.
    """

    years: range
    lines: dict[Cell, list[Returned]] = field(default_factory=dict)
    missing: list[Cell] = field(default_factory=list)
    findings: list[FollowUpFinding] = field(default_factory=list)

    def sums(self, name: str, shape: tuple[int, int, int]) -> Floats:
        """Sum a figure over the lines of each cell, NaN where none is known; (T, M, Y)."""
        total = np.full(shape, np.nan)
        for cell, lines in self.lines.items():
            known = [v for v in (getattr(line, name) for line in lines) if v is not None]
            if known:
                total[cell] = math.fsum(known)
        return total


def check_returns(plan: Plan, read: Read, words: Words) -> Checked:
    """Compare what was returned with the plan.

    Parameters
    ----------
    plan
        What was planned.
    read
        What was returned.
    words
        Language of the messages.
    """
    last = max((line.cell[2] for line in read.lines), default=0)
    checked = Checked(years=range(last + 1))
    _note_unknown(checked, read, words)
    _gather(checked, plan.instance, read.lines, words)
    for cell in sorted(checked.lines):
        _check_dates(checked, plan, cell, words)
        _check_known(checked, plan, cell, words)
    _check_amounts(checked, plan, words)
    _check_missing(checked, plan, words)
    return checked


def findings_table(findings: Iterable[FollowUpFinding]) -> Table:
    """``findings.csv``."""
    return Table(FINDINGS, tuple(finding.cells() for finding in findings))


def missing_table(checked: Checked, instance: Instance) -> Table:
    """``missing.csv``: planned and not returned."""
    rows: list[tuple[Value, ...]] = []
    for t, m, y in checked.missing:
        territory = instance.territories[t]
        named = (territory.level, territory.code, territory.name)
        rows.append((*named, instance.measures[m], instance.years[y]))
    return Table(("level", "territory", "territory_name", "measure", "year"), tuple(rows))


def _note_unknown(checked: Checked, read: Read, words: Words) -> None:
    for line in read.unknown:
        level, _, code = line.territory.partition(":")
        hint = words.phrase("; did you mean {nearest}?", nearest=line.nearest)
        told = words.phrase(
            "the plan decides nothing for {territory}, {measure}, {year}",
            territory=line.territory,
            measure=line.measure or "-",
            year=line.year or "-",
        )
        checked.findings.append(
            FollowUpFinding(
                code="unknown_pair",
                message=told + (hint if line.nearest else ""),
                file=line.file,
                line=line.line,
                level=level,
                territory=code,
                measure=line.measure,
                year=line.year,
            )
        )


def _gather(checked: Checked, instance: Instance, lines: Sequence[Returned], words: Words) -> None:
    """Gather the lines of each cell: one for each date of opening."""
    first: dict[tuple[Cell, object], Returned] = {}
    for line in lines:
        key = (line.cell, line.opened_on)
        if key not in first:
            first[key] = line
            checked.lines.setdefault(line.cell, []).append(line)
            continue
        message = words.phrase(
            "the same cell and opening date stand on line {line} of {file}: this line is left out",
            line=first[key].line,
            file=first[key].file,
        )
        checked.findings.append(_at(instance, line, "repeated", message))


def _check_dates(checked: Checked, plan: Plan, cell: Cell, words: Words) -> None:
    year = plan.instance.years[cell[2]]
    for line in checked.lines[cell]:
        if line.opened_on is not None and line.opened and line.opened_on.year != year:
            message = words.phrase(
                "opened on {date}, outside {year}", date=line.opened_on.isoformat(), year=year
            )
            checked.findings.append(_at(plan.instance, line, "date_outside_year", message))


def _check_known(checked: Checked, plan: Plan, cell: Cell, words: Words) -> None:
    """Say what a return leaves open: it counts as nothing."""
    places = not plan.instance.is_money[cell[1]]
    first = checked.lines[cell][0]
    for name in ("funded", "opened") if places else ("funded",):
        if all(getattr(line, name) is None for line in checked.lines[cell]):
            message = words.phrase("{figure} is not known: none is counted", figure=name)
            checked.findings.append(_at(plan.instance, first, "missing", message))
    for line in checked.lines[cell]:
        if places and line.opened and line.opened_on is None:
            months = int(plan.instance.opening_months[cell[1]])
            message = words.phrase(
                "the opening date is not known: {months} months are counted, as planned",
                months=months,
            )
            checked.findings.append(_at(plan.instance, line, "missing", message))


def _check_amounts(checked: Checked, plan: Plan, words: Words) -> None:
    """Compare amounts with the plan, year by year, and with one another, cumulated."""
    instance, shape = plan.instance, plan.planned.shape
    sums = {n: checked.sums(n, shape) for n in ("authorised", "funded", "opened")}
    so_far = {name: np.cumsum(np.nan_to_num(values), axis=2) for name, values in sums.items()}
    backlog = backlog_of(instance)
    for cell in sorted(checked.lines):
        line, pair = checked.lines[cell][0], cell[:2]
        funded, planned = sums["funded"][cell], float(plan.planned[cell])
        allowed = planned if instance.is_money[cell[1]] else math.ceil(planned - SLACK)
        if funded > allowed + SLACK:
            message = words.phrase("more funded than planned")
            _note(checked, instance, line, "funded_above_plan", message, planned, funded)
        holds = backlog.pending[pair] + so_far["funded"][cell]
        opened = so_far["opened"][cell]
        if opened > holds + SLACK and not instance.is_money[cell[1]]:
            message = words.phrase("more opened so far than funded so far")
            _note(checked, instance, line, "opened_above_funded", message, holds, opened)
        authorised = np.isfinite(sums["authorised"][pair]).any()
        if not authorised and not backlog.told:
            continue
        holds = backlog.unfunded[pair] + so_far["authorised"][cell]
        if so_far["funded"][cell] > holds + SLACK:
            message = words.phrase("more funded so far than authorised so far, backlog included")
            _note(
                checked, instance, line, "funded_above_authorised", message, holds,
                so_far["funded"][cell],
            )  # fmt: skip


def _check_missing(checked: Checked, plan: Plan, words: Words) -> None:
    instance = plan.instance
    for t, m, y in zip(*np.nonzero(plan.planned > SLACK), strict=True):
        cell = (int(t), int(m), int(y))
        if cell[2] not in checked.years or cell in checked.lines:
            continue
        checked.missing.append(cell)
        territory = instance.territories[cell[0]]
        checked.findings.append(
            FollowUpFinding(
                code="missing",
                message=words.phrase("planned, and nothing was returned: none is counted"),
                level=territory.level,
                territory=territory.code,
                measure=instance.measures[cell[1]],
                year=str(instance.years[cell[2]]),
                planned=float(plan.planned[cell]),
            )
        )


def _note(
    checked: Checked,
    instance: Instance,
    line: Returned,
    code: str,
    message: str,
    planned: float,
    returned: float,
) -> None:
    checked.findings.append(
        _at(instance, line, code, message, planned=float(planned), returned=float(returned))
    )


def _at(
    instance: Instance,
    line: Returned,
    code: str,
    message: str,
    *,
    planned: float | None = None,
    returned: float | None = None,
) -> FollowUpFinding:
    t, m, y = line.cell
    territory = instance.territories[t]
    return FollowUpFinding(
        code=code,
        message=message,
        file=line.file,
        line=line.line,
        level=territory.level,
        territory=territory.code,
        measure=instance.measures[m],
        year=str(instance.years[y]),
        planned=planned,
        returned=returned,
    )
