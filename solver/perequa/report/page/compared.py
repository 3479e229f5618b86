"""A comparison as a page, from its tables: who wins, who loses, which change did it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from perequa.report.comparison import against_whom, bands, method_words
from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.bars import GAIN, LOSS, SUM, Bar, bars, waterfall
from perequa.report.page.blocks import (
    Caption,
    Facts,
    Heading,
    Listed,
    PageTable,
    Paragraph,
    Section,
    amount_of,
    change_cell,
    decimals_of,
    fixed_cell,
    measured_cell,
    signed,
    table_of,
    text_cell,
    text_of,
    whole_cell,
)
from perequa.report.page.compared_prices import compared_prices
from perequa.report.page.names import (
    code_name,
    indicator_name,
    measure_name,
    served,
    stated_objective,
)
from perequa.report.page.page import framed
from perequa.report.page.shades import differences, shown_decimals
from perequa.report.page.territory_map import territory_map
from perequa.words.terms import unit_named, unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block, Cell
    from perequa.report.page.reading import PageStudy
    from perequa.words import Words

    Row = Mapping[str, Value]

MOVED = 0.05
"""Places, or money, below which a share is not said to move: it reads as nothing."""
FALLS = 4
"""Territories that have a waterfall of their own, the largest differences first."""
EVEN = "within 1 %"
FIGURE = ("quantity", "of", "level", "territory", "territory_name", "year", "measure")


def comparison_page(study: PageStudy, words: Words) -> str:
    """Write a comparison as one HTML file."""
    names = [str(side["name"]) for side in study.record["scenarios"]]
    sections = (_compared, _shares, _winners, _attributed, _equity, compared_prices, _origins)
    title = words.phrase("Comparison: {names}", names=", ".join(names))
    return framed(title, [s(study, words) for s in sections], study.borders, words)


def _compared(study: PageStudy, words: Words) -> Section:
    base = str(study.record["compared_with"] or "")

    def ended(status: Value) -> str:
        return code_name("status", status, words)

    blocks: list[Block] = [
        table_of(
            study.tables["scenarios"].records(),
            [
                (words.phrase("Scenario"), text_of("scenario")),
                (words.phrase("How it ended"), lambda r: text_cell(ended(r["status"]))),
                (words.phrase("Why it has no plan"), text_of("reason")),
                (words.phrase("Changes"), lambda r: whole_cell(r["changes"])),
                (words.phrase("Fingerprint"), text_of("fingerprint")),
            ],
            key="scenarios",
            caption=words.phrase("Compared; the others with {first}", first=base),
        )
    ]
    notes = tuple(map(str, study.record["notes"]))
    if notes:
        blocks.append(Listed(items=notes))
    inputs = list(study.tables["inputs"].records())
    if inputs:
        blocks.append(
            table_of(
                inputs[:MOST_ROWS],
                [
                    (words.phrase("Change"), text_of("change")),
                    (words.phrase("Where"), text_of("path")),
                    (words.phrase("Territory"), text_of("territory")),
                    (words.phrase("Scenario"), text_of("scenario")),
                    (words.phrase("States"), text_of("value")),
                    (words.phrase("File"), text_of("file")),
                    (words.phrase("Stated by"), text_of("override")),
                ],
                key="inputs",
                caption=words.phrase("What differs in their inputs"),
                file="inputs.csv",
            )
        )
    return Section(key="compared", title=words.phrase("What is compared"), blocks=blocks)


def _shares(study: PageStudy, words: Words) -> Section:
    base = study.record["compared_with"]
    rows = [
        r
        for r in study.tables["shares"].records()
        if r["scenario"] != base and r["quantity"] in ("places", "credits")
    ]
    blocks: list[Block] = []
    keys = ("scenario", "measure", "year")
    for number, (key, found) in enumerate(_grouped(rows, keys), 1):
        places = [r for r in found if r["quantity"] == "places"]
        shown = places if any(r["value"] or r["first"] for r in places) else found
        quantity = word(shown[0]["quantity"])
        kept = [r for r in shown if r["quantity"] == quantity]
        scenario, measure, year = key
        named = measure_name(_scenario(study, word(scenario)), measure)
        of = ", ".join(map(word, (scenario, named, year)))
        blocks.append(Heading(text=of))
        table = _shares_table(number, of, kept, words)
        blocks += [*_difference_map(number, of, kept, table.key, study, words), table]
    if not blocks:
        blocks.append(Paragraph(text=words.phrase("No other scenario has a plan.")))
    return Section(key="shares", title=words.phrase("Who gets what"), blocks=blocks)


def _shares_table(number: int, of: str, rows: Sequence[Row], words: Words) -> PageTable:
    return table_of(
        rows[:MOST_ROWS],
        [
            (words.phrase("Territory"), text_of("territory_name")),
            (words.phrase("Code"), text_of("territory")),
            (words.phrase("In the first"), amount_of("first", words)),
            (words.phrase("In this one"), amount_of("value", words)),
            (words.phrase("Difference"), lambda r: change_cell(r["difference"], words)),
        ],
        key=f"shares-{number}",
        caption=words.phrase(
            "Shares ({of}), {quantity}", of=of, quantity=_quantity(rows[0], words)
        ),
        file=f"shares-{number}.csv",
    )


def _difference_map(
    number: int, of: str, rows: Sequence[Row], behind: str, study: PageStudy, words: Words
) -> Iterator[Block]:
    values = {
        word(r["territory"]): float(r["difference"])
        for r in rows
        if isinstance(r["difference"], float | int)
    }
    scale = differences(values.values(), shown_decimals(values.values()), words)
    found = territory_map(
        values,
        {word(r["territory"]): word(r["territory_name"]) for r in rows},
        scale,
        words,
        level=word(rows[0]["level"]),
        borders=study.borders,
        caption=Caption(
            key=f"map-{number}",
            title=words.phrase(
                "More or less than in the first ({of}), {quantity}",
                of=of,
                quantity=_quantity(rows[0], words),
            ),
            behind=behind,
        ),
    )
    if found is not None:
        yield found


def _winners(study: PageStudy, words: Words) -> Section:
    blocks: list[Block] = []
    base = word(study.record["compared_with"])
    said = bands(words)
    order = {band: i for i, band in enumerate(said)}
    rows = list(study.tables["bands"].records())
    for number, (key, found) in enumerate(_grouped(rows, ("scenario", "against", "measure")), 1):
        found.sort(key=lambda r: order.get(word(r["band"]), len(order)))
        scenario, against, _ = map(word, key)
        measure = measure_name(_scenario(study, scenario), key[2])
        title = words.phrase(
            "Winners and losers of {number} against {whom} ({measure})",
            number=scenario,
            whom=base if against == "first" else against_whom(against, base, words),
            measure=measure,
        )
        caption = Caption(
            key=f"bands-picture-{number}",
            title=words.phrase("Share of the people in each band, %"),
            behind=f"bands-{number}",
        )
        listed = [_band(r, said, words) for r in found]
        blocks += [Heading(text=title), bars(listed, words, caption)]
        blocks.append(_bands_table(number, title, found, said, words))
    if not blocks:
        blocks.append(Paragraph(text=words.phrase("No plan has a yardstick.")))
    return Section(key="winners", title=words.phrase("Winners and losers"), blocks=blocks)


def _band(row: Row, said: Mapping[str, str], words: Words) -> Bar:
    share = 100.0 * _float(row["population_share"])
    band = word(row["band"])
    return Bar(
        label=said.get(band, band),
        figure=words.figures.fixed(share, 1),
        low=0.0,
        high=share,
        style=SUM if band == EVEN else LOSS if _float(row["difference"]) < 0 else GAIN,
    )


def _bands_table(
    number: int, title: str, rows: Sequence[Row], said: Mapping[str, str], words: Words
) -> PageTable:
    def percent(name: str) -> Callable[[Row], Cell]:
        return lambda row: fixed_cell(_float(row[name]) * 100.0, 1, words)

    return table_of(
        rows,
        [
            (words.phrase("Band"), lambda r: text_cell(said.get(word(r["band"]), r["band"]))),
            (words.phrase("Territories"), lambda r: whole_cell(r["territories"])),
            (words.phrase("People"), amount_of("population", words)),
            (words.phrase("Share of the people, %"), percent("population_share")),
            (words.phrase("Credits more or less"), _change("difference", words)),
            (words.phrase("By person"), _change("per_head", words)),
            (words.phrase("Largest difference"), text_of("largest")),
            (words.phrase("How much"), _change("largest_difference", words)),
        ],
        key=f"bands-{number}",
        caption=title,
    )


def _attributed(study: PageStudy, words: Words) -> Section | None:
    table = study.tables.get("attribution")
    if table is None or not table.rows:
        return None
    blocks: list[Block] = []
    number = 0
    for (scenario,), listed in _grouped(list(table.records()), ("scenario",)):
        blocks.append(Heading(text=word(scenario)))
        method = method_words(word(listed[0]["method"]), words)
        blocks.append(
            Paragraph(text=words.phrase("How contributions are found: {method}.", method=method))
        )
        blocks += _refused(study, word(scenario))
        places = any(r["quantity"] == "places" for r in listed)
        shown = {"objective", "places" if places else "credits"}
        moved = [
            (key, found)
            for key, found in _grouped([r for r in listed if r["quantity"] in shown], FIGURE)
            if abs(_float(found[0]["total"])) >= MOVED
        ]
        moved.sort(key=lambda item: (item[0][0] != "objective", -abs(_float(item[1][0]["total"]))))
        if not moved:
            blocks.append(Paragraph(text=words.phrase("No change moves a share or an objective.")))
            continue
        number += 1
        stated = _scenario(study, word(scenario))
        objectives = [found for key, found in moved if key[0] == "objective"]
        drawn = objectives[:FALLS]
        drawn += [found for key, found in moved if key[0] != "objective"][:FALLS]
        if len(moved[0][1]) > 1:  # one change alone has nothing to add up
            blocks += [
                _fall(f"fall-{number}-{i}", f"attribution-{number}", found, stated, words)
                for i, found in enumerate(drawn, 1)
            ]
        found = [f for _, f in moved]
        blocks.append(_attribution_table(number, word(scenario), found, stated, words))
    return Section(key="attribution", title=words.phrase("Which change does what"), blocks=blocks)


def _refused(study: PageStudy, scenario: str) -> Iterator[Block]:
    held = study.record["attribution"]
    for each in held if isinstance(held, list) else [held]:
        if each and each.get("scenario") == scenario and each.get("refused"):
            yield Paragraph(text=str(each["refused"]))


def _fall(
    key: str, behind: str, rows: Sequence[Row], scenario: Mapping[str, Any], words: Words
) -> Block:
    """Draw how the changes add up to a difference, in the order of the table."""
    total = _float(rows[0]["total"])
    values = [_float(r["contribution"]) for r in rows]
    decimals = min(1, decimals_of([total, *values]))
    parts = [
        (word(r["change"]), v, signed(v, decimals, words))
        for r, v in zip(rows, values, strict=True)
    ]
    last = (words.phrase("in all"), total, signed(total, decimals, words))
    unit = unit_named(word(rows[0]["unit"]), words)
    figure = _figure_named(rows[0], scenario, words)
    title = words.phrase("{figure}, {unit}", figure=figure, unit=unit)
    return bars(waterfall(parts, last), words, Caption(key=key, title=title, behind=behind))


def _attribution_table(
    number: int,
    scenario: str,
    listed: Sequence[Sequence[Row]],
    stated: Mapping[str, Any],
    words: Words,
) -> PageTable:
    names = list(dict.fromkeys(word(r["change"]) for rows in listed for r in rows))
    lines: list[Row] = [
        {
            "figure": _figure_named(rows[0], stated, words),
            "unit": rows[0]["unit"],
            "total": rows[0]["total"],
        }
        | {f"change {word(r['change'])}": r["contribution"] for r in rows}
        for rows in listed
    ]
    return table_of(
        lines[:MOST_ROWS],
        [
            (words.phrase("What"), text_of("figure")),
            (words.phrase("Unit"), lambda r: text_cell(unit_word(word(r["unit"]), words))),
            (words.phrase("In all"), _change("total", words)),
            *((name, _change(f"change {name}", words)) for name in names),
        ],
        key=f"attribution-{number}",
        caption=words.phrase("What each change moves, up to {scenario}", scenario=scenario),
        file=f"attribution-{number}.csv",
    )


def _figure_named(row: Row, scenario: Mapping[str, Any], words: Words) -> str:
    """Name an objective, or what a territory gets."""
    if row["quantity"] == "objective":
        return stated_objective(scenario, row["of"], words)
    named = (row["territory_name"], measure_name(scenario, row["measure"]), row["year"])
    return ", ".join(word(v) for v in named if v)


def _scenario(study: PageStudy, name: str) -> Mapping[str, Any]:
    """Return a scenario as it was resolved, by the name of its column."""
    for side in study.record["scenarios"]:
        if side["name"] == name:
            return side.get("scenario") or {}
    return {}


def _equity(study: PageStudy, words: Words) -> Section:
    base = study.record["compared_with"]
    rows = [
        r
        for name in ("objectives", "equity")
        for r in _in_order(study.tables[name].records())
        if r["scenario"] != base and r["difference"]
    ]
    named = _quantities(words)
    table = table_of(
        rows[:MOST_ROWS],
        [
            (words.phrase("Of"), lambda r: text_cell(_valued(study, r, words))),
            (words.phrase("Scenario"), text_of("scenario")),
            (
                words.phrase("Moment"),
                lambda r: text_cell(code_name("moment", r.get("moment"), words)),
            ),
            (words.phrase("Year"), lambda r: whole_cell(r.get("year"))),
            (
                words.phrase("Figure"),
                lambda r: text_cell(named.get(word(r["quantity"]), r["quantity"])),
            ),
            (words.phrase("Unit"), lambda r: text_cell(unit_word(word(r["unit"]), words))),
            (words.phrase("In the first"), lambda r: measured_cell(r["first"], words, 6)),
            (words.phrase("In this one"), lambda r: measured_cell(r["value"], words, 6)),
        ],
        key="equity-table",
        caption=words.phrase("Objectives, and how equal the rates are: what differs"),
        file="equity.csv",
    )
    title = words.phrase("What each plan is worth")
    return Section(key="equity", title=title, blocks=[table])


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """Put the objectives of each scenario in the order in which they are served."""
    listed = list(rows)
    if not listed or "objective" not in listed[0]:
        return listed
    return [r for _, found in _grouped(listed, ("scenario",)) for r in served(found)]


def _quantities(words: Words) -> dict[str, str]:
    """Name the figures of ``objectives.csv`` and of ``equity.csv``."""
    return {
        "value": words.phrase("With the plan"),
        "initial_value": words.phrase("Before"),
        "optimum_alone": words.phrase("Alone, at best"),
        "national": words.phrase("National rate"),
        "min": words.phrase("Lowest"),
        "max": words.phrase("Highest"),
        "range": words.phrase("Range"),
        "gini": words.phrase("Gini index"),
        "theil": words.phrase("Theil index"),
        "mean_absolute_gap": words.phrase("Mean distance to the mean"),
        "below_target": words.phrase("Territories below the target"),
    }


def _valued(study: PageStudy, row: Row, words: Words) -> str:
    """Name the objective of a row, or its indicator."""
    scenario = _scenario(study, word(row["scenario"]))
    if row.get("objective"):
        return stated_objective(scenario, row["objective"], words)
    return indicator_name(scenario, row["indicator"])


def _origins(study: PageStudy, words: Words) -> Section:
    facts = [
        (words.phrase("Fingerprint"), study.fingerprint),
        ("Perequa", str(study.record.get("perequa", ""))),
    ]
    return Section(
        key="origins",
        title=words.phrase("Where it comes from, and how to check it"),
        blocks=[
            Facts(pairs=tuple(facts)),
            Paragraph(
                text=words.phrase(
                    "This page was written from the tables of a saved comparison, whose prices "
                    "stand in {file}. `perequa verify` on its folder checks that they agree with "
                    "one another; what each plan is worth is proven in the folder of its run.",
                    file="prices.csv",
                )
            ),
        ],
    )


def _grouped(
    rows: Sequence[Row], keys: Sequence[str]
) -> Iterator[tuple[tuple[Value, ...], list[Row]]]:
    """Group rows in the order in which each group first appears."""

    def key(row: Row) -> tuple[Value, ...]:
        return tuple(row[k] for k in keys)

    rank = {k: i for i, k in enumerate(dict.fromkeys(map(key, rows)))}
    for found, listed in groupby(sorted(rows, key=lambda r: rank[key(r)]), key=key):
        yield found, list(listed)


def _quantity(row: Row, words: Words) -> str:
    return codes(words).get(("in", word(row["quantity"])), word(row["quantity"]))


def _change(name: str, words: Words) -> Callable[[Row], Cell]:
    return lambda row: change_cell(row.get(name), words)


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
