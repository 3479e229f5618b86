"""Places that change category, stated by territory and year: one measure loses what another has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from perequa_models.figures.selection import Group
from perequa_models.rules.grammar import ColumnBound
from perequa_models.strict import Strict, Text, Whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.figures.arrays import Source
    from perequa_models.figures.limits import Limits
    from perequa_models.instance import Floats
    from perequa_models.problems import Path


class Conversion(Strict):
    """Places of one category that become places of another, at the end of a year.

    `from_` or `to` may name what stands outside the scenario: hospital beds, another sector.
    """

    from_: Text = Field(alias="from")
    """What the places were: a measure, or a word for what stands outside the scenario."""
    to: Text
    """What the places become: a measure, or a word for what stands outside the scenario."""
    places: ColumnBound
    """Column of the number of places that change in each territory that decides."""
    year: Whole | None = None
    """The one year at the end of which the places change."""
    years: tuple[Whole, ...] | None = None
    """Years at the end of which places change, all of the plan where none is stated; not beside
    `year`."""
    title: Text | None = None
    """Name of the conversion in full."""
    source: Text | None = None
    """Text that states the conversion."""
    because: Text | None = None
    """Why the places change."""

    @model_validator(mode="after")
    def _consistent(self) -> Conversion:
        if self.year is not None and self.years is not None:
            raise ValueError("state year or years, not both")
        if self.from_ == self.to:
            raise ValueError("a conversion leads from one category to another")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A conversion with its figures: places of each decision territory and year, (T, Y)."""

    name: str
    places: Floats


def converted(
    source: Source, limits: Limits, conversions: Mapping[str, Conversion]
) -> tuple[Converted, ...]:
    """Read the places that each conversion moves, with every problem noted."""
    return tuple(
        Converted(name=name, places=_places(source, limits, name, spec))
        for name, spec in conversions.items()
        if _leads_somewhere(source, name, spec)
    )


def closing(
    source: Source,
    closed: Floats,
    installed: Floats,
    conversions: Mapping[str, Conversion],
    moved: tuple[Converted, ...],
) -> Floats:
    """Places closing in each cell, those that convert among them; below zero where they arrive.

    Parameters
    ----------
    closed, installed
        (T, M, Y) places closing otherwise, (T, M) places before the plan.
    """
    total = closed.copy()
    for one in moved:
        spec = conversions[one.name]
        if spec.from_ in source.measures:
            total[:, source.measures.index(spec.from_)] += one.places
        if spec.to in source.measures:
            total[:, source.measures.index(spec.to)] -= one.places
    left = installed[:, :, None] - np.cumsum(total, axis=2)
    for one in moved:
        spec = conversions[one.name]
        if spec.from_ in source.measures:
            m = source.measures.index(spec.from_)
            for t, y in np.argwhere((left[:, m] < -1e-9) & (one.places > 0))[:1]:
                _more_than_there_are(source, one.name, int(t), int(y), float(left[t, m, y]))
    return total


def _leads_somewhere(source: Source, name: str, spec: Conversion) -> bool:
    """Whether one end at least is a measure of the scenario, and every such end counts places."""
    path: Path = ("conversions", name)
    ends = [end for end in (spec.from_, spec.to) if end in source.measures]
    money = [end for end in ends if source.scenario.measures[end].unit == "money"]
    if ends and not money:
        return True
    source.problems.error(
        "not_places",
        f"conversion {name} moves no places: "
        + ("money has none" if ends else "no end of it is a measure of the scenario"),
        path=path,
        received=f"from: {spec.from_}, to: {spec.to}",
        accepted=", ".join(m for m in source.measures if m not in money),
        remedy="name a measure counted in places",
    )
    return False


def _places(source: Source, limits: Limits, name: str, spec: Conversion) -> Floats:
    path: Path = ("conversions", name, "places")
    stated = spec.years if spec.year is None else (spec.year,)
    for wrong in sorted(set(stated or ()) - set(source.years)):
        source.problems.error(
            "unknown_year",
            f"{wrong} is no year of the plan",
            path=("conversions", name),
            received=str(wrong),
            accepted=", ".join(map(str, source.years)),
            remedy="name a year of the plan",
        )
    end = spec.from_ if spec.from_ in source.measures else spec.to
    measures = np.array([source.measures.index(end)], dtype=np.intp)
    found = np.zeros((len(source.nodes), len(source.years)))
    for t, node in enumerate(source.nodes.tolist()):
        territory = source.tree.nodes[node]
        for y, year in enumerate(source.years):
            if stated is None or year in stated:
                group = Group(
                    level=territory.level,
                    territory=territory.code,
                    node=node,
                    members=np.array([t], dtype=np.intp),
                    measures=measures,
                    years=np.array([y], dtype=np.intp),
                )
                found[t, y] = limits.of(spec.places, group, path) or 0.0
    for t, y in np.argwhere(found < 0)[:1]:
        _negative(source, name, int(t), float(found[t, y]))
    return found


def _negative(source: Source, name: str, t: int, places: float) -> None:
    territory = source.tree.nodes[int(source.nodes[t])]
    source.problems.error(
        "negative_amount",
        f"conversion {name} moves less than nothing in {territory.id}",
        path=("conversions", name, "places"),
        received=f"{places:g}",
        accepted="a number of at least 0",
        remedy="correct the figure, or state the conversion the other way",
    )


def _more_than_there_are(source: Source, name: str, t: int, y: int, left: float) -> None:
    territory = source.tree.nodes[int(source.nodes[t])]
    source.problems.error(
        "too_many_converted",
        f"conversion {name} takes more places than there are in {territory.id} by "
        f"{source.years[y]}",
        path=("conversions", name, "places"),
        received=f"{-left:g} too many",
        accepted="places installed, less those that close",
        remedy="correct the figure",
    )
