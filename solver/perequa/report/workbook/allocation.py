"""Who gets what, with the territories above beside each, so that totals can be formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.page.decided import zone_names
from perequa.report.workbook.above import ZONE
from perequa.report.workbook.sheets import Column, Figure, Sheet, fits, not_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.interpret.tables import Value
    from perequa.report.workbook.above import Above
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.report.workbook.sheets import Kind
    from perequa.words import Words

AMOUNTS: dict[str, Kind] = {
    "places": "places",
    "credits": "money",
    "reference_places": "places",
    "reference_credits": "money",
    "withheld": "money",
    "due_after": "money",
    "installed_before": "places",
    "installed_after": "places",
    "continuous_places": "places",
    "continuous_credits": "money",
}
"""Columns of figures, in the order in which they are read."""
MAIN = ("places", "credits")
"""Figures that say something even where all are zero."""
STOCKS = ("installed_before", "installed_after")
"""Figures of one year that are not added over years."""

Row = dict[str, "Value"]


def allocation(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out the plan as it stands in ``allocation.csv``, a line for each of its lines."""
    rows = list(run.tables["allocation"].records())
    held = fits(rows)
    file = "allocation.csv"
    kept = kept_amounts(rows)
    money = money_measures(run)
    stepped = "step" in run.tables["allocation"].columns
    levels = run.above.levels_above(rows)
    columns = (
        *((Column(heading=words.phrase("Step"), kind="code", key="step"),) if stepped else ()),
        *above_columns(levels, words),
        Column(heading=words.phrase("Territory"), key="territory_name"),
        Column(heading=words.phrase("Code"), kind="code", key="territory"),
        Column(heading=words.phrase("Measure"), key="measure"),
        Column(heading=words.phrase("Year"), kind="whole", key="year"),
        # what the nation gives a region stands beside what the region makes of it
        *amount_columns(kept, words, summed=not stepped),
    )
    note = words.phrase("A line for each territory, measure and year ({file}).", file=file)
    return Sheet(
        name=words.term("sheet", "Allocation"),
        title=words.phrase("Who gets what"),
        notes=(note if held else not_held(len(rows), file, words),),
        columns=columns,
        rows=[
            (
                *((row["step"],) if stepped else ()),
                *above_cells(row, levels, run.above, words),
                row["territory_name"],
                row["territory"],
                row["measure"],
                row["year"],
                *amounts(row, kept, money),
            )
            for row in (rows if held else ())
        ],
        frozen=len(columns) - len(kept) - 2,
    )


def kept_amounts(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the columns of figures that say something."""
    return tuple(
        k
        for k in AMOUNTS
        if any(r[k] for r in rows) or (k in MAIN and any(r[k] == 0 for r in rows))
    )


def money_measures(run: WorkbookRun) -> frozenset[str]:
    """Return the measures that are counted in money: their stock is a budget."""
    stated = run.scenario.get("measures", {})
    return frozenset(str(m) for m, spec in stated.items() if spec.get("unit") == "money")


def amount_columns(kept: Sequence[str], words: Words, *, summed: bool) -> list[Column]:
    """Head the columns of figures."""
    heads = {
        "places": words.phrase("Places"),
        "credits": words.phrase("Credits"),
        "reference_places": words.phrase("Places, reference"),
        "reference_credits": words.phrase("Credits, reference"),
        "withheld": words.phrase("Withheld"),
        "due_after": words.phrase("Due after the last year"),
        "installed_before": words.phrase("Stock before"),
        "installed_after": words.phrase("Stock after"),
        "continuous_places": words.phrase("Places before rounding"),
        "continuous_credits": words.phrase("Credits before rounding"),
    }
    return [
        Column(heading=heads[k], kind=AMOUNTS[k], key=k, summed=summed and k not in STOCKS)
        for k in kept
    ]


def amounts(row: Row, kept: Sequence[str], money: frozenset[str]) -> list[Value | Figure]:
    """Return the figures of a line; the stock of a measure in money is an amount of money."""
    in_money = word(row["measure"]) in money
    return [
        Figure(value=row[k], kind="money") if k in STOCKS and in_money else row[k] for k in kept
    ]


def above_columns(levels: Sequence[str], words: Words) -> list[Column]:
    """Head two columns for each level above: name, and what formulas compare."""
    coded = codes(words)
    columns = []
    for level in levels:
        named = coded.get(("level", level), level)
        named = named[:1].upper() + named[1:]
        columns += [
            Column(heading=named, key=f"name of {level}"),
            Column(
                heading=words.phrase("{level}, identifier", level=named), kind="code", key=level
            ),
        ]
    return columns


def above_cells(row: Row, levels: Sequence[str], above: Above, words: Words) -> list[Value]:
    """Return name and identifier of the territory of each level above a line."""
    held = above.of(word(row["level"]), word(row["territory"]))
    zones = zone_names(words)
    cells: list[Value] = []
    for level in levels:
        name, identified = held.get(level, ("", ""))
        cells += [zones.get(name, name) if level == ZONE else name, identified]
    return cells
