"""A study as a page, from its tables: what it printed, its picture, its tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.bars import RANGE, Bar, bars
from perequa.report.page.blocks import (
    Caption,
    Cell,
    Facts,
    PageTable,
    Paragraph,
    Section,
    Typed,
    dense,
    measured_cell,
    signed,
    text_cell,
    whole_cell,
)
from perequa.report.page.dot_plot import MOST_LINES
from perequa.report.page.line_chart import line_chart
from perequa.report.page.names import measure_name, stated_objective
from perequa.report.page.page import framed
from perequa.report.page.study_words import in_words, study_heading, study_tables
from perequa.report.page.triangle import triangle
from perequa.report.study import study_text
from perequa.words.terms import unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perequa.interpret.tables import Table, Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageStudy
    from perequa.words import Words

    Row = Mapping[str, Value]

DIGITS = 6


def study_page(study: PageStudy, words: Words) -> str:
    """Write a study as one HTML file."""
    title = words.phrase("{name}: {study}", name=study.record["name"], study=_name(study, words))
    sections = (_found, _pictures, _tables, _origins)
    return framed(title, [s(study, words) for s in sections], study.borders, words)


def _name(study: PageStudy, words: Words) -> str:
    kind = str(study.record["study"])
    named = {
        "weights": words.phrase("how far a weight can move"),
        "limit": words.phrase("what a limit is worth"),
        "frontier": words.phrase("what one objective costs another"),
        "margins": words.phrase("least and most of each territory"),
        "implied": words.phrase("the weights an allocation implies"),
        "sweep": words.phrase("who gains in how many weightings"),
    }
    return named.get(kind, kind)


def _found(study: PageStudy, words: Words) -> Section:
    """Say what the study printed, in the language of the page."""
    title = words.phrase("What was found")
    text = study_text(study.record, study.tables, words)
    typed = Typed(key="printed", told=words.phrase("As `perequa show` prints it"), text=text)
    return Section(key="found", title=title, blocks=[typed])


def _pictures(study: PageStudy, words: Words) -> Section | None:
    blocks = list(PICTURES[next(iter(study.tables))](study, words))
    if not blocks:
        return None
    return Section(key="picture", title=words.phrase("As a picture"), blocks=blocks)


def _segments(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw between which weightings each plan stays optimal."""
    rows = list(study.tables["breakpoints"].records())[:MOST_LINES]
    listed = [
        Bar(
            label=words.phrase("plan {number}", number=row["plan"]),
            figure=_range(row, "from", "to", words),
            low=_float(row["from"]),
            high=_float(row["to"]),
            style=RANGE,
        )
        for row in rows
    ]
    start, end = (_weights(study, k, words) for k in ("from_weights", "to_weights"))
    title = words.phrase("Where each plan is optimal, 0: {start}; 1: {end}", start=start, end=end)
    yield bars(listed, words, Caption(key="segments", title=title, behind="table-breakpoints"))


def _range(row: Row, first: str, last: str, words: Words) -> str:
    low, high = (words.figures.number(_float(row[name]), 3) for name in (first, last))
    return words.phrase("{low} to {high}", low=low, high=high)


def _weights(study: PageStudy, key: str, words: Words) -> str:
    """Say the weights of one end, those of nothing left out."""
    return ", ".join(
        words.phrase(
            "{objective} × {weight}",
            objective=_objective(study, name, words),
            weight=words.figures.number(weight),
        )
        for name, weight in study.record[key].items()
        if weight
    )


def _objective(study: PageStudy, name: Value, words: Words) -> str:
    return stated_objective(study.record["scenario"], name, words)


