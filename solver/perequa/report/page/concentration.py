"""How concentrated places are: the Lorenz curves of a run, from the shares its rates stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.page.blocks import Caption
from perequa.report.page.dot_plot import MOST_LINES
from perequa.report.page.lorenz import QUARTERS, lorenz, lorenz_points
from perequa.report.page.names import code_name, indicator_name
from perequa.report.page.rates import in_the_end, laid_out, people_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]


def lorenz_blocks(run: PageRun, words: Words) -> Iterator[Block]:
    """Draw each indicator at each level, at the end of the last year, from the table of its rates.

    One where somebody has no people, or no rate, is left out.
    """
    _, groups = in_the_end(run)
    for number, ((indicator, level), listed) in enumerate(groups.items(), 1):
        people = people_of(run, listed)
        if people is None or not 1 < len(listed) <= MOST_LINES or not laid_out(number, groups):
            continue
        title = words.phrase(
            "{indicator}, by {level}: Lorenz curve",
            indicator=indicator_name(run.scenario, indicator),
            level=code_name("level", level, words),
        )
        yield _curve(number, title, listed, people, words)


def _curve(
    number: int, title: str, rows: Sequence[Row], people: Sequence[float], words: Words
) -> Block:
    told = {"before": ("was", words.phrase("before")), "after": ("is", words.phrase("after"))}
    rates = {k: [_float(row[k]) for row in rows] for k in told}
    return lorenz(
        [
            (*told[k], lorenz_points(rates[k], people))
            for k in told
            # where nobody has anything there is nothing to share
            if any(rates[k])
        ],
        [words.figures.percent(at) for at in QUARTERS],
        caption=Caption(key=f"lorenz-{number}", title=title, behind=f"rates-{number}"),
        across=words.phrase("share of the people, from the lowest rate up"),
        up=words.phrase("share of what they have; the straight line: the same rate for all"),
    )


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
