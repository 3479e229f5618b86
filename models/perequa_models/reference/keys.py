"""What a part shares by: its key, who is eligible, and the most each may get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.columns import summed_up
from perequa_models.figures.arrays import national_initial
from perequa_models.figures.selection import decision_territories
from perequa_models.problems import nearest
from perequa_models.reference.grammar import BelowTarget, Mix, NamedTerritories, OfColumn
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.figures.arrays import Source
    from perequa_models.instance import IndicatorData
    from perequa_models.problems import Path
    from perequa_models.reference.grammar import Part
    from perequa_models.reference.sharing import Flags, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Reads the keys of one block: its level, its measure, its year.

    Attributes
    ----------
    source
        The figures; its `level` is the level of the block.
    indicators
        The indicators of the instance.
    measure, year
        Positions of the block's measure and year.
    allowed
        Shape (n,): territories where the measure may be funded at all.
    """

    source: Source
    indicators: Mapping[str, IndicatorData]
    measure: int
    year: int
    allowed: Flags

    def eligible(self, part: Part, counted: Floats, path: Path) -> Flags:
        """Find who takes part, shape (n,); `counted` is what earlier parts add to the rate."""
        stated = part.eligible
        if stated is None:
            return self.allowed
        if isinstance(stated, BelowTarget):
            data = self._indicator(part, path)
            if data is None:
                return self.allowed
            rate = data.per * self._held(data, counted) / self._population(data)
            return self.allowed & (rate < self._target(data, stated.below))
        names = stated.territories if isinstance(stated, NamedTerritories) else stated
        where: Path = (*path, "eligible")
        where = (*where, "territories") if isinstance(stated, NamedTerritories) else where
        chosen = np.zeros(len(self.allowed), dtype=np.bool_)
        already = len(self.source.problems.errors)
        chosen[decision_territories(self.source, names, where)] = True
        unheard = len(self.source.problems.errors) == already
        if unheard and not (self.allowed & chosen).any():
            self.source.problems.error(
                "matches_nothing",
                f"part {part.name} is for nobody",
                path=(*path, "eligible"),
                received="0 territories",
                accepted="at least one territory",
                remedy="correct eligible, or drop the part",
            )
        return self.allowed & chosen

    def basis(self, part: Part, eligible: Flags, counted: Floats, path: Path) -> Floats:
        """Compute the key of every territory, shape (n,); NaN who is not eligible."""
        stated = part.basis
        where = (*path, "basis")
        if stated == "equal":
            values = np.ones(len(eligible))
        elif stated in {"missing_places", "inverse_rate"}:
            data = self._indicator(part, path)
            values = np.zeros(len(eligible))
            if data is not None and stated == "missing_places":
                values = self._missing_places(part, data, counted)
            elif data is not None:
                values = self._inverse_rate(part, data, counted, eligible, where)
        elif isinstance(stated, ColumnRef):
            values = self.column(stated.column, eligible, (*where, "column"))
        else:
            assert isinstance(stated, Mix)
            values = self._mix(stated, keep=part.negative == "keep", path=where)
        if part.negative == "zero" and (values[eligible] < 0).any():
            self._negative(values, eligible, where)
        return np.where(eligible, values, np.nan)

    def caps(self, part: Part, eligible: Flags, path: Path) -> Floats:
        """Read the most each territory may get, shape (n,), infinite where there is no cap."""
        if part.cap is None:
            return np.full(len(eligible), np.inf)
        return self._bound(part.cap, eligible, (*path, "cap"))

    def floors(self, part: Part, eligible: Flags, path: Path) -> Floats:
        """Read the least each territory gets, shape (n,), 0 where there is no floor."""
        if part.floor is None:
            return np.zeros(len(eligible))
        return self._bound(part.floor, eligible, (*path, "floor"))

    def _bound(self, stated: float | OfColumn, eligible: Flags, path: Path) -> Floats:
        if isinstance(stated, OfColumn):
            values = self.column(stated.column, eligible, (*path, "column"))
            return np.maximum(stated.times * values, 0.0)
        return np.full(len(eligible), max(float(stated), 0.0))

    def column(self, name: str, needed: Flags, path: Path) -> Floats:
        """Read a quantity at the territories of the block, shape (n,); 0 where not needed."""
        column = self.source.column(name, path)
        if column is None:
            return np.zeros(len(needed))
        values = summed_up(column, self.source.tree)[self.source.nodes]
        measure = min(self.measure, values.shape[1] - 1)
        year = min(self.year, values.shape[2] - 1)
        own = values[:, measure, year]
        for t in np.flatnonzero(np.isnan(own) & needed):
            self.source.missing(column, int(self.source.nodes[t]), measure, year, path)
        return np.where(np.isnan(own), 0.0, own)

    def _mix(self, mix: Mix, *, keep: bool, path: Path) -> Floats:
        """k·Σ w·C/ΣC, each term a share of its national sum; negatives set to 0 and rescaled."""
        total = np.zeros(len(self.allowed))
        for i, term in enumerate(mix.mix):
            where = (*path, "mix", i, "column")
            values = self.column(term.column, self.allowed, where)
            if values.sum() == 0:
                self.source.problems.error(
                    "empty_key",
                    f"{term.column} adds up to 0: no share can be taken of it",
                    path=where,
                    received=term.column,
                    remedy="name a column of figures that do not add up to zero",
                )
                continue
            total += term.weight * values / values.sum()
        total *= mix.times
        if keep or (total >= 0).all():
            return total
        kept = np.maximum(total, 0.0)
        return kept * (total.sum() / kept.sum()) if kept.sum() > 0 else kept

    def _missing_places(self, part: Part, data: IndicatorData, counted: Floats) -> Floats:
        target = self._target(data, part.target)
        values = target * self._population(data) / data.per - self._held(data, counted)
        return np.maximum(values, 0.0)

    def _inverse_rate(
        self, part: Part, data: IndicatorData, counted: Floats, eligible: Flags, path: Path
    ) -> Floats:
        """People, more of them counted where the rate is lower: p·τ/r."""
        people, held = self._population(data), self._held(data, counted)
        for t in np.flatnonzero(eligible & (held <= 0)):
            territory = self.source.tree.nodes[int(self.source.nodes[t])]
            self.source.problems.error(
                "no_rate",
                f"{territory.id} ({territory.name}) has no rate to take the inverse of",
                path=path,
                received="0",
                accepted="above 0",
                remedy="use missing_places, or leave the territory out by eligible",
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            key = people * self._target(data, part.target) / (data.per * held / people)
        return np.where(held > 0, key, 0.0)

    def _held(self, data: IndicatorData, counted: Floats) -> Floats:
        """What the rate counts before the plan, and what earlier parts add to it."""
        inside = self.measure in np.asarray(data.measures)
        return self._start(data) + (counted if inside else 0.0)

    def _start(self, data: IndicatorData) -> Floats:
        values = data.start[self.source.nodes][:, data.measures].sum(axis=1)
        # Not a number only where a closed measure has no row: the assembly refuses other gaps.
        filled: Floats = np.nan_to_num(values)
        return filled

    def _population(self, data: IndicatorData) -> Floats:
        values: Floats = data.population[self.source.nodes, self.year]
        return values

    def _target(self, data: IndicatorData, stated: str | float) -> float:
        if isinstance(stated, str):
            return national_initial(self.source.tree, data)
        return float(stated)

    def _indicator(self, part: Part, path: Path) -> IndicatorData | None:
        data = self.indicators.get(part.indicator or "")
        if data is None:
            known = self.source.scenario.indicators
            self.source.problems.error(
                "unknown_indicator",
                f"no indicator {part.indicator!r}" if part.indicator else "indicator is missing",
                path=(*path, "indicator"),
                received=part.indicator or "nothing",
                accepted=", ".join(known),
                nearest=nearest(part.indicator or "", known),
                remedy="name an indicator of this scenario",
            )
        return data

    def _negative(self, values: Floats, eligible: Flags, path: Path) -> None:
        worst = int(np.argmin(np.where(eligible, values, np.inf)))
        territory = self.source.tree.nodes[int(self.source.nodes[worst])]
        self.source.problems.error(
            "negative_key",
            f"the key of {territory.id} ({territory.name}) is negative",
            path=path,
            received=f"{values[worst]:g}",
            accepted="0 or more",
            remedy="correct the column, or use a mix",
        )
