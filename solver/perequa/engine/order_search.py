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

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.orders import REVERSED, at_order
from perequa.engine.scaling import scale
from perequa.engine.session import AT_LOWER, AT_UPPER, BASIC, Session, Statuses, statuses_of
from perequa.engine.termination import Termination
from perequa.ranked_program import with_orders

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import SolverOptions
    from perequa.ranked_rates import Floats, Indices, Ranked, RankedGroup

NEIGHBOURS = 5
"""Places in the order within which a pair is followed from the start."""


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


class _Followed:
    """The pairs of one group that have a column, by place in its order."""

    def __init__(self, group: RankedGroup, weight: float, scaled: ScaledProgram) -> None:
        n = len(group.where)
        self.group, self.weight = group, weight
        self.scale = sparse.diags_array(scaled.column[: group.forms.shape[1]])
        self.column = np.full((n, n), -1, dtype=np.intp)
        self.turned = np.zeros((n, n), dtype=np.bool_)

    def near(self) -> tuple[Indices, Indices]:
        """Pairs next to one another in the order."""
        n = len(self.group.where)
        rows, columns = np.triu_indices(n, 1)
        kept = columns - rows <= NEIGHBOURS
        return rows[kept], columns[kept]

    def reversed_by(self, x: Floats) -> tuple[Indices, Indices]:
        """Pairs without a column that a plan (n,), natural units, reverses."""
        apart = self.group.distances(self.group.rates(x))
        rows, columns = np.nonzero(np.triu((apart < -REVERSED) & (self.column < 0), 1))
        return rows, columns

    def stated(
        self, pairs: tuple[Indices, Indices], first: int
    ) -> tuple[sparse.csr_array, Floats, Floats]:
        """Give pairs columns from `first` on: their forms in the solver's units, constant, cost."""
        self.column[pairs] = first + np.arange(len(pairs[0]))
        forms, constant, cost = self.group.pairs(*pairs)
        return sparse.csr_array(forms @ self.scale), constant, self.weight * cost


class _Search:
    """The dual of one priority, with columns for some pairs."""

    def __init__(
        self, program: CompiledProgram, ranked: Ranked, weights: Floats, options: SolverOptions
    ) -> None:
        self._program, self._ranked, self._options = program, ranked, options
        self._scaled = scale(program)
        m, n = ranked.rows, ranked.columns
        s = self._scaled
        self._least, self._most = s.column_lower[:n], s.column_upper[:n]
        self._column = s.column[:n]
        self._low, self._high = s.row_lower[:m], s.row_upper[:m]
        cost = weights @ program.costs
        cost[n:] = 0.0
        scaled, self._factor = s.cost(cost)
        self._cost = scaled[:n]
        self._matrix = sparse.csr_array(s.matrix)[:m, :n]
        counting = [g for g in ranked.groups if weights[g.objective]]
        self._followed = [_Followed(g, weights[g.objective] * self._factor, s) for g in counting]
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
            found = [followed.reversed_by(x) for followed in self._followed]
            if not any(len(rows) for rows, _ in found):
                return self._ordered(x, statuses_of(session.basis()))
            self._turn(session, found)

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

    def _columns(
        self, pairs: list[tuple[Indices, Indices]]
    ) -> tuple[sparse.csr_array, Floats, Floats]:
        stated = []
        for followed, some in zip(self._followed, pairs, strict=True):
            stated.append(followed.stated(some, self._count))
            self._count += len(some[0])
        forms, constants, costs = zip(*stated, strict=True)
        return (
            sparse.vstack(forms, format="csr"),
            np.concatenate(constants),
            np.concatenate(costs),
        )

    def _turn(self, session: Session, pairs: list[tuple[Indices, Indices]]) -> None:
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

    def _ordered(self, x: Floats, basis: Statuses) -> Ordered:
        """Write the order of a plan; pairs that are level there, or whose column is basic."""
        known = {id(followed.group): followed for followed in self._followed}
        groups = []
        for group in self._ranked.groups:
            followed = known.get(id(group))
            basic = np.zeros_like(group.written)
            if followed is not None:
                back = np.argsort(group.order)
                ranked = (basis.columns[followed.column] == BASIC) & (followed.column >= 0)
                basic = (ranked | ranked.T)[np.ix_(back, back)]
            groups.append(at_order(group, x, basic))
        program = with_orders(self._program, groups)
        rows, columns = [], []
        for before, after in zip(self._ranked.groups, groups, strict=True):
            pair = _pair_statuses(before, after, known.get(id(before)), basis)
            rows.append(pair[0])
            columns.append(pair[1])
        m = self._ranked.rows
        held = np.where(np.isinf(self._low), AT_UPPER, AT_LOWER)
        return Ordered(
            program=program,
            basis=Statuses(
                rows=np.concatenate([np.where(basis.columns[:m] == BASIC, held, BASIC), *rows]),
                columns=np.concatenate([np.where(basis.rows == BASIC, AT_LOWER, BASIC), *columns]),
            ),
        )


def _pair_statuses(
    before: RankedGroup, after: RankedGroup, followed: _Followed | None, basis: Statuses
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
    status = np.where(column < 0, AT_LOWER, basis.columns[column])
    # whether the pair stands in the order the search began with, as far as the dual says
    kept = (status == AT_UPPER) == followed.turned[low, high]
    loose, between = kept == (a < b), status == BASIC
    rows = np.where(between | ~loose, AT_LOWER, BASIC)
    columns = np.where(between | loose, AT_LOWER, BASIC)
    return rows, columns
