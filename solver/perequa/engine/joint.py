"""The price of moving several limits together, at every priority, each side with its proof.

One program in the tangent cone of the optimal vertex, as for a single limit, with every limit of
the group moved at its rate. Under strict priorities the earlier ones follow their own change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.same_rows import rows_held_by_others
from perequa.engine.session import DUAL, Session
from perequa.engine.termination import Termination
from perequa.engine.vertex import optimal_vertex, reach
from perequa_models.errors import InternalError, NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.same_rows import HeldBy
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.stages import Staged
    from perequa.engine.vertex import Vertex

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

ROUNDING = 1e-9
"""Room left to an earlier priority's change, relative: far below what a price is printed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPrice:
    """Effect of moving limits together, per unit of the move, and its proof, in natural units.

    Attributes
    ----------
    price
        Change of the priority's objective; ``inf`` when the move is impossible.
    reach
        How many units the move holds for, as proved by the chord; 0 when impossible.
    columns, values
        The chord: how each column changes per unit of the move.
    y, lam
        (m,), (P,): an optimal dual with this price, and the multipliers of earlier priorities; the
        ray that proves the move impossible when `price` is infinite.
    """

    price: float
    reach: float
    columns: Indices
    values: Floats
    y: Floats
    lam: Floats


class JointMoves:
    """The optimum of a program, ready for moves of several limits.

    Parameters
    ----------
    staged
        The solved stages.
    options
        How the solver works.
    """

    def __init__(self, staged: Staged, options: SolverOptions) -> None:
        self._vertex = optimal_vertex(staged)
        self._costs = np.array([stage.cost for stage in staged.stages])
        self._cones: dict[int, _Cone] = {}
        self._options = options

    def prices(self, rates: Mapping[int, float]) -> tuple[JointPrice, ...]:
        """Price a move at every priority.

        Parameters
        ----------
        rates
            How much the limit of each row rises per unit of the move, in the row's own unit.
        """
        found: list[JointPrice] = []
        for stage in range(len(self._costs)):
            found.append(self._price(stage, rates, [p.price for p in found]))
            if np.isinf(found[0].price):
                return (found[0],) * len(self._costs)
        return tuple(found)

    def _price(
        self, stage: int, rates: Mapping[int, float], earlier: Sequence[float]
    ) -> JointPrice:
        vertex, scaled = self._vertex, self._vertex.scaled
        rows = np.fromiter(rates, dtype=np.intp)
        rate = np.fromiter(rates.values(), dtype=np.float64) * scaled.row[rows]
        # a move of size one in the solver's units, whatever the unit of the limits
        size = float(np.abs(rate).max())
        if stage not in self._cones:
            self._cones[stage] = _Cone(vertex, stage, self._options)
        follow = np.array(earlier) * vertex.factors[:stage] / size
        outcome, ray = self._cones[stage].moved(rows, rate / size, follow)
        if ray is not None:
            return self._impossible(ray, rows, rate)
        return self._possible(stage, outcome, rows, rate)

    def _possible(self, stage: int, outcome: Outcome, rows: Indices, rate: Floats) -> JointPrice:
        vertex, scaled = self._vertex, self._vertex.scaled
        size = float(np.abs(rate).max())
        small = 1e-11 * max(1.0, float(np.abs(outcome.x).max(initial=0.0)))
        move = np.where(np.abs(outcome.x) < small, 0.0, outcome.x)
        felt = vertex.rows @ move
        # against limits that move themselves, whether they hold now or not
        felt[rows] -= rate / size
        far = min(
            reach(
                felt,
                vertex.activity,
                np.where(vertex.low, -np.inf, scaled.row_lower),
                np.where(vertex.high, np.inf, scaled.row_upper),
            ),
            reach(
                move,
                vertex.x,
                np.where(vertex.column_low, -np.inf, scaled.column_lower),
                np.where(vertex.column_high, np.inf, scaled.column_upper),
            ),
        )
        columns = np.flatnonzero(move)
        values = move[columns] * scaled.column[columns] * size
        m, factor = len(vertex.activity), float(vertex.factors[stage])
        dual = np.where(np.abs(outcome.y) < 1e-12, 0.0, outcome.y)
        lam = np.zeros(len(self._costs))
        lam[:stage] = np.maximum(0.0, -dual[m:]) * vertex.factors[:stage] / factor
        return JointPrice(
            price=float(self._costs[stage][columns] @ values) + 0.0,
            reach=far / size,
            columns=columns,
            values=values,
            y=scaled.natural_y(dual[:m], factor),
            lam=lam,
        )

    def _impossible(self, ray: Floats, rows: Indices, rate: Floats) -> JointPrice:
        """Keep a ray once it proves what it should."""
        vertex = self._vertex
        pushed = float(ray[rows] @ rate)
        ray = ray * np.sign(pushed) / max(1e-300, float(np.abs(ray).max()))
        ray = np.where(np.abs(ray) < 1e-11, 0.0, ray)
        pull = vertex.scaled.matrix.T @ ray
        wrong = (
            ((ray > 0) & ~vertex.low).any()
            or ((ray < 0) & ~vertex.high).any()
            or ((pull > 1e-7) & ~vertex.column_high).any()
            or ((pull < -1e-7) & ~vertex.column_low).any()
            or not float(ray[rows] @ rate) > 0
        )
        if wrong:
            raise InternalError("the proof that limits cannot move together does not hold")
        return JointPrice(
            price=np.inf,
            reach=0.0,
            columns=np.zeros(0, dtype=np.intp),
            values=np.zeros(0),
            y=ray * vertex.scaled.row,
            lam=np.zeros(len(self._costs)),
        )


