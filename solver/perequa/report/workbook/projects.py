"""Projects in their order of service, taken or not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.project_sentences import project_statement
from perequa.interpret.tables import cell
from perequa.report.workbook.sheets import Column, Sheet

if TYPE_CHECKING:
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.words import Words


def projects(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out ``projects.csv``."""
    columns = (
        Column(heading=words.phrase("Project"), kind="code"),
        Column(heading=words.phrase("In the planner's words")),
        Column(heading=words.phrase("Rank"), kind="whole"),
        Column(heading=words.phrase("Taken")),
        Column(heading=words.phrase("Territory")),
        Column(heading=words.phrase("Code"), kind="code"),
        Column(heading=words.phrase("Measure")),
        Column(heading=words.phrase("Year"), kind="whole"),
        Column(heading=words.phrase("Places"), kind="places"),
        Column(heading=words.phrase("Credits"), kind="money"),
        Column(heading=words.phrase("Merit"), kind="figure"),
        Column(heading=words.phrase("In words"), kind="sentence"),
    )
    shown = (
        *("project", "title", "rank", "taken", "territory_name", "territory", "measure", "year"),
        *("places", "credits", "merit"),
    )
    return Sheet(
        name=words.term("sheet", "Projects"),
        title=words.phrase("Projects in their order of service"),
        notes=(
            words.phrase(
                "Each project is taken whole or not at all ({file}).", file="projects.csv"
            ),
        ),
        columns=columns,
        rows=[
            (
                *(row[k] for k in shown),
                project_statement({k: cell(v) for k, v in row.items()}, words),
            )
            for row in run.tables["projects"].records()
        ],
        frozen=2,
    )
