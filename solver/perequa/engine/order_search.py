"""The order of rates that a priority leads to, by cuts: found in the dual, a pair at a time.

The sum of the differences is the greatest of one linear form for each order: every order met gives
a cut below it. One pair more or less in order changes such a form by one term, so cuts are taken
pair by pair. In the dual program a pair is one column between 0 and its cost, at 0 as long as a
plan keeps its order, at its cost where a plan reverses it: the dual simplex passes from one to the
other without an iteration, where a row of the primal would take one each. The first plan is found
with few pairs, near and far, each of which stands for those about as far apart; the others follow
where a plan brings them close or reverses them.

A place counts in every year after it opens. Each row of the dual therefore has the row of the year
after taken off, so that a pair of one year stands in two rows and not in those of all years before:
its multiplier is then the stock of a year, not what opens in it. Reduced costs are columns for that
reason. What is found here decides how a program is written and where its solver begins; it is
proven there, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from perequa.engine.followed_pairs import FollowedPairs
from perequa.engine.orders import at_order
from perequa.engine.scaling import scale
from perequa.engine.session import AT_LOWER, AT_UPPER, BASIC, Session, Statuses, basis_of
from perequa.engine.termination import Termination
from perequa.ranked_program import with_orders
from perequa_models.keys import CellKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.ranked_rates import Flags, Floats, Indices, Ranked, RankedGroup
    from perequa_models.keys import ColumnKey


LARGEST = 1e4
"""Size to which the largest cost of a column is brought in the dual program."""


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
    """Where the dual ends.

    Attributes
    ----------
    basic
        Of its columns: whether they are basic.
    held, kept
        Of all pairs: whether their column is between its bounds; whether they stand in the order
        that the search began with.
    """

    basic: Flags
    held: Flags
    kept: Flags


class _Search:
    """The dual of one priority: columns for limits, reduced costs, and some pairs."""

    def __init__(
        self, program: CompiledProgram, ranked: Ranked, weights: Floats, options: SolverOptions
    ) -> None:
        self._program, self._ranked, self._options = program, ranked, options
        m, n = ranked.rows, ranked.columns
        scaled = scale(program)
        self._least, self._most = scaled.column_lower[:n], scaled.column_upper[:n]
        self._column = scaled.column[:n]
        self._low, self._high = scaled.row_lower[:m], scaled.row_upper[:m]
        cost = program.weighed(weights)[:n] * self._column
        factor = LARGEST / float(np.abs(cost).max(initial=0.0) or LARGEST)
        self._steps = steps(program.column_keys[:n])
        self._cost = self._steps @ (cost * factor)
        self._limits = self._steps @ sparse.csr_array(scaled.matrix)[:m, :n].T
        counting = tuple(g for g in ranked.groups if weights[g.objective])
        self._counting = replace(ranked, groups=counting)
        forms = (self._steps @ sparse.diags_array(self._column)) @ self._counting.forms.T
        price = factor * np.array([weights[g.objective] for g in counting])
        self._pairs = FollowedPairs(self._counting, sparse.csc_array(forms), price)

    @property
    def possible(self) -> bool:
        """Whether every column is at least zero or free, and may grow unless it is nothing."""
        plain = np.isin(self._least, (0.0, -np.inf))
        open_above = np.isposinf(self._most) | ((self._most == 0.0) & (self._least == 0.0))
        return bool((plain & open_above).all())

    def run(self) -> Ordered | None:
        session = self._begun()
        few, times = self._pairs.spread()
        most = self._follow(session, few, np.zeros(len(few), dtype=np.bool_), times)
        outcome = self._solved(session)
        # each stood for others: from here on it stands for itself
        session.set_column_bounds(self._pairs.column[few], np.zeros(len(few)), most)
        rough = True
        while outcome is not None:
            x = np.clip(-(self._steps.T @ outcome.y), self._least, self._most) * self._column
            pairs, turned = self._pairs.newly(self._counting.rates(x))
            if not (rough or turned.any()):
                return self._ended(session, x, outcome.x > 0.0)
            rough = False
            self._follow(session, pairs, turned)
            outcome = self._solved(session)
        return None

    def _solved(self, session: Session) -> Outcome | None:
        """Solve the dual; follow what a move without end reverses, where the plan has none."""
        while True:
            outcome = session.solve(presolve=False)
            if outcome.termination is Termination.OPTIMAL:
                return outcome
            if outcome.termination is not Termination.INFEASIBLE or not self._bounded(session):
                return None

    def _bounded(self, session: Session) -> bool:
        """Follow the pairs that a move without end reverses; whether there are any."""
        ray = session.dual_ray()
        if ray is None:
            return False
        move = -(self._steps.T @ ray) * self._column
        speeds = self._counting.speeds(move / (np.abs(move).max(initial=0.0) or 1.0))
        pairs, turned = self._pairs.newly(speeds)
        self._follow(session, pairs[turned], turned[turned])
        return bool(turned.any())

    def _begun(self) -> Session:
        """Write the dual program without pairs, at all reduced costs."""
        m, n = len(self._low), len(self._least)
        bound = np.where(np.isinf(self._low), self._high, self._low)
        nothing, free = self._most == 0.0, np.isinf(self._least)
        session = Session(
            sparse.csc_array(sparse.hstack([self._limits, self._steps])),
            self._cost,
            self._cost,
            np.concatenate(
                [np.where(np.isinf(self._high), 0.0, -np.inf), np.where(nothing, -np.inf, 0.0)]
            ),
            np.concatenate(
                [np.where(np.isinf(self._low), 0.0, np.inf), np.where(free & ~nothing, 0.0, np.inf)]
            ),
            self._options,
        )
        session.set_cost(np.concatenate([-bound, np.zeros(n)]))
        columns = np.concatenate([np.full(m, AT_LOWER), np.full(n, BASIC)])
        session.set_basis(basis_of(Statuses(columns=columns, rows=np.full(n, AT_LOWER))))
        return session

    def _follow(
        self, session: Session, pairs: Indices, turned: Flags, times: Floats | float = 1.0
    ) -> Floats:
        """Follow more pairs, those that a plan reverses written in the order it puts them in.

        Their columns may take so many times what they should; what they should is returned.
        """
        columns, constant, most = self._pairs.follow(pairs, turned, session.n)
        if turned.any():
            self._cost = self._cost + columns @ np.where(turned, most, 0.0)
            session.set_row_bounds(np.arange(session.m), self._cost, self._cost)
        session.add_columns(columns, constant, np.zeros(len(pairs)), times * most)
        return most

    def _ended(self, session: Session, x: Floats, positive: Flags) -> Ordered | None:
        """Write what was found; nothing where a row is basic, which stands for nothing."""
        basic, rows = session.basic()
        if rows.any():
            return None
        column, turned = self._pairs.column, self._pairs.turned
        known = column >= 0
        kept = (positive[column] & known) == turned
        return self._ordered(x, _End(basic, basic[column] & known, kept))

    def _ordered(self, x: Floats, end: _End) -> Ordered:
        """Write the order of a plan; pairs that are level there, or whose column is basic."""
        counting = {id(group): k for k, group in enumerate(self._counting.groups)}
        groups, rows, columns = [], [], []
        for group, rates in zip(self._ranked.groups, self._ranked.rates(x), strict=True):
            k = counting.get(id(group))
            between = np.zeros_like(group.written)
            if k is not None:
                first, second = self._pairs.of_group(k, end.held)
                between[first, second] = between[second, first] = True
            groups.append(at_order(group, rates, between))
            pair = _unmoved(groups[-1]) if k is None else self._statuses(k, groups[-1], end)
            rows.append(pair[0])
            columns.append(pair[1])
        m, n = self._ranked.rows, self._ranked.columns
        at_bound = np.where(np.isinf(self._low), AT_UPPER, AT_LOWER)
        return Ordered(
            program=with_orders(self._program, groups),
            basis=Statuses(
                rows=np.concatenate([np.where(end.basic[:m], at_bound, BASIC), *rows]),
                columns=np.concatenate([np.where(end.basic[m : m + n], AT_LOWER, BASIC), *columns]),
            ),
        )

    def _statuses(self, k: int, group: RankedGroup, end: _End) -> tuple[Indices, Indices]:
        """Statuses of the rows and columns of the pairs written, from those of the dual's columns.

        A pair that stands in order has a loose row. Of one that is reversed the column is what is
        reversed. One that is held is level: neither is basic.
        """
        first, second = np.nonzero(group.written)
        pairs, forwards = self._pairs.between(k, group.order[first], group.order[second])
        in_order, held = end.kept[pairs] == forwards, end.held[pairs]
        rows = np.where(held | ~in_order, AT_LOWER, BASIC)
        columns = np.where(held | in_order, AT_LOWER, BASIC)
        return rows, columns


def _unmoved(group: RankedGroup) -> tuple[Indices, Indices]:
    """Statuses of pairs that cost nothing: their rows are loose."""
    count = np.count_nonzero(group.written)
    return np.full(count, BASIC), np.full(count, AT_LOWER)


def steps(keys: Sequence[ColumnKey]) -> sparse.csr_array:
    """Take off each column's row in the dual that of the year after, where it has one; (n, n).

    What is multiplied with its transpose is told from the stocks of the years: what opens in them.
    """
    n = len(keys)
    # what a cell is, without its year
    cells = [key[:3] if isinstance(key, CellKey) else None for key in keys]
    continued = [a is not None and a == b for a, b in pairwise(cells)]
    before, own = np.flatnonzero(continued), np.arange(n)
    values = np.concatenate([np.ones(n), np.full(len(before), -1.0)])
    places = np.concatenate([own, before]), np.concatenate([own, before + 1])
    return sparse.csr_array((values, places), shape=(n, n))
