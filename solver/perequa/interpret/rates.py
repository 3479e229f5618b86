"""Equipment rates before and after, and how equal they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.tables import Table, Value
from perequa_models.tree import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.interpret.run import Solved
    from perequa_models.instance import Floats, IndicatorData
    from perequa_models.tree import Indices

INDICATORS = (
    "scenario",
    "indicator",
    "level",
    "territory",
    "year",
    "before",
    "after",
    "target",
    "target_before",
    "gap_before",
    "gap_after",
)
EQUITY = (
    "scenario",
    "indicator",
    "level",
    "year",
    "moment",
    "national",
    "min",
    "max",
    "range",
    "gini",
    "theil",
    "mean_absolute_gap",
    "below_target",
)


def indicators_table(run: Solved) -> Table:
    """Rate of every territory that decides or stands above, and of the nation, each year."""
    rows: list[tuple[Value, ...]] = []
    for name, indicator in run.instance.indicators.items():
        for level in _levels(run):
            nodes = run.instance.tree.at(level)
            counted = _moments(run, indicator, nodes)
            people = indicator.population[nodes] / indicator.per
            codes = [run.instance.tree.nodes[int(node)].code for node in nodes]
            rows.extend(_lines(run, name, [(level, code) for code in codes], counted, people))
        top = run.instance.tree.at(run.instance.tree.levels[0])
        counted = {k: v.sum(axis=0)[None] for k, v in _moments(run, indicator, top).items()}
        people = indicator.population[top].sum(axis=0)[None] / indicator.per
        rows.extend(_lines(run, name, [("nation", "")], counted, people))
    return Table(INDICATORS, tuple(rows))


def _lines(
    run: Solved,
    name: str,
    who: list[tuple[str, str]],
    counted: dict[str, Floats],
    people: Floats,
) -> Iterator[tuple[Value, ...]]:
    target = run.instance.indicators[name].target
    before, after = counted["before"] / people, counted["after"] / people
    gaps = zip(
        before.tolist(),
        after.tolist(),
        (target - before).tolist(),
        (target - after).tolist(),
        strict=True,
    )
    for whose, of_years in zip(who, gaps, strict=True):
        for year, b, a, gap_b, gap_a in zip(run.instance.years, *of_years, strict=True):
            yield (run.name, name, *whose, year, b, a, target, target, gap_b, gap_a)


def _levels(run: Solved) -> tuple[str, ...]:
    levels = run.instance.tree.levels
    return levels[: levels.index(run.instance.level) + 1]


def _moments(run: Solved, indicator: IndicatorData, nodes: Indices) -> dict[str, Floats]:
    """Places counted before, after and under the reference, shape (n, Y)."""
    tree = run.instance.tree
    if indicator.in_budget:
        level = tree.nodes[int(nodes[0])].level
        above = tree.ancestors(run.instance.level, level)
        base = run.instance.base[:, indicator.measures].sum(axis=1)
        start = np.array([base[below].sum() for below in split(above, nodes)])
    else:
        start = indicator.start[nodes][:, indicator.measures].sum(axis=1)
    moments = {
        "before": np.repeat(start[:, None], len(run.instance.years), axis=1),
        "after": run.handed_out.numerator(indicator, nodes),
    }
    if run.reference_plan is not None:
        moments["reference"] = run.reference_plan.numerator(indicator, nodes)
    return moments


def equity_table(run: Solved) -> Table:
    """Equity of the rates of each level and year, before, after and under the reference.

    Gini, Theil and the mean gap weigh territories by population and use their own mean; least,
    most and range count territories once.
    """
    rows: list[tuple[Value, ...]] = []
    tree = run.instance.tree
    for name, indicator in run.instance.indicators.items():
        top = tree.at(tree.levels[0])
        national = _moments(run, indicator, top)
        for level in _levels(run):
            nodes = tree.at(level)
            for moment, counted in _moments(run, indicator, nodes).items():
                for y, year in enumerate(run.instance.years):
                    population = indicator.population[nodes, y]
                    rate = indicator.per * counted[:, y] / population
                    whole = indicator.per * national[moment][:, y].sum()
                    figures = (
                        float(whole / indicator.population[top, y].sum()),
                        *inequality(rate, population),
                        int((rate < indicator.target).sum()),
                    )
                    rows.append((run.name, name, level, year, moment, *figures))
    return Table(EQUITY, tuple(rows))


def inequality(rate: Floats, population: Floats) -> tuple[float, float, float, float, float, float]:
    """Return min, max, range, Gini, Theil and mean absolute gap of rates weighted by population.

    Notes
    -----
    Gini is Σ v_s v_t |r_s − r_t| ÷ 2r̄ summed in one pass over sorted rates; a rate of zero counts
    nothing in Theil's sum (the limit of r·ln r).
    """
    share = population / population.sum()
    mean = float(share @ rate)
    order = np.argsort(rate, kind="stable")
    v, r = share[order], rate[order]
    below, weighted = np.cumsum(v) - v, np.cumsum(v * r) - v * r
    spread = 2.0 * float((v * (r * below - weighted)).sum())
    positive = rate > 0
    relative = rate[positive] / mean if mean > 0 else rate[positive]
    return (
        float(rate.min()),
        float(rate.max()),
        float(rate.max() - rate.min()),
        spread / (2.0 * mean) if mean > 0 else 0.0,
        float((share[positive] * relative * np.log(relative)).sum()) if mean > 0 else 0.0,
        float(share @ np.abs(rate - mean)),
    )
