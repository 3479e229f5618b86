"""How far the weight of one objective can move before the published plan changes.

Objective k stands at priority p with weight w̄; every other weight stays. Write c(w) for the cost
of the priority when the weight is w, F for the plans optimal at the priorities before, x* for the
published plan. The set I of the weights w ≥ 0 for which x* minimises c(w) over F is closed and, c
being linear in w, convex: an interval.

*Outside I* the plan changes: x* is not optimal at priority p.

*Inside I* it does not. Let w lie strictly between two weights of I. A plan that minimises c(w)
over F has the same c(w) as x*, and no smaller c at either of the two; c(w) being a mean of both,
it has the same c as x* at both. So every interior weight leaves the same face, and that face lies
in the one of any weight of I, of w̄ itself. Later priorities and the tie-break then choose in a
subset of what they chose in, a subset that holds x*: they choose x* again. At the ends of I, w̄
apart, the face may grow and the tie-break choose another plan. (The stepped tie-break takes its
steps from the face: when w̄ is itself an end of I, which it chooses in the smaller face is not
proven.)

The ends are two linear programs in the tangent cone of F at x*. A direction Δ that lowers
objective k by one, c_k·Δ = −1, changes c(w) by c(w̄)·Δ − (w − w̄): the largest w is w̄ plus the least
c(w̄)·Δ. One that raises it by one gives the least w likewise. Their duals prove x* optimal at the
end, their solutions that it is not beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.orders import reach_of_orders
from perequa.engine.session import DUAL, PRIMAL, Session, with_basic_rows
from perequa.engine.stages import without_rounding
from perequa.engine.termination import Termination
from perequa.engine.vertex import reach
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import Outcome, SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

ACTIVE = 1e-8
"""Relative distance within which a limit is active at the published plan."""
CANCELS = 1e-13
"""Share of its own terms below which what a stage gives up is what rounding leaves of them."""
MOST = 0.5
"""Share of a weight above which what an end leaves of it is found by itself, not as a rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightEnd:
    """One end of the interval of a weight, and its proof, in natural units.

    Attributes
    ----------
    weight
        The weight of the stage; ``inf`` when the plan is the same however large it is.
    y, lam
        (m,), (P,): a dual that proves the plan optimal there, with the multipliers of the earlier
        priorities; where `weight` is infinite, one that proves it optimal for the objective alone.
    columns, values
        A direction that is better beyond: it changes the objective by one and the stage's cost at
        the end by nothing. Empty where the interval ends at 0 or never.
    reach
        How far the plan can move along it; 0 where there is none.
    """

    weight: float
    y: Floats
    lam: Floats
    columns: Indices
    values: Floats
    reach: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRange:
    """Weights of one objective at one stage for which the plan is the same.

    Attributes
    ----------
    stage, objective
        Positions of the priority and of the objective.
    weight
        Its weight in the stage.
    lowest, highest
        The ends.
    """

    stage: int
    objective: int
    weight: float
    lowest: WeightEnd
    highest: WeightEnd


def weight_ranges(
    program: CompiledProgram,
    staged: Staged,
    plan: Floats,
    stage: int,
    weights: Sequence[tuple[int, float]],
    options: SolverOptions,
) -> tuple[WeightRange, ...]:
    """Find the interval of each weight of one priority.

    Parameters
    ----------
    plan
        (n,) the published plan, natural units.
    stage
        Position of the priority.
    weights
        Every objective of the priority, and the weight of each in the stage (0 for one that is
        only reported).

    Raises
    ------
    NotProven
        When the solver does not say.
    """
    cone = _Cone(program, staged, plan, stage, weights, options)
    return tuple(
        WeightRange(
            stage=stage,
            objective=k,
            weight=weight,
            lowest=cone.end(place, -1),
            highest=cone.end(place, 1),
        )
        for place, (k, weight) in enumerate(weights)
    )


