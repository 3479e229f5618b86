"""The annexes of a circular: what each sheet holds, in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perequa.report.annexes.commitments import commitment_lines, commitments
from perequa.report.annexes.construction import construction_lines, constructions
from perequa.report.annexes.decision import decision_lines, decisions
from perequa.report.annexes.drawing import draw
from perequa.report.annexes.measures import measure_lines, measure_years
from perequa.report.annexes.notifications import SHEET as NOTIFICATIONS
from perequa.report.annexes.notifications import notifications_sheet, notified
from perequa.report.annexes.returns import SHEET, returns_sheet
from perequa.report.annexes.sheets import Cell, Sheet
from perequa.report.annexes.territory import WIDTHS, TerritorySheet, envelope_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.annexes.commitments import Commitments
    from perequa.report.annexes.construction import Construction
    from perequa.report.annexes.decision import Decision
    from perequa.report.annexes.measures import MeasureYear
    from perequa.report.annexes.reading import AnnexRun
    from perequa.report.annexes.sheets import Line
    from perequa.words import Words

SHORT = 12
"""Characters of the fingerprint printed below every page."""
MOST_SHEETS = 120
"""Territories of the top level that have a sheet of their own."""
LONGEST = 31
"""Characters of the name of a sheet."""
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
NARROW, NAMED, FIGURE = 8, 30, 15
FIRST = 4
"""Row of the headings of a table, from 1."""


def annexes_of(run: AnnexRun, words: Words) -> bytes:
    """Write the annexes of a run as one Excel workbook.

    Every figure printed is whole and rounded once, at the lowest level of its table; sub-totals and
    totals are formulas over printed figures, with their values.

    Parameters
    ----------
    run
        The run, which has a plan.
    words
        Language of the workbook.
    """
    every, built = measure_years(run), constructions(run)
    measures = [one for years in every for one in years if not one.is_empty]
    committed = commitments(run, every)
    names = _Names()
    tables = [
        *_decisions(decisions(run, built, measures), names, words),
        *_constructions(run, built, names, words),
        *_measures(run, measures, names, words),
        *_commitments(committed, names, words),
    ]
    rows = notified(run, built)
    after = [*([notifications_sheet(rows)] if rows else []), *_form(run, words)]
    own = list(_territories(run, measures, built, names, words))
    equal = [one for one in committed if not one.differ]
    opening = _contents(run, [*tables, *after], own, equal, words)
    sheets = [opening, *tables, *own, *after]
    scenario = run.instance.scenario
    title = scenario.title or scenario.name
    return draw(sheets, title, f"{run.name} · {run.fingerprint[:SHORT]}")


def notifications_of(run: AnnexRun) -> list[dict[str, Value]]:
    """Return every sum that the delegations of a run notify, in whole amounts, by column."""
    return notified(run, constructions(run))


def _form(run: AnnexRun, words: Words) -> list[Sheet]:
    form = returns_sheet(run, words)
    return [] if form is None else [form]


class _Names:
    """Names of sheets, each once whatever its capitals, as a workbook accepts them."""

    def __init__(self) -> None:
        self._taken = {SHEET, NOTIFICATIONS, "history"}

    def of(self, wanted: str) -> str:
        """Return a name that is still free."""
        plain = FORBIDDEN.sub(" ", wanted).strip("' ")[:LONGEST].rstrip("' ") or "-"
        name, i = plain, 2
        while name.lower() in self._taken:
            mark = f" ({i})"
            name, i = plain[: LONGEST - len(mark)] + mark, i + 1
        self._taken.add(name.lower())
        return name


def _sheet(name: str, title: str, notes: str, table: Sequence[Line]) -> Sheet:
    """One table below its title."""
    head = (Cell(value=title, kind="title"),), (Cell(value=notes, kind="note"),), ()
    columns = len(table[0])
    return Sheet(
        name=name,
        lines=(*head, *table),
        widths=(NARROW, NAMED, *[FIGURE] * (columns - 2)),
        heading=FIRST - 1,
    )


def _constructions(
    run: AnnexRun, built: Sequence[Construction], names: _Names, words: Words
) -> Iterator[Sheet]:
    for one in built:
        name = names.of(f"{words.phrase('Construction')} {one.envelope} {one.year}")
        title = envelope_named(run, one, words)
        lines = construction_lines(one, FIRST, words)
        yield _sheet(name, title, _amounts_in(run, words), lines)


def _decisions(found: Sequence[Decision], names: _Names, words: Words) -> Iterator[Sheet]:
    for one in found:
        name = names.of(words.phrase("Decision {year}", year=one.year))
        note = _amounts_in(one.run, words)
        yield _sheet(name, one.title(words), note, decision_lines(one, FIRST, words))


def _commitments(found: Sequence[Commitments], names: _Names, words: Words) -> Iterator[Sheet]:
    for one in found:
        if not one.differ:
            continue
        name = names.of(words.phrase("Commitments {envelope}", envelope=one.envelope))
        title = words.phrase("Commitment authorisations and payment credits")
        if one.envelope:
            title = f"{title} · {one.run.envelope_title(one.envelope)}"
        said = words.phrase(
            "Committed: what places funded in the year cost over a full year, and whole awards "
            "that are paid by milestones. Paid: credits of the year, what is withheld included. "
            "All that is committed is paid."
        )
        note = f"{_amounts_in(one.run, words)} {said}"
        yield _sheet(name, title, note, commitment_lines(one, FIRST, words))


def _amounts_in(run: AnnexRun, words: Words) -> str:
    return words.phrase("Amounts in {currency}.", currency=run.instance.scenario.currency)


def _measures(
    run: AnnexRun, measures: Sequence[MeasureYear], names: _Names, words: Words
) -> Iterator[Sheet]:
    for one in measures:
        title = f"{run.title_of(one.measure)}, {one.year}"
        note = _amounts_in(run, words)
        data = one.indicator
        if data is not None:
            spec = run.instance.scenario.indicators[data.name]
            rates = words.phrase("Rates: {title}.", title=spec.title or data.name)
            note = f"{note} {rates}"
        yield _sheet(
            names.of(f"{one.measure} {one.year}"), title, note, measure_lines(one, FIRST, words)
        )


def _territories(
    run: AnnexRun,
    measures: Sequence[MeasureYear],
    built: Sequence[Construction],
    names: _Names,
    words: Words,
) -> Iterator[Sheet]:
    if len(run.top) > MOST_SHEETS:
        return
    for i, who in enumerate(run.top):
        lines = TerritorySheet(run, measures, built, i, words).lines()
        yield Sheet(
            name=names.of(f"{who.code} {who.name}"), lines=lines, widths=WIDTHS, one_page=True
        )


def _contents(
    run: AnnexRun,
    tables: Sequence[Sheet],
    own: Sequence[Sheet],
    equal: Sequence[Commitments],
    words: Words,
) -> Sheet:
    """What the annexes are, and how they were rounded.

    Parameters
    ----------
    equal
        Envelopes that pay in every year what it commits, which have no table of it.
    """
    scenario = run.instance.scenario
    lines: list[Line] = [
        (Cell(value=scenario.title or scenario.name, kind="title"),),
        (Cell(value=f"{run.name} · {run.fingerprint}", kind="note"),),
        (),
        (
            Cell(value=words.phrase("Sheet"), kind="heading"),
            Cell(value=words.phrase("What it holds"), kind="heading"),
        ),
    ]
    told = {
        SHEET: words.phrase("Form to return"),
        NOTIFICATIONS: words.phrase("Every sum notified, for payment systems"),
    }
    for sheet in tables:
        about = told.get(sheet.name, sheet.lines[0][0].value)
        lines.append((Cell(value=sheet.name), Cell(value=about)))
    if own:
        pages = words.phrase("one page for each of {count} territories", count=len(own))
        lines.append((Cell(value=f"{own[0].name} …"), Cell(value=pages)))
    lines.append(())
    notes = [*_notes(run, words), *_equal(run, equal, words)]
    lines.extend((Cell(), Cell(value=note, kind="sentence")) for note in notes)
    lines.extend((Cell(), Cell(value=source, kind="sentence")) for source in scenario.sources)
    return Sheet(name=_contents_name(words), lines=tuple(lines), widths=(NAMED, 100))


def _equal(run: AnnexRun, equal: Sequence[Commitments], words: Words) -> Iterator[str]:
    for one in equal:
        said = words.phrase(
            "Every year pays what it commits: commitment authorisations are the payment credits "
            "(AE = CP)."
        )
        title = run.envelope_title(one.envelope)
        yield f"{title}: {said}" if title else said


def _contents_name(words: Words) -> str:
    return words.phrase("Contents of the annexes")[:LONGEST]


def _notes(run: AnnexRun, words: Words) -> Iterator[str]:
    yield words.phrase(
        "Figures are rounded once, to whole places and whole amounts, by largest remainders inside "
        "each total; sub-totals and totals add up what is printed. The run keeps figures unrounded."
    )
    whole = run.instance.scenario.whole
    if not whole and not any(m.whole for m in run.instance.scenario.measures.values()):
        yield words.phrase(
            "The plan is not in whole places: rounding looks at no rule. `perequa solve --whole` "
            "gives a plan in whole places that keeps every rule."
        )
    listed = run.instance.level != run.listed_level
    if listed:
        yield words.phrase("Tables of measures list the territories of the top level.")
