"""How equal the rates are: before, after, and under the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.headings import codes
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

if TYPE_CHECKING:
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

RATES = ("national", "min", "max", "range")
INDICES = ("gini", "theil")
DISTANCE = "mean_absolute_gap"
INDEX_DECIMALS = 4


def equity(run: PageRun, words: Words) -> Section:
    """Lay out the equity figures of every indicator, level and year."""
    table = run.tables["equity"]
    stated = run.scenario.get("indicators", {})
    stepped = "step" in table.columns
    columns = (
        words.phrase("Indicator"),
        *((words.phrase("Step"),) if stepped else ()),
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
    coded = codes(words)
    decimals = {
        name: decimals_of(r[k] for r in table.records() if r["indicator"] == name for k in RATES)
        for name in dict.fromkeys(table.column("indicator"))
    }
    rows = tuple(
        (
            text_cell(str(stated.get(word(r["indicator"]), {}).get("title") or r["indicator"])),
            *((text_cell(r["step"]),) if stepped else ()),
            text_cell(coded.get(("level", word(r["level"])), word(r["level"]))),
            whole_cell(r["year"]),
            text_cell(coded.get(("moment", word(r["moment"])), word(r["moment"]))),
            *(fixed_cell(r[k], decimals[r["indicator"]], words) for k in RATES),
            *(fixed_cell(r[k], INDEX_DECIMALS, words) for k in INDICES),
            fixed_cell(r[DISTANCE], decimals[r["indicator"]], words),
            whole_cell(r["below_target"]),
        )
        for r in table.records()
    )
    explained = words.phrase(
        "Indices are 0 when every rate is the same; all but the lowest, the highest and the range "
        "weigh territories by population."
    )
    caption = words.phrase("Equity of the rates")
    listed = PageTable(key="equity-table", caption=caption, columns=columns, rows=rows)
    blocks: list[Block] = [listed, Paragraph(text=explained)]
    if run.people:
        blocks += lorenz_blocks(run, words)
    return Section(key="equity", title=words.phrase("How equal the rates are"), blocks=blocks)
