"""Whole places beside the continuous plan: what is lost, what is left, what could not be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.blocks import (
    Paragraph,
    Section,
    change_cell,
    measured_cell,
    table_of,
    text_cell,
)
from perequa.report.page.names import row_names, stated_objective
from perequa.words.terms import unit_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]

DIGITS = 6


def whole_plan(run: PageRun, words: Words) -> Section | None:
    """Lay out ``whole.csv``; nothing where the plan is continuous."""
    if "whole" not in run.tables:
        return None
    rows = list(run.tables["whole"].records())
    rows_named = row_names(run.tables["rules"], words)
    about = {
        "objective": words.phrase("objective"),
        "money": words.phrase("money spent of an envelope"),
        "reserve": words.phrase("reserve rounded up"),
        "opening": words.phrase("under the least opening"),
        "total": words.phrase("total that is not kept"),
        "rule": words.phrase("rule that largest remainders break"),
    }
    blocks: list[Block] = [
        Paragraph(
            text=words.phrase(
                "Places are handed out whole: {moved} places moved from the continuous plan, "
                "{other} by the method of largest remainders, which looks at no rule. Prices are "
                "those of the continuous plan.",
                moved=words.number(_float(row["kept"])),
                other=words.number(_float(row["largest_remainder"])),
            )
        )
        for row in rows
        if row["about"] == "distance"
    ]
    blocks.append(
        table_of(
            [row for row in rows if row["about"] in about],
            [
                (words.phrase("What"), lambda r: text_cell(about[word(r["about"])])),
                (words.phrase("Of"), lambda r: text_cell(_named(r, run, rows_named, words))),
                (words.phrase("Unit"), lambda r: text_cell(unit_word(word(r["unit"]), words))),
                (
                    words.phrase("Continuous, or limit"),
                    lambda r: measured_cell(r["wanted"], words, DIGITS),
                ),
                (words.phrase("Whole"), lambda r: measured_cell(r["kept"], words, DIGITS)),
                (words.phrase("Lost, or left"), lambda r: change_cell(r["difference"], words)),
                (
                    words.phrase("By largest remainders"),
                    lambda r: measured_cell(r["largest_remainder"], words, DIGITS),
                ),
            ],
            key="whole-table",
            caption=words.phrase("What whole places lose and leave"),
        )
    )
    return Section(key="whole", title=words.phrase("In whole places"), blocks=blocks)


def _named(row: Row, run: PageRun, rows: Mapping[str, str], words: Words) -> str:
    """Name an objective or a row of the rules."""
    if row["about"] == "objective":
        return stated_objective(run.scenario, row["row"], words)
    return rows.get(word(row["row"]), word(row["row"]))


def _float(value: object) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
