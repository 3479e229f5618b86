"""Which territories, measures and years a rule or objective speaks of, and in which groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.figures.arrays import national_initial
from perequa_models.problems import nearest
from perequa_models.strict import ColumnEquals, ColumnRef
from perequa_models.tree import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perequa_models.columns import Column
    from perequa_models.figures.arrays import Source
    from perequa_models.instance import IndicatorData
    from perequa_models.problems import Path
    from perequa_models.rules.grammar import IndicatorCondition, RuleSpec
    from perequa_models.tree import Indices, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of a rule: some territories × some measures × some years.

    Attributes
    ----------
    level, territory
        The territory of the group, empty when it does not hold exactly one.
    node
        Its node in the tree; None when the group stands for no single node.
    members
        Positions of its decision territories.
    measures, years
        Positions of its measures and years.
    envelope
        Name of the closed total whose measures it holds, when grouped by envelope.
    """

    level: str
    territory: str
    node: int | None
    members: Indices
    measures: Indices
    years: Indices
    envelope: str = ""

    def cells(self, shape: tuple[int, int, int]) -> Indices:
        """Flat positions of the group's cells in an array of `shape`."""
        _, m, y = shape
        rows = self.members[:, None] * m + self.measures
        return np.asarray((rows[:, :, None] * y + self.years).ravel(), dtype=np.intp)


def decision_territories(
    source: Source, stated: tuple[str, ...] | ColumnEquals | None, path: Path
) -> Indices:
    """Positions of the decision territories that a selection stands for, in order."""
    everyone = np.arange(len(source.nodes))
    if stated is None:
        return everyone
    if isinstance(stated, ColumnEquals):
        return _where_column(source, stated, path)
    chosen: set[int] = set()
    for i, written in enumerate(stated):
        node = find_territory(source, written, (*path, i))
        if node is None:
            continue
        if source.tree.level_of[node] > source.tree.levels.index(source.level):
            source.problems.error(
                "too_fine",
                f"{written} stands below the level that decides ({source.level})",
                path=(*path, i),
                received=written,
                accepted=f"a territory of level {source.level} or above",
                remedy="name a coarser territory, or decide at a finer level",
            )
            continue
        chosen.update(int(t) for t in source.tree.below(node, source.level))
    return np.array(sorted(chosen), dtype=np.intp)


def find_territory(source: Source, written: str, path: Path) -> int | None:
    """Return the node of a territory as written; an unknown or unclear one is noted."""
    found = source.tree.find(written)
    if isinstance(found, int):
        return found
    several = len(found) > 1
    source.problems.error(
        "ambiguous_territory" if several else "unknown_territory",
        f"{written!r} is held by several levels" if several else f"no territory {written!r}",
        path=path,
        received=written,
        accepted=" or ".join(found) if several else "level:code, e.g. region:11",
        nearest="" if several else (found[0] if found else _nearest_code(source, written)),
        remedy="write level:code",
    )
    return None


def _nearest_code(source: Source, written: str) -> str:
    return nearest(written, (t.id for t in source.tree.nodes))


def _where_column(source: Source, stated: ColumnEquals, path: Path) -> Indices:
    column = source.columns.get(stated.column)
    if column is None:
        source.column(stated.column, (*path, "column"))
        return np.arange(len(source.nodes))
    wanted = as_word(stated.equals)
    held = column_words(source, stated.column)
    return np.array([i for i, word in enumerate(held) if word == wanted], dtype=np.intp)


def column_words(source: Source, name: str) -> list[str]:
    """Value of a column at each decision territory, as a word; inherited from ancestors."""
    return words_at(source.columns[name], source.tree, source.nodes)


