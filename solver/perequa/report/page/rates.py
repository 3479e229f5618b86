"""Rates before and after, and how far they stay from their target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.blocks import (
    Caption,
    Heading,
    PageTable,
    Paragraph,
    Section,
    decimals_of,
    fixed_cell,
    text_cell,
)
from perequa.report.page.dot_plot import MOST_LINES, Pair, dot_plot
from perequa.report.page.names import code_name, indicator_name
from perequa.report.page.shades import amounts
from perequa.report.page.territory_map import territory_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.borders import Borders
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

NATION = "nation"
FIGURES = ("before", "after", "target", "gap_before", "gap_after")

Row = dict[str, "Value"]


def rates(run: PageRun, words: Words) -> Section:
    """Draw every indicator at every level, at the end of the last year."""
    last, groups = in_the_end(run)
    names = names_of(run)
    blocks: list[Block] = []
    if not groups:
        blocks.append(Paragraph(text=words.phrase("The scenario states no indicator.")))
    for number, ((indicator, level), listed) in enumerate(groups.items(), 1):
        said = words.phrase(
            "{indicator}, by {level}, end of {year}",
            indicator=indicator_name(run.scenario, indicator),
            level=code_name("level", level, words),
            year=last,
        )
        blocks.append(Heading(text=said))
        blocks += _level(number, said, listed, names, run.borders, words)
    return Section(key="rates", title=words.phrase("Rates before and after"), blocks=blocks)


def in_the_end(run: PageRun) -> tuple[int, dict[tuple[str, str], list[Row]]]:
    """Return the last year, and the rates at its end by indicator and level.

    A territory of a cascade has the rate of the last step that looks at it: the nation decides for
    its regions, then each says what it makes of that.
    """
    rows = list(run.tables["indicators"].records())
    last = max((r["year"] for r in rows if isinstance(r["year"], int)), default=0)
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        if row["year"] == last and row["level"] != NATION:
            key = (word(row["indicator"]), word(row["level"]))
            found.setdefault(key, {})[word(row["territory"])] = row
    return last, {key: [*territories.values()] for key, territories in found.items()}


def _level(
    number: int,
    said: str,
    rows: list[Row],
    names: Mapping[tuple[str, str], str],
    borders: Mapping[str, Borders],
    words: Words,
) -> Iterator[Block]:
    if len(rows) > MOST_ROWS:
        text = words.phrase(
            "{count} lines: they stand in {file}.", count=len(rows), file="indicators.csv"
        )
        yield Paragraph(text=text)
        return
    rows.sort(key=lambda r: r["before"] if isinstance(r["before"], float) else 0.0)
    pairs = [p for r in rows if (p := _pair(r, names)) is not None]
    table = _table(number, said, rows, names, words)
    after = {word(r["territory"]): r["after"] for r in rows if isinstance(r["after"], float)}
    found = territory_map(
        after,
        {word(r["territory"]): _name(r, names) for r in rows},
        amounts(after.values(), decimals_of(after.values()), words),
        words,
        level=word(rows[0]["level"]),
        borders=borders,
        caption=Caption(
            key=f"rate-map-{number}",
            title=words.phrase("Rate after the plan"),
            behind=table.key,
        ),
    )
    if found is not None:
        yield found
    if 1 < len(pairs) <= MOST_LINES:
        yield dot_plot(
            pairs,
            words,
            key=f"dots-{number}",
            title=words.phrase("From the lowest rate before the plan up"),
            first=words.phrase("before"),
            last=words.phrase("after"),
            target=words.phrase("target (the national rate unless stated otherwise)"),
            behind=table.key,
        )
    yield table


def _table(
    number: int,
    said: str,
    rows: list[Row],
    names: Mapping[tuple[str, str], str],
    words: Words,
) -> PageTable:
    decimals = decimals_of(row[k] for row in rows for k in FIGURES)
    return PageTable(
        key=f"rates-{number}",
        caption=words.phrase("{what}: rates, and what is missing to the target", what=said),
        columns=(
            words.phrase("Territory"),
            words.phrase("Rate before"),
            words.phrase("Rate after"),
            words.phrase("Target"),
            words.phrase("Missing before"),
            words.phrase("Missing after"),
        ),
        rows=tuple(
            (text_cell(_name(r, names)), *(fixed_cell(r[k], decimals, words) for k in FIGURES))
            for r in rows
        ),
        file=f"rates-{number}.csv",
    )


def _pair(row: Row, names: Mapping[tuple[str, str], str]) -> Pair | None:
    before, after, target = row["before"], row["after"], row["target"]
    if not isinstance(before, float) or not isinstance(after, float):
        return None
    return Pair(
        name=_name(row, names),
        first=before,
        last=after,
        target=target if isinstance(target, float) else None,
    )


def _name(row: Row, names: Mapping[tuple[str, str], str]) -> str:
    return names.get((word(row["level"]), word(row["territory"]))) or word(row["territory"])


def names_of(run: PageRun) -> dict[tuple[str, str], str]:
    """Name territories as the plan and its totals do: ``indicators.csv`` has their codes alone."""
    return {
        (word(r["level"]), word(r["territory"])): word(r["territory_name"])
        for table in ("totals", "allocation")
        for r in run.tables[table].records()
    }
