"""The order of rates that a priority leads to, by cuts: found in the dual, a pair at a time.

The sum of the differences is the greatest of one linear form for each order: every order met gives
a cut below it. One pair more or less in order changes such a form by one term, so cuts are taken
pair by pair. In the dual program a pair is one column between 0 and its cost, at 0 as long as a
plan keeps its order, at its cost where a plan reverses it: the dual simplex passes from one to the
other without an iteration, where a row of the primal would take one each. Pairs far apart are left
out until a plan reverses them. What is found here decides how a program is written and where its
solver begins; it is proven there, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from perequa.engine.orders import REVERSED, at_order
from perequa.engine.scaling import scale
from perequa.engine.session import AT_LOWER, AT_UPPER, BASIC, Session, Statuses
from perequa.engine.termination import Termination
from perequa.ranked_program import with_orders

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.ranked_rates import Flags, Floats, Indices, Pairs, Ranked, RankedGroup

NEIGHBOURS = 5
"""Places in the order within which a pair is followed from the start."""
CLOSE = 0.025
"""Share of the mean rate within which a pair is followed once a plan has brought it so near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A program written in the order found, and the basis from which it is solved."""

    program: CompiledProgram
    basis: Statuses


def find_order(program: CompiledProgram, weights: Floats, options: SolverOptions) -> Ordered | None:
    """Find the order of rates at the optimum of one priority.

    Parameters
    ----------
    program
        The order in which it is written is where the search begins.
    weights
        (K,) weights of the objectives of the priority.
    options
        How the solver works.

    Returns
    -------
    Ordered or None
        None where no rates count, or where the dual program is not solved: the plain way says why.
    """
    ranked = program.ranked
    if ranked is None or not any(weights[group.objective] for group in ranked.groups):
        return None
    search = _Search(program, ranked, weights, options)
    return search.run() if search.possible else None


class _End(NamedTuple):
    """Where the dual ends: which of its columns and rows are basic, which columns are not at 0."""

    columns: Flags
    rows: Flags
    at_cost: Flags


class _Followed:
    """The pairs of one group that have a column, by place in its order."""

    def __init__(self, group: RankedGroup) -> None:
        n = len(group.where)
        self.group = group
        self.column = np.full((n, n), -1, dtype=np.intp)
        self.turned = np.zeros((n, n), dtype=np.bool_)
        self.left = np.triu(np.ones((n, n), dtype=np.bool_), 1)
        people = group.people[group.order]
        self.fewer = np.minimum(people[None, :], people[:, None])

    def near(self) -> Pairs:
        """Pairs next to one another in the order."""
        rows, columns = np.triu_indices(len(self.group.where), 1)
        kept = columns - rows <= NEIGHBOURS
        return rows[kept], columns[kept]

    def newly(self, rates: Floats) -> tuple[Pairs, Pairs]:
        """Pairs without a column that the rates of a plan reverse; those they only bring close."""
        ordered = rates[self.group.order]
        above = ordered[None, :] - ordered[:, None]
        close = np.nonzero((above < CLOSE * rates.mean()) & self.left)
        reversed_ = above[close] * self.fewer[close] < -REVERSED
        turned, kept = ((close[0][some], close[1][some]) for some in (reversed_, ~reversed_))
        return turned, kept

    def follow(self, pairs: Pairs, first: int) -> None:
        """Give pairs the columns from `first` on."""
        self.column[pairs] = first + np.arange(len(pairs[0]))
        self.left[pairs] = False


class _Search:
    """The dual of one priority, with columns for some pairs."""

    def __init__(
        self, program: CompiledProgram, ranked: Ranked, weights: Floats, options: SolverOptions
    ) -> None:
        self._program, self._ranked, self._options = program, ranked, options
        self._weights = weights
        m, n = ranked.rows, ranked.columns
        scaled = scale(program)
        self._least, self._most = scaled.column_lower[:n], scaled.column_upper[:n]
        self._column = scaled.column[:n]
        self._low, self._high = scaled.row_lower[:m], scaled.row_upper[:m]
        cost = program.weighed(weights)
        cost[n:] = 0.0
        in_solver, self._factor = scaled.cost(cost)
        self._cost = in_solver[:n]
        self._matrix = sparse.csr_array(scaled.matrix)[:m, :n]
        counting = tuple(g for g in ranked.groups if weights[g.objective])
        self._counting = replace(ranked, groups=counting)
        self._followed = [_Followed(group) for group in counting]
        self._count = m

    @property
    def possible(self) -> bool:
        """Whether every column is at least zero or free, and may grow unless it is nothing."""
        plain = np.isin(self._least, (0.0, -np.inf))
        open_above = np.isposinf(self._most) | ((self._most == 0.0) & (self._least == 0.0))
        return bool((plain & open_above).all())

    def run(self) -> Ordered | None:
        session = self._begun()
        while True:
            outcome = session.solve(presolve=False)
            if outcome.termination is not Termination.OPTIMAL:
                return None
            x = np.clip(-outcome.y, self._least, self._most) * self._column
            rates = self._counting.rates(x)
            newly = [f.newly(at) for f, at in zip(self._followed, rates, strict=True)]
            if not any(len(rows) for (rows, _), _ in newly):
                return self._ordered(x, _End(*session.basic(), outcome.x > 0.0))
            self._turn(session, [turned for turned, _ in newly])
            self._keep(session, [kept for _, kept in newly])

    def _begun(self) -> Session:
        """Write the dual program with the pairs next to one another."""
        near = [followed.near() for followed in self._followed]
        forms, constant, cost = self._columns(near)
        bound = np.where(np.isinf(self._low), self._high, self._low)
        session = Session(
            sparse.csc_array(sparse.hstack([self._matrix.T, forms.T])),
            np.where(np.isinf(self._least), self._cost, -np.inf),
            self._right(),
            np.concatenate([np.where(np.isinf(self._high), 0.0, -np.inf), np.zeros(len(cost))]),
            np.concatenate([np.where(np.isinf(self._low), 0.0, np.inf), cost]),
            self._options,
        )
        session.set_cost(np.concatenate([-bound, constant]))
        return session

    def _right(self) -> Floats:
        """Cost of each column; none where it is held at nothing."""
        return np.where(self._most == 0.0, np.inf, self._cost)

    def _columns(self, pairs: list[Pairs]) -> tuple[sparse.csr_array, Floats, Floats]:
        """Give pairs columns behind the others: forms in the solver's units, constant, cost."""
        for followed, some in zip(self._followed, pairs, strict=True):
            followed.follow(some, self._count)
            self._count += len(some[0])
        forms, constant, cost = self._counting.pairs(pairs)
        weight = np.repeat(
            [self._weights[g.objective] for g in self._counting.groups],
            [len(first) for first, _ in pairs],
        )
        return forms @ sparse.diags_array(self._column), constant, self._factor * weight * cost

    def _turn(self, session: Session, pairs: list[Pairs]) -> None:
        """Follow pairs that a plan reverses, written in the order it puts them in."""
        forms, constant, cost = self._columns(pairs)
        for followed, some in zip(self._followed, pairs, strict=True):
            followed.turned[some] = True
        self._cost = self._cost - cost @ forms
        session.set_row_bounds(
            np.arange(session.m),
            np.where(np.isinf(self._least), self._cost, -np.inf),
            self._right(),
        )
        session.add_columns(sparse.csc_array(-forms.T), -constant, np.zeros(len(cost)), cost)

    def _keep(self, session: Session, pairs: list[Pairs]) -> None:
        """Follow pairs in the order they are in."""
        forms, constant, cost = self._columns(pairs)
        session.add_columns(sparse.csc_array(forms.T), constant, np.zeros(len(cost)), cost)

    def _ordered(self, x: Floats, end: _End) -> Ordered:
        """Write the order of a plan; pairs that are level there, or whose column is basic."""
        known = {id(followed.group): followed for followed in self._followed}
        groups = []
        for group, rates in zip(self._ranked.groups, self._ranked.rates(x), strict=True):
            followed = known.get(id(group))
            basic = np.zeros_like(group.written)
            if followed is not None:
                back = np.argsort(group.order)
                ranked = end.columns[followed.column] & (followed.column >= 0)
                basic = (ranked | ranked.T)[np.ix_(back, back)]
            groups.append(at_order(group, rates, basic))
        program = with_orders(self._program, groups)
        rows, columns = [], []
        for before, after in zip(self._ranked.groups, groups, strict=True):
            pair = _pair_statuses(before, after, known.get(id(before)), end)
            rows.append(pair[0])
            columns.append(pair[1])
        m = self._ranked.rows
        held = np.where(np.isinf(self._low), AT_UPPER, AT_LOWER)
        return Ordered(
            program=program,
            basis=Statuses(
                rows=np.concatenate([np.where(end.columns[:m], held, BASIC), *rows]),
                columns=np.concatenate([np.where(end.rows, AT_LOWER, BASIC), *columns]),
            ),
        )


def _pair_statuses(
    before: RankedGroup, after: RankedGroup, followed: _Followed | None, end: _End
) -> tuple[Indices, Indices]:
    """Statuses of the rows and columns of the pairs written, from those of the dual's columns.

    A pair at 0 keeps the order its column is written in: its row is loose. One at its cost is
    reversed: its column is what is reversed. One between is level, and held there.
    """
    first, second = np.nonzero(after.written)
    if followed is None:
        return np.full(len(first), BASIC), np.full(len(first), AT_LOWER)
    place = np.argsort(before.order)
    a, b = place[after.order[first]], place[after.order[second]]
    low, high = np.minimum(a, b), np.maximum(a, b)
    column = followed.column[low, high]
    known = column >= 0
    # whether the pair stands in the order the search began with, as far as the dual says
    kept = (known & end.at_cost[column]) == followed.turned[low, high]
    loose, between = kept == (a < b), known & end.columns[column]
    rows = np.where(between | ~loose, AT_LOWER, BASIC)
    columns = np.where(between | loose, AT_LOWER, BASIC)
    return rows, columns
