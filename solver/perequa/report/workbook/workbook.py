"""The workbook of a run: its sheets in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.workbook.allocation import allocation
from perequa.report.workbook.drawing import Frame, draw
from perequa.report.workbook.no_plan import no_plan_sheets
from perequa.report.workbook.parameters import parameters, reference
from perequa.report.workbook.projects import projects
from perequa.report.workbook.rates import equity, rates
from perequa.report.workbook.readme import readme, synthetic_label
from perequa.report.workbook.rules import prices, rules
from perequa.report.workbook.totals import totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.report.page import PageFailure, PageRun
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
    return _drawn(run.run, [readme(run, sheets, words), *sheets], words)


def failure_workbook(run: PageFailure, words: Words) -> bytes:
    """Write a run without a plan as `workbook_of` writes one that has a plan.

    Parameters
    ----------
    run
        The run, or the cascade, that found no plan.
    words
        Language of the workbook.
    """
    return _drawn(run, no_plan_sheets(run, words), words)


def _drawn(run: PageRun | PageFailure, sheets: Sequence[Sheet], words: Words) -> bytes:
    frame = Frame(
        title=sheets[0].title,
        foot=f"{run.name} · {run.fingerprint[:SHORT]}",
        label=synthetic_label(run, words),
        unit=str(run.scenario.get("currency", "EUR")),
    )
    return draw(sheets, frame, words)


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
        parameters(run.run, words),
        reference(run, words),
    ]
