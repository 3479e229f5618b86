"""The form that territories send back, filled in beforehand: what `perequa follow-up` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.annexes.rounding import rounded
from perequa.report.annexes.sheets import Cell, Sheet

if TYPE_CHECKING:
    from perequa.report.annexes.reading import AnnexRun
    from perequa.report.annexes.sheets import Line
    from perequa.words import Words

SHEET = "returns"
"""Name of the sheet, by which `perequa follow-up` finds it in the workbook."""
GIVEN = ("level", "territory", "territory_name", "measure", "year", "planned")
ASKED = ("authorised", "funded", "opened", "opening_date", "closed", "comment")
WIDTHS = (12, 10, 28, 22, 8, 12, 12, 12, 12, 14, 10, 40)


def returns_sheet(run: AnnexRun, words: Words) -> Sheet | None:
    """One line for each territory that decides, measure and year with anything planned.

    None where the plan chose among projects, which `perequa follow-up` does not follow.
    """
    instance = run.instance
    if instance.projects:
        return None
    tips = _tips(words)
    heading: Line = tuple(Cell(value=name, kind="heading") for name in (*GIVEN, *ASKED))
    lines: list[Line] = [heading]
    for m, measure in enumerate(instance.measures):
        for y, year in enumerate(instance.years):
            figures = run.plan.x[:, m, y]
            planned = rounded(figures.tolist())
            for t, territory in enumerate(instance.territories):
                if figures[t] > 0:
                    given = (
                        Cell(value=territory.level, kind="code"),
                        Cell(value=territory.code, kind="code"),
                        Cell(value=territory.name),
                        Cell(value=measure, kind="code"),
                        Cell(value=year, kind="whole"),
                        Cell(value=planned[t], kind="places"),
                    )
                    lines.append((*given, *(Cell(kind="unlocked") for _ in ASKED)))
    at = {name: j for j, name in enumerate((*GIVEN, *ASKED))}
    return Sheet(
        name=SHEET,
        lines=tuple(lines),
        widths=WIDTHS,
        heading=0,
        tips={(0, at[name]): tip for name, tip in tips.items()},
    )


def _tips(words: Words) -> dict[str, str]:
    """Say what each column asks for; its name is what the program reads."""
    return {
        "planned": words.phrase("Places notified (money, for a measure counted in money)"),
        "authorised": words.phrase("Places authorised in the year"),
        "funded": words.phrase("Places funded in the year"),
        "opened": words.phrase("Places opened in the year"),
        "opening_date": words.phrase(
            "Date of opening, e.g. 2004-09-01; one line for each where dates differ"
        ),
        "closed": words.phrase("Places closed in the year"),
        "comment": words.phrase("What explains a difference"),
    }
