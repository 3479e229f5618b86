"""How concentrated places are: the Lorenz curves of a run, with the shares behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import word
from perequa.report.page.blocks import Caption, fixed_cell, table_of, text_cell
from perequa.report.page.dot_plot import MOST_LINES
from perequa.report.page.lorenz import QUARTERS, lorenz, lorenz_points
from perequa.report.page.names import code_name, indicator_name
from perequa.report.page.rates import in_the_end, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block, Cell
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]
    Line = Mapping[str, Value]

SHARES = ("people", "before", "after")


def lorenz_blocks(run: PageRun, words: Words) -> Iterator[Block]:
    """Draw each indicator at each level, at the end of the last year."""
    _, groups = in_the_end(run)
    names = names_of(run)
    for number, ((indicator, level), listed) in enumerate(groups.items(), 1):
        lines = _lines(run, listed, names)
        if len(lines) < 2 or len(lines) > MOST_LINES or len(lines) < len(listed):
            continue
        title = words.phrase(
            "{indicator}, by {level}: Lorenz curve",
            indicator=indicator_name(run.scenario, indicator),
            level=code_name("level", level, words),
        )
        yield _curve(number, title, lines, words)
        yield _table(number, title, lines, words)


def _lines(run: PageRun, rows: Sequence[Row], names: Mapping[tuple[str, str], str]) -> list[Line]:
    """Put people beside rates, from the lowest rate after the plan up; who has none is left out."""
    lines: list[Line] = []
    for row in rows:
        level, code, year = word(row["level"]), word(row["territory"]), row["year"]
        people = run.people.get((word(row["indicator"]), level, code, int(year or 0)), 0.0)
        if people > 0 and isinstance(row["before"], float) and isinstance(row["after"], float):
            name = names.get((level, code)) or code
            lines.append(
                {"name": name, "people": people, "before": row["before"], "after": row["after"]}
            )
    return sorted(lines, key=lambda line: (_float(line["after"]), word(line["name"])))


def _curve(number: int, title: str, lines: Sequence[Line], words: Words) -> Block:
    people = [_float(line["people"]) for line in lines]
    told = {"before": ("was", words.phrase("before")), "after": ("is", words.phrase("after"))}
    return lorenz(
        [
            (*told[k], lorenz_points([_float(line[k]) for line in lines], people))
            for k in told
            # where nobody has anything there is nothing to share
            if any(line[k] for line in lines)
        ],
        [words.figures.percent(at) for at in QUARTERS],
        caption=Caption(key=f"lorenz-{number}", title=title, behind=f"shares-{number}"),
        across=words.phrase("share of the people, from the lowest rate up"),
        up=words.phrase("share of what they have; the straight line: the same rate for all"),
    )


def _table(number: int, title: str, lines: Sequence[Line], words: Words) -> Block:
    held = {
        "people": [_float(line["people"]) for line in lines],
        **{
            k: [_float(line[k]) * _float(line["people"]) for line in lines]
            for k in ("before", "after")
        },
    }
    totals = {k: sum(values) for k, values in held.items()}
    rows = [
        {"name": line["name"]}
        | {k: 100.0 * held[k][i] / totals[k] if totals[k] else None for k in SHARES}
        for i, line in enumerate(lines)
    ]

    def made(key: str) -> Callable[[Row], Cell]:
        return lambda row: fixed_cell(row[key], 1, words)

    return table_of(
        rows,
        [
            (words.phrase("Territory"), lambda r: text_cell(r["name"])),
            (words.phrase("People, %"), made("people")),
            (words.phrase("What they have before, %"), made("before")),
            (words.phrase("What they have after, %"), made("after")),
        ],
        key=f"shares-{number}",
        caption=words.phrase("{what}: shares, from the lowest rate after the plan up", what=title),
        file=f"shares-{number}.csv",
    )


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
