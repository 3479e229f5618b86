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
from scipy import sparse
from scipy.sparse.linalg import splu

from perequa.engine.session import DUAL, Session, with_rows
from perequa.engine.termination import Termination
from perequa_models.errors import InternalError, NotProven

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

ACTIVE = 1e-9
"""Relative distance within which a limit is active."""
FREE_MOVE = 1e-7
"""Distance a basis must allow before its dual is taken for the price."""
CHUNK = 64

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
    """The state of one pricing: the vertex, what is active there, what is still open."""

    def __init__(
        self, program: CompiledProgram, staged: Staged, plan: Floats, options: SolverOptions
    ) -> None:
        self.program, self.staged, self.options = program, staged, options
        scaled = staged.scaled
        self.scaled = scaled
        stage = staged.stages[0]
        self.cost, self.factor = scaled.cost(stage.cost)
        self.x = stage.x / scaled.column
        self.y = stage.y * self.factor / scaled.row
        self.activity = scaled.matrix @ self.x
        self.plan_activity = scaled.matrix @ (plan / scaled.column)
        size = np.maximum(1.0, np.abs(self.activity))
        self.low = self.activity <= scaled.row_lower + ACTIVE * size
        self.high = self.activity >= scaled.row_upper - ACTIVE * size
        size = np.maximum(1.0, np.abs(self.x))
        self.column_low = self.x <= scaled.column_lower + ACTIVE * size
        self.column_high = self.x >= scaled.column_upper - ACTIVE * size
        self.rows_by = sparse.csr_array(scaled.matrix)
        self.duals: list[Floats] = [stage.y]
        self.known_duals: dict[bytes, int] = {_mark(self.y): 0}
        self.rays: list[Floats] = []
        self.solved = 0

    def run(self) -> Prices:
        sides: dict[tuple[int, int], Side] = {}
        by_basis: list[int] = []
        by_program: list[tuple[int, int]] = []
        self.basic_rows = self._basic_rows()
        for row in np.flatnonzero(self.program.is_rule):
            i = int(row)
            for sign in (1, -1):
                settled = self._at_once(i, sign)
                if settled is not None:
                    sides[i, sign] = settled
                elif self.basic_rows[i]:
                    by_program.append((i, sign))
                else:
                    by_basis.append(i)
        wanted = sorted(set(by_basis))
        for i, sign, side in self._along_basis(wanted):
            if (i, sign) in sides:
                continue
            if side is None:
                by_program.append((i, sign))
            else:
                sides[i, sign] = side
        sides.update(self._by_tangent(by_program))
        return Prices(
            sides=tuple(sides[key] for key in sorted(sides, key=lambda k: (k[0], -k[1]))),
            duals=tuple(self.duals),
            rays=tuple(self.rays),
            programs_solved=self.solved,
        )

    def _basic_rows(self) -> NDArray[np.bool_]:
        """Find the optimal basis again, from the first stage's own; mark the basic rows."""
        session = self.staged.session
        session.set_cost(self.cost)
        session.set_basis(self.staged.first_basis)
        if session.solve(strategy=DUAL, presolve=False).termination is not Termination.OPTIMAL:
            raise NotProven("the optimum of the first priority was not found again")
        self.basic = session.basic_variables()
        mask = np.zeros(session.m, dtype=np.bool_)
        mask[-self.basic[self.basic < 0] - 1] = True
        return mask

    def _at_once(self, i: int, sign: int) -> Side | None:
        """Settle a side without solving: inactive rows, and relaxing a row without a price."""
        lower, upper = self.scaled.row_lower[i], self.scaled.row_upper[i]
        relaxes = (sign > 0 and np.isinf(lower)) or (sign < 0 and np.isinf(upper))
        if lower != upper:
            limit = upper if np.isinf(lower) else lower
            for base, activity in ((AT_PLAN, self.plan_activity), (AT_VERTEX, self.activity)):
                slack = abs(limit - activity[i])
                if slack > ACTIVE * max(1.0, abs(limit)):
                    reach = np.inf if relaxes else slack / self.scaled.row[i]
                    return self._zero(i, sign, reach, base)
        if relaxes and self.y[i] == 0.0:
            return self._zero(i, sign, np.inf, AT_VERTEX)
        if not relaxes and not self._can_move(i, sign):
            ray = np.zeros(len(self.y))
            ray[i] = float(sign)
            return self._infinite(i, sign, ray)
        return None

    def _can_move(self, i: int, sign: int) -> bool:
        """Whether any column of a row can still carry its activity up (+1) or down (−1)."""
        start, end = self.rows_by.indptr[i], self.rows_by.indptr[i + 1]
        columns = self.rows_by.indices[start:end]
        rises = sign * self.rows_by.data[start:end] > 0
        stuck = np.where(rises, self.column_high[columns], self.column_low[columns])
        return not bool(stuck.all())

    def _zero(self, i: int, sign: int, reach: float, base: int) -> Side:
        return Side(
            row=i,
            sign=sign,
            price=0.0,
            reach=float(reach),
            base=base,
            chord_columns=NO_COLUMNS,
            chord_values=NO_VALUES,
            dual=0,
        )

    def _along_basis(self, rows: list[int]) -> list[tuple[int, int, Side | None]]:
        """Move each non-basic row's limit along the basis, as far as the basis stays feasible."""
        if not rows:
            return []
        scaled, m = self.scaled, len(self.y)
        structural = self.basic >= 0
        columns = self.basic[structural]
        logical = -self.basic[~structural] - 1
        data = sparse.csc_array(
            (np.full(len(logical), -1.0), (logical, np.flatnonzero(~structural))), shape=(m, m)
        )
        spread = sparse.csc_array(
            (np.ones(len(columns)), (columns, np.flatnonzero(structural))),
            shape=(scaled.matrix.shape[1], m),
        )
        factors = splu(sparse.csc_array(scaled.matrix @ spread + data))
        at = np.where(
            structural,
            self.x[np.maximum(self.basic, 0)],
            self.activity[np.maximum(-self.basic - 1, 0)],
        )
        low = np.where(
            structural,
            scaled.column_lower[np.maximum(self.basic, 0)],
            scaled.row_lower[np.maximum(-self.basic - 1, 0)],
        )
        high = np.where(
            structural,
            scaled.column_upper[np.maximum(self.basic, 0)],
            scaled.row_upper[np.maximum(-self.basic - 1, 0)],
        )
        found: list[tuple[int, int, Side | None]] = []
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            right = np.zeros((m, len(chunk)))
            right[chunk, np.arange(len(chunk))] = 1.0
            moves = factors.solve(right)
            moves[np.abs(moves) < 1e-12 * np.abs(moves).max(axis=0, initial=1.0)] = 0.0
            for k, i in enumerate(chunk):
                touched = np.flatnonzero(moves[:, k])
                move = moves[touched, k]
                for sign in (1, -1):
                    reach = _reach(sign * move, at[touched], low[touched], high[touched])
                    side = None
                    if reach > FREE_MOVE:
                        kept = structural[touched]
                        side = self._finite(
                            i,
                            sign,
                            self.y[i] * sign,
                            reach,
                            self.basic[touched[kept]],
                            sign * move[kept],
                            0,
                        )
                    found.append((i, sign, side))
        return found

    def _finite(
        self,
        i: int,
        sign: int,
        price: float,
        reach: float,
        columns: Indices,
        values: Floats,
        dual: int,
    ) -> Side:
        """Put one side found in the solver's units back into natural ones."""
        row = self.scaled.row[i]
        order = np.argsort(columns)
        return Side(
            row=i,
            sign=sign,
            price=float(price * row / self.factor),
            reach=float(reach / row),
            base=AT_VERTEX,
            chord_columns=columns[order],
            chord_values=(values * row * self.scaled.column[columns])[order],
            dual=dual,
        )

    def _by_tangent(self, wanted: list[tuple[int, int]]) -> dict[tuple[int, int], Side]:
        """Move one limit at a time in the tangent cone of the vertex."""
        if not wanted:
            return {}
        scaled = self.scaled
        # rows that are not active leave the cone free: they are basic, and can be left out
        kept = np.flatnonzero(self.low | self.high | ~self.basic_rows)
        place = {int(i): k for k, i in enumerate(kept)}
        row_lower = np.where(self.low, 0.0, -np.inf)[kept]
        row_upper = np.where(self.high, 0.0, np.inf)[kept]
        session = Session(
            sparse.csc_array(self.rows_by[kept]),
            row_lower,
            row_upper,
            np.where(self.column_low, 0.0, -np.inf),
            np.where(self.column_high, 0.0, np.inf),
            self.options,
        )
        session.set_cost(self.cost)
        session.set_basis(with_rows(self.staged.first_basis, kept))
        settled = {}
        for i, sign in sorted(wanted):
            session.set_row_bound(
                place[i],
                float(sign) if self.low[i] and np.isfinite(scaled.row_lower[i]) else -np.inf,
                float(sign) if self.high[i] and np.isfinite(scaled.row_upper[i]) else np.inf,
            )
            outcome = session.solve(strategy=DUAL, presolve=False)
            self.solved += 1
            if outcome.termination is Termination.OPTIMAL:
                y = np.zeros(len(self.y))
                y[kept] = outcome.y
                settled[i, sign] = self._tangent_side(i, sign, outcome.x, y)
            elif outcome.termination is Termination.INFEASIBLE:
                settled[i, sign] = self._impossible(i, sign, session, kept)
            else:
                message = f"pricing {self.program.row_keys[i]} ended {outcome.termination.value}"
                raise NotProven(message)
            session.set_row_bound(place[i], float(row_lower[place[i]]), float(row_upper[place[i]]))
        return settled

    def _tangent_side(self, i: int, sign: int, move: Floats, y: Floats) -> Side:
        move = np.where(np.abs(move) < 1e-11 * max(1.0, np.abs(move).max(initial=0.0)), 0.0, move)
        rates = self.scaled.matrix @ move
        low, high = self.scaled.row_lower.copy(), self.scaled.row_upper.copy()
        # what is active moves with the cone: only the others bound the reach
        low[self.low], high[self.high] = -np.inf, np.inf
        column_low = np.where(self.column_low, -np.inf, self.scaled.column_lower)
        column_high = np.where(self.column_high, np.inf, self.scaled.column_upper)
        reach = min(
            _reach(rates, self.activity, low, high),
            _reach(move, self.x, column_low, column_high),
        )
        columns = np.flatnonzero(move)
        y = np.where(np.abs(y) < 1e-12, 0.0, y)
        mark = _mark(y)
        if mark not in self.known_duals:
            self.known_duals[mark] = len(self.duals)
            self.duals.append(self.scaled.natural_y(y, self.factor))
        dual = self.known_duals[mark]
        return self._finite(i, sign, sign * y[i], reach, columns, move[columns], dual)

    def _impossible(self, i: int, sign: int, session: Session, kept: Indices) -> Side:
        found = session.dual_ray()
        if found is None:
            message = f"no proof that {self.program.row_keys[i]} cannot move"
            raise NotProven(message)
        ray = np.zeros(len(self.y))
        ray[kept] = found
        ray = ray * (1.0 if sign * ray[i] > 0 else -1.0) / max(1e-300, abs(ray[i]))
        ray = np.where(np.abs(ray) < 1e-11, 0.0, ray)
        self._check_ray(i, ray)
        return self._infinite(i, sign, ray)

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
        pull = self.scaled.matrix.T @ ray
        size = 1e-9 * max(1.0, float(np.abs(ray).max()))
        wrong = (
            ((ray > size) & ~self.low).any()
            or ((ray < -size) & ~self.high).any()
            or ((pull > size * 100) & ~self.column_high).any()
            or ((pull < -size * 100) & ~self.column_low).any()
        )
        if wrong:
            message = f"the proof that {self.program.row_keys[i]} cannot move does not hold"
            raise InternalError(message)


def _reach(rate: Floats, at: Floats, low: Floats, high: Floats) -> float:
    """Longest step along `rate` that keeps `at` within its bounds."""
    if rate.size == 0:
        return np.inf
    small = 1e-10 * max(1.0, float(np.abs(rate).max()))
    up, down = rate > small, rate < -small
    with np.errstate(invalid="ignore"):
        room = np.concatenate([(high - at)[up] / rate[up], (low - at)[down] / rate[down]])
    return float(max(0.0, room.min())) if room.size else np.inf


def _mark(y: Floats) -> bytes:
    """A mark equal for duals that differ by rounding only."""
    return np.round(y, 9).tobytes()
