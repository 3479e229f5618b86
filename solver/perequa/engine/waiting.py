"""Projects left out: what each lacks to be taken, found by solving again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.choosing import NODES, Change, first_worse
from perequa.engine.session import WholeSession
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.engine.choosing import Choosing, Chosen, Floats, Indices

MOST_SOLVES = 160
"""Integer programs up to which the extra envelope is looked for; beyond, it is left out."""
HALVINGS = 8
"""Halvings between a sum that is enough and one that is not."""
CLEARLY = 10.0
"""A value is better when it is so many ties away: the next selection, not the same again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """What a project left out lacks.

    Attributes
    ----------
    step
        The first step at which taking it makes the plan worse: position among the steps, their
        number where only the order of the codes leaves it out; None where no plan takes it.
    loss
        How much worse that step's value is, natural units; NaN where there is none.
    extra, least
        A sum that, added to each of its envelopes, is enough for it to be taken (NaN where none
        is found); whether it is proven the least.
    """

    step: int | None
    loss: float
    extra: float
    least: bool


def lacking(
    choosing: Choosing, chosen: Chosen, envelopes: Mapping[int, Sequence[int]], held: Change
) -> dict[int, Lacking]:
    """Say what each project left out lacks, by its column.

    Parameters
    ----------
    choosing, chosen
        The program with its steps, and the plan chosen.
    envelopes
        Rows of the envelopes that count each project left out.
    held
        What stays as it is while an envelope grows.
    """
    extras = _extras(choosing, envelopes, held)
    found = {}
    for column in choosing.whole:
        j = int(column)
        if chosen.x[j] > 0.5:
            continue
        forced = choosing.best(Change(held={j: 1.0}, settled=False))
        step, loss = None, float("nan")
        if forced is not None:
            worse = first_worse(choosing.steps, chosen, forced)
            step = len(choosing.steps) if worse is None else worse
            loss = 0.0 if worse is None else forced.values[worse] - chosen.values[worse]
        extra, least = extras.get(j, (float("nan"), False))
        found[j] = Lacking(step=step, loss=loss, extra=extra, least=least)
    return found


def _extras(
    choosing: Choosing, envelopes: Mapping[int, Sequence[int]], held: Change
) -> dict[int, tuple[float, bool]]:
    """Extra envelope of each project; those of the same envelopes are looked for at once."""
    groups: dict[tuple[int, ...], set[int]] = {}
    for j, rows in envelopes.items():
        if rows:
            groups.setdefault(tuple(sorted(rows)), set()).add(j)
    found: dict[int, tuple[float, bool]] = {}
    budget = MOST_SOLVES
    for rows, waiting in sorted(groups.items()):
        growing = _Growing(choosing=choosing, rows=rows, held=held)
        budget = growing.follow(waiting, found, budget)
    return found


