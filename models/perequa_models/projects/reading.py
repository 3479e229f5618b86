"""Projects of an instance: their figures, class, merit and preferences, from the rows read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa_models.columns import inherited, summed_up
from perequa_models.problems import Cell, nearest
from perequa_models.projects.grammar import RatioMerit
from perequa_models.projects.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa_models.figures.arrays import Source
    from perequa_models.instance import Floats, IndicatorData
    from perequa_models.problems import Path
    from perequa_models.projects.grammar import ProjectsTable
    from perequa_models.projects.project import ProjectLine

YES, NO = frozenset({"1", "yes", "oui", "true"}), frozenset({"", "0", "no", "non", "false"})
OWN = ("measure", "operation", "group", "requires", "title")
"""Columns of a project's own that a preference may name."""


def projects_of(
    source: Source,
    lines: Sequence[ProjectLine],
    indicators: Mapping[str, IndicatorData],
    cost: Floats,
) -> tuple[Project, ...]:
    """Give every project its figures, in the order of the codes.

    Parameters
    ----------
    source
        Tree, measures and columns; problems are noted there.
    lines
        The rows of the table.
    indicators
        Rates before the plan, which a merit may be divided by.
    cost
        (T, M, Y): full-year cost of a place that the envelope pays.

    Notes
    -----
    What a row leaves out is the measure's: the cost of its places, the share others pay (what is
    left of `financed_share`), the opening months.
    """
    table = source.scenario.projects
    if table is None:
        return ()
    found = []
    for line in sorted(lines, key=lambda each: each.code):
        territory = _deciding(source, line)
        if territory is None:
            continue
        measure = source.scenario.measures[source.measures[line.measure]]
        if measure.unit == "money":
            _in_money(source, line)
            continue
        per_place = float(cost[territory, line.measure, line.year]) / measure.financed_share
        total = line.places * per_place if line.cost is None else line.cost
        shared = 1.0 - measure.financed_share if line.cofinanced is None else line.cofinanced
        found.append(
            Project(
                code=line.code,
                title=line.title,
                operation=line.operation,
                group=line.group,
                requires=line.requires,
                node=line.node,
                territory=territory,
                measure=line.measure,
                year=line.year,
                places=line.places,
                cost=total,
                charged=total * (1.0 - shared),
                months=line.opening_months or measure.opening_months,
                service_class=_class(source, table, line),
                merit=_merit(source, table, line, indicators),
                preferred=_preferred(source, table, line),
                frees=line.frees,
            )
        )
    return tuple(found)


def _deciding(source: Source, line: ProjectLine) -> int | None:
    """Position of the decision territory a project counts in."""
    tree, node = source.tree, line.node
    while node >= 0 and tree.nodes[node].level != source.level:
        node = int(tree.parent[node])
    if node >= 0:
        return int(np.searchsorted(source.nodes, node))
    source.problems.error(
        "too_coarse",
        f"project {line.code} stands above the level that decides ({source.level})",
        cell=Cell(line.table, line.row, "territory"),
        received=tree.nodes[line.node].id,
        accepted=f"a territory of level {source.level} or below",
        remedy="name a finer territory, or decide at a coarser level",
    )
    return None


def _in_money(source: Source, line: ProjectLine) -> None:
    name = source.measures[line.measure]
    source.problems.error(
        "wrong_measure",
        f"project {line.code} opens places, and {name} hands out money",
        cell=Cell(line.table, line.row, "measure" if len(source.measures) > 1 else "project"),
        received=name,
        accepted="a measure counted in places",
        remedy="name another measure, or state unit: place and a cost",
    )


def _class(source: Source, table: ProjectsTable, line: ProjectLine) -> int:
    """Class of a project: yes is 1, no is none, a whole number is itself."""
    if table.first is None:
        return 0
    text = _text(source, line, table.first.column, ("projects", "first", "column"))
    if text is None or text.lower() in NO:
        return 0
    if text.lower() in YES:
        return 1
    figure = line.figures.get(table.first.column, np.nan)
    if figure == int(figure if np.isfinite(figure) else 0) and 1 <= figure <= 99:
        return int(figure)
    source.problems.error(
        "wrong_class",
        f"the class of project {line.code} is no class",
        cell=Cell(line.table, line.row, table.first.column),
        received=text,
        accepted="yes, no, or 1 for those served first, 2 for the next …",
        remedy="correct the cell",
    )
    return 0


def _preferred(source: Source, table: ProjectsTable, line: ProjectLine) -> tuple[int, ...]:
    """Rank of a project's word in each preference."""
    ranks = []
    for i, prefer in enumerate(table.prefer):
        word = _text(source, line, prefer.column, ("projects", "prefer", i, "column"))
        known = word in prefer.order
        ranks.append(prefer.order.index(word) if word and known else len(prefer.order))
    return tuple(ranks)


