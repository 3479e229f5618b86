"""Two-sided shadow prices of every rule row, each with the evidence that proves it.

The effect of one more is the largest, over all optimal duals, of the row's dual; the effect of one
less the largest of its opposite: at a degenerate optimum they differ and no single dual gives both.
Most sides are settled by moving along the optimal basis, the others in the tangent cone at the
optimum with one limit moved by one.

References
----------
M. Akgül, "A note on shadow prices in linear programming", JORS 35 (1984), 425-431.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from perequa.engine.basis_moves import along_basis
from perequa.engine.direction import one_limit
from perequa.engine.inverse_basis import inverse_of
from perequa.engine.local_moves import LocalMove, LocalMoves, LocalRay
from perequa.engine.stages import NOT_ZERO
from perequa.engine.tangent_cone import TangentCone, TangentMove
from perequa.engine.vectors import Entries, Vectors
from perequa.engine.vertex import ACTIVE
from perequa_models.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged
    from perequa.engine.vertex import Vertex

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
        How far the limit can move at that price, as proved by the chord; the largest such
        distance where `exact`.
    base
        Whether the chord starts at the vertex or at the published plan.
    chord_columns, chord_values
        The chord: how each column changes per unit of the move.
    dual
        Position in `Prices.duals` of an optimal dual with this price; −1 when infinite.
    ray
        Position in `Prices.rays` when infinite, else −1.
    end_dual, end_ray
        What ends an exact range: position in `Prices.duals` of the dual that takes over, or in
        `Prices.rays` where no plan is left beyond; else −1.
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
    end_dual: int = -1
    end_ray: int = -1

    @property
    def exact(self) -> bool:
        """Whether it is proven that the price holds no further, or for ever, or nowhere."""
        ended = self.end_dual >= 0 or self.end_ray >= 0
        return ended or bool(np.isinf(self.reach) or np.isinf(self.price))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All sides of all rule rows at one priority, the distinct duals and rays that prove them.

    Attributes
    ----------
    sides
        Two for each rule row: limit raised, limit lowered.
    duals, lams
        (D, m), (D, P) optimal duals of the priority, with the multipliers of the earlier ones; the
        first is the stage's own. Those at the ends of exact ranges stand behind.
    rays
        (R, m) multipliers proving that a move is impossible, at once or beyond an exact range.
    programs_solved
        Linear programs solved where the optimal basis and its neighbours did not do.
    """

    sides: tuple[Side, ...]
    duals: Vectors
    lams: tuple[Floats, ...]
    rays: Vectors
    programs_solved: int


CANCELS = 1e-12
"""Share of the size of its terms below which a sum is zero."""
NO_COLUMNS: Indices = np.zeros(0, dtype=np.intp)
NO_VALUES: Floats = np.zeros(0)


def two_sided_prices(
    program: CompiledProgram, staged: Staged, plan: Floats, options: SolverOptions
) -> tuple[Prices, ...]:
    """Price every rule row at every priority.

    Parameters
    ----------
    program, staged
        The program and its solved stages.
    plan
        (n,) the published plan, natural units.

    Returns
    -------
    tuple of Prices
        One for each priority. A limit moved by one changes the first priority by its price; at the
        next, the earlier ones follow that change instead of standing still.
    """
    return Pricing(program, staged, options).completed(plan)


@dataclass(slots=True)
class _Level:
    """What is found so far at one priority."""

    duals: Vectors
    rays: Vectors
    lams: list[Floats]
    marks: dict[bytes, int]
    met: dict[int, tuple[Floats, int]] = field(default_factory=dict)
    sides: dict[tuple[int, int], Side] = field(default_factory=dict)


class _Limits(NamedTuple):
    """What tells at once whether a limit is met, by row; lists, which are read one at a time.

    Attributes
    ----------
    relaxes
        The side that loosens the row: +1 raised, −1 lowered, 0 for an equality.
    free, without_dual
        Whether no dual makes the row hold, and whether all its duals are zero.
    at_vertex, near
        Distance of the limit from the activity, and below which it counts as met.
    """

    relaxes: list[int]
    free: list[bool]
    without_dual: list[bool]
    at_vertex: list[float]
    near: list[float]


