"""Who gets what, beside the circular's own formula."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.blocks import (
    Caption,
    Cell,
    PageTable,
    Paragraph,
    Section,
    amount_cell,
    change_cell,
    text_cell,
    whole_cell,
)
from perequa.report.page.decided import ABOVE, is_first, line_name, says_something
from perequa.report.page.dot_plot import MOST_LINES, Pair, dot_plot
from perequa.report.page.names import code_name, measure_name, step_names
from perequa.report.page.shades import amounts, differences, shown_decimals
from perequa.report.page.territory_map import territory_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.borders import Borders
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

MOST_ROWS = 600
"""Most rows of a table of the page; above, the level above stands in for them."""
AMOUNTS = (
    *("places", "credits", "reference_places", "reference_credits"),
    *("withheld", "due_after", "installed_before", "installed_after"),
)
SHARES = AMOUNTS[:6]
"""What a territory gets, or would."""
MOST_PICTURES = 3
"""Measures and years that are drawn: a page of 101 departments stays under 500 kB."""
UNSAFE = re.compile(r"[^\w.+-]+")

Row = dict[str, "Value"]


def allocation(run: PageRun, words: Words) -> Section:
    """Lay out the plan; where it is longer than a page can hold, the level above."""
    decisions = list(run.tables["allocation"].records())
    totals = list(run.tables["totals"].records())
    rows, empty = _with_something(_shown(decisions, totals))
    blocks: list[Block] = []
    if len(decisions) > MOST_ROWS:
        blocks.append(
            Paragraph(
                text=words.phrase(
                    "The plan has {count} lines: they stand in {file}. Below, they are summed by "
                    "{level}.",
                    count=len(decisions),
                    file="allocation.csv",
                    level=_level(rows, words),
                )
            )
        )
    foot = [
        r for r in totals if r["level"] in ABOVE and is_first(r, run) and says_something(r, run)
    ]
    blocks.append(_table(run, rows, foot, words))
    if empty:
        named = [f"{measure_name(run.scenario, m)} {year}" for m, year in empty]
        blocks.append(
            Paragraph(
                text=words.phrase("Nothing is shared out of {measures}.", measures=", ".join(named))
            )
        )
    blocks += _pictures(run, rows, words)
    return Section(key="allocation", title=words.phrase("Who gets what"), blocks=blocks)


def _with_something(rows: list[Row]) -> tuple[list[Row], list[tuple[str, str]]]:
    """Set aside measures and years of which nobody gets anything."""
    held = {(r["measure"], r["year"]) for r in rows if any(r.get(k) for k in SHARES)}
    empty = dict.fromkeys(
        (word(r["measure"]), word(r["year"])) for r in rows if (r["measure"], r["year"]) not in held
    )
    if not held:
        return rows, []
    return [r for r in rows if (r["measure"], r["year"]) in held], [*empty]


def _shown(decisions: list[Row], totals: list[Row]) -> list[Row]:
    if len(decisions) <= MOST_ROWS:
        return decisions
    counts = Counter(word(r["level"]) for r in totals if r["level"] not in ABOVE)
    fitting = [level for level, count in counts.items() if count <= MOST_ROWS]
    finest = max(fitting, key=lambda level: counts[level], default="")
    return [r for r in totals if r["level"] == finest]


def _level(rows: Sequence[Row], words: Words) -> str:
    levels = dict.fromkeys(word(r["level"]) for r in rows) or {"nation": None}
    return ", ".join(code_name("level", level, words) for level in levels)


def _table(run: PageRun, rows: list[Row], foot: list[Row], words: Words) -> PageTable:
    kept = [k for k in AMOUNTS if any(r[k] for r in rows)]
    compared = "reference_places" in kept
    steps = step_names(run, words)
    heads = _headings(words)
    columns = (
        words.phrase("Territory"),
        words.phrase("Code"),
        *((words.phrase("Decided by"),) if steps else ()),
        words.phrase("Measure"),
        words.phrase("Year"),
        *(heads[k] for k in kept),
        *((words.phrase("Difference in places"),) if compared else ()),
    )

    def line(row: Row, name: str) -> tuple[Cell, ...]:
        return (
            text_cell(name),
            text_cell(row["territory"] if row["level"] not in ABOVE else ""),
            *((text_cell(steps.get(word(row["step"]))),) if steps else ()),
            text_cell(measure_name(run.scenario, row["measure"])),
            whole_cell(row["year"]),
            *(amount_cell(row[k], words) for k in kept),
            *((change_cell(_change(row), words),) if compared else ()),
        )

    reference = any(k.startswith("reference") for k in kept)
    said = {"level": _level(rows, words)}
    return PageTable(
        key="allocation-table",
        caption=words.phrase("Plan and reference (the circular's own formula), by {level}", **said)
        if reference
        else words.phrase("The plan, by {level}", **said),
        columns=columns,
        rows=tuple(line(r, word(r["territory_name"]) or word(r["territory"])) for r in rows),
        foot=tuple(line(r, line_name(r, run, words)) for r in foot),
        file=f"{UNSAFE.sub('-', run.name)[:80]}-allocation.csv",
    )


def _headings(words: Words) -> dict[str, str]:
    return {
        "places": words.phrase("Places"),
        "credits": words.phrase("Credits"),
        "reference_places": words.phrase("Places, reference"),
        "reference_credits": words.phrase("Credits, reference"),
        "withheld": words.phrase("Withheld"),
        "due_after": words.phrase("Due after the last year"),
        "installed_before": words.phrase("Stock before"),
        "installed_after": words.phrase("Stock after"),
    }


def _change(row: Row) -> float | None:
    places, reference = row["places"], row["reference_places"]
    if not isinstance(places, float) or not isinstance(reference, float):
        return None
    return places - reference


def _pictures(run: PageRun, rows: Sequence[Row], words: Words) -> Iterator[Block]:
    """Draw each measure and year: the map, and plan beside reference where there is one.

    The steps of a cascade that decide at one level are drawn together.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        key = (word(row["level"]), word(row["measure"]), word(row["year"]))
        groups.setdefault(key, []).append(row)
    if len(groups) > MOST_PICTURES:
        left = words.phrase(
            "Of {count} measures and years, the first {shown} are drawn.",
            count=len(groups),
            shown=MOST_PICTURES,
        )
        yield Paragraph(text=left)
    several = len({level for level, _, _ in groups}) > 1
    for number, (key, listed) in enumerate([*groups.items()][:MOST_PICTURES], 1):
        level, measure, year = key
        named = measure_name(run.scenario, measure)
        by = code_name("level", level, words) if several else ""
        of = ", ".join(filter(None, (named, year, by)))
        yield from _map(number, of, listed, run.borders, words)
        if len(listed) <= MOST_LINES and all(_change(r) is not None for r in listed):
            listed.sort(key=lambda r: (-(_change(r) or 0.0), word(r["territory"])))
            yield dot_plot(
                [_pair(r) for r in listed],
                words,
                key=f"beside-{number}",
                title=words.phrase(
                    "Places of the reference and of the plan ({of}), from who gains most to who "
                    "loses most",
                    of=of,
                ),
                first=words.phrase("reference"),
                last=words.phrase("plan"),
                target="",
                behind="allocation-table",
            )


