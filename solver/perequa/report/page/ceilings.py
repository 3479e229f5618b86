"""Establishments above a ceiling, and how those in convergence come down to theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.blocks import (
    Paragraph,
    Section,
    amount_of,
    table_of,
    text_cell,
    text_of,
    whole_cell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block, Cell
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]
    Columns = Sequence[tuple[str, Callable[[Row], Cell]]]


def ceilings(run: PageRun, words: Words) -> Section | None:
    """Lay out ``overruns.csv`` and ``convergence.csv``; nothing where there are neither."""
    blocks: list[Block] = []
    if "overruns" in run.tables:
        caption = words.phrase("Budgets above their ceiling before the plan")
        blocks += _listed(run, "overruns", caption, _overruns(words), words)
    if "convergence" in run.tables:
        caption = words.phrase("Who comes down to a ceiling, year by year")
        blocks += _listed(run, "convergence", caption, _convergence(words), words)
    if not blocks:
        return None
    return Section(key="ceilings", title=words.phrase("Above a ceiling"), blocks=blocks)


def _listed(
    run: PageRun, name: str, caption: str, columns: Columns, words: Words
) -> Iterator[Block]:
    rows = list(run.tables[name].records())
    if len(rows) > MOST_ROWS:
        text = words.phrase(
            "{count} lines: they stand in {file}.", count=len(rows), file=f"{name}.csv"
        )
        yield Paragraph(text=text)
        return
    yield table_of(rows, columns, key=name, caption=caption, file=f"{name}.csv")


def _overruns(words: Words) -> Columns:
    said = {True: words.phrase("yes"), False: words.phrase("no")}
    return (
        (words.phrase("Territory"), lambda r: text_cell(word(r["name"]) or word(r["territory"]))),
        (words.phrase("Code"), text_of("territory")),
        (words.phrase("Stands in"), text_of("department")),
        (words.phrase("Budget renewed"), amount_of("base", words)),
        (words.phrase("Ceiling"), amount_of("ceiling", words)),
        (words.phrase("Overrun"), amount_of("overrun", words)),
        (words.phrase("Exception"), text_of("exception")),
        (words.phrase("Justified"), lambda r: text_cell(said.get(r["justified"] is True))),
        (words.phrase("Taken off later delegations"), amount_of("deducted", words)),
    )


def _convergence(words: Words) -> Columns:
    return (
        (words.phrase("Territory"), lambda r: text_cell(word(r["name"]) or word(r["territory"]))),
        (words.phrase("Code"), text_of("territory")),
        (words.phrase("Measure"), text_of("measure")),
        (words.phrase("Year"), lambda r: whole_cell(r["year"])),
        (words.phrase("Ceiling"), amount_of("ceiling", words)),
        (words.phrase("Budget"), amount_of("budget", words)),
        (words.phrase("Above the ceiling"), amount_of("gap", words)),
        (words.phrase("Freed"), amount_of("freed", words)),
        (words.phrase("Handed to envelopes"), amount_of("handed_over", words)),
        (words.phrase("Back to the nation"), amount_of("returned", words)),
        (words.phrase("Gap closed in"), lambda r: whole_cell(r["closed_in"])),
    )