def words_at(column: Column, tree: Tree, nodes: Iterable[int]) -> list[str]:
    """Value of a column at some nodes, as a word; inherited from ancestors, empty when absent."""
    values = column.values[:, 0, 0]
    words = []
    for node in nodes:
        at = int(node) if len(values) > 1 else 0
        while at >= 0 and _absent(values[at]):
            at = int(tree.parent[at])
        words.append("" if at < 0 else as_word(values[at]))
    return words


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def as_word(value: object) -> str:
    """Write a value as a word, so that 1, 1.0, true and "1" are the same in a condition."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{float(value):g}" if isinstance(value, int | float) else str(value)


def _condition(
    source: Source,
    indicators: Mapping[str, IndicatorData],
    members: Indices,
    stated: IndicatorCondition | ColumnEquals | None,
    path: Path,
) -> Indices:
    if stated is None:
        return members
    if isinstance(stated, ColumnEquals):
        return np.intersect1d(members, _where_column(source, stated, path))
    data = indicators.get(stated.indicator)
    if data is None:
        if stated.indicator not in source.scenario.indicators:
            source.problems.error(
                "unknown_indicator",
                f"no indicator {stated.indicator!r}",
                path=(*path, "indicator"),
                received=stated.indicator,
                accepted=", ".join(source.scenario.indicators),
                nearest=nearest(stated.indicator, source.scenario.indicators),
                remedy="name an indicator of this scenario",
            )
        return members
    nodes = source.nodes[members]
    places = data.start[nodes][:, data.measures].sum(axis=1)
    rate = data.per * places / data.population[nodes, 0]
    bound = stated.below if stated.below is not None else stated.above
    level = national_initial(source.tree, data) if bound == "national_initial" else float(bound)  # type: ignore[arg-type]
    kept = rate < level if stated.below is not None else rate > level
    return np.asarray(members[kept], dtype=np.intp)


def groups(
    source: Source,
    indicators: Mapping[str, IndicatorData],
    spec: RuleSpec,
    path: Path,
    *,
    by_year: bool = False,
) -> Iterator[Group]:
    """Yield the groups of a rule, in a stable order.

    Parameters
    ----------
    by_year
        Whether the year always separates groups (stocks and budgets are never summed over years).

    Notes
    -----
    A rule that selects nothing is noted as a problem and yields nothing.
    """
    told = len(source.problems.errors)
    members = decision_territories(source, spec.territories, (*path, "territories"))
    members = _condition(source, indicators, members, spec.where, (*path, "where"))
    measures = _measures(source, spec, path)
    years = _years(source, spec, path)
    if not (members.size and measures.size and years.size):
        if len(source.problems.errors) == told:
            # a name that is wrong was told already: it is why nothing is selected
            _matches_nothing(source, path, members, measures)
        return
    keys = [item for item in spec.by if isinstance(item, str)]
    for level, territory, node, inside in _territory_groups(source, spec, members, path):
        for envelope, some_measures in _measure_groups(source, keys, measures):
            for some_years in (
                [years[[i]] for i in range(len(years))] if (by_year or "year" in keys) else [years]
            ):
                yield Group(
                    level=level,
                    territory=territory,
                    node=node,
                    members=inside,
                    measures=some_measures,
                    years=some_years,
                    envelope=envelope,
                )


def _matches_nothing(source: Source, path: Path, members: Indices, measures: Indices) -> None:
    empty = "territory" if not members.size else "measure" if not measures.size else "year"
    source.problems.error(
        "matches_nothing",
        f"{'.'.join(str(p) for p in path)} selects no {empty}",
        path=path,
        received=f"0 {empty}",
        accepted=f"at least one {empty}",
        remedy="correct its selection, or state active: false",
    )


def _measures(source: Source, spec: RuleSpec, path: Path) -> Indices:
    named = (spec.measure,) if spec.measure is not None else spec.measures
    chosen = list(range(len(source.measures)))
    if named is not None:
        chosen = []
        for name in named:
            if name in source.measures:
                chosen.append(source.measures.index(name))
            else:
                source.problems.error(
                    "unknown_measure",
                    f"no measure {name!r}",
                    path=(*path, "measure" if spec.measure is not None else "measures"),
                    received=name,
                    accepted=", ".join(source.measures),
                    nearest=nearest(name, source.measures),
                    remedy="name a measure of this scenario",
                )
    if spec.envelope is not None:
        belongs = [source.scenario.measures[m].envelope for m in source.measures]
        if spec.envelope not in belongs:
            known = sorted({e for e in belongs if e})
            source.problems.error(
                "unknown_envelope",
                f"no measure belongs to the envelope {spec.envelope!r}",
                path=(*path, "envelope"),
                received=spec.envelope,
                accepted=", ".join(known) or "none is named by a measure",
                nearest=nearest(spec.envelope, known),
                remedy="name the envelope of a measure",
            )
        chosen = [m for m in chosen if belongs[m] == spec.envelope]
    return np.array(sorted(set(chosen)), dtype=np.intp)


def _years(source: Source, spec: RuleSpec, path: Path) -> Indices:
    named = (spec.year,) if spec.year is not None else spec.years
    if named is None:
        return np.arange(len(source.years))
    for year in named:
        if year not in source.years:
            source.problems.error(
                "unknown_year",
                f"{year} is not a year of the plan",
                path=(*path, "year" if spec.year is not None else "years"),
                received=str(year),
                accepted=", ".join(str(y) for y in source.years),
                remedy="name a year of the plan",
            )
    return np.array([i for i, y in enumerate(source.years) if y in named], dtype=np.intp)


def _measure_groups(
    source: Source, keys: list[str], measures: Indices
) -> list[tuple[str, Indices]]:
    """Envelope (empty unless grouped by it) and measures of each group."""
    if "measure" in keys:
        return [("", measures[[i]]) for i in range(len(measures))]
    if "envelope" in keys:
        names = [source.scenario.measures[source.measures[m]].envelope or "" for m in measures]
        return [
            (name, measures[[i for i, n in enumerate(names) if n == name]])
            for name in sorted(set(names))
        ]
    return [("", measures)]


def _territory_groups(
    source: Source, spec: RuleSpec, members: Indices, path: Path
) -> Iterator[tuple[str, str, int | None, Indices]]:
    tree = source.tree
    across = [item.column for item in spec.by if isinstance(item, ColumnRef)]
    levels = [source.level if item == "territory" else item for item in spec.by]
    named = [item for item in levels if isinstance(item, str) and item in tree.levels]
    for item in levels:
        if isinstance(item, str) and item not in (*tree.levels, "measure", "envelope", "year"):
            _unknown_by(source, item, path)
    if across and (named or len(across) > 1):
        source.problems.error(
            "two_groupings",
            "by names a column and a level (or two columns): a territory can stand in one group",
            path=(*path, "by"),
            received=", ".join(str(item) for item in (*across, *named)),
            accepted="one column, or one level",
            remedy="keep one of them",
        )
        return
    if across:
        if across[0] not in source.columns:
            source.column(across[0], (*path, "by"))
            return
        words = column_words(source, across[0])
        gathered: dict[str, list[int]] = {}
        for t in members.tolist():
            gathered.setdefault(words[t], []).append(t)
        for word in sorted(gathered.keys() - {""}):
            yield across[0], word, None, np.array(gathered[word], dtype=np.intp)
    elif named:
        level = max(named, key=tree.levels.index)
        if tree.levels.index(level) > tree.levels.index(source.level):
            _unknown_by(source, level, path)
            return
        above = tree.ancestors(source.level, level)[members]
        nodes = np.unique(above)
        for node, inside in zip(nodes.tolist(), split(above, nodes), strict=True):
            yield level, tree.nodes[node].code, node, members[inside]
    else:
        node = _single_node(source, spec, members)
        single = tree.nodes[node] if node is not None else None
        yield single.level if single else "", single.code if single else "", node, members


def _single_node(source: Source, spec: RuleSpec, members: Indices) -> int | None:
    """Return the one territory a whole selection stands for, if there is one."""
    if isinstance(spec.territories, tuple) and len(spec.territories) == 1:
        found = source.tree.find(spec.territories[0])
        return found if isinstance(found, int) else None
    return int(source.nodes[members[0]]) if members.size == 1 else None


def _unknown_by(source: Source, item: str, path: Path) -> None:
    at = source.tree.levels.index(source.level)
    known = ["territory", *source.tree.levels[: at + 1], "measure", "envelope", "year"]
    source.problems.error(
        "unknown_group",
        f"by cannot name {item!r}",
        path=(*path, "by"),
        received=item,
        accepted=", ".join(known) + ", or {column: C}",
        nearest=nearest(item, known),
        remedy="group by a level not finer than the one that decides",
    )