class _Cone:
    """The tangent cone of the plan in the face that earlier priorities leave."""

    def __init__(
        self,
        program: CompiledProgram,
        staged: Staged,
        plan: Floats,
        stage: int,
        weights: Sequence[tuple[int, float]],
        options: SolverOptions,
    ) -> None:
        self._staged, self._stage, self._scaled = staged, stage, staged.scaled
        self._program, self._weights = program, weights
        scaled = staged.scaled
        self._x = plan / scaled.column
        self._activity = scaled.matrix @ self._x
        self._active = _active(staged, self._x, self._activity)
        low, high, column_low, column_high = self._active
        earlier = [scaled.cost(s.cost) for s in staged.stages[:stage]]
        cost, self._factor = scaled.cost(staged.stages[stage].cost)
        own = [scaled.cost(program.costs[k]) for k, _ in weights]
        self._earlier = np.array([factor for _, factor in earlier])
        self._own = np.array([factor for _, factor in own])
        # an objective that no decision touches may weigh anything
        self._counts = [bool(c.any()) for c, _ in own]
        more = sparse.csr_array(np.array([c for c, _ in (*earlier, *own)]))
        free = np.full(len(own), np.inf)
        self._session = Session(
            sparse.csc_array(sparse.vstack([scaled.matrix, more])),
            np.concatenate([np.where(low, 0.0, -np.inf), np.full(stage, -np.inf), -free]),
            np.concatenate([np.where(high, 0.0, np.inf), np.zeros(stage), free]),
            np.where(column_low, 0.0, -np.inf),
            np.where(column_high, 0.0, np.inf),
            options,
        )
        self._cost = cost
        self._session.set_cost(cost)
        basis = staged.first_basis if stage == 0 else staged.last_basis
        self._session.set_basis(with_basic_rows(basis, len(earlier) + len(own)))

    def end(self, place: int, way: int) -> WeightEnd:
        """Move the weight of one objective up (+1) or down (−1) as far as the plan allows."""
        stage, weight = self._staged.stages[self._stage], self._weights[place][1]
        if way < 0 and (weight == 0.0 or not self._counts[place]):
            return _kept(0.0, stage.y, stage.lam)
        if not self._counts[place]:
            return _kept(np.inf, np.zeros_like(stage.y), np.zeros_like(stage.lam))
        row = len(self._activity) + self._stage + place
        at = np.array([row])
        self._session.set_row_bounds(at, np.array([-float(way)]), np.array([-float(way)]))
        outcome = self._session.solve(strategy=DUAL, presolve=False)
        infeasible = outcome.termination is Termination.INFEASIBLE
        ray = self._session.dual_ray() if infeasible else None
        found = None
        if outcome.termination is Termination.OPTIMAL:
            found = self._at(place, way, outcome)
        self._session.set_row_bounds(at, np.array([-np.inf]), np.array([np.inf]))
        if found is not None:
            return found
        if ray is None:
            message = f"the range of a weight ended {outcome.termination.value} without proof"
            raise NotProven(message)
        return self._never(place, weight, way, ray)

    def _at(self, place: int, way: int, outcome: Outcome) -> WeightEnd:
        """End where the direction just found becomes better; 0 where it would only below 0."""
        weight, cost, factor = self._weights[place][1], self._cost, float(self._factor)
        far = max(0.0, self._given_up(outcome, cost)) * float(self._own[place]) / factor
        end = weight + way * far
        if way < 0 and far > MOST * weight:
            outcome, end, cost, factor = self._near_nothing(place, outcome, end)
        y = without_rounding(outcome.y[: len(self._activity)], cost)
        y = self._scaled.natural_y(y, factor)
        lam = self._lam(outcome.y, factor)
        if way < 0 and end <= 0.0:
            stage = self._staged.stages[self._stage]
            share = weight / (weight - end)
            return _kept(0.0, _mixed(stage.y, share, y), _mixed(stage.lam, share, lam))
        scaled, move = self._scaled, _plain(outcome.x)
        columns = np.flatnonzero(move != 0.0)
        return WeightEnd(
            weight=end,
            y=y,
            lam=lam,
            columns=columns,
            values=move[columns] * scaled.column[columns] * float(self._own[place]),
            reach=self._reach(move) / float(self._own[place]),
        )

    def _near_nothing(
        self, place: int, outcome: Outcome, end: float
    ) -> tuple[Outcome, float, Floats, float]:
        """Find an end again that takes most of a weight off, from what the others cost alone.

        The same direction is best whatever the weight. What is left of a weight of 1 at an end of
        1e-8 is known to few digits; what the direction costs the other objectives is that end.
        """
        k, weight = self._weights[place]
        others = np.zeros(len(self._program.costs))
        for other, its in self._weights:
            others[other] = its if other != k else 0.0
        cost, factor = self._scaled.cost(self._program.weighed(others))
        self._session.set_cost(cost)
        again = self._session.solve(strategy=PRIMAL, presolve=False)
        self._session.set_cost(self._cost)
        if again.termination is not Termination.OPTIMAL:
            return outcome, end, self._cost, float(self._factor)
        saved = -self._given_up(again, cost) * float(self._own[place]) / factor
        return again, min(weight, saved), cost, factor

    @staticmethod
    def _given_up(outcome: Outcome, cost: Floats) -> float:
        """What a cost gives up along the direction found; nothing where only rounding is left.

        An end at the weight itself is told as such, not a millionth of a millionth beyond.
        """
        terms = float(np.abs(cost * outcome.x).sum())
        return outcome.objective if abs(outcome.objective) > CANCELS * terms else 0.0

    def _never(self, place: int, weight: float, way: int, ray: Floats) -> WeightEnd:
        """No direction changes the objective that way: its weight may be anything."""
        m = len(self._activity)
        row = m + self._stage + place
        ray = _plain(ray * (-way * np.sign(ray[row]) / abs(ray[row])))
        factor = float(self._own[place])
        y, lam = self._scaled.natural_y(ray[:m], factor), self._lam(ray, factor)
        if way > 0:
            return _kept(np.inf, y, lam)
        stage = self._staged.stages[self._stage]
        return _kept(0.0, stage.y + weight * y, stage.lam + weight * lam)

    def _lam(self, y: Floats, factor: float) -> Floats:
        """Multipliers of the earlier priorities, natural units."""
        m = len(self._activity)
        lam = np.zeros(len(self._staged.stages))
        earlier = np.maximum(0.0, -y[m : m + self._stage])
        lam[: self._stage] = earlier * self._earlier / factor
        return lam

    def _reach(self, move: Floats) -> float:
        low, high, column_low, column_high = self._active
        scaled = self._scaled
        return min(
            reach(
                scaled.matrix @ move,
                self._activity,
                np.where(low, -np.inf, scaled.row_lower),
                np.where(high, np.inf, scaled.row_upper),
            ),
            reach(
                move,
                self._x,
                np.where(column_low, -np.inf, scaled.column_lower),
                np.where(column_high, np.inf, scaled.column_upper),
            ),
            reach_of_orders(
                self._staged.ranked,
                self._x * scaled.column,
                np.arange(len(move)),
                move * scaled.column,
            ),
        )