def _text(source: Source, line: ProjectLine, column: str, path: Path) -> str | None:
    own = {
        "measure": source.measures[line.measure],
        "operation": line.operation,
        "group": line.group,
        "requires": line.requires,
        "title": line.title,
    }
    if column in own:
        return own[column]
    if column not in line.words:
        known = [*OWN, *line.words]
        source.problems.error(
            "unknown_column",
            f"the table of projects has no column {column!r}",
            path=path,
            received=column,
            accepted=", ".join(known),
            nearest=nearest(column, known),
            remedy="name a column of the table of projects",
        )
        return None
    return line.words[column]


def _merit(
    source: Source,
    table: ProjectsTable,
    line: ProjectLine,
    indicators: Mapping[str, IndicatorData],
) -> float:
    """Merit of a project: 1, a column, or a ratio divided by a rate."""
    if table.merit is None:
        return 1.0
    if not isinstance(table.merit, RatioMerit):
        path: Path = ("projects", "merit", "column")
        return _not_negative(source, line, table.merit.column, _figure(source, line, path, table))
    merit = table.merit
    above, below = (_ratio_figure(source, line, merit, i, indicators) for i in (0, 1))
    rate = 1.0 if merit.divided_by is None else _ratio_figure(source, line, merit, 2, indicators)
    if np.isnan(above) or np.isnan(below) or np.isnan(rate):
        return 0.0
    for value, name in ((below, merit.ratio[1]), (rate, merit.divided_by or "")):
        if value <= 0:
            source.problems.error(
                "not_positive",
                f"the merit of project {line.code} is divided by {name}, which is not above zero",
                cell=Cell(line.table, line.row, name if name in line.words else "project"),
                received=f"{value:g}",
                accepted="a number above 0",
                remedy="correct the figure, or state the merit in a column",
            )
            return 0.0
    return _not_negative(source, line, merit.ratio[0], above / below / rate)


def _not_negative(source: Source, line: ProjectLine, column: str, value: float) -> float:
    if value >= 0:
        return value
    if value < 0:
        source.problems.error(
            "negative_figure",
            f"the merit of project {line.code} cannot be negative",
            cell=Cell(line.table, line.row, column if column in line.words else "project"),
            received=f"{value:g}",
            accepted="a number of at least 0",
            remedy="correct the figure: the greatest merit is served first",
        )
    return 0.0  # missing: said already


def _figure(source: Source, line: ProjectLine, path: Path, table: ProjectsTable) -> float:
    assert table.merit is not None
    column = table.merit.column if not isinstance(table.merit, RatioMerit) else ""
    if column in ("places", "frees"):
        return line.places if column == "places" else line.frees
    if column not in line.words:
        _text(source, line, column, path)
        return float("nan")
    return _stated(source, line, column)


def _stated(source: Source, line: ProjectLine, column: str) -> float:
    if column in line.figures:
        return line.figures[column]
    source.problems.error(
        "missing_value" if not line.words[column] else "not_a_number",
        f"{column} of project {line.code} is needed, and is no number",
        cell=Cell(line.table, line.row, column),
        received=line.words[column] or "nothing",
        accepted="a number",
        remedy="state the figure",
    )
    return float("nan")


def _ratio_figure(
    source: Source,
    line: ProjectLine,
    merit: RatioMerit,
    position: int,
    indicators: Mapping[str, IndicatorData],
) -> float:
    """Read a figure of a ratio: of the project, else an indicator, else of its territory."""
    name = (*merit.ratio, merit.divided_by)[position]
    assert name is not None
    key: Path = ("divided_by",) if position == 2 else ("ratio", position)
    path: Path = ("projects", "merit", *key)
    if name in line.words:
        return _stated(source, line, name)
    node = _ancestor(source, line, merit)
    if node is None:
        return float("nan")
    if position == 2 and name in indicators:
        data = indicators[name]
        counted = data.start[node, data.measures].sum()
        return float(data.per * counted / data.population[node, 0])
    column = source.column(name, path)
    if column is None:
        return float("nan")
    # what is divided adds up in the tree; a rate stands at its own level or above
    values = inherited(column, source.tree) if position == 2 else summed_up(column, source.tree)
    m = min(line.measure, values.shape[1] - 1)
    value = float(values[node, m, min(line.year, values.shape[2] - 1)])
    if np.isnan(value):
        source.missing(column, node, m, 0, path)
    return value


def _ancestor(source: Source, line: ProjectLine, merit: RatioMerit) -> int | None:
    """Return the territory whose figures a merit reads."""
    tree, node = source.tree, line.node
    if merit.level is None:
        return node
    if merit.level not in tree.levels:
        source.problems.error(
            "unknown_level",
            f"no level {merit.level!r}",
            path=("projects", "merit", "level"),
            received=merit.level,
            accepted=", ".join(tree.levels),
            nearest=nearest(merit.level, tree.levels),
            remedy="name a level of territories.levels",
        )
        return None
    while node >= 0 and tree.nodes[node].level != merit.level:
        node = int(tree.parent[node])
    return node if node >= 0 else line.node
