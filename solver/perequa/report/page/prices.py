"""What the binding rules cost, both ways, in sentences with their ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.same_rows import full_statement
from perequa.interpret.tables import Table, cell
from perequa.report.layout import word
from perequa.report.page.blocks import Heading, Listed, Paragraph, Section
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
        blocks += _priced(run.tables["shadow_prices"], run.tables["rules"], words)
        blocks += _weights(run, words)
    title = words.phrase("What the binding rules cost")
    return Section(key="prices", title=title, blocks=blocks)


def _priced(prices: Table, rules: Table, words: Words) -> Iterator[Block]:
    yield Paragraph(
        text=words.phrase(
            "Each sentence says what one more and one less of a limit would do, and how far that "
            "holds; the dearest come first. A price belongs to this scenario and this plan."
        )
    )
    bound = False
    for step in _steps(prices):
        own = prices if step == ONE_RUN else _of(prices, step)
        levels = priced_levels(own, rules, words)
        if not levels:
            continue
        bound = True
        if step != ONE_RUN:
            yield Heading(text=step)
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
    if "weight_ranges" not in run.tables:
        return
    head, *lines = weight_lines(run.tables["weight_ranges"], words) or [""]
    if head:
        yield Heading(text=words.phrase("How far a weight can move"))
        yield Paragraph(text=head)
        yield Listed(items=tuple(lines))
