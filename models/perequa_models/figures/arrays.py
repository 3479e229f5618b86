"""The arrays of an instance: places, costs, budgets, populations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.columns import inherited, summed_up
from perequa_models.instance import IndicatorData
from perequa_models.measures import PerDay
from perequa_models.problems import nearest
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.columns import Column
    from perequa_models.instance import Flags, Floats
    from perequa_models.measures import Rate
    from perequa_models.problems import Path, Problems
    from perequa_models.scenario import Indicator, Scenario
    from perequa_models.tree import Indices, Tree


@dataclass(frozen=True, kw_only=True)
class Source:
    """What figures are read from, and where problems are noted."""

    scenario: Scenario
    tree: Tree
    level: str
    measures: tuple[str, ...]
    years: tuple[int, ...]
    columns: Mapping[str, Column]
    problems: Problems

    @property
    def nodes(self) -> Indices:
        """Nodes that decide."""
        return self.tree.at(self.level)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of nodes (all levels), measures and years."""
        return len(self.tree.nodes), len(self.measures), len(self.years)

    def column(self, name: str, path: Path) -> Column | None:
        """Find a column of figures; an unknown name or words are noted at `path`."""
        column = self.columns.get(name)
        if column is None:
            self.problems.error(
                "unknown_column",
                f"no table has a column {name!r}",
                path=path,
                received=name,
                accepted=", ".join(sorted(n for n in self.columns if not n.startswith("@"))),
                nearest=nearest(name, self.columns),
                remedy="name a column of a table of this scenario",
            )
        elif column.is_text:
            self.problems.error(
                "not_a_number",
                f"column {name!r} of {column.table} holds words where figures are needed",
                path=path,
                received=name,
                remedy="name a column of figures",
            )
            return None
        return column

    def missing(self, column: Column, node: int, measure: int, year: int, path: Path) -> None:
        """Note that a value the program needs is not stated."""
        territory = self.tree.nodes[node]
        key = "" if column.values.shape[1] == 1 else f", measure {self.measures[measure]}"
        key += "" if column.values.shape[2] == 1 else f", year {self.years[year]}"
        self.problems.error(
            "missing_value",
            f"{column.name} is not stated for {territory.id} ({territory.name}){key}, "
            f"and {'.'.join(str(p) for p in path)} needs it",
            path=path,
            cell=column.cell(node, measure, year),
            received="nothing",
            accepted="a number",
            remedy=f"state {column.name} for {territory.id} in {column.table}",
        )


def quantity(source: Source, name: str, default: float | None, path: Path) -> Floats:
    """Read a quantity at the nodes that decide, shape (T, M, Y or 1)."""
    if name not in source.columns and default is not None:
        return np.full((len(source.nodes), len(source.measures), 1), default)
    column = source.column(name, path)
    if column is None:
        return np.zeros((len(source.nodes), len(source.measures), 1))
    values = summed_up(column, source.tree, default)[source.nodes]
    return np.broadcast_to(values, (len(source.nodes), len(source.measures), values.shape[2]))


def unit_value(source: Source, name: str, path: Path) -> Floats | None:
    """Read a unit value at the nodes that decide, shape (T, M or 1, Y or 1)."""
    column = source.column(name, path)
    return None if column is None else inherited(column, source.tree)[source.nodes]


def open_pairs(source: Source) -> Flags:
    """Find which territory and measure may be funded: all, unless ``absent: closed``.

    A pair is closed when no row of supply speaks of it, at its own level or below.
    """
    pairs = np.ones((len(source.nodes), len(source.measures)), dtype=np.bool_)
    column = source.columns.get("installed", source.columns.get("base"))
    if source.scenario.supply.absent == "closed" and column is not None:
        spoken: Flags = np.asarray((column.rows >= 0).any(axis=2))
        for depth in range(len(source.tree.levels) - 1, 0, -1):
            children = np.flatnonzero(source.tree.level_of == depth)
            np.logical_or.at(spoken, source.tree.parent[children], spoken[children])
        pairs &= np.broadcast_to(spoken[source.nodes], pairs.shape)
    return pairs


def installed(source: Source, pairs: Flags) -> Floats:
    """Places before the plan, shape (T, M); the base for measures counted in money."""
    money = [source.scenario.measures[m].unit == "money" for m in source.measures]
    values = np.zeros((len(source.nodes), len(source.measures)))
    path: Path = ("supply",)
    if not all(money):
        absent = 0.0 if source.scenario.supply.absent == "closed" else None
        values[:] = quantity(source, "installed", absent, path)[:, :, 0]
    if any(money):
        base = quantity(source, "base", 0.0, path)[:, :, 0]
        values[:, money] = base[:, money]
    for t, m in np.argwhere(np.isnan(values) & pairs):
        source.missing(source.columns["installed"], int(source.nodes[t]), int(m), 0, path)
    return np.where(np.isnan(values), 0.0, values)


def costs(source: Source, pairs: Flags) -> Floats:
    """Full-year cost paid by the envelope, in the currency, shape (T, M, Y)."""
    t, m, y = len(source.nodes), len(source.measures), len(source.years)
    cost = np.ones((t, m, y))
    for j, name in enumerate(source.measures):
        measure = source.scenario.measures[name]
        path: Path = ("measures", name, "cost")
        if isinstance(measure.cost, PerDay):
            cost[:, j] = measure.cost.per_day * measure.cost.days
        elif isinstance(measure.cost, ColumnRef):
            values = unit_value(source, measure.cost.column, path)
            if values is None:
                continue
            cost[:, j] = values[:, min(j, values.shape[1] - 1)]
            for i, k in np.argwhere(np.isnan(cost[:, j]) & pairs[:, j, None]):
                column = source.columns[measure.cost.column]
                source.missing(column, int(source.nodes[i]), j, int(k), path)
        elif measure.cost is not None:
            cost[:, j] = measure.cost
        _refuse_free_places(source, name, cost[:, j], path)
        cost[:, j] *= measure.financed_share
    return np.where(np.isnan(cost), 1.0, cost)