@dataclass(frozen=True, kw_only=True)
class _Growing:
    """Envelopes that grow together, and the choice at each sum where it changes.

    Attributes
    ----------
    choosing, rows, held
        The program, the rows that grow, what stays as it is.
    """

    choosing: Choosing
    rows: tuple[int, ...]
    held: Change

    def follow(self, waiting: set[int], found: dict[int, tuple[float, bool]], budget: int) -> int:
        """Note the sum at which each project waiting is taken; return the solves left."""
        extra, left = 0.0, set(waiting)
        now = self._best(extra)
        # a search for each step and each part of the codes, to find the next sum and to choose
        cost = 2 * (len(self.choosing.steps) + len(self.choosing.in_turn))
        while now is not None and left and budget >= cost:
            budget -= cost
            after = self._next(now)
            if after is None or after <= extra:
                break
            extra = after
            now = self._best(extra)
            for j in [j for j in left if now is not None and now.x[j] > 0.5]:
                found[j] = (extra, True)
                left.remove(j)
        found |= {j: (sum_, False) for j in sorted(left) if (sum_ := self._enough(j, extra))}
        return budget

    def _enough(self, j: int, below: float) -> float:
        """Return a sum with which a project is taken, by halving; 0 where none does.

        Projects come and go as an envelope grows: a smaller sum may do too.
        """
        program, rows = self.choosing.program, list(self.rows)
        above = below + float(program.matrix[rows][:, self.choosing.whole].sum())
        largest = self._best(above)
        if largest is None or largest.x[j] < 0.5:
            return 0.0
        for _ in range(HALVINGS):
            middle = (below + above) / 2.0
            tried = self._best(middle)
            if tried is not None and tried.x[j] > 0.5:
                above = middle
            else:
                below = middle
        return above

    def _best(self, extra: float) -> Chosen | None:
        limits = dict.fromkeys(self.rows, extra)
        return self.choosing.best(Change(limits=limits, held=self.held.held))

    def _next(self, now: Chosen) -> float | None:
        """Least sum with which another choice is better; None when none ever is."""
        sums = [self._least(now, k) for k in range(len(self.choosing.steps))]
        sums += [self._settled(now, part) for part in range(len(self.choosing.in_turn))]
        reached = [s for s in sums if s is not None]
        return min(reached, default=None)

    def _least(self, now: Chosen, k: int) -> float | None:
        """Least sum with which step k is better, the earlier ones being no worse."""
        step, value = self.choosing.steps[k], now.values[k]
        # the next multiple where values are multiples of one figure, else what is no mere tie
        better = step.better(value, self.choosing.program.whole)
        better = min(better, value - CLEARLY * step.tie(value))
        if self.choosing.floor(k) > better:
            return None
        return self._solved(now, k, {self._row(k): better}, {})

    def _settled(self, now: Chosen, part: int) -> float | None:
        """Least sum with which some projects go before by their codes, all steps no worse."""
        columns, weights = self.choosing.in_turn[part]
        earlier = [j for columns, _ in self.choosing.in_turn[:part] for j in columns.tolist()]
        held = {j: float(now.x[j]) for j in earlier}
        heavier = float(weights @ now.x[columns]) + 1.0
        if heavier > weights.sum():
            return None
        turn = np.zeros(len(now.x))
        turn[columns] = weights
        return self._solved(now, len(self.choosing.steps), {}, held, at_least=(turn, heavier))

    def _row(self, k: int) -> int:
        return int(self.choosing.program.matrix.shape[0]) + k

    def _solved(
        self,
        now: Chosen,
        before: int,
        most: Mapping[int, float],
        held: Mapping[int, float],
        *,
        at_least: tuple[Floats, float] | None = None,
    ) -> float | None:
        """Least sum with which some steps are no worse, and what is asked is kept."""
        choosing = self.choosing
        lower, upper = choosing.row_bounds({})
        caps = {
            self._row(j): now.values[j] + choosing.steps[j].tie(now.values[j])
            for j in range(before)
        }
        for row, value in {**caps, **most}.items():
            upper[row] = value * choosing.row_scale[row]
        low, high = choosing.column_bounds({**self.held.held, **held})
        matrix = self._with_extra()
        if at_least is not None:
            row = sparse.csc_array(np.append(at_least[0] * choosing.column_scale, 0.0)[None, :])
            matrix = sparse.csc_array(sparse.vstack([matrix, row]))
            lower, upper = np.append(lower, at_least[1]), np.append(upper, np.inf)
        session = WholeSession(
            matrix,
            lower,
            upper,
            np.append(low, 0.0),
            np.append(high, np.inf),
            choosing.options,
            whole=np.append(choosing.program.whole, False),
            nodes=NODES,
        )
        cost = np.zeros(len(low) + 1)
        cost[-1] = 1.0
        session.set_cost(cost)
        outcome = session.choose()
        if outcome.termination is Termination.INFEASIBLE:
            return None
        if outcome.termination is not Termination.OPTIMAL:
            message = f"the extra envelope ended without proof: {outcome.termination.value}"
            raise NotProven(message)
        return self._needed(outcome.x[:-1] * choosing.column_scale)

    def _with_extra(self) -> sparse.csc_array:
        """Return the scaled rows with a column more: thousands added to the envelopes."""
        grows: Floats = np.zeros((self.choosing.matrix.shape[0], 1))
        grows[list(self.rows), 0] = -1.0
        return sparse.csc_array(sparse.hstack([self.choosing.matrix, sparse.csc_array(grows)]))

    def _needed(self, x: Floats) -> float:
        """How much a plan exceeds the envelopes by, read from the rows themselves."""
        program, rows = self.choosing.program, np.array(self.rows, dtype=np.intp)
        activity = np.asarray(program.matrix[rows] @ x)
        return float(np.maximum(activity - program.row_upper[rows], 0.0).max())


def rows_of_columns(choosing: Choosing, rows: Indices) -> dict[int, list[int]]:
    """Return, for each whole column, which of some rows count it."""
    held = choosing.program.matrix[rows].tocsc()
    return {
        int(j): [int(rows[i]) for i in held.indices[held.indptr[j] : held.indptr[j + 1]]]
        for j in choosing.whole
    }
