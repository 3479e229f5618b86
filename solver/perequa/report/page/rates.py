"""Rates before and after, and how far they stay from their target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.blocks import (
    Caption,
    Heading,
    PageTable,
    Paragraph,
    Section,
    decimals_of,
    dense,
    fixed_cell,
    text_cell,
)
from perequa.report.page.dot_plot import MOST_LINES, Pair, dot_plot
from perequa.report.page.names import code_name, indicator_name
from perequa.report.page.shades import amounts
from perequa.report.page.territory_map import territory_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.borders import Borders
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

NATION = "nation"
LONG, MOST_LONG, MOST_MAPS = 60, 3, 2
"""Lines above which a level is long, how many long ones a page lays out, how many it maps."""
FIGURES = ("before", "after", "target", "gap_before", "gap_after")

Row = dict[str, "Value"]


def rates(run: PageRun, words: Words) -> Section:
    """Draw every indicator at every level, at the end of the last year."""
    last, groups = in_the_end(run)
    names = names_of(run)
    blocks: list[Block] = []
    long = 0
    several = sum(len(listed) > LONG for listed in groups.values()) > 1
    if not groups:
        blocks.append(Paragraph(text=words.phrase("The scenario states no indicator.")))
    for number, ((indicator, level), listed) in enumerate(groups.items(), 1):
        said = words.phrase(
            "{indicator}, by {level}, end of {year}",
            indicator=indicator_name(run.scenario, indicator),
            level=code_name("level", level, words),
            year=last,
        )
        blocks.append(Heading(text=said))
        long += len(listed) > LONG
        if not laid_out(number, groups):
            blocks.append(
                Paragraph(
                    text=words.phrase(
                        "{count} lines: they stand in {file}.",
                        count=len(listed),
                        file="indicators.csv",
                    )
                )
            )
            continue
        # several pictures with so many lines are not read
        most = LONG if several else MOST_LINES
        borders = run.borders if len(listed) <= LONG or long <= MOST_MAPS else None
        blocks += _level(number, said, listed, run, names, words, most_lines=most, borders=borders)
    return Section(key="rates", title=words.phrase("Rates before and after"), blocks=blocks)


def laid_out(number: int, groups: Mapping[tuple[str, str], Sequence[Row]]) -> bool:
    """Whether the table of the rates of a group, counted from 1, stands on the page."""
    sizes = [len(listed) for listed in groups.values()][:number]
    long = sum(size > LONG for size in sizes)
    return sizes[-1] <= (MOST_ROWS if long <= MOST_LONG else LONG)


def in_the_end(run: PageRun) -> tuple[int, dict[tuple[str, str], list[Row]]]:
    """Return the last year, and the rates at its end by indicator and level.

    A territory of a cascade has the rate of the last step that looks at it: the nation decides for
    its regions, then each says what it makes of that.
    """
    rows = list(run.tables["indicators"].records())
    last = max((r["year"] for r in rows if isinstance(r["year"], int)), default=0)
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        if row["year"] == last and row["level"] != NATION:
            key = (word(row["indicator"]), word(row["level"]))
            found.setdefault(key, {})[word(row["territory"])] = row
    return last, {key: [*territories.values()] for key, territories in found.items()}


def _level(
    number: int,
    said: str,
    rows: list[Row],
    run: PageRun,
    names: Mapping[tuple[str, str], str],
    words: Words,
    *,
    most_lines: int,
    borders: Mapping[str, Borders] | None,
) -> Iterator[Block]:
    rows.sort(key=lambda r: r["before"] if isinstance(r["before"], float) else 0.0)
    pairs = [p for r in rows if (p := _pair(r, names)) is not None]
    table = _table(number, said, rows, run, names, words)
    after = {word(r["territory"]): r["after"] for r in rows if isinstance(r["after"], float)}
    found = None
    if borders is not None:
        found = territory_map(
            after,
            {word(r["territory"]): _name(r, names) for r in rows},
            amounts(after.values(), decimals_of(after.values()), words),
            words,
            level=word(rows[0]["level"]),
            borders=borders,
            caption=Caption(
                key=f"rate-map-{number}",
                title=words.phrase("Rate after the plan"),
                behind=table.key,
            ),
        )
    if found is not None:
        yield found
    if 1 < len(pairs) <= most_lines:
        yield dot_plot(
            pairs,
            words,
            key=f"dots-{number}",
            title=words.phrase("From the lowest rate before the plan up"),
            first=words.phrase("before"),
            last=words.phrase("after"),
            target=words.phrase("target (the national rate unless stated otherwise)"),
            behind=table.key,
        )
    yield table


def _table(
    number: int,
    said: str,
    rows: list[Row],
    run: PageRun,
    names: Mapping[tuple[str, str], str],
    words: Words,
) -> PageTable:
    """Lay out rates, what is missing to the target, and the shares they stand for."""
    decimals = decimals_of(row[k] for row in rows for k in FIGURES)
    shares = _shares(run, rows)
    caption = words.phrase("{what}: rates, and what is missing to the target", what=said)
    kept: tuple[str, ...] = FIGURES
    target = rows[0]["target"]
    if isinstance(target, float) and len(rows) > 1 and all(r["target"] == target for r in rows):
        kept = tuple(k for k in FIGURES if k != "target")
        caption = words.phrase(
            "{caption} (target: {target})",
            caption=caption,
            target=fixed_cell(target, decimals, words).text,
        )
    heads = {
        "before": words.phrase("Rate before"),
        "after": words.phrase("Rate after"),
        "target": words.phrase("Target"),
        "gap_before": words.phrase("Missing before"),
        "gap_after": words.phrase("Missing after"),
    }
    return dense(
        PageTable(
            key=f"rates-{number}",
            caption=caption,
            columns=(
                words.phrase("Territory"),
                *(heads[k] for k in kept),
                words.phrase("People, %"),
                words.phrase("What they have before, %"),
                words.phrase("What they have after, %"),
            ),
            rows=tuple(
                (
                    text_cell(_name(r, names)),
                    *(fixed_cell(r[k], decimals, words) for k in kept),
                    *(fixed_cell(share, 1, words) for share in shared),
                )
                for r, shared in zip(rows, shares, strict=True)
            ),
            file=f"rates-{number}.csv",
        )
    )


def people_of(run: PageRun, rows: Sequence[Row]) -> list[float] | None:
    """Return the people behind each rate; None where one has none, or no rate."""
    found = []
    for row in rows:
        key = (word(row["indicator"]), word(row["level"]), word(row["territory"]))
        people = run.people.get((*key, int(row["year"] or 0)), 0.0)
        if people <= 0 or not all(isinstance(row[k], float) for k in ("before", "after")):
            return None
        found.append(people)
    return found


def _shares(run: PageRun, rows: Sequence[Row]) -> list[tuple[Value, Value, Value]]:
    """Say what percent of the people each is, and of what they have together; nothing for one."""
    people = people_of(run, rows)
    if people is None or not 1 < len(rows) <= MOST_LINES:
        return [(None, None, None)] * len(rows)
    held = [
        people,
        *(
            [float(r[k] or 0.0) * heads for r, heads in zip(rows, people, strict=True)]
            for k in ("before", "after")
        ),
    ]
    of_all = [[round(100.0 * v / sum(vs), 6) if sum(vs) else None for v in vs] for vs in held]
    return [*zip(*of_all, strict=True)]


def _pair(row: Row, names: Mapping[tuple[str, str], str]) -> Pair | None:
    before, after, target = row["before"], row["after"], row["target"]
    if not isinstance(before, float) or not isinstance(after, float):
        return None
    return Pair(
        name=_name(row, names),
        first=before,
        last=after,
        target=target if isinstance(target, float) else None,
    )


def _name(row: Row, names: Mapping[tuple[str, str], str]) -> str:
    return names.get((word(row["level"]), word(row["territory"]))) or word(row["territory"])


def names_of(run: PageRun) -> dict[tuple[str, str], str]:
    """Name territories as the plan and its totals do: ``indicators.csv`` has their codes alone."""
    return {
        (word(r["level"]), word(r["territory"])): word(r["territory_name"])
        for table in ("totals", "allocation")
        for r in run.tables[table].records()
    }