def _triangle(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw which plan is optimal at which three weights."""
    names = [*map(str, study.record["objectives"])]
    parts: dict[str, list[tuple[float, float, float]]] = {}
    for row in study.tables["corners"].records():
        first, second, third = (_float(row[name]) for name in names)
        parts.setdefault(word(row["plan"]), []).append((first, second, third))
    corners = [_objective(study, name, words) for name in names]
    caption = Caption(
        key="triangle",
        title=words.phrase("Which plan is optimal at which weights: each corner one objective"),
        behind="table-triangle",
    )
    yield triangle(parts, corners, caption)


def _curve(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw what a scale of the limits is worth, for each priority."""
    rows = list(study.tables["curve"].records())
    for priority in dict.fromkeys(r["priority"] for r in rows):
        own = [r for r in rows if r["priority"] == priority and _finite(r, "scale", "value")]
        if not own:
            continue
        unit = unit_word(word(own[0]["objective_unit"]), words)
        yield line_chart(
            [(_float(r["scale"]), _float(r["value"])) for r in own],
            words,
            caption=Caption(
                key=f"curve-{word(priority)}",
                title=words.phrase(
                    "What the limit is worth: {objective} (priority {priority})",
                    objective=" + ".join(
                        _objective(study, name, words)
                        for name in word(own[0]["objective"]).split(";")
                    ),
                    priority=priority,
                ),
                behind="table-curve",
            ),
            across=words.phrase("times what is stated"),
            up=unit,
        )


def _frontier(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw the points between two objectives."""
    _, first, second, *_ = study.tables["frontier"].columns
    rows = [r for r in study.tables["frontier"].records() if _finite(r, first, second)]
    across, up = (
        words.phrase(
            "{figure}, {unit}",
            figure=_objective(study, name, words),
            unit=unit_word(word(study.record["units"].get(name)), words),
        )
        for name in (first, second)
    )
    yield line_chart(
        [(_float(r[first]), _float(r[second])) for r in rows],
        words,
        caption=Caption(
            key="frontier",
            title=words.phrase(
                "Frontier: nothing better on both of {first} and {second}",
                first=_objective(study, first, words),
                second=_objective(study, second, words),
            ),
            behind="table-frontier",
        ),
        across=across,
        up=up,
    )


def _margins(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw least, most and planned of each territory, measure by measure."""
    rows = [r for r in study.tables["margins"].records() if _finite(r, "least", "most")]
    places = [r for r in rows if r["in"] == "places"] or rows
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in places:
        named = measure_name(study.record["scenario"], row["measure"])
        groups.setdefault((named, word(row.get("year"))), []).append(row)
    for number, (of, listed) in enumerate(groups.items(), 1):
        if len(listed) > MOST_LINES:
            continue
        listed.sort(key=lambda r: _float(r["least"]) - _float(r["most"]))
        drawn = [
            Bar(
                label=word(row["territory_name"]) or word(row["territory"]),
                figure=_range(row, "least", "most", words),
                low=_float(row["least"]),
                high=_float(row["most"]),
                style=RANGE,
                mark=_float(row["planned"]),
            )
            for row in listed
        ]
        title = words.phrase(
            "Least and most each could get, the widest first; a dot is the plan ({of})",
            of=", ".join(filter(None, of)),
        )
        caption = Caption(key=f"margins-{number}", title=title, behind="table-margins")
        yield bars(drawn, words, caption)


def _acceptability(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw in which share of the points each territory gains and loses."""
    rows = list(study.tables["acceptability"].records())
    places = [r for r in rows if r["in"] == "places"] or rows
    groups: dict[str, list[Row]] = {}
    for row in places:
        named = measure_name(study.record["scenario"], row["measure"])
        groups.setdefault(named, []).append(row)
    for number, (measure, listed) in enumerate(groups.items(), 1):
        if len(listed) > MOST_LINES:
            continue
        listed.sort(key=lambda r: _float(r["loses"]) - _float(r["gains"]))
        drawn = [
            Bar(
                label=word(row["territory_name"]) or word(row["territory"]),
                figure=f"{_share(row, 'gains', 1, words)} / {_share(row, 'loses', -1, words)}",
                low=-100.0 * _float(row["loses"]),
                high=100.0 * _float(row["gains"]),
                style=RANGE,
            )
            for row in listed
        ]
        title = words.phrase(
            "Gains in so many points of a hundred (right), loses in so many (left) ({of})",
            of=measure,
        )
        caption = Caption(key=f"gains-{number}", title=title, behind="table-acceptability")
        yield bars(drawn, words, caption)


def _share(row: Row, name: str, sign: int, words: Words) -> str:
    return signed(sign * 100.0 * _float(row[name]), 0, words)


def _implied(study: PageStudy, words: Words) -> Iterator[Block]:
    """Draw the weight each objective seems to have, and how far it could be otherwise."""
    rows = [r for r in study.tables["implied"].records() if _finite(r, "weight")]
    drawn = [
        Bar(
            label=_objective(study, row["objective"], words),
            figure=words.figures.number(_float(row["weight"]), 3),
            low=_float(row["least_weight"]),
            high=_float(row["most_weight"]),
            style=RANGE,
            mark=_float(row["weight"]),
        )
        for row in rows
        if _finite(row, "least_weight", "most_weight")
    ]
    if drawn:
        title = words.phrase("The weight implied (a dot), and between which it could lie")
        yield bars(drawn, words, Caption(key="implied", title=title, behind="table-implied"))


PICTURES: Mapping[str, Callable[[PageStudy, Words], Iterator[Block]]] = {
    "breakpoints": _segments,
    "triangle": _triangle,
    "curve": _curve,
    "margins": _margins,
    "acceptability": _acceptability,
    "frontier": _frontier,
    "implied": _implied,
}
"""The picture of each study, by its main table."""


def _tables(study: PageStudy, words: Words) -> Section:
    blocks: list[Block] = []
    for name, table in study.tables.items():
        if len(table.rows) > MOST_ROWS:
            left = words.phrase(
                "{file} has {count} lines: the first {shown} stand here.",
                file=f"{name}.csv",
                count=len(table.rows),
                shown=MOST_ROWS,
            )
            blocks.append(Paragraph(text=left))
        blocks.append(_table(study, name, table, words))
    return Section(key="tables", title=words.phrase("Its tables"), blocks=blocks)


def _table(study: PageStudy, name: str, table: Table, words: Words) -> PageTable:
    """Lay out a table with its columns and codes in words; a column of nothing is left out."""
    scenario = study.record["scenario"]
    columns = [study_heading(scenario, name, column, words) for column in table.columns]
    said = {
        i: cells
        for i, column in enumerate(table.columns)
        if (cells := in_words(scenario, column, words)) is not None
    }
    rows = tuple(
        tuple(text_cell(said[i](v)) if i in said else _cell(v, words) for i, v in enumerate(row))
        for row in table.rows[:MOST_ROWS]
    )
    told = study_tables(words).get(name)
    file = f"{name}.csv"
    return dense(
        PageTable(
            key=f"table-{name}",
            caption=words.phrase("{table} ({file})", table=told, file=file) if told else file,
            columns=tuple(columns),
            rows=rows,
            file=file,
        )
    )


def _cell(value: Value, words: Words) -> Cell:
    if isinstance(value, bool) or not isinstance(value, float | int):
        return text_cell(value)
    if isinstance(value, int):
        return whole_cell(value)
    if not math.isfinite(value):
        return Cell(text=words.number(value), exact=repr(value))
    return measured_cell(value, words, DIGITS)


def _origins(study: PageStudy, words: Words) -> Section:
    record = study.record
    facts = (
        (words.phrase("Scenario"), str(record["name"])),
        (words.phrase("Variants"), ", ".join(map(str, record.get("variants", ())))),
        (words.phrase("Values changed"), ", ".join(map(str, record.get("sets", ())))),
        (words.phrase("Fingerprint"), study.fingerprint),
        ("Perequa", str(record.get("perequa", ""))),
    )
    check = words.phrase(
        "This page was written from the tables of a saved study. `perequa verify` on its folder "
        "checks them without a solver."
    )
    return Section(
        key="origins",
        title=words.phrase("Where it comes from, and how to check it"),
        blocks=[Facts(pairs=tuple(f for f in facts if f[1])), Paragraph(text=check)],
    )


def _finite(row: Row, *names: str) -> bool:
    return all(isinstance(v := row[n], float | int) and math.isfinite(v) for n in names)


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
