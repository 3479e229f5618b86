"""Projects taken and those that wait, and what one more of a limit brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.project_sentences import one_more_statement, project_statement
from perequa.interpret.tables import written
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.blocks import (
    Heading,
    Listed,
    Paragraph,
    Section,
    amount_of,
    measured_cell,
    table_of,
    text_cell,
    text_of,
    whole_cell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.interpret.tables import Table, Value
    from perequa.report.page.blocks import Block, PageTable
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

SHOWN = 50
"""Projects that wait and limits moved told one by one; the tables have them all."""


def projects(run: PageRun, words: Words) -> Section | None:
    """Lay out the projects in the order of service; nothing where there are none."""
    if "projects" not in run.tables:
        return None
    table = run.tables["projects"]
    rows = list(table.records())
    taken = [r for r in rows if r["taken"]]
    waiting = [r for r in rows if not r["taken"]]
    blocks: list[Block] = [
        Paragraph(
            text="; ".join(
                (
                    words.plural("{count} project taken", "{count} projects taken", len(taken)),
                    words.plural("{count} project waits", "{count} projects wait", len(waiting)),
                )
            )
        ),
        _table("taken", words.phrase("Projects taken, in the order of service"), taken, words),
    ]
    if waiting:
        caption = words.phrase("Projects that wait, in the order of service")
        blocks += [
            _table("waiting", caption, waiting, words),
            Heading(text=words.phrase("Why they wait")),
            Listed(items=tuple(_waiting(table, words))),
        ]
    blocks += _one_more(run, words)
    return Section(key="projects", title=words.phrase("Projects"), blocks=blocks)


def _table(key: str, caption: str, rows: list[dict[str, Value]], words: Words) -> PageTable:
    lacks = [(words.phrase("Missing credits"), "missing_credits")] if key == "waiting" else []
    if any(row.get("frees") for row in rows):
        lacks.insert(0, (words.phrase("Places freed elsewhere"), "frees"))
    return table_of(
        rows[:MOST_ROWS],
        [
            (words.phrase("Project"), lambda r: text_cell(r["title"] or r["project"])),
            (words.phrase("Code"), text_of("project")),
            (words.phrase("Territory"), text_of("territory_name")),
            (words.phrase("Measure"), text_of("measure")),
            (words.phrase("Year"), lambda r: whole_cell(r["year"])),
            (words.phrase("Places"), amount_of("places", words)),
            (words.phrase("Credits"), amount_of("credits", words)),
            (words.phrase("Class"), text_of("class")),
            (words.phrase("Merit"), lambda r: measured_cell(r["merit"], words)),
            (words.phrase("Rank"), lambda r: whole_cell(r["rank"])),
            *((head, amount_of(name, words)) for head, name in lacks),
        ],
        key=key,
        caption=caption,
        file=f"{key}.csv",
    )


def _waiting(table: Table, words: Words) -> Iterator[str]:
    lines = [line for line in written(table.columns, table.rows) if line["taken"] == "false"]
    for line in lines[:SHOWN]:
        yield project_statement(line, words)
    if len(lines) > SHOWN:
        yield _more(len(lines) - SHOWN, "projects.csv", words)


def _one_more(run: PageRun, words: Words) -> Iterator[Block]:
    table = run.tables.get("one_more")
    if table is None or not table.rows:
        return
    told = dict.fromkeys(
        one_more_statement(line, words)
        for line in written(table.columns, table.rows)
        if line["projects_in"] and float(line["moved_limit"]) > float(line["limit"])
    )
    yield Heading(text=words.phrase("One more of a limit, the scenario solved again"))
    if not told:
        yield Paragraph(text=words.phrase("one more of no limit brings in another project"))
        return
    left = [_more(len(told) - SHOWN, "one_more.csv", words)] if len(told) > SHOWN else []
    yield Listed(items=(*list(told)[:SHOWN], *left))


def _more(count: int, file: str, words: Words) -> str:
    return words.phrase("and {count} more in {file}", count=count, file=file)