def _map(
    number: int, of: str, rows: Sequence[Row], borders: Mapping[str, Borders], words: Words
) -> Iterator[Block]:
    """Map what differs from the reference, else places, else credits."""
    values = {word(r["territory"]): c for r in rows if (c := _change(r)) is not None}
    title = words.phrase("Places more or less than the reference ({of})", of=of)
    classed = differences
    if not values:
        places = any(r["places"] for r in rows)
        key = "places" if places else "credits"
        values = {word(r["territory"]): v for r in rows if isinstance(v := r[key], float)}
        title = (
            words.phrase("Places ({of})", of=of)
            if places
            else words.phrase("Credits ({of})", of=of)
        )
        classed = amounts
    decimals = shown_decimals(values.values())
    found = territory_map(
        values,
        {word(r["territory"]): word(r["territory_name"]) for r in rows},
        classed(values.values(), decimals, words),
        words,
        level=word(rows[0]["level"]),
        borders=borders,
        caption=Caption(key=f"map-{number}", title=title, behind="allocation-table"),
    )
    if found is not None:
        yield found


def _pair(row: Row) -> Pair:
    places, reference = row["places"], row["reference_places"]
    return Pair(
        name=word(row["territory_name"]) or word(row["territory"]),
        first=reference if isinstance(reference, float) else 0.0,
        last=places if isinstance(places, float) else 0.0,
    )
