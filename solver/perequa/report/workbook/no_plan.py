"""The workbook of a run without a plan: which rules clash, and what would have to move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perequa.report.diagnosis import impossible, menu_title
from perequa.report.layout import word
from perequa.report.page.no_plan import change_said, ended_said, least_said, step_name
from perequa.report.workbook.parameters import parameters
from perequa.report.workbook.readme import opening
from perequa.report.workbook.sheets import Column, Figure, Sheet, by_unit, fits, not_held
from perequa.words.terms import row_named, rule_kinds, unit_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page import PageFailure
    from perequa.words import Words

    Row = Mapping[str, Value]
    Cells = tuple[Value | Figure, ...]

CONFLICTS, REPAIRS = "conflicts.csv", "repairs.csv"


def no_plan_sheets(run: PageFailure, words: Words) -> list[Sheet]:
    """Lay out the first sheet, the causes, the ways out and the values of the scenario."""
    sheets = [_causes(run, words), _ways_out(run, words), parameters(run, words)]
    told = [
        (words.phrase("How to read"), said)
        for said in (
            words.phrase(
                "Nothing is shared out: this workbook says why there is no plan, and what would "
                "have to move for there to be one."
            ),
            words.phrase(
                "The rules of a cause cannot all be kept; without any one of them they can."
            ),
        )
    ]
    return [opening(run, sheets, ended_said(run, words), told, words), *sheets]


def _row_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(heading=words.phrase("Rule"), kind="sentence"),
        Column(heading=words.phrase("Kind")),
        Column(heading=words.phrase("Territory")),
        Column(heading=words.phrase("Code"), kind="code"),
        Column(heading=words.phrase("Measure")),
        Column(heading=words.phrase("Year"), kind="whole"),
        Column(heading=words.phrase("Unit")),
        Column(heading=words.phrase("Limit"), kind="figure"),
    )


def _row_cells(row: Row, words: Words) -> Cells:
    year, unit = word(row["year"]), word(row["unit"])
    return (
        row_named(row, words),
        rule_kinds(words).get(word(row["kind"]), word(row["kind"])),
        *(row[k] for k in ("territory_name", "territory", "measure")),
        int(year) if year else None,
        unit_word(unit, words),
        by_unit(row["limit"], unit),
    )


def _causes(run: PageFailure, words: Words) -> Sheet:
    """Lay out ``conflicts.csv``: with a cause, or with what the nearest whole plan breaks."""
    rows = [(one, r) for one in run.undecided for r in one.tables["conflicts"].records()]
    note = words.phrase(
        "Rules that clash, or that the nearest whole plan breaks ({file}). The least change is "
        "read from the proof: alone, a limit must move by so much at least, and it may take more.",
        file=CONFLICTS,
    )
    held = fits(rows)
    return _without_steps(
        Sheet(
            name=words.term("sheet", "Causes"),
            title=words.phrase("Which rules clash"),
            notes=(note if held else not_held(len(rows), CONFLICTS, words),),
            columns=(
                Column(heading=words.phrase("Step")),
                Column(heading=words.phrase("Cause"), kind="whole"),
                *_row_columns(words),
                Column(heading=words.phrase("Least change, alone"), kind="figure"),
                Column(heading=words.phrase("Broken by"), kind="figure"),
                Column(heading=words.phrase("In words"), kind="sentence"),
            ),
            rows=[
                (
                    step_name(one.step, words),
                    r["conflict"],
                    *_row_cells(r, words),
                    *(by_unit(r[k], word(r["unit"])) for k in ("least_change", "passed_by")),
                    least_said(r, words) if one.proven else "",
                )
                for one, r in (rows if held else ())
            ],
            frozen=2,
        )
    )


def _ways_out(run: PageFailure, words: Words) -> Sheet:
    """Lay out ``repairs.csv``, and a line for each menu that offers nothing."""
    rows: list[Cells] = []
    for one in run.undecided:
        step = step_name(one.step, words)
        for menu in one.tables["menus"].records():
            named = menu_title(word(menu["menu"]), words)
            if not menu["possible"]:
                rows.append((step, named, *(None,) * 10, impossible(menu, named, words)))
            for r in one.tables["repairs"].records():
                if r["menu"] == menu["menu"]:
                    moved = [by_unit(r[k], word(r["unit"])) for k in ("change", "new_limit")]
                    cells = _row_cells(r, words)
                    rows.append((step, named, *cells, *moved, change_said(r, words)))
    note = words.phrase("The cheapest moves of limits, each way out apart ({file}).", file=REPAIRS)
    held = fits(rows)
    return _without_steps(
        Sheet(
            name=words.term("sheet", "Ways out"),
            title=words.phrase("What would make a plan possible"),
            notes=(note if held else not_held(len(rows), REPAIRS, words),),
            columns=(
                Column(heading=words.phrase("Step")),
                Column(heading=words.phrase("Way out"), kind="sentence"),
                *_row_columns(words),
                Column(heading=words.phrase("Change"), kind="figure"),
                Column(heading=words.phrase("New limit"), kind="figure"),
                Column(heading=words.phrase("In words"), kind="sentence"),
            ),
            rows=rows if held else (),
            frozen=2,
        )
    )


def _without_steps(sheet: Sheet) -> Sheet:
    """Leave out the first column where no line has a step: the run is no cascade."""
    if any(row[0] for row in sheet.rows):
        return sheet
    rows = [row[1:] for row in sheet.rows]
    return replace(sheet, columns=sheet.columns[1:], rows=rows, frozen=sheet.frozen - 1)
