"""Proof that no whole plan is better at a step: a tree whose every leaf has a dual that says so.

A tree branches on whole columns, first 0 then 1. At a leaf the relaxation has a dual whose bound
reaches the step's value, or a ray that leaves no plan. Anyone can check both by one product with
the matrix, and that the leaves leave nothing out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.infeasibility import LEAF
from perequa.engine.session import Session
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.choosing import Choosing, Chosen

Floats = NDArray[np.float64]

MOST_LEAVES = 4000
"""Leaves up to which a proof is looked for: beyond, only HiGHS's own bound stands."""
WHOLE = 1e-7
NOISE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A tree that proves one step.

    Attributes
    ----------
    branch
        Column of each node in the order of the tree (0 first, then 1), `LEAF` at a leaf.
    duals
        For each leaf, (m + K,) natural units.
    rays
        For each leaf, whether its dual is a ray: no plan is left there.
    """

    branch: tuple[int, ...]
    duals: tuple[Floats, ...]
    rays: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """What a tree proves: no plan goes below `wanted`, all in the solver's units."""

    cost: Floats
    wanted: float
    factor: float


def _nothing(n: int) -> _Goal:
    """Goal of a tree that proves that no plan is left at all."""
    return _Goal(cost=np.zeros(n), wanted=np.inf, factor=1.0)


class Prover:
    """Looks for the proofs of a choice.

    Parameters
    ----------
    choosing, chosen
        The program with its steps, and the plan chosen; None to prove that there is none.
    """

    def __init__(self, choosing: Choosing, chosen: Chosen | None) -> None:
        self._choosing, self._chosen = choosing, chosen
        self._matrix = choosing.matrix
        self._lower, self._upper = choosing.row_bounds({})
        self._low, self._high = choosing.column_bounds({})

    def of_step(self, k: int) -> Proof | None:
        """Prove that no plan is better at step k, ties apart; None when the tree grows too large.

        Raises
        ------
        NotProven
            When a better one turns up.
        """
        assert self._chosen is not None
        choosing, value = self._choosing, self._chosen.values[k]
        m = choosing.program.matrix.shape[0]
        factor = float(choosing.row_scale[m + k])
        wanted = choosing.steps[k].better(value, choosing.program.whole) * factor
        goal = _Goal(cost=choosing.scaled_cost(k), wanted=wanted, factor=factor)
        return self._tree(k, goal, self._low, self._high)

    def of_project(self, position: int) -> Proof | None:
        """Prove that a project left out could not have been taken, earlier ones as they are."""
        assert self._chosen is not None
        low, high = self._low.copy(), self._high.copy()
        whole = self._choosing.whole
        before = whole[:position]
        low[before] = high[before] = self._chosen.x[before]
        low[whole[position]] = 1.0
        return self._tree(len(self._choosing.steps), _nothing(len(low)), low, high)

    def of_nothing(self) -> Proof | None:
        """Prove that no whole plan exists at all."""
        return self._tree(0, _nothing(len(self._low)), self._low, self._high)

    def _tree(self, held: int, goal: _Goal, low: Floats, high: Floats) -> Proof | None:
        """Branch until every leaf is closed; `held` steps stay at their values."""
        session, upper = self._session(held, low, high)
        session.set_cost(goal.cost)
        branch: list[int] = []
        duals: list[Floats] = []
        rays: list[bool] = []
        waiting = [(low, high)]
        while waiting:
            low, high = waiting.pop()
            if len(branch) > 2 * MOST_LEAVES:
                return None
            closed = self._closed(session, goal, (low, high), upper)
            if isinstance(closed, int):
                branch.append(closed)
                without, with_it = (low, high.copy()), (low.copy(), high)
                without[1][closed], with_it[0][closed] = 0.0, 1.0
                waiting += [with_it, without]
            elif closed is None:
                return None
            else:
                branch.append(LEAF)
                duals.append(closed[0])
                rays.append(closed[1])
        return Proof(branch=tuple(branch), duals=tuple(duals), rays=tuple(rays))

    def _session(self, held: int, low: Floats, high: Floats) -> tuple[Session, Floats]:
        choosing, upper = self._choosing, self._upper.copy()
        m = choosing.program.matrix.shape[0]
        values = () if self._chosen is None else self._chosen.values
        for j, value in enumerate(values[:held]):
            upper[m + j] = (value + choosing.steps[j].tie(value)) * choosing.row_scale[m + j]
        session = Session(self._matrix, self._lower, upper, low, high, choosing.options)
        return session, upper

    def _closed(
        self,
        session: Session,
        goal: _Goal,
        box: tuple[Floats, Floats],
        upper: Floats,
    ) -> int | tuple[Floats, bool] | None:
        """Return the dual that closes a node, the column to branch on, or None without either."""
        whole = self._choosing.whole
        session.set_column_bounds(whole, box[0][whole], box[1][whole])
        outcome = session.solve(presolve=False)
        if outcome.termination is Termination.INFEASIBLE:
            ray = self._ray(session, box, upper)
            return None if ray is None else (ray * self._choosing.row_scale, True)
        if outcome.termination is not Termination.OPTIMAL:
            return None
        # multipliers that are noise may meet a column without a bound: any others prove as much
        for y in (outcome.y, _cleaned(outcome.y)):
            if self._bound(goal.cost, y, box, upper) >= goal.wanted:
                return y * self._choosing.row_scale / goal.factor, False
        x = outcome.x[whole]
        fraction = np.minimum(x, 1.0 - x)
        if fraction.max(initial=0.0) > WHOLE:
            return int(whole[int(fraction.argmax())])
        open_ones = np.flatnonzero(box[0][whole] < box[1][whole])
        if open_ones.size:
            return int(whole[open_ones[0]])
        if outcome.objective >= goal.wanted:
            return None  # none is better, by the solver's word
        raise NotProven("a better selection turned up where the search had found none")

    def _ray(self, session: Session, box: tuple[Floats, Floats], upper: Floats) -> Floats | None:
        """Return the multipliers that prove a box empty, None where they do not."""
        ray = session.dual_ray()
        if ray is None:
            return None
        cleaned = _cleaned(ray)
        nothing = np.zeros(len(self._low))
        for signed in (cleaned, -cleaned):
            if self._bound(nothing, signed, box, upper) > 0:
                return signed
        return None

    def _bound(self, cost: Floats, y: Floats, box: tuple[Floats, Floats], upper: Floats) -> float:
        """What no plan of a box goes below, by one dual: Σ y·(row bound) + Σ z·(column bound)."""
        z = cost - self._matrix.T @ y
        size = np.abs(cost) + abs(self._matrix).T @ np.abs(y)
        z = np.where(np.abs(z) <= NOISE * size, 0.0, z)
        return _at_bounds(y, self._lower, upper) + _at_bounds(z, *box)


def _cleaned(multipliers: Floats) -> Floats:
    """Leave out what is noise beside the largest."""
    least = NOISE * np.abs(multipliers).max(initial=0.0)
    return np.where(np.abs(multipliers) < least, 0.0, multipliers)


def _at_bounds(multiplier: Floats, lower: Floats, upper: Floats) -> float:
    used = multiplier != 0.0
    bound = np.where(multiplier > 0, lower, upper)[used]
    return float(multiplier[used] @ bound) if used.any() else 0.0