class _Cone:
    """The tangent cone of a vertex at one priority, all rows and columns of the program in it."""

    def __init__(self, vertex: Vertex, stage: int, options: SolverOptions) -> None:
        self._lower = np.where(vertex.low, 0.0, -np.inf)
        self._upper = np.where(vertex.high, 0.0, np.inf)
        self._stage = stage
        earlier = sparse.csr_array(vertex.costs[:stage])
        self._session = Session(
            sparse.csc_array(sparse.vstack([vertex.rows, earlier])),
            np.append(self._lower, np.full(stage, -np.inf)),
            np.append(self._upper, np.zeros(stage)),
            np.where(vertex.column_low, 0.0, -np.inf),
            np.where(vertex.column_high, 0.0, np.inf),
            options,
        )
        self._session.set_cost(vertex.costs[stage])
        if stage == 0:
            self._session.set_basis(vertex.basis)

    def moved(self, rows: Indices, rates: Floats, follow: Floats) -> tuple[Outcome, Floats | None]:
        """Move limits at their rates; return the cheapest move, or a ray when there is none.

        Parameters
        ----------
        follow
            Change of each earlier priority, in the solver's units.

        Raises
        ------
        NotProven
            When the solver does not say.
        """
        m, session = len(self._lower), self._session
        session.set_row_bounds(rows, self._lower[rows] + rates, self._upper[rows] + rates)
        if self._stage:
            at = np.arange(m, m + self._stage)
            room = ROUNDING * np.maximum(1.0, np.abs(follow))
            session.set_row_bounds(at, np.full(self._stage, -np.inf), follow + room)
        outcome = session.solve(strategy=DUAL, presolve=False)
        infeasible = outcome.termination is Termination.INFEASIBLE
        ray = session.dual_ray() if infeasible else None
        session.set_row_bounds(rows, self._lower[rows], self._upper[rows])
        if outcome.termination is not Termination.OPTIMAL and ray is None:
            message = f"a joint price ended {outcome.termination.value} without proof"
            raise NotProven(message)
        return outcome, None if ray is None else ray[:m]


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMove:
    """A move of the rows that say the same, priced on both sides.

    Attributes
    ----------
    rates
        Rows, and how much the limit of each rises per unit of the move.
    sides
        +1 and −1: the price of the move and of its opposite at every priority.
    """

    rates: tuple[tuple[int, float], ...]
    sides: Mapping[int, tuple[JointPrice, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which rows stand alone, and what those that do not are worth together.

    Attributes
    ----------
    held
        What already states a row, by position; a row left out stands alone.
    moves
        The distinct moves.
    of_row
        Which move a row takes part in, and how many units of it one unit of the row's limit is.
    """

    held: Mapping[int, HeldBy]
    moves: tuple[JointMove, ...]
    of_row: Mapping[int, tuple[int, float]]


ALL_ALONE = Standing(held={}, moves=(), of_row={})


def standing_of(program: CompiledProgram, staged: Staged, options: SolverOptions) -> Standing:
    """Find the rows that others already state, and price each group of them once."""
    held = rows_held_by_others(program)
    joint: JointMoves | None = None
    moves: list[JointMove] = []
    known: dict[tuple[int, ...], int] = {}
    of_row: dict[int, tuple[int, float]] = {}
    for i, by in held.items():
        if not by.group:
            continue
        # identical rows share one move; a sum has its own, told of the whole alone
        rows = tuple(row for row, _ in by.group) if by.how == "identical" else (i,)
        if rows not in known:
            joint = joint or JointMoves(staged, options)
            back = {row: -rate for row, rate in by.group}
            sides = {1: joint.prices(dict(by.group)), -1: joint.prices(back)}
            known[rows] = len(moves)
            moves.append(JointMove(rates=by.group, sides=sides))
        move = known[rows]
        of_row[i] = (move, 1.0 / dict(moves[move].rates)[i])
    return Standing(held=held, moves=tuple(moves), of_row=of_row)
