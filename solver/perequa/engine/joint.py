"""What moving several limits together does, at each priority, and how far it holds.

Prices of single rows do not add up: a cap and the money that pays for it may each be worth nothing
alone. The same vertex, the same tangent cone and the same proofs give the price of any direction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.direction import one_limit, together
from perequa.engine.ranges import Range, RangeFinder
from perequa.engine.tangent_cone import TangentCone, TangentMove

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.direction import Direction
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

NO_COLUMNS: Indices = np.zeros(0, dtype=np.intp)
NOTHING: Floats = np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMove:
    """The price of a direction at one priority and its proof, natural units.

    Attributes
    ----------
    price
        Change of the priority's value per unit of the move; ``inf`` when it is impossible.
    reach
        How far the limits can move at that price; the largest such distance where `exact`.
    exact
        Whether it is proven that the price holds no further, or for ever, or nowhere.
    chord_columns, chord_values
        How each column changes per unit of the move, from the vertex.
    dual, lam
        (m,), (P,) an optimal dual with this price; empty when impossible.
    ray
        (m,) multipliers proving that the move is impossible; else empty.
    end_dual, end_ray
        (m,) what ends an exact range; empty where nothing does, or where it is not exact.
    """

    price: float
    reach: float
    exact: bool
    chord_columns: Indices = field(default_factory=NO_COLUMNS.copy)
    chord_values: Floats = field(default_factory=NOTHING.copy)
    dual: Floats = field(default_factory=NOTHING.copy)
    lam: Floats = field(default_factory=NOTHING.copy)
    ray: Floats = field(default_factory=NOTHING.copy)
    end_dual: Floats = field(default_factory=NOTHING.copy)
    end_ray: Floats = field(default_factory=NOTHING.copy)


class JointMoves:
    """Prices of directions at one optimum, one direction after another.

    Parameters
    ----------
    staged
        The solved stages.
    options
        How the solver works.
    """

    def __init__(self, staged: Staged, options: SolverOptions) -> None:
        self._vertex = staged.vertex
        self._scaled = staged.scaled
        self._costs = [stage.cost for stage in staged.stages]
        basis = staged.basis
        self._cones = [
            TangentCone(self._vertex, basis, p, options) for p in range(len(staged.stages))
        ]
        self._finder = RangeFinder(self._vertex, basis, options)

    def one(self, row: int, sign: int) -> tuple[JointMove, ...]:
        """Price one limit raised (+1) or lowered (−1), at each priority."""
        return self._priced(one_limit(self._scaled, row, sign))

    def together(self, rates: Mapping[int, float]) -> tuple[JointMove, ...]:
        """Price a move of several limits, at each priority.

        Parameters
        ----------
        rates
            Natural units of each row's limit per unit of the move, by position of the row: the
            envelopes of a region in every year at 1 euro each, a place more of a cap with its cost.

        Raises
        ------
        ValueError
            When nothing moves, or a rate is not finite.
        NotProven
            When the solver does not say.
        """
        return self._priced(together(self._scaled, rates))

    def _priced(self, direction: Direction) -> tuple[JointMove, ...]:
        moves: list[JointMove] = []
        for p, cone in enumerate(self._cones):
            earlier = [
                move.price * self._vertex.factors[j] / direction.unit
                for j, move in enumerate(moves)
            ]
            found = cone.move(direction, earlier)
            if not isinstance(found, TangentMove):
                impossible = self._impossible(direction, found)
                return (impossible,) * len(self._cones)
            moves.append(self._possible(p, direction, found))
        return tuple(moves)

    def _impossible(self, direction: Direction, found: Floats) -> JointMove:
        ray = found / direction.along(found)
        ray = np.where(np.abs(ray) < 1e-11 * np.abs(ray).max(), 0.0, ray)
        return JointMove(price=np.inf, reach=0.0, exact=True, ray=ray * self._scaled.row)

    def _possible(self, p: int, direction: Direction, found: TangentMove) -> JointMove:
        factors, unit = self._vertex.factors, direction.unit
        extent = self._extent(p, direction, found)
        chord = extent.values * unit * self._scaled.column[extent.columns]
        lam = np.zeros(len(self._cones))
        lam[:p] = found.lam * factors[:p] / factors[p]
        # the dual of a later priority carries large multipliers: there the chord is exact
        price = self._costs[p][extent.columns] @ chord
        if p == 0:
            price = direction.along(found.y) * unit / factors[p]
        by_dual, by_ray = extent.end_dual, extent.end_ray
        return JointMove(
            price=float(price),
            reach=extent.reach / unit,
            exact=by_dual is not None or by_ray is not None or bool(np.isinf(extent.reach)),
            chord_columns=extent.columns,
            chord_values=chord,
            dual=self._scaled.natural_y(found.y, float(factors[p])),
            lam=lam,
            end_dual=NOTHING
            if by_dual is None
            else self._scaled.natural_y(by_dual, float(factors[p])),
            end_ray=NOTHING if by_ray is None else by_ray * self._scaled.row,
        )

    def _extent(self, p: int, direction: Direction, found: TangentMove) -> Range:
        """Exact at the first priority, unless rounding leaves less than the move in hand."""
        exact = self._finder.range_of(direction, found.y) if p == 0 else None
        if exact is not None and exact.reach >= found.reach * (1 - 1e-9):
            return exact
        return Range(reach=found.reach, columns=found.columns, values=found.values)
