"""How far below its target a territory may stay at the end of a year.

The limit moves with the population, in the manner of the pace-of-change policy of NHS allocations:
no area stays further from its target than a stated share of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from perequa_models.columns import inherited
from perequa_models.figures.arrays import national_initial
from perequa_models.figures.limits import nodes_covering
from perequa_models.instance import Term
from perequa_models.problems import nearest
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import refuse_unused
from perequa_models.strict import ColumnRef, Name, Number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.figures.selection import Group
    from perequa_models.instance import Floats, IndicatorData, RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work
    from perequa_models.tree import Indices

Target = Literal["national_initial"] | Number | ColumnRef


class Distance(RuleSpec):
    """Nobody stays further below its target than a share of it."""

    kind: Literal["distance"]
    indicator: Name
    """Name of the indicator whose rate is held near its target."""
    at_most: Annotated[Number, Field(ge=0, le=1)]
    """Share of the target by which a group may stay below it, from 0 to 1."""
    target: Target | None = None
    """Rate that is aimed at: `national_initial`, a number or a column; that of the indicator
    where it is left out."""


def rows(work: Work, name: str, spec: Distance) -> list[RuleRow]:
    """S ≥ (1 − δ)·τ·pop/per: one row for each group and year, its limit in places (or money)."""
    path: Path = ("rules", name)
    told = len(work.source.problems.errors)
    unused = ("at_least", "equals", "in_", "measure", "measures", "envelope")
    refuse_unused(work, name, spec, unused)
    _check_by(work, name, spec)
    data = _indicator(work, name, spec)
    if data is None or len(work.source.problems.errors) > told:
        return []
    target = _target(work, spec, data, path)
    if target is None:
        return []
    counted = tuple(work.source.measures[m] for m in data.measures)
    written = []
    for group in work.groups(spec.model_copy(update={"measures": counted}), path, by_year=True):
        nodes = nodes_covering(work.source, group)
        expected = _expected(data, target, nodes, int(group.years[0]))
        if np.isnan(expected):
            _missing(work, spec, nodes, target, path)
            continue
        limit = (1.0 - spec.at_most) * expected
        terms = (
            Term(
                quantity="budget" if data.in_budget else "stock",
                cells=group.cells(work.shape),
            ),
        )
        unit = "money" if data.in_budget else work.unit("stock", group, path)
        constant = 0.0 if data.in_budget else _counted_apart(work, data, group, nodes)
        written.append(
            work.row(name, spec, group, "at_least", limit, terms, unit=unit, constant=constant)
        )
    return written


def _expected(
    data: IndicatorData, target: Floats, nodes: Sequence[int] | Indices, year: int
) -> float:
    """Places (or money) that some nodes have at their target: Σ τ·pop/per."""
    at = target[nodes, min(year, target.shape[1] - 1)]
    return float((at * data.population[nodes, year]).sum() / data.per)


def _counted_apart(work: Work, data: IndicatorData, group: Group, nodes: Indices) -> float:
    """What the indicator's stock starts from beyond the places installed (``counts``)."""
    start = float(data.start[np.ix_(nodes, data.measures)].sum())
    return start - float(work.installed[np.ix_(group.members, data.measures)].sum())


def _target(work: Work, spec: Distance, data: IndicatorData, path: Path) -> Floats | None:
    """Return the target rate of every node and year, shape (N, Y or 1)."""
    source = work.source
    if isinstance(spec.target, ColumnRef):
        where = (*path, "target", "column")
        column = source.column(spec.target.column, where)
        if column is None:
            return None
        if column.values.shape[1] > 1 and len(data.measures) > 1:
            source.problems.error(
                "two_targets",
                f"{column.name} states a target for each measure, and {spec.indicator} is one rate",
                path=where,
                received=spec.target.column,
                accepted="a column by territory, or by territory and year",
                remedy="state one target for the rate",
            )
            return None
        values = inherited(column, source.tree)
        rates = values[:, min(int(data.measures[0]), values.shape[1] - 1)]
        return np.broadcast_to(rates, (len(source.tree.nodes), rates.shape[-1]))
    rate = data.target
    if spec.target is not None:
        stated = spec.target
        rate = national_initial(source.tree, data) if stated == "national_initial" else stated
    return np.full((len(source.tree.nodes), 1), rate)


def _missing(
    work: Work, spec: Distance, nodes: Sequence[int] | Indices, target: Floats, path: Path
) -> None:
    """Note the first territory whose target the column does not state."""
    assert isinstance(spec.target, ColumnRef)
    column = work.source.columns[spec.target.column]
    node, year = next((int(n), int(y)) for n in nodes for y in np.flatnonzero(np.isnan(target[n])))
    work.source.missing(column, node, 0, year, (*path, "target"))


def _indicator(work: Work, name: str, spec: Distance) -> IndicatorData | None:
    """Return the figures of the indicator; an unknown one is noted."""
    known = work.source.scenario.indicators
    if spec.indicator not in known:
        work.source.problems.error(
            "unknown_indicator",
            f"no indicator {spec.indicator!r}",
            path=("rules", name, "indicator"),
            received=spec.indicator,
            accepted=", ".join(known) or "none is stated",
            nearest=nearest(spec.indicator, known),
            remedy="name an indicator of this scenario",
        )
    return work.indicators.get(spec.indicator)


def _check_by(work: Work, name: str, spec: Distance) -> None:
    """Note groups of some of the measures: the rate counts all of them."""
    apart = [item for item in spec.by if item in ("measure", "envelope")]
    if apart:
        work.source.problems.error(
            "unknown_group",
            f"rule {name} cannot tell the measures of one rate apart",
            path=("rules", name, "by"),
            received=str(apart[0]),
            accepted="territory, a level, year, or {column: C}",
            remedy="state another indicator for the measure alone",
        )