def _active(staged: Staged, x: Floats, activity: Floats) -> tuple[Flags, Flags, Flags, Flags]:
    """Limits that hold at the plan: met to rounding, or carrying a price at some priority."""
    scaled, face = staged.scaled, staged.face
    near_row = ACTIVE * np.maximum(1.0, np.abs(activity))
    near_column = ACTIVE * np.maximum(1.0, np.abs(x))
    return (
        (activity <= scaled.row_lower + near_row)
        | (face.rows & (face.row_lower == scaled.row_lower)),
        (activity >= scaled.row_upper - near_row)
        | (face.rows & (face.row_upper == scaled.row_upper)),
        (x <= scaled.column_lower + near_column)
        | (face.columns & (face.column_lower == scaled.column_lower)),
        (x >= scaled.column_upper - near_column)
        | (face.columns & (face.column_upper == scaled.column_upper)),
    )


def _mixed(first: Floats, share: float, second: Floats) -> Floats:
    """Return (1 − share)·first + share·second, zero where the two cancel but for rounding."""
    one, other = (1.0 - share) * first, share * second
    mixed = one + other
    size = np.maximum(np.abs(one), np.abs(other))
    return np.where(np.abs(mixed) <= 1e-12 * size, 0.0, mixed)


def _plain(values: Floats) -> Floats:
    """Put what is next to nothing beside the largest to zero."""
    small = 1e-12 * max(1.0, float(np.abs(values).max(initial=0.0)))
    return np.where(np.abs(values) < small, 0.0, values)


def _kept(weight: float, y: Floats, lam: Floats) -> WeightEnd:
    """End beyond which there is nothing to find: 0, or never."""
    return WeightEnd(
        weight=weight,
        y=y,
        lam=lam,
        columns=np.zeros(0, dtype=np.intp),
        values=np.zeros(0),
        reach=0.0,
    )
