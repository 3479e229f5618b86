"""The workbook of a run: its sheets in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.workbook.allocation import allocation
from perequa.report.workbook.drawing import Frame, draw
from perequa.report.workbook.parameters import parameters, reference
from perequa.report.workbook.projects import projects
from perequa.report.workbook.rates import equity, rates
from perequa.report.workbook.readme import readme, synthetic_label
from perequa.report.workbook.rules import prices, rules
from perequa.report.workbook.totals import totals

if TYPE_CHECKING:
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.report.workbook.sheets import Sheet
    from perequa.words import Words

SHORT = 12
"""Characters of the fingerprint printed below every page."""


def workbook_of(run: WorkbookRun, words: Words) -> bytes:
    """Write a run as one Excel workbook.

    The same run gives the same bytes. Figures keep all their digits, and every formula has the
    value that the run has for it, so that a program that does not compute reads it too.

    Parameters
    ----------
    run
        The run, which has a plan.
    words
        Language of the workbook.
    """
    sheets = _sheets(run, words)
    opening = readme(run, sheets, words)
    frame = Frame(
        title=opening.title,
        foot=f"{run.run.name} · {run.run.fingerprint[:SHORT]}",
        label=synthetic_label(run, words),
        unit=str(run.scenario.get("currency", "EUR")),
    )
    return draw([opening, *sheets], frame, words)


def _sheets(run: WorkbookRun, words: Words) -> list[Sheet]:
    plan = allocation(run, words)
    optional = [projects(run, words)] if "projects" in run.tables else []
    return [
        plan,
        totals(run, plan, words),
        rates(run, words),
        equity(run, words),
        rules(run, words),
        prices(run, words),
        *optional,
        parameters(run, words),
        reference(run, words),
    ]
