"""Rates before and after, and how equal they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.workbook.sheets import Column, Sheet, fits, not_held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Value
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.words import Words

MEASURED = ("before", "after", "target", "gap_before", "gap_after")
COMPARED = ("national", "min", "max", "range", "mean_absolute_gap")


def rates(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out ``indicators.csv``: every indicator at every level and year."""
    rows = list(run.tables["indicators"].records())
    names, coded = run.names(), codes(words)
    stepped = "step" in run.tables["indicators"].columns
    held = fits(rows)
    file = "indicators.csv"
    note = words.phrase(
        "Rates at the end of each year ({file}); missing is the target less the rate.", file=file
    )
    columns = (
        *((Column(heading=words.phrase("Step"), kind="code"),) if stepped else ()),
        Column(heading=words.phrase("Indicator")),
        Column(heading=words.phrase("Level")),
        Column(heading=words.phrase("Territory")),
        Column(heading=words.phrase("Code"), kind="code"),
        Column(heading=words.phrase("Year"), kind="whole"),
        Column(heading=words.phrase("Rate before"), kind="rate"),
        Column(heading=words.phrase("Rate after"), kind="rate"),
        Column(heading=words.phrase("Target"), kind="rate"),
        Column(heading=words.phrase("Missing before"), kind="rate"),
        Column(heading=words.phrase("Missing after"), kind="rate"),
    )
    return Sheet(
        name=words.term("sheet", "Rates"),
        title=words.phrase("Rates before and after"),
        notes=(note if held else not_held(len(rows), file, words),),
        columns=columns,
        rows=[
            (
                *((r["step"],) if stepped else ()),
                _titled(run, r),
                coded.get(("level", word(r["level"])), r["level"]),
                names.get((word(r["level"]), word(r["territory"])), ""),
                r["territory"],
                r["year"],
                *(r[k] for k in MEASURED),
            )
            for r in (rows if held else ())
        ],
        frozen=len(columns) - 7,
    )


def equity(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out ``equity.csv``: how equal the rates are, before, after, under the reference."""
    table = run.tables["equity"]
    stepped, coded = "step" in table.columns, codes(words)
    columns = (
        *((Column(heading=words.phrase("Step"), kind="code"),) if stepped else ()),
        Column(heading=words.phrase("Indicator")),
        Column(heading=words.phrase("Compared by")),
        Column(heading=words.phrase("Year"), kind="whole"),
        Column(heading=words.phrase("Moment")),
        Column(heading=words.phrase("National rate"), kind="rate"),
        Column(heading=words.phrase("Lowest"), kind="rate"),
        Column(heading=words.phrase("Highest"), kind="rate"),
        Column(heading=words.phrase("Range"), kind="rate"),
        Column(heading=words.phrase("Mean distance to the mean"), kind="rate"),
        Column(heading=words.phrase("Gini index"), kind="index"),
        Column(heading=words.phrase("Theil index"), kind="index"),
        Column(heading=words.phrase("Territories below the target"), kind="whole"),
    )
    note = words.phrase(
        "Indices are 0 when every rate is the same; all but the lowest, the highest and the range "
        "weigh territories by population."
    )
    return Sheet(
        name=words.term("sheet", "Equity"),
        title=words.phrase("How equal the rates are"),
        notes=(note,),
        columns=columns,
        rows=[
            (
                *((r["step"],) if stepped else ()),
                _titled(run, r),
                coded.get(("level", word(r["level"])), r["level"]),
                r["year"],
                coded.get(("moment", word(r["moment"])), r["moment"]),
                *(r[k] for k in COMPARED),
                r["gini"],
                r["theil"],
                r["below_target"],
            )
            for r in table.records()
        ],
        frozen=len(columns) - 8,
    )


def _titled(run: WorkbookRun, row: Mapping[str, Value]) -> str:
    name = word(row["indicator"])
    stated = run.scenario.get("indicators", {}).get(name, {})
    return str(stated.get("title") or name)
