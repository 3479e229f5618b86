"""What limits cost in each scenario compared, where it differs: a picture and a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.report.comparison import (
    PRICED,
    changed_prices,
    price_status,
    step_priced,
    step_word,
)
from perequa.report.layout import word
from perequa.report.page.blocks import (
    Heading,
    PageTable,
    Paragraph,
    Section,
    amount_cell,
    measured_cell,
    table_of,
    text_of,
    whole_cell,
)
from perequa.report.page.dot_plot import Pair, dot_plot
from perequa.words.terms import row_named, unit_named, unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block, Cell
    from perequa.report.page.reading import PageStudy
    from perequa.words import Words

    Row = Mapping[str, Value]
    Priced = Mapping[str, Row]

DRAWN, LISTED = 20, 60
"""Rows of a picture and of its table, the dearest first."""
MORE = PRICED[0]
DIGITS = 5


def compared_prices(study: PageStudy, words: Words) -> Section | None:
    """Set the prices of each scenario beside those of the first, where they differ."""
    base = study.record["compared_with"]
    held: dict[str, list[Row]] = {}
    for row in study.tables["prices"].records():
        if row["scenario"] != base:
            held.setdefault(word(row["scenario"]), []).append(row)
    if not held:
        return None
    blocks: list[Block] = [
        Paragraph(
            text=words.phrase(
                "What one more of a limit does to the objective of its priority; below zero it "
                "improves."
            )
        )
    ]
    for number, (scenario, rows) in enumerate(held.items(), 1):
        changed = [*changed_prices(rows).values()]
        blocks.append(Heading(text=scenario))
        if not changed:
            blocks.append(Paragraph(text=words.phrase("Its prices are those of the first.")))
            continue
        table = _table(f"prices-{number}", scenario, changed, words)
        blocks += [*_pictures(number, table.key, changed, words), table]
        if len(changed) > LISTED:
            more = words.phrase(
                "and {count} more in {file}", count=len(changed) - LISTED, file="prices.csv"
            )
            blocks.append(Paragraph(text=more))
    title = words.phrase("What a limit costs in each")
    return Section(key="prices", title=title, blocks=blocks)


def _pictures(number: int, behind: str, changed: Sequence[Priced], words: Words) -> Iterator[Block]:
    """Draw prices that can be compared: of the same step, in the same unit."""
    groups: dict[tuple[str, str], list[Pair]] = {}
    for found in changed:
        pair = _pair(found, words)
        if pair is not None:
            row = found[MORE]
            key = (step_word(word(found["limit"]["unit"]), words), word(row["objective_unit"]))
            groups.setdefault(key, []).append(pair)
    for i, ((step, unit), pairs) in enumerate(groups.items(), 1):
        yield dot_plot(
            pairs[:DRAWN],
            words,
            key=f"prices-picture-{number}-{i}",
            title=words.phrase(
                "Effect of one more of a limit ({step}), in: {unit}; the largest first",
                step=step,
                unit=unit_word(unit, words),
            ),
            first=words.phrase("In the first"),
            last=words.phrase("In this one"),
            target="",
            behind=behind,
        )


def _pair(found: Priced, words: Words) -> Pair | None:
    row = found[MORE]
    first, value = row["first"], row["value"]
    if price_status(found, words) or not isinstance(first, float) or not isinstance(value, float):
        return None
    if not math.isfinite(first) or not math.isfinite(value):
        return None
    per = step_priced(found)
    return Pair(name=row_named(row, words), first=per * first, last=per * value)


def _table(key: str, scenario: str, changed: Sequence[Priced], words: Words) -> PageTable:
    lines = [_line(found, words) for found in changed[:LISTED]]
    limits = any(line["limit"] != line["first_limit"] for line in lines)

    def measured(name: str) -> Callable[[Row], Cell]:
        return lambda row: measured_cell(row[name], words, DIGITS)

    def limit(name: str) -> Callable[[Row], Cell]:
        return lambda row: amount_cell(row[name], words)

    return table_of(
        lines,
        [
            (words.phrase("Row of a rule"), text_of("row")),
            (words.phrase("Priority"), lambda r: whole_cell(r["priority"])),
            *(
                (
                    (words.phrase("Limit, the first"), limit("first_limit")),
                    (words.phrase("Limit, this one"), limit("limit")),
                )
                if limits
                else ()
            ),
            (words.phrase("In"), text_of("unit")),
            (words.phrase("One more, the first"), measured("more_first")),
            (words.phrase("One more, this one"), measured("more")),
            (words.phrase("One less, the first"), measured("less_first")),
            (words.phrase("One less, this one"), measured("less")),
            (words.phrase("Not comparable"), text_of("status")),
        ],
        key=key,
        caption=words.phrase("Prices that differ, {scenario}", scenario=scenario),
        file=f"{key}.csv",
    )


def _line(found: Priced, words: Words) -> dict[str, Value]:
    row, limit, per = found[MORE], found["limit"], step_priced(found)
    prices = {
        f"{name}{side}": _times(found[quantity][column], per)
        for name, quantity in zip(("more", "less"), PRICED, strict=True)
        for side, column in (("", "value"), ("_first", "first"))
    }
    return {
        "row": row_named(row, words),
        "priority": row["priority"],
        "first_limit": limit["first"],
        "limit": limit["value"],
        "unit": words.phrase(
            "{unit} by {step}",
            unit=unit_named(word(row["objective_unit"]), words),
            step=step_word(word(limit["unit"]), words),
        ),
        "status": price_status(found, words),
        **prices,
    }


def _times(value: Value, by: float) -> Value:
    return value * by if isinstance(value, float) else value
