"""How equal the rates are: before, after, and under the reference."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.blocks import (
    PageTable,
    Paragraph,
    Section,
    decimals_of,
    fixed_cell,
    text_cell,
    whole_cell,
)
from perequa.report.page.concentration import lorenz_blocks
from perequa.report.page.names import code_name, indicator_name, step_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]

RATES = ("national", "min", "max", "range")
INDICES = ("gini", "theil")
DISTANCE = "mean_absolute_gap"
INDEX_DECIMALS = 4


def equity(run: PageRun, words: Words) -> Section | None:
    """Lay out the equity figures of every indicator, level and year that compares several."""
    table = run.tables["equity"]
    steps, compared = step_names(run, words), _compared(run)
    listed = [r for r in table.records() if compared[_which(r)] > 1]
    if not listed:
        return None
    columns = (
        words.phrase("Indicator"),
        *((words.phrase("Step"),) if steps else ()),
        words.phrase("Compared by"),
        words.phrase("Year"),
        words.phrase("Moment"),
        words.phrase("National rate"),
        words.phrase("Lowest"),
        words.phrase("Highest"),
        words.phrase("Range"),
        words.phrase("Gini index"),
        words.phrase("Theil index"),
        words.phrase("Mean distance to the mean"),
        words.phrase("Territories below the target"),
    )
    decimals = {
        name: decimals_of(r[k] for r in table.records() if r["indicator"] == name for k in RATES)
        for name in dict.fromkeys(table.column("indicator"))
    }
    rows = tuple(
        (
            text_cell(indicator_name(run.scenario, r["indicator"])),
            *((text_cell(steps.get(word(r["step"]))),) if steps else ()),
            text_cell(code_name("level", r["level"], words)),
            whole_cell(r["year"]),
            text_cell(code_name("moment", r["moment"], words)),
            *(fixed_cell(r[k], decimals[r["indicator"]], words) for k in RATES),
            *(fixed_cell(r[k], INDEX_DECIMALS, words) for k in INDICES),
            fixed_cell(r[DISTANCE], decimals[r["indicator"]], words),
            whole_cell(r["below_target"]),
        )
        for r in listed
    )
    explained = words.phrase(
        "Indices are 0 when every rate is the same; all but the lowest, the highest and the range "
        "weigh territories by population."
    )
    caption = words.phrase("Equity of the rates")
    laid_out = PageTable(key="equity-table", caption=caption, columns=columns, rows=rows)
    blocks: list[Block] = [laid_out, Paragraph(text=explained)]
    if run.people:
        blocks += lorenz_blocks(run, words)
    return Section(key="equity", title=words.phrase("How equal the rates are"), blocks=blocks)


def _which(row: Row) -> tuple[Value, ...]:
    return (row.get("step"), row["indicator"], row["level"], row["year"])


def _compared(run: PageRun) -> Counter[tuple[Value, ...]]:
    """Count the territories that each line of the equity figures compares."""
    return Counter(_which(r) for r in run.tables["indicators"].records())
