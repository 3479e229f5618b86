"""The cheapest moves of limits after which a plan exists: lexicographic elastic programs.

Each limit that may move gets a column for raising and one for lowering it. The totals moved are
minimised one after another on the optimal face (never by weights), so that places and money are
never added. Among repairs that cost the same, rows are then left alone one by one as long as the
cost allows: few territories move, rather than all a little.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.infeasibility import has_plan
from perequa.engine.scaling import THOUSAND, scale
from perequa.engine.session import PRIMAL, Session
from perequa.engine.stages import solve_stages
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven
from perequa_models.keys import AuxiliaryKey, RowKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]

DUST_PLACES, DUST_MONEY = 1e-7, 1e-5
"""A limit this near to a round figure is that figure, a move this small is none."""

NUDGES = (2e-9, 2e-8, 2e-7)
"""What is added to moves that leave no room for rounding, in places or thousands of money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Limits to move so that a plan exists.

    Attributes
    ----------
    moves
        Change of the limit of each row moved, natural units; positive when raised.
    plan
        (n,) a plan under the moved limits.
    """

    moves: Mapping[int, float]
    plan: Floats


@dataclass(frozen=True, slots=True)
class Move:
    """A column of the elastic program: the limit of `row` raised (+1) or lowered (−1)."""

    row: int
    sign: int


def cheapest_repair(
    program: CompiledProgram, stages: Sequence[Sequence[int]], options: SolverOptions
) -> Repair:
    """Move the limits of some rows as little as possible.

    Parameters
    ----------
    program
        A program without a plan.
    stages
        Rows whose total move is minimised together, the total to keep smallest first; rows of one
        stage have one unit. Other rows do not move.
    options
        How the solver works.

    Raises
    ------
    NotProven
        When no such repair can be computed or confirmed (there must be one: see `Clashes`).
    """
    careful = replace(options, presolve=False)
    moves = moves_of(program, [row for rows in stages for row in rows])
    elastic = loosened(program, moves)
    n = program.matrix.shape[1]
    costs = np.zeros((len(stages), n + len(moves)))
    for s, rows in enumerate(stages):
        costs[s, n:] = np.isin([move.row for move in moves], rows)
    staged = solve_stages(elastic, tuple(range(1, len(stages) + 1)), costs, careful)
    if staged.termination is not Termination.OPTIMAL:
        message = f"a repair ended without proof: {staged.termination.value}"
        raise NotProven(message)
    sizes = _fewest(staged, n, relative_cost(program, moves))
    changes: dict[int, float] = {}
    for move, size in zip(moves, sizes, strict=True):
        changes[move.row] = changes.get(move.row, 0.0) + move.sign * float(size)
    return _confirmed(program, {i: c for i, c in changes.items() if c != 0.0}, careful)


def moves_of(program: CompiledProgram, rows: Sequence[int]) -> list[Move]:
    """List the moves that help: an upper limit may rise, a lower one may fall."""
    raised = [Move(i, 1) for i in rows if np.isfinite(program.row_upper[i])]
    lowered = [Move(i, -1) for i in rows if np.isfinite(program.row_lower[i])]
    return sorted(raised + lowered, key=lambda move: (move.row, -move.sign))


def loosened(program: CompiledProgram, moves: list[Move]) -> CompiledProgram:
    """Add the moves to a program: activity ≤ limit + raised − lowered."""
    m, p = len(program.row_keys), len(moves)
    rows = np.array([move.row for move in moves], dtype=np.intp)
    signs = np.array([-float(move.sign) for move in moves])
    block = sparse.csr_array((signs, (rows, np.arange(p))), shape=(m, p))
    return replace(
        program,
        matrix=sparse.csr_array(sparse.hstack([program.matrix, block])),
        column_keys=(*program.column_keys, *(_key(program, move) for move in moves)),
        column_lower=np.concatenate([program.column_lower, np.zeros(p)]),
        column_upper=np.concatenate([program.column_upper, np.full(p, np.inf)]),
        column_is_money=np.concatenate([program.column_is_money, program.row_is_money[rows]]),
        costs=np.hstack([program.costs, np.zeros((len(program.costs), p))]),
    )


def _key(program: CompiledProgram, move: Move) -> AuxiliaryKey:
    key = program.row_keys[move.row]
    owner = key.rule if isinstance(key, RowKey) else key.owner
    role = "raised" if move.sign > 0 else "lowered"
    return AuxiliaryKey(owner, role, key.level, key.territory, key.measure, key.year)


def relative_cost(program: CompiledProgram, moves: list[Move]) -> Floats:
    """Cost of each move as a share of its limit, so that among equals the largest limits move.

    A fixed figure in [1, 2) that favours nobody, from the SHA-256 of the row's name, decides
    what still ties.
    """
    limits = np.abs([program.row_limit[move.row] for move in moves])
    names = [str(program.row_keys[move.row]) for move in moves]
    digests = [hashlib.sha256(name.encode()).digest() for name in names]
    neutral = [1.0 + int.from_bytes(d[:6], "big") / 2.0**48 for d in digests]
    return np.array(neutral) / np.maximum(limits, 1.0)


def _fewest(staged: Staged, n: int, relative: Floats) -> Floats:
    """Leave alone every row that the cost allows to; return the size of each move.

    Starts from the moves that are the smallest shares of their limits. Rows are left alone first
    among those moved only, then with any other stepping in; the second is kept when fewer move.
    """
    session, face, scaled = staged.session, staged.face, staged.scaled
    session.set_row_bounds(np.arange(session.m), face.row_lower, face.row_upper)
    session.set_cost(scaled.cost(np.concatenate([np.zeros(n), relative]))[0])
    dust = _dust(scaled.column != 1.0) / scaled.column

    def moved(x: Floats) -> NDArray[np.intp]:
        return n + np.flatnonzero(x[n:] > dust[n:])

    def left_alone(x: Floats, upper: Floats) -> Floats:
        for j in n + np.argsort(x[n:] * scaled.column[n:] * relative, kind="stable"):
            if x[j] <= dust[j]:
                continue
            alone = np.array([j])
            session.set_column_bounds(alone, np.zeros(1), np.zeros(1))
            outcome = session.solve()
            if outcome.termination is Termination.OPTIMAL:
                x = outcome.x
            else:
                session.set_column_bounds(alone, face.column_lower[alone], upper[alone])
        return x

    columns = np.arange(session.n)
    session.set_column_bounds(columns, face.column_lower, face.column_upper)
    outcome = session.solve(strategy=PRIMAL)
    start = outcome.x if outcome.termination is Termination.OPTIMAL else _last(staged)
    among = face.column_upper.copy()
    among[np.setdiff1d(columns[n:], moved(start))] = 0.0
    session.set_column_bounds(columns, np.minimum(face.column_lower, among), among)
    first = left_alone(start, among)
    session.set_column_bounds(columns, face.column_lower, face.column_upper)
    second = left_alone(start, face.column_upper)
    fewest = second if len(moved(second)) < len(moved(first)) else first
    return np.maximum(scaled.natural_x(fewest)[n:], 0.0)


def _last(staged: Staged) -> Floats:
    """The vertex of the last stage, in the units of the solver."""
    return np.asarray(staged.stages[-1].x / staged.scaled.column)


def _dust(is_money: NDArray[np.bool_]) -> Floats:
    return np.where(is_money, DUST_MONEY, DUST_PLACES)


def _confirmed(
    program: CompiledProgram, changes: dict[int, float], options: SolverOptions
) -> Repair:
    """Solve once more under the moved limits: round limits first, then a hair beyond.

    A program whose limits leave one plan only may be called infeasible for the last bit by whoever
    reads it next: a plan is asked for to a tenth of the usual tolerance.

    Raises
    ------
    NotProven
        When no plan is found under the moved limits.
    """
    figures = {
        i: _Figure(float(program.row_limit[i]), change, is_money=bool(program.row_is_money[i]))
        for i, change in sorted(changes.items())
    }
    rounded = {i: figure.rounded() for i, figure in figures.items()}
    nudged = ({i: f.nudged(by) for i, f in figures.items()} for by in NUDGES)
    for tried in (rounded, *nudged, changes):
        kept = {i: c for i, c in tried.items() if c != 0.0}
        plan = _plan_with(program, kept, options)
        if plan is not None:
            return Repair(moves=kept, plan=plan)
    raise NotProven("a repair was computed that could not be confirmed")


@dataclass(frozen=True, slots=True)
class _Figure:
    """A limit and the change computed for it."""

    limit: float
    change: float
    is_money: bool

    def rounded(self) -> float:
        """Change to the roundest limit that rounding could have missed."""
        new, dust = self.limit + self.change, DUST_MONEY if self.is_money else DUST_PLACES
        for digits in (0, 1, 2, 3, 4):
            near = round(new, digits)
            if abs(near - new) <= dust:
                return near - self.limit
        return self.change

    def nudged(self, by: float) -> float:
        """Change a hair larger: `by` places or thousands of money."""
        return self.change + math.copysign(by * (THOUSAND if self.is_money else 1.0), self.change)


def _plan_with(
    program: CompiledProgram, changes: Mapping[int, float], options: SolverOptions
) -> Floats | None:
    shift = np.zeros(len(program.row_keys))
    shift[list(changes)] = list(changes.values())
    strict = replace(options, tolerance=options.tolerance / 10.0)
    scaled = scale(
        replace(program, row_lower=program.row_lower + shift, row_upper=program.row_upper + shift)
    )
    session = Session(scaled.matrix, *scaled.bounds, strict)
    # whoever solves the repaired scenario starts with presolve, which has tolerances of its own
    with_presolve = session.solve(presolve=True).termination
    session.forget_basis()
    outcome = session.solve(presolve=False)
    found = with_presolve is Termination.OPTIMAL and has_plan(outcome)
    return scaled.natural_x(outcome.x) if found else None