def _refuse_free_places(source: Source, name: str, cost: Floats, path: Path) -> None:
    """Note costs (T, Y) that are not above zero: what costs nothing no envelope can share out."""
    free = np.argwhere(cost <= 0.0)
    if not len(free):
        return
    stated = source.scenario.measures[name].cost
    cell = None
    if isinstance(stated, ColumnRef):
        column = source.columns[stated.column]
        t, year = (int(position) for position in free[0])
        cell = column.cell(int(source.nodes[t]), source.measures.index(name), year)
    source.problems.error(
        "not_positive",
        f"the cost of a place of {name} must be above zero",
        path=path,
        cell=cell,
        received=f"{cost[tuple(free[0])]:g}",
        accepted="a number above 0",
        remedy="state the full-year cost of a place",
    )


def rates(source: Source) -> Floats:
    """Yearly rate of the renewed budget, shape (T, M, Y)."""
    rate = np.zeros((len(source.nodes), len(source.measures), len(source.years)))
    for j, name in enumerate(source.measures):
        measure = source.scenario.measures[name]
        path: Path = ("measures", name, "rate")
        if measure.rate is None:
            path = ("envelopes", measure.envelope or "", "rate")
        rate[:, j] = rate_at(source, source.scenario.rate_of(name), source.nodes, path, j)
    return rate


def rate_at(source: Source, stated: Rate, nodes: Indices, path: Path, measure: int = 0) -> Floats:
    """Yearly rate at some nodes, 0 where nothing is stated, shape (len(nodes), Y)."""
    shape = (len(nodes), len(source.years))
    if isinstance(stated, ColumnRef):
        column = source.column(stated.column, path)
        if column is None:
            return np.zeros(shape)
        values = inherited(column, source.tree)[nodes]
        found = values[:, min(measure, values.shape[1] - 1)]
        return np.array(np.broadcast_to(np.nan_to_num(found), shape))
    if isinstance(stated, dict):
        return np.array([[stated.get(year, 0.0) for year in source.years]] * len(nodes))
    return np.full(shape, stated)


def indicator_data(source: Source, name: str, indicator: Indicator) -> IndicatorData | None:
    """Gather the figures of an indicator over all nodes of the tree."""
    path: Path = ("indicators", name)
    population = _population(source, indicator, (*path, "population"))
    start = _start(source, indicator, (*path, "counts"))
    known = [source.measures.index(m) for m in indicator.measures if m in source.measures]
    if population is None or start is None or not known:
        return None
    measures = np.array(sorted(known), dtype=np.intp)
    data = IndicatorData(
        name=name,
        population=population,
        per=indicator.per,
        measures=measures,
        start=start,
        target=0.0,
        in_budget=indicator.in_ == "budget",
        national=indicator.national_initial,
    )
    target = national_initial(source.tree, data)
    if indicator.target != "national_initial":
        target = float(indicator.target)
    return replace(data, target=target)


def national_initial(tree: Tree, indicator: IndicatorData) -> float:
    """The whole country's rate before the plan, over the population of its first year."""
    if indicator.national is not None:
        return indicator.national
    top = tree.at(tree.levels[0])
    places = np.nansum(indicator.start[top][:, indicator.measures])
    return float(indicator.per * places / indicator.population[top, 0].sum())


def _population(source: Source, indicator: Indicator, path: Path) -> Floats | None:
    column = source.column(indicator.population, path)
    if column is None:
        return None
    values = summed_up(column, source.tree)
    kept = values[:, 0, :]
    if values.shape[1] > 1:
        named = [source.measures.index(m) for m in indicator.measures if m in source.measures]
        kept = values[:, named, :].sum(axis=1)
    decided = source.tree.level_of <= source.tree.levels.index(source.level)
    for node, year in np.argwhere(~(kept > 0) & decided[:, None]):
        territory = source.tree.nodes[node]
        received = kept[node, year]
        source.problems.error(
            "population_not_positive",
            f"{column.name} of {territory.id} ({territory.name}) must be above zero",
            path=path,
            cell=column.cell(int(node), 0, int(year)),
            received="nothing" if np.isnan(received) else f"{received:g}",
            accepted="a number above 0",
            remedy="state the population of reference of every territory",
        )
    return np.array(np.broadcast_to(kept, (len(source.tree.nodes), len(source.years))))


def _start(source: Source, indicator: Indicator, path: Path) -> Floats | None:
    n, m, _ = source.shape
    units = {source.scenario.measures[k].unit for k in indicator.measures if k in source.measures}
    # a measure counted in money has its base for places installed (scenario reference, section 2)
    in_money = indicator.in_ == "budget" or (units == {"money"} and indicator.counts == "installed")
    name = "base" if in_money else indicator.counts
    if name == "base" and name not in source.columns:
        return np.zeros((n, m))
    column = source.column(name, path)
    if column is None:
        return None
    closed_is_none = source.scenario.supply.absent == "closed"
    sums = summed_up(column, source.tree, 0.0 if closed_is_none else None)
    values = np.array(np.broadcast_to(sums[:, :, 0], (n, m)))
    decided = np.zeros(n, dtype=np.bool_)
    decided[source.nodes] = True
    for measure in indicator.measures:
        j = source.measures.index(measure) if measure in source.measures else -1
        if j >= 0:
            for node in np.flatnonzero(np.isnan(values[:, j]) & decided):
                source.missing(column, int(node), j, 0, path)
    return np.nan_to_num(values)
