"""Prices of the first priority with the ranges of some rows made exact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.direction import one_limit
from perequa.engine.prices import AT_VERTEX, mark_of
from perequa.engine.ranges import RangeFinder

if TYPE_CHECKING:
    from collections.abc import Collection

    from perequa.engine.prices import Floats, Prices, Side
    from perequa.engine.ranges import Range
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged
    from perequa.engine.vectors import Vectors


def exact_ranges(
    staged: Staged, prices: Prices, rows: Collection[int], options: SolverOptions
) -> Prices:
    """Extend the ranges of some rows to where they end, with the proof that they end there.

    Parameters
    ----------
    staged
        The solved stages.
    prices
        Prices of the first priority. A later one follows the earlier ones as they change, and has
        no range of its own that a dual could end: its ranges stay as they are.
    rows
        Positions of the rows.

    Returns
    -------
    Prices
        The same prices. A side keeps its range where rounding leaves no proof.
    """
    asked = set(rows)
    sides = [s for s in prices.sides if s.row in asked and not s.exact]
    if not sides:
        return prices
    return _Extending(staged, prices, sides, options).run()


@dataclass(slots=True)
class _Proofs:
    """Distinct multipliers, in natural units, each with the position it has."""

    stored: Vectors
    marks: dict[bytes, int] = field(default_factory=dict)

    def place(self, scaled: Floats, natural: Floats) -> int:
        """Position of some multipliers, which are added when new."""
        mark = mark_of(scaled)
        if mark not in self.marks:
            self.marks[mark] = len(self.stored)
            self.stored.append(natural)
        return self.marks[mark]


class _Extending:
    """The state of one extension."""

    def __init__(
        self, staged: Staged, prices: Prices, sides: list[Side], options: SolverOptions
    ) -> None:
        self.prices, self.sides = prices, sides
        self.scaled = staged.scaled
        self.vertex = staged.vertex
        self.factor = float(self.vertex.factors[0])
        self.y = {d: self._in_solver(prices.duals[d]) for d in sorted({s.dual for s in sides})}
        self.finder = RangeFinder(self.vertex, staged.basis, options)
        self.duals = _Proofs(prices.duals.copy())
        self.rays = _Proofs(prices.rays.copy())

    def run(self) -> Prices:
        found: dict[tuple[int, int], Side] = {}
        # sides of one dual together: what it holds is set once
        for side in sorted(self.sides, key=lambda s: (s.dual, s.row, s.sign)):
            direction = one_limit(self.scaled, side.row, side.sign)
            extent = self.finder.range_of(direction, self.y[side.dual])
            if extent is not None:
                found[side.row, side.sign] = self._extended(side, extent, direction.unit)
        nothing = [np.zeros_like(self.prices.lams[0])]
        return replace(
            self.prices,
            sides=tuple(found.get((s.row, s.sign), s) for s in self.prices.sides),
            duals=self.duals.stored,
            lams=(
                *self.prices.lams,
                *nothing * (len(self.duals.stored) - len(self.prices.duals)),
            ),
            rays=self.rays.stored,
            programs_solved=self.prices.programs_solved + self.finder.programs_solved,
        )

    def _in_solver(self, dual: Floats) -> Floats:
        scaled: Floats = dual * self.factor / self.scaled.row
        return scaled

    def _extended(self, side: Side, extent: Range, unit: float) -> Side:
        far = extent.reach / unit
        if far < side.reach * (1 - 1e-9):
            # the chord already goes further: what ends the range here is rounding
            return side
        end_dual, end_ray = -1, -1
        if extent.end_dual is not None:
            natural = self.scaled.natural_y(extent.end_dual, self.factor)
            end_dual = self.duals.place(extent.end_dual, natural)
        if extent.end_ray is not None:
            end_ray = self.rays.place(extent.end_ray, extent.end_ray * self.scaled.row)
        if side.base == AT_VERTEX and far <= side.reach * (1 + 1e-12):
            # as far as the chord in hand, which is sparser
            return replace(side, end_dual=end_dual, end_ray=end_ray)
        return replace(
            side,
            reach=far,
            base=AT_VERTEX,
            chord_columns=extent.columns,
            chord_values=extent.values * unit * self.scaled.column[extent.columns],
            end_dual=end_dual,
            end_ray=end_ray,
        )
