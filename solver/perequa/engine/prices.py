"""Two-sided shadow prices of every rule row, each with the evidence that proves it.

The effect of one more is the largest, over all optimal duals, of the row's dual; the effect of one
less the largest of its opposite: at a degenerate optimum they differ and no single dual gives both.
Most sides are settled by moving along the optimal basis; the others by one program, the tangent
cone at the optimum, solved again from its last basis with one limit moved by one.

References
----------
M. Akgül, "A note on shadow prices in linear programming", JORS 35 (1984), 425-431.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.basis_moves import along_basis
from perequa.engine.tangent_cone import TangentCone, TangentMove
from perequa.engine.vertex import ACTIVE, first_vertex
from perequa_models.errors import InternalError

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

AT_VERTEX, AT_PLAN = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The price of one side of a row and its proof, in natural units.

    Attributes
    ----------
    row, sign
        The row, and +1 when its limit is raised, −1 when lowered.
    price
        Change of the objective per unit; ``inf`` when the move is impossible.
    reach
        How far the limit can move at that price, as proved by the chord.
    base
        Whether the chord starts at the vertex or at the published plan.
    chord_columns, chord_values
        The chord: how each column changes per unit of the move.
    dual
        Position in `Prices.duals` of an optimal dual with this price; −1 when infinite.
    ray
        Position in `Prices.rays` when infinite, else −1.
    """

    row: int
    sign: int
    price: float
    reach: float
    base: int
    chord_columns: Indices
    chord_values: Floats
    dual: int
    ray: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All sides of all rule rows, the distinct duals and rays that prove them.

    Attributes
    ----------
    sides
        Two for each rule row: limit raised, limit lowered.
    duals
        (D, m) optimal duals of the first priority; the first is the stage's own.
    rays
        (R, m) directions proving that a move is impossible.
    programs_solved
        Linear programs solved beside the basis moves.
    """

    sides: tuple[Side, ...]
    duals: tuple[Floats, ...]
    rays: tuple[Floats, ...]
    programs_solved: int


NO_COLUMNS: Indices = np.zeros(0, dtype=np.intp)
NO_VALUES: Floats = np.zeros(0)


def two_sided_prices(
    program: CompiledProgram, staged: Staged, plan: Floats, options: SolverOptions
) -> Prices:
    """Price every rule row at the first priority.

    Parameters
    ----------
    program, staged
        The program and its solved stages.
    plan
        (n,) the published plan, natural units.
    """
    return _Pricing(program, staged, plan, options).run()


class _Pricing:
    """The state of one pricing: the vertex, what is found, the duals and rays that prove it."""

    def __init__(
        self, program: CompiledProgram, staged: Staged, plan: Floats, options: SolverOptions
    ) -> None:
        self.program, self.options = program, options
        self.vertex = first_vertex(staged)
        self.scaled = staged.scaled
        self.plan_activity = self.scaled.matrix @ (plan / self.scaled.column)
        self.duals: list[Floats] = [staged.stages[0].y]
        self.known_duals: dict[bytes, int] = {_mark(self.vertex.y): 0}
        self.rays: list[Floats] = []
        self.sides: dict[tuple[int, int], Side] = {}

    def run(self) -> Prices:
        rows = [int(i) for i in np.flatnonzero(self.program.is_rule)]
        for i in rows:
            for sign in (1, -1):
                settled = self._at_once(i, sign)
                if settled is not None:
                    self.sides[i, sign] = settled
        self._along_basis([i for i in rows if self._open(i) and not self.vertex.basic_rows[i]])
        left = [(i, sign) for i in rows for sign in (1, -1) if (i, sign) not in self.sides]
        self._in_tangent_cone(left)
        return Prices(
            sides=tuple(self.sides[i, sign] for i in rows for sign in (1, -1)),
            duals=tuple(self.duals),
            rays=tuple(self.rays),
            programs_solved=len(left),
        )

    def _open(self, i: int) -> bool:
        return (i, 1) not in self.sides or (i, -1) not in self.sides

    def _at_once(self, i: int, sign: int) -> Side | None:
        """Settle a side without solving: inactive, relaxed without a price, or stuck."""
        lower, upper = self.scaled.row_lower[i], self.scaled.row_upper[i]
        relaxes = (sign > 0 and np.isinf(lower)) or (sign < 0 and np.isinf(upper))
        if lower != upper:
            limit = upper if np.isinf(lower) else lower
            for base, activity in (
                (AT_PLAN, self.plan_activity),
                (AT_VERTEX, self.vertex.activity),
            ):
                slack = abs(limit - activity[i])
                if slack > ACTIVE * max(1.0, abs(limit)):
                    far = np.inf if relaxes else slack / self.scaled.row[i]
                    return self._zero(i, sign, far, base)
        if relaxes and self.vertex.y[i] == 0.0:
            return self._zero(i, sign, np.inf, AT_VERTEX)
        if not relaxes and not self._can_move(i, sign):
            ray = np.zeros(len(self.vertex.y))
            ray[i] = float(sign)
            return self._infinite(i, sign, ray)
        return None

    def _can_move(self, i: int, sign: int) -> bool:
        """Whether any column of a row can still carry its activity up (+1) or down (−1)."""
        rows = self.vertex.rows
        columns = rows.indices[rows.indptr[i] : rows.indptr[i + 1]]
        rises = sign * rows.data[rows.indptr[i] : rows.indptr[i + 1]] > 0
        stuck = np.where(rises, self.vertex.column_high[columns], self.vertex.column_low[columns])
        return not bool(stuck.all())

    def _zero(self, i: int, sign: int, far: float, base: int) -> Side:
        return Side(
            row=i,
            sign=sign,
            price=0.0,
            reach=float(far),
            base=base,
            chord_columns=NO_COLUMNS,
            chord_values=NO_VALUES,
            dual=0,
        )

    def _along_basis(self, rows: list[int]) -> None:
        for move in along_basis(self.vertex, rows):
            key = (move.row, move.sign)
            if key not in self.sides:
                price = self.vertex.y[move.row] * move.sign
                self.sides[key] = self._finite(
                    key, price, move.reach, (move.columns, move.values), 0
                )

    def _in_tangent_cone(self, wanted: list[tuple[int, int]]) -> None:
        if not wanted:
            return
        cone = TangentCone(self.vertex, self.options)
        for i, sign in wanted:
            found = cone.move(i, sign)
            if isinstance(found, TangentMove):
                chord = (found.columns, found.values)
                price = sign * found.y[i]
                dual = self._known(found.y)
                self.sides[i, sign] = self._finite((i, sign), price, found.reach, chord, dual)
            else:
                ray = found * (1.0 if sign * found[i] > 0 else -1.0) / max(1e-300, abs(found[i]))
                ray = np.where(np.abs(ray) < 1e-11, 0.0, ray)
                self._check_ray(i, ray)
                self.sides[i, sign] = self._infinite(i, sign, ray)

    def _known(self, y: Floats) -> int:
        """Position of a dual among the distinct ones."""
        mark = _mark(y)
        if mark not in self.known_duals:
            self.known_duals[mark] = len(self.duals)
            self.duals.append(self.scaled.natural_y(y, self.vertex.factor))
        return self.known_duals[mark]

    def _finite(
        self,
        key: tuple[int, int],
        price: float,
        far: float,
        chord: tuple[Indices, Floats],
        dual: int,
    ) -> Side:
        """Put one side found in the solver's units back into natural ones."""
        row = self.scaled.row[key[0]]
        order = np.argsort(chord[0])
        columns = chord[0][order]
        return Side(
            row=key[0],
            sign=key[1],
            price=float(price * row / self.vertex.factor),
            reach=float(far / row),
            base=AT_VERTEX,
            chord_columns=columns,
            chord_values=chord[1][order] * row * self.scaled.column[columns],
            dual=dual,
        )

    def _infinite(self, i: int, sign: int, ray: Floats) -> Side:
        """Record a move that a ray proves impossible."""
        self.rays.append(ray * self.scaled.row)
        return Side(
            row=i,
            sign=sign,
            price=np.inf,
            reach=0.0,
            base=AT_VERTEX,
            chord_columns=NO_COLUMNS,
            chord_values=NO_VALUES,
            dual=-1,
            ray=len(self.rays) - 1,
        )

    def _check_ray(self, i: int, ray: Floats) -> None:
        """Refuse a ray that does not prove what it should."""
        vertex = self.vertex
        pull = self.scaled.matrix.T @ ray
        size = 1e-9 * max(1.0, float(np.abs(ray).max()))
        wrong = (
            ((ray > size) & ~vertex.low).any()
            or ((ray < -size) & ~vertex.high).any()
            or ((pull > size * 100) & ~vertex.column_high).any()
            or ((pull < -size * 100) & ~vertex.column_low).any()
        )
        if wrong:
            message = f"the proof that {self.program.row_keys[i]} cannot move does not hold"
            raise InternalError(message)


def _mark(y: Floats) -> bytes:
    """A mark equal for duals that differ by rounding only."""
    return np.round(y, 9).tobytes()
