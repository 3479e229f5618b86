"""How envelopes are built and what passes between them: construction, transfers, conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.blocks import (
    PageTable,
    Paragraph,
    Section,
    amount_cell,
    amount_of,
    dense,
    measured_cell,
    table_of,
    text_cell,
    text_of,
    whole_cell,
)
from perequa.report.page.decided import ABOVE, zone_names
from perequa.report.page.names import measure_name, stated_rule
from perequa.words.lines import line_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block, Cell
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]

ALWAYS = ("base", "indexing", "envelope")
"""Lines that have a column even where they are nothing everywhere."""
LEFT_OUT = ("renewed_next", "growth", "withheld", "undistributed")
"""Lines that are no part of what adds up to an envelope, or stand with what is shared out."""
CENTS = 2


def envelopes(run: PageRun, words: Words) -> Section | None:
    """Lay out ``construction.csv``, ``transfers.csv`` and ``conversions.csv``, where there are."""
    blocks: list[Block] = []
    if "construction" in run.tables:
        blocks += _constructions(run, words)
    if "transfers" in run.tables:
        blocks.append(_transfers(run, words))
    if "conversions" in run.tables:
        blocks.append(_conversions(run, words))
    if not blocks:
        return None
    return Section(key="envelopes", title=words.phrase("How envelopes are built"), blocks=blocks)


def _constructions(run: PageRun, words: Words) -> Iterator[Block]:
    """Lay out each envelope of each year: a line for each territory, new measures in one column."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in run.tables["construction"].records():
        groups.setdefault((word(row["envelope"]), word(row["year"])), []).append(row)
    for number, ((envelope, year), rows) in enumerate(groups.items(), 1):
        if len({_who(r) for r in rows}) > MOST_ROWS:
            yield Paragraph(
                text=words.phrase(
                    "{count} lines: they stand in {file}.",
                    count=len(rows),
                    file="construction.csv",
                )
            )
            continue
        stated = (run.scenario.get("envelopes") or {}).get(envelope) or {}
        of = str(stated.get("title") or envelope)
        caption = words.phrase("How the envelope is built ({of}, {year})", of=of, year=year)
        yield _construction(run, f"construction-{number}", caption, rows, words)


def _construction(
    run: PageRun, key: str, caption: str, rows: Sequence[Row], words: Words
) -> PageTable:
    held: dict[tuple[str, str], dict[str, float]] = {}
    names: dict[tuple[str, str], str] = {}
    for row in rows:
        line = f"delegation {row['item']}" if row["line"] == "delegation" else word(row["line"])
        if line in LEFT_OUT or row["planned"] is None:
            continue
        names[_who(row)] = word(row["territory_name"])
        own = held.setdefault(_who(row), {})
        own[line] = own.get(line, 0.0) + _float(row["planned"])
    lines = dict.fromkeys(line for own in held.values() for line in own)
    kept = [
        line
        for line in lines
        if line in ALWAYS or any(round(own.get(line, 0.0), CENTS) for own in held.values())
    ]
    heads, zones = _headings(run.scenario, words), zone_names(words)

    def cells(who: tuple[str, str]) -> tuple[Cell, ...]:
        name = zones.get(who[1]) or names[who] or words.phrase("In all")
        # what is below a cent is the rounding of a sum
        amounts = [round(held[who].get(line, 0.0), CENTS) + 0.0 for line in kept]
        return (text_cell(name), *(amount_cell(v, words) for v in amounts))

    above = [who for who in held if who[0] in ABOVE]
    return dense(
        PageTable(
            key=key,
            caption=caption,
            columns=(words.phrase("Territory"), *(heads.get(line, line) for line in kept)),
            rows=tuple(cells(who) for who in held if who not in above),
            foot=tuple(cells(who) for who in above),
            file=f"{key}.csv",
        )
    )


def _headings(scenario: Mapping[str, Any], words: Words) -> dict[str, str]:
    campaign = scenario.get("campaign") or {}
    delegations = {
        f"delegation {name}": str((spec or {}).get("title") or name)
        for name, spec in (campaign.get("delegations") or {}).items()
    }
    return {
        **line_words(words),
        "envelope": words.phrase("Envelope"),
        "ring_fenced": words.phrase("of which ring-fenced"),
        "pledged": words.phrase("of which pledged to places not open"),
        "margin": words.phrase("Regional margin"),
        "until_opening": words.phrase("Reserved until opening, free as one-off money"),
        "to_notify": words.phrase("Still to notify"),
        **delegations,
    }


def _transfers(run: PageRun, words: Words) -> PageTable:
    def rule(name: str) -> Callable[[Row], Cell]:
        return lambda row: text_cell(stated_rule(run.scenario, row[name], words))

    return table_of(
        list(run.tables["transfers"].records())[:MOST_ROWS],
        [
            (words.phrase("Rule"), rule("rule")),
            (words.phrase("Territory"), text_of("territory_name")),
            (words.phrase("Year"), lambda r: whole_cell(r["year"])),
            (words.phrase("Leaves"), rule("from")),
            (words.phrase("Reaches"), rule("to")),
            (words.phrase("May move"), amount_of("limit", words)),
            (words.phrase("Moves"), lambda r: amount_cell(_cents(r["moved"]), words)),
            (words.phrase("In the planner's words"), text_of("title")),
            (words.phrase("Source"), text_of("source")),
        ],
        key="transfers",
        caption=words.phrase("Money that moves from one envelope to another"),
        file="transfers.csv",
    )


def _conversions(run: PageRun, words: Words) -> PageTable:
    def measure(name: str) -> Callable[[Row], Cell]:
        return lambda row: text_cell(measure_name(run.scenario, row[name]))

    return table_of(
        list(run.tables["conversions"].records())[:MOST_ROWS],
        [
            (words.phrase("Territory"), text_of("territory_name")),
            (words.phrase("Year"), lambda r: whole_cell(r["year"])),
            (words.phrase("They were"), measure("from")),
            (words.phrase("They become"), measure("to")),
            (words.phrase("Places"), lambda r: measured_cell(r["places"], words)),
            (words.phrase("Because"), text_of("because")),
        ],
        key="conversions",
        caption=words.phrase("Places that change category"),
        file="conversions.csv",
    )


def _who(row: Row) -> tuple[str, str]:
    return word(row["level"]), word(row["territory"])


def _cents(value: Value) -> Value:
    return round(value, CENTS) + 0.0 if isinstance(value, float) else value


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
