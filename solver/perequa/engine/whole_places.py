"""The whole plan nearest to a continuous one: a small integer program around it.

A cell between two whole numbers takes one of them: which one is a column of its own that costs
1 − 2f (f the fraction), so that the cost of a plan is exactly its distance to the continuous one.
Moves beyond these two cost one a place. The linear program without whole numbers then leaves as
little to the search as it can: a cell costs less than min(f, 1 − f) only where it is fractional.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.session import (
    CONTINUOUS,
    INTEGER,
    SEMI_INTEGER,
    IntegerProgram,
    solve_integer,
)
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from perequa.engine.session import IntegerOutcome, SolverOptions

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

NODES = 5000
"""Nodes of one search; never a time limit, which would make the plan depend on the machine."""
GAP = 1e-4
"""Share of the distance that may be left unproven."""
MOST = 100_000.0
"""Most places one cell of least openings can get (HiGHS asks for a bound)."""
ROOM = 1e-7
"""How far a rule may be passed by rounding, in places or thousands of money."""
NEAR = 1e-9
"""Fractions are rounded to this: what comes after is noise of the continuous solver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a whole plan must keep, in the units of the solver.

    Attributes
    ----------
    matrix, row_lower, row_upper
        (m, k) rules over decisions and what reserves hold back, and what they must stay within.
    around, most
        (k,) the continuous plan, and upper bounds.
    whole, opening
        (k,) which columns are whole, and the least number opened at once (0: none).
    weight
        (k,) what one unit of distance counts; 0 on columns that stay as they are.
    totals, total_lower, total_upper, depth
        (t, k) sums to keep, their bounds, and how deep in the tree each stands (0: the country).
    """

    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    around: Floats
    most: Floats
    whole: Flags
    opening: Floats
    weight: Floats
    totals: sparse.csr_array
    total_lower: Floats
    total_upper: Floats
    depth: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The whole plan found.

    Attributes
    ----------
    x
        (k,) in the units of the solver; empty when there is none.
    bound
        No plan that keeps as much is nearer, by the solver's word.
    nodes
        Nodes looked at, of all searches.
    outcome
        ``found``; ``none``: no whole plan keeps the rules; ``limit``: none was found in time.
    proven
        Whether every search that decided something ended by itself.
    """

    x: Floats
    bound: float
    nodes: int
    outcome: Literal["found", "none", "limit"]
    proven: bool


def distance(question: Question, x: Floats) -> float:
    """Σ weight·|x − around|: places moved by rounding."""
    return float(question.weight @ np.abs(x - question.around))


def nearest_whole(question: Question, options: SolverOptions) -> Nearest:
    """Find the nearest plan in whole numbers, loosening totals from the finest level up.

    First within one place of the continuous plan, then anywhere; then with the totals of the
    finest level loosened as little as can be, then those of the level above, the country's last.
    Rules are never loosened.
    """
    depths = sorted({int(d) for d in question.depth}, reverse=True)
    tries = [(False, len(depths) and depths[0]), (True, len(depths) and depths[0])]
    tries += [(True, depth - 1) for depth in depths]
    nodes, proven = 0, True
    for wide, kept in tries:
        found = _Rounding(question, wide=wide, kept=kept).solve(options)
        nodes += found.nodes
        if found.x.size:
            proven = proven and found.least
            return Nearest(
                x=found.x, bound=found.bound, nodes=nodes, outcome="found", proven=proven
            )
        if wide and found.termination is not Termination.INFEASIBLE:
            proven = False
    outcome: Literal["none", "limit"] = "none" if proven else "limit"
    return Nearest(x=np.zeros(0), bound=np.inf, nodes=nodes, outcome=outcome, proven=proven)


