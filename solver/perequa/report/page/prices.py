"""What the binding rules cost, both ways, in sentences with their ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.same_rows import full_statement
from perequa.interpret.tables import Table, cell
from perequa.report.layout import word
from perequa.report.page.blocks import Heading, Listed, Paragraph, Section
from perequa.report.page.names import step_names
from perequa.report.priced import priced_levels
from perequa.report.weights import weight_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

ONE_RUN = ""
"""The step of a run that is no cascade."""


def prices(run: PageRun, words: Words) -> Section:
    """Say the prices in the language of the page, whatever that of the run is."""
    blocks: list[Block] = []
    if "shadow_prices" not in run.tables:
        blocks.append(
            Paragraph(text=words.phrase("The run was solved without prices (--no-prices)."))
        )
    else:
        blocks += _priced(run, words)
        blocks += _weights(run, words)
    title = words.phrase("What the binding rules cost")
    return Section(key="prices", title=title, blocks=blocks)


def _priced(run: PageRun, words: Words) -> Iterator[Block]:
    prices, rules = run.tables["shadow_prices"], run.tables["rules"]
    yield Paragraph(
        text=words.phrase(
            "Each sentence says what one more and one less of a limit would do, and how far that "
            "holds; the dearest come first. A price belongs to this scenario and this plan."
        )
    )
    bound, named = False, step_names(run, words)
    for step in _steps(prices):
        own = prices if step == ONE_RUN else _of(prices, step)
        levels = priced_levels(own, rules, words)
        if not levels:
            continue
        bound = True
        if step != ONE_RUN:
            yield Heading(text=named[step])
        for level in levels:
            yield Paragraph(text=level.signs)
            for group in level.groups:
                said = tuple(
                    full_statement({k: cell(v) for k, v in row.items()}, words)
                    for row in group.rows
                )
                left = (group.left_out,) if group.left_out else ()
                yield Listed(items=(*said, *left))
            if level.free:
                yield Paragraph(text=level.free)
    if not bound:
        yield Paragraph(text=words.phrase("no rule binds"))


def _steps(prices: Table) -> list[str]:
    if "step" not in prices.columns:
        return [ONE_RUN]
    return list(dict.fromkeys(word(step) for step in prices.column("step")))


def _of(table: Table, step: str) -> Table:
    at = table.columns.index("step")
    return Table(table.columns, tuple(row for row in table.rows if row[at] == step))


def _weights(run: PageRun, words: Words) -> Iterator[Block]:
    table = run.tables.get("weight_ranges")
    if table is None:
        return
    named, said = step_names(run, words), False
    for step in _steps(table):
        head, *lines = weight_lines(table if step == ONE_RUN else _of(table, step), words) or [""]
        if not head:
            continue
        if not said:
            yield Heading(text=words.phrase("How far a weight can move"))
            yield Paragraph(text=head)
            said = True
        if step != ONE_RUN:
            yield Paragraph(text=words.phrase("{step}:", step=named[step]))
        yield Listed(items=tuple(lines))