def _limits(vertex: Vertex) -> _Limits:
    lower, upper = vertex.scaled.row_lower, vertex.scaled.row_upper
    limit = _limit(vertex)
    # a limit that carries a price is met, whatever rounding leaves between it and the plan
    free = (lower != upper) & (np.abs(vertex.duals).max(axis=0) <= NOT_ZERO)
    return _Limits(
        relaxes=(np.isinf(lower).astype(int) - np.isinf(upper)).tolist(),
        free=free.tolist(),
        without_dual=np.logical_not(vertex.duals.any(axis=0)).tolist(),
        at_vertex=np.abs(limit - vertex.activity).tolist(),
        near=(ACTIVE * np.maximum(1.0, np.abs(limit))).tolist(),
    )


def _limit(vertex: Vertex) -> Floats:
    lower, upper = vertex.scaled.row_lower, vertex.scaled.row_upper
    limit: Floats = np.where(np.isinf(lower), upper, lower)
    return limit


class Pricing:
    """The prices of one vertex: those that any optimal plan has at once, the others with a plan.

    A limit that carries a multiplier is met by every optimal plan. Only the others, where one plan
    may meet what another leaves slack, have to wait for the plan that is published.

    Parameters
    ----------
    program, staged, options
        The program, its solved stages, how the solver works.
    """

    def __init__(self, program: CompiledProgram, staged: Staged, options: SolverOptions) -> None:
        self.program, self.options = program, options
        self.vertex = staged.vertex
        self.basis = staged.basis
        inverse = inverse_of(self.vertex, self.basis)
        self.local = None if inverse is None else LocalMoves(self.vertex, self.basis, inverse)
        self.scaled = staged.scaled
        self.limits = _limits(self.vertex)
        self.at_plan: list[float] = []
        self.levels = [
            _Level(
                duals=Vectors(s.y, [s.y]),
                rays=Vectors(np.zeros_like(s.y)),
                lams=[s.lam],
                marks={mark_of(np.append(y, s.lam)): 0},
            )
            for s, y in zip(staged.stages, self.vertex.duals, strict=True)
        ]
        self.costs = np.array([s.cost for s in staged.stages])
        self.cones: dict[int, TangentCone] = {}
        self.walked: dict[tuple[int, int], LocalMove | LocalRay | None] = {}
        self.rows = [int(i) for i in np.flatnonzero(self.program.is_rule)]
        self._price([i for i in self.rows if not self.limits.free[i]])

    def ahead(self, enough: Callable[[], bool]) -> None:
        """Walk the limits that the plan may turn out to meet, while it is being chosen.

        What a walk finds is that of the vertex, whatever the plan: how many are walked before the
        plan is there changes no price.

        Parameters
        ----------
        enough
            Asked before each walk.
        """
        if self.local is None or len(self.levels) > 1:
            return
        limits, basic = self.limits, self.vertex.basic_rows
        met = [i for i in self.rows if limits.free[i] and limits.at_vertex[i] <= limits.near[i]]
        held = self.local.along_basis([i for i in met if not basic[i]])
        told = {(move.row, move.sign) for move in held}
        for key in ((i, sign) for i in met for sign in (1, -1)):
            if enough():
                return
            if key not in told and self._needs_a_move(*key):
                self.walked[key] = self.local.cheapest(*key)

    def completed(self, plan: Floats) -> tuple[Prices, ...]:
        """Price what is left, and return the prices of every priority.

        Parameters
        ----------
        plan
            (n,) the published plan, natural units.
        """
        activity = self.scaled.matrix @ (plan / self.scaled.column)
        self.at_plan = np.abs(_limit(self.vertex) - activity).tolist()
        self._price([i for i in self.rows if self.limits.free[i]])
        return tuple(
            Prices(
                sides=tuple(level.sides[i, sign] for i in self.rows for sign in (1, -1)),
                duals=level.duals,
                lams=tuple(level.lams),
                rays=level.rays,
                programs_solved=self.cones[p].programs_solved if p in self.cones else 0,
            )
            for p, level in enumerate(self.levels)
        )

    def _price(self, rows: list[int]) -> None:
        left = [(i, sign) for i in rows for sign in (1, -1) if not self._at_once(i, sign)]
        self._along_basis(sorted({i for i, _ in left if not self.vertex.basic_rows[i]}))
        self._locally([key for key in left if key not in self.levels[0].sides])
        self._in_tangent_cones([key for key in left if key not in self.levels[0].sides])

    def _at_once(self, i: int, sign: int) -> bool:
        """Settle a side without solving: inactive, relaxed without a price, or stuck."""
        limits = self.limits
        relaxes = limits.relaxes[i] == sign
        if limits.free[i]:
            for base, slack in ((AT_PLAN, self.at_plan[i]), (AT_VERTEX, limits.at_vertex[i])):
                if slack > limits.near[i]:
                    self._zero(i, sign, np.inf if relaxes else slack / self.scaled.row[i], base)
                    return True
        if relaxes and limits.without_dual[i]:
            self._zero(i, sign, np.inf, AT_VERTEX)
            return True
        if not relaxes and not self._can_move(i, sign):
            self._infinite(i, sign, Entries(np.array([i]), np.array([float(sign)])))
            return True
        return False

    def _needs_a_move(self, i: int, sign: int) -> bool:
        """Whether a limit that is met is neither loosened without a price nor stuck."""
        if self.limits.relaxes[i] == sign:
            return not self.limits.without_dual[i]
        return self._can_move(i, sign)

    def _can_move(self, i: int, sign: int) -> bool:
        """Whether any column of a row can still carry its activity up (+1) or down (−1)."""
        rows = self.vertex.rows
        columns = rows.indices[rows.indptr[i] : rows.indptr[i + 1]]
        rises = sign * rows.data[rows.indptr[i] : rows.indptr[i + 1]] > 0
        stuck = np.where(rises, self.vertex.column_high[columns], self.vertex.column_low[columns])
        return not bool(stuck.all())

    def _zero(self, i: int, sign: int, far: float, base: int) -> None:
        for level in self.levels:
            level.sides[i, sign] = Side(
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
        if self.local is None:
            moves = along_basis(self.vertex, self.basis, rows)
        else:
            moves = self.local.along_basis(rows)
        for move in moves:
            if (move.row, move.sign) not in self.levels[0].sides:
                for p in range(len(self.levels)):
                    self._finite(p, move.row, move.sign, move.reach, (move.columns, move.values), 0)

    def _locally(self, wanted: list[tuple[int, int]]) -> None:
        """Price what a few changes of basis settle, where few entries are to be looked at."""
        if self.local is None or len(self.levels) > 1:
            return
        for i, sign in wanted:
            walked = (i, sign) in self.walked
            found = self.walked[i, sign] if walked else self.local.cheapest(i, sign)
            if isinstance(found, LocalMove):
                dual = self._near(found.dual)
                self._finite(0, i, sign, found.reach, (found.columns, found.values), dual)
            elif found is not None:
                self._infinite(i, sign, found.multipliers)

    def _near(self, changed: Entries) -> int:
        """Position of a dual that differs from the stage's own in some rows."""
        level = self.levels[0]
        values = np.round(changed.values, 9) + 0.0
        mark = hashlib.sha256(changed.places.tobytes() + values.tobytes()).digest()
        if mark not in level.marks:
            level.marks[mark] = len(level.duals)
            natural = changed.values * self.scaled.row[changed.places] / self.vertex.factors[0]
            level.duals.append(Entries(changed.places, natural))
            level.lams.append(level.lams[0])
        return level.marks[mark]

    def _in_tangent_cones(self, wanted: list[tuple[int, int]]) -> None:
        """Price at each priority in turn; the later ones follow the change of the earlier."""
        for p, level in enumerate(self.levels if wanted else ()):
            if p not in self.cones:
                self.cones[p] = TangentCone(self.vertex, self.basis, p, self.options)
            cone = self.cones[p]
            for i, sign in wanted:
                if (i, sign) in level.sides:
                    continue
                direction = one_limit(self.scaled, i, sign)
                found = cone.move(direction, self._earlier(p, i, sign))
                if isinstance(found, TangentMove):
                    dual = self._known(p, found)
                    self._finite(p, i, sign, found.reach, (found.columns, found.values), dual)
                else:
                    self._impossible(i, sign, found)

    def _earlier(self, p: int, i: int, sign: int) -> list[float]:
        """Prices of a move at the earlier priorities, in the solver's units."""
        unit = self.scaled.row[i]
        return [
            before.sides[i, sign].price * self.vertex.factors[j] / unit
            for j, before in enumerate(self.levels[:p])
        ]

    def _impossible(self, i: int, sign: int, found: Floats) -> None:
        ray = found * (1.0 if sign * found[i] > 0 else -1.0) / max(1e-300, abs(found[i]))
        ray = np.where(np.abs(ray) < 1e-11, 0.0, ray)
        self._check_ray(i, ray)
        rows = np.flatnonzero(ray)
        self._infinite(i, sign, Entries(rows, ray[rows]))

    def _known(self, p: int, move: TangentMove) -> int:
        """Position of a dual among the distinct ones of a priority."""
        level, factors = self.levels[p], self.vertex.factors
        met = level.met.get(id(move.y))
        if met is not None and not move.lam.size:
            return met[1]
        mark = mark_of(np.append(move.y, move.lam))
        if mark not in level.marks:
            level.marks[mark] = len(level.duals)
            level.duals.append(self.scaled.natural_y(move.y, float(factors[p])))
            lam = np.zeros(len(self.levels))
            lam[:p] = move.lam * factors[:p] / factors[p]
            level.lams.append(lam)
        level.met[id(move.y)] = (move.y, level.marks[mark])
        return level.marks[mark]

    def _finite(
        self, p: int, i: int, sign: int, far: float, chord: tuple[Indices, Floats], dual: int
    ) -> None:
        """Put one side found in the solver's units back into natural ones."""
        row = self.scaled.row[i]
        order = np.argsort(chord[0])
        columns = chord[0][order]
        values = chord[1][order] * row * self.scaled.column[columns]
        level = self.levels[p]
        lam = level.lams[dual]
        earlier = [before.sides[i, sign].price for before in self.levels[:p]]
        price = sign * level.duals.value(dual, i) - sum(
            lam[j] * before for j, before in enumerate(earlier)
        )
        if p > 0:
            # the composed dual of a later priority carries large multipliers: the chord is exact
            price = _sum_of(self.costs[p][columns] * values)
        level.sides[i, sign] = Side(
            row=i,
            sign=sign,
            price=float(price) + 0.0,
            reach=float(far / row),
            base=AT_VERTEX,
            chord_columns=columns,
            chord_values=values,
            dual=dual,
        )

    def _infinite(self, i: int, sign: int, ray: Entries) -> None:
        """Record, at every priority, a move that a ray proves impossible."""
        for level in self.levels:
            level.rays.append(Entries(ray.places, ray.values * self.scaled.row[ray.places]))
            level.sides[i, sign] = Side(
                row=i,
                sign=sign,
                price=np.inf,
                reach=0.0,
                base=AT_VERTEX,
                chord_columns=NO_COLUMNS,
                chord_values=NO_VALUES,
                dual=-1,
                ray=len(level.rays) - 1,
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


def _sum_of(terms: Floats) -> float:
    """Add terms up; what cancels but for rounding is nothing."""
    total = float(terms.sum())
    return 0.0 if abs(total) <= CANCELS * float(np.abs(terms).sum()) else total


def mark_of(multipliers: Floats) -> bytes:
    """Return a mark equal for multipliers that differ by rounding only."""
    rounded = np.round(multipliers, 9) + 0.0
    return hashlib.sha256(rounded.tobytes()).digest()