def broken_least(question: Question, options: SolverOptions) -> Floats:
    """Whole plan that passes the rules by as few units as can be; empty when none was found."""
    program = _Rounding(question, wide=True, kept=-1)
    return program.broken(options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What one search returned; `least` when no fewer totals need be loosened."""

    termination: Termination
    x: Floats
    bound: float
    nodes: int
    least: bool = True


class _Rounding:
    """The integer program with some totals kept: ``x = base + parts @ v``.

    Parameters
    ----------
    wide
        Whether cells may leave the neighbourhood of the continuous plan.
    kept
        Totals as deep as this or less are kept; the others are loosened at a cost.
    """

    def __init__(self, question: Question, *, wide: bool, kept: int) -> None:
        self._question = question
        self._hard = question.depth <= kept
        around = np.round(question.around, 9)
        low = np.where(question.whole, np.floor(around + NEAR), around)
        fraction = np.where(question.whole, np.maximum(around - low, 0.0), 0.0)
        fraction[fraction <= 1e-6] = 0.0
        open_ = np.flatnonzero((question.most > 0) & (question.weight > 0))
        near = open_[fraction[open_] > 0]
        lumps = np.flatnonzero(question.opening > 0)
        lumps = lumps[question.most[lumps] > 0]
        reach = np.where(question.whole & ~wide, np.maximum(1.0, question.opening), np.inf)
        room = np.floor(question.most + ROOM - low)
        room = np.where(question.whole, room, question.most - low)
        k = len(around)
        columns = [near, open_, open_]
        signs = np.concatenate([np.ones(len(near)), np.ones(len(open_)), -np.ones(len(open_))])
        n = len(signs)
        parts = sparse.csc_array((signs, (np.concatenate(columns), np.arange(n))), shape=(k, n))
        whole = question.whole
        self._base = low
        self._fixed = float(question.weight @ fraction)
        self._cost = np.concatenate(
            [
                question.weight[near] * (1.0 - 2.0 * fraction[near]),
                question.weight[open_],
                question.weight[open_],
            ]
        )
        up = np.minimum(reach, room)[open_]
        down = np.minimum(np.where(question.opening > 0, np.inf, reach), low)[open_]
        self._upper = np.concatenate([np.ones(len(near)), np.maximum(up, 0.0), down])
        self._kind = np.where(whole[np.concatenate(columns)], INTEGER, CONTINUOUS)
        self._parts = parts
        self._lumps = lumps

    def solve(self, options: SolverOptions) -> _Found:
        """Search for the nearest plan; where totals are loosened, as little as can be first."""
        loose = np.flatnonzero(~self._hard)
        if not loose.size:
            return self._read(solve_integer(self._program(), options, nodes=NODES, gap=GAP))
        first = solve_integer(self._program(loose), options, nodes=NODES, gap=GAP)
        if not first.x.size:
            return self._read(first)
        needed = round(float(first.x[-2 * len(loose) :].sum()))
        second = solve_integer(self._program(loose, needed), options, nodes=NODES, gap=GAP)
        found = self._read(second) if second.x.size else replace(self._read(first), bound=0.0)
        return replace(
            found,
            nodes=first.nodes + second.nodes,
            least=first.termination is Termination.OPTIMAL,
        )

    def broken(self, options: SolverOptions) -> Floats:
        """Search for the plan that passes the rules least, each at the same cost a unit."""
        m = self._question.matrix.shape[0]
        plain = self._program(np.arange(len(self._hard)))
        either = sparse.hstack([sparse.eye_array(m), -sparse.eye_array(m)])
        below = plain.matrix.shape[0] - m
        slack = sparse.vstack([either, sparse.csr_array((below, 2 * m))])
        cost = np.concatenate([np.zeros(plain.matrix.shape[1]), np.ones(2 * m)])
        elastic = IntegerProgram(
            cost=cost,
            matrix=sparse.csc_array(sparse.hstack([plain.matrix, slack])),
            row_lower=plain.row_lower,
            row_upper=plain.row_upper,
            column_lower=np.concatenate([plain.column_lower, np.zeros(2 * m)]),
            column_upper=np.concatenate([plain.column_upper, np.full(2 * m, np.inf)]),
            kind=np.concatenate([plain.kind, np.zeros(2 * m, dtype=np.uint8)]),
        )
        return self._read(solve_integer(elastic, options, nodes=NODES, gap=GAP)).x

    def _read(self, found: IntegerOutcome) -> _Found:
        if not found.x.size:
            return _Found(termination=found.termination, x=found.x, bound=np.inf, nodes=found.nodes)
        x = self._base + self._parts @ found.x[: self._parts.shape[1]]
        x = np.where(self._question.whole, np.round(x), x)
        return _Found(
            termination=found.termination,
            x=x,
            bound=min(found.bound, distance(self._question, x)),
            nodes=found.nodes,
        )

    def _program(self, loose: Indices | None = None, needed: float | None = None) -> IntegerProgram:
        """Rules, then totals, then the cells of least openings.

        Each total is a whole column of its own, and a total of totals is the sum of theirs: one
        choice of a total settles many cells, where one choice of a cell settles little else.

        Parameters
        ----------
        loose
            Totals that may be passed: at a cost that stands alone, or within `needed` in all.
        """
        question, lumps = self._question, self._lumps
        s = 0 if loose is None else len(loose)
        n, m, t = len(self._cost), question.matrix.shape[0], question.totals.shape[0]
        own = sparse.csr_array(
            (np.ones(len(lumps)), (np.arange(len(lumps)), lumps)),
            shape=(len(lumps), len(self._base)),
        )
        of_totals, of_cells = sums_of_sums(question.totals, question.depth, self._hard)
        body = sparse.vstack([question.matrix, of_cells, own]) @ self._parts
        openings = _below(m + t, -sparse.eye_array(len(lumps)))
        summed = sparse.vstack(
            [
                sparse.csr_array((m, t)),
                of_totals - sparse.eye_array(t),
                sparse.csr_array((len(lumps), t)),
            ]
        )
        blocks = [body, openings, summed]
        if loose is not None:
            into = sparse.csr_array(
                (np.ones(s), (m + loose, np.arange(s))), shape=(m + t + len(lumps), s)
            )
            blocks += [into, -into]
        matrix = sparse.hstack(blocks)
        shift = question.matrix @ self._base
        fixed = np.concatenate([-(of_cells @ self._base), -self._base[lumps]])
        lower = np.concatenate([question.row_lower - shift - ROOM, fixed])
        upper = np.concatenate([question.row_upper - shift + ROOM, fixed])
        cost, offset = np.concatenate([self._cost, np.zeros(len(lumps) + t + 2 * s)]), self._fixed
        if s and needed is None:
            cost, offset = np.concatenate([np.zeros(n + len(lumps) + t), np.ones(2 * s)]), 0.0
        if needed is not None:
            row = np.concatenate([np.zeros(n + len(lumps) + t), np.ones(2 * s)])
            matrix = sparse.vstack([matrix, row[None, :]])
            lower, upper = np.append(lower, -np.inf), np.append(upper, needed + ROOM)
        least = np.ceil(question.opening[lumps] - NEAR)
        most = np.minimum(MOST, np.floor(question.most[lumps] + ROOM))
        none = np.zeros(2 * s)
        kinds = [self._kind, np.full(len(lumps), SEMI_INTEGER), np.full(t, INTEGER), none]
        return IntegerProgram(
            cost=cost,
            matrix=sparse.csc_array(matrix),
            row_lower=lower,
            row_upper=upper,
            column_lower=np.concatenate([np.zeros(n), least, question.total_lower, none]),
            column_upper=np.concatenate(
                [self._upper, np.maximum(most, least), question.total_upper, none + np.inf]
            ),
            kind=np.concatenate(kinds).astype(np.uint8),
            offset=offset,
        )


def sums_of_sums(
    totals: sparse.csr_array, depth: Indices, known: Flags
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Write each total as the sum of totals one level below and of cells that none of them holds.

    Parameters
    ----------
    totals, depth
        (t, k) what each sums, and how deep it stands.
    known
        (t,) totals that may stand in others.

    Returns
    -------
    tuple
        (t, t) totals in each total, (t, k) cells left in each.
    """
    count = totals.shape[0]
    inside = sparse.coo_array(totals @ totals.T)
    below = (depth[inside.col] == depth[inside.row] + 1) & known[inside.col]
    held = inside.data[below] >= totals.sum(axis=1)[inside.col[below]]
    rows, columns = inside.row[below][held], inside.col[below][held]
    parts = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    left = sparse.csr_array(totals - parts @ totals)
    left.eliminate_zeros()
    return parts, left


def _below(rows: int, block: sparse.sparray) -> sparse.sparray:
    """Put a block under empty rows."""
    return sparse.vstack([sparse.csr_array((rows, block.shape[1])), block])
