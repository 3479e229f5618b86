"""What is asked at each point of a chunk, wherever the chunk is answered."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from perequa.engine.plans_left import PlansLeft
from perequa_models.errors import Infeasible, NotProven
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from perequa.engine.plans_left import Goal, Start, Weighed
    from perequa.studies.prepared import Prepared
    from perequa_models.instance import Instance

Floats = NDArray[np.float64]

PRICED_IN_A_SOLVE = 8
"""Goals that are priced at a basis in the time of a solve without a pivot, about."""
OPTIMAL, NOT_PROVEN, INFEASIBLE, INVALID = range(4)
STATUSES = ("optimal", "not proven", "infeasible", "invalid")
"""What became of a point, by its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Answers to a chunk of points, in its order.

    Attributes
    ----------
    status
        (n,) codes of `STATUSES`.
    values
        (n, K) every objective by its definition; NaN where no plan was found.
    shares
        (n, S) what each territory gets: see `share_columns`; NaN where no plan was found.
    programs
        (1,) how many programs were solved; 0 where they are not counted.
    """

    status: NDArray[np.int8]
    values: Floats
    shares: Floats
    programs: NDArray[np.int64]

    @classmethod
    def of(cls, answers: Sequence[tuple[int, Floats, Floats]], programs: int = 0) -> Found:
        """Put the status, the values and the shares of each point together."""
        status, values, shares = zip(*answers, strict=True)
        return cls(
            status=np.array(status, dtype=np.int8),
            values=np.array(values),
            shares=np.array(shares),
            programs=np.array([programs]),
        )


class Question(Protocol):
    """Asked of one chunk after another; plain data, fit for another process.

    Attributes
    ----------
    chunk
        Points of a chunk, at least.
    """

    chunk: ClassVar[int]

    def answer(self, points: Floats) -> Found:
        """Answer the points (n, D) of one chunk, in their order."""

    def own(self) -> Quantities:
        """Return the plan of the scenario as it is, found in the same way as those of the points.

        A tie settled otherwise would count as a gain.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Untied:
    """The optimum the solver ends at, from the basis of the point before.

    Points at which a basis already met would end the solve where it begins are not solved.

    Attributes
    ----------
    prepared
        The compiled scenario.
    start
        The plans that the earlier priorities leave, and the basis where every chunk begins.
    over
        (D, K) what a weight of 1 in each column weighs over the objectives of the program.
    scenario
        What the scenario itself minimises at this priority.
    later
        What the later priorities minimise, in their order.
    """

    chunk: ClassVar[int] = 50
    """Enough to pay for the first solve of each chunk."""
    prepared: Prepared
    start: Start
    over: Floats
    scenario: Goal
    later: tuple[Goal, ...]

    def own(self) -> Quantities:
        """Return the optimum at the scenario's own weights, where every chunk begins."""
        return self._plan(PlansLeft(self.start).least(self.scenario, *self.later))

    def answer(self, points: Floats) -> Found:
        """Answer the weightings (n, D) of one chunk."""
        left = PlansLeft(self.start)
        weighed = left.weighed([self.prepared.goal(row) for row in self.over], points)
        known = _Known(left, weighed)
        answers: dict[int, tuple[int, Floats, Floats]] = {}
        for i in range(len(points)):
            if i in answers:
                continue
            answers[i] = self._one(left, weighed, i)
            if answers[i][0] == OPTIMAL and not self.later:
                answers |= dict.fromkeys(known.too(answers), answers[i])
        return Found.of([answers[i] for i in range(len(points))], left.programs_solved)

    def _one(self, left: PlansLeft, weighed: Weighed, i: int) -> tuple[int, Floats, Floats]:
        try:
            if self.later:
                goal = self.prepared.goal(weighed.weights[i] @ self.over)
                x = left.least(goal, *self.later)
            else:
                x = left.least_weighed(weighed, i)
        except (Infeasible, NotProven):
            # there are plans, the solver lost them: the next point begins as the chunk did
            left.begin_again(self.start)
            return nothing(NOT_PROVEN, self.prepared)
        return told(self.prepared, self._plan(x))

    def _plan(self, x: Floats) -> Quantities:
        instance = self.prepared.instance
        return Quantities(instance, x[: int(np.prod(instance.shape))].reshape(instance.shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """The plan that would be published at each point, tie-break and certificate included.

    Attributes
    ----------
    prepared, over
        As for `Untied`.
    priority
        Whose weights are replaced.
    """

    chunk: ClassVar[int] = 10
    prepared: Prepared
    over: Floats
    priority: int

    def own(self) -> Quantities:
        """Return the plan the scenario itself publishes."""
        return self.prepared.plan(self.prepared.priorities)

    def answer(self, points: Floats) -> Found:
        """Answer the weightings (n, D) of one chunk."""
        return Found.of([self._one(weights) for weights in points])

    def _one(self, weights: Floats) -> tuple[int, Floats, Floats]:
        wanted = self.prepared.priorities.served(self.priority, weights @ self.over)
        try:
            return told(self.prepared, self.prepared.plan(wanted))
        except (Infeasible, NotProven):
            return nothing(NOT_PROVEN, self.prepared)


class _Known:
    """Finds points that need no solve, as long as it saves more time than it takes.

    Parameters
    ----------
    left
        The solver.
    weighed
        Its goals at the points of one chunk.
    """

    def __init__(self, left: PlansLeft, weighed: Weighed) -> None:
        self._left, self._weighed = left, weighed
        self._priced = self._saved = 0

    def too(self, answered: Container[int]) -> list[int]:
        """Return the points not yet answered at which the plan found last is optimal."""
        if self._priced > PRICED_IN_A_SOLVE * (1 + self._saved):
            return []
        self._priced += len(self._weighed.costs)
        try:
            optimal = np.flatnonzero(self._left.least_too(self._weighed)).tolist()
        except NotProven:
            # the solver has no basis in hand to price with: the next point is solved
            return []
        found = [i for i in optimal if i not in answered]
        self._saved += len(found)
        return found


def told(prepared: Prepared, plan: Quantities) -> tuple[int, Floats, Floats]:
    """Say what a plan is worth and who gets what."""
    return OPTIMAL, prepared.values(plan), shares(plan)


def nothing(status: int, prepared: Prepared) -> tuple[int, Floats, Floats]:
    """Say that a point has no plan, and why."""
    T, M, _ = prepared.instance.shape
    K = len(prepared.program.objective_names)
    return status, np.full(K, np.nan), np.full(T * (M + 1), np.nan)


def shares(plan: Quantities) -> Floats:
    """Lay out what each territory gets over all years, (T·(M + 1),).

    For each territory: places (or money) of each measure, then its credits.
    """
    per_measure = plan.x.sum(axis=2)
    money = plan.credits.sum(axis=(1, 2))
    return np.hstack([per_measure, money[:, None]]).ravel()


def share_columns(instance: Instance) -> list[str]:
    """Name each share: ``level:code|measure``, then ``level:code`` for the credits."""
    return [
        name
        for territory in instance.territories
        for who in (f"{territory.level}:{territory.code}",)
        for name in (*(f"{who}|{measure}" for measure in instance.measures), who)
    ]


def answer_chunk(question: bytes, points: Floats) -> Found:
    """Answer one chunk; whoever answers unpacks the question once for all its chunks."""
    return _unpacked(question).answer(points)


@lru_cache(maxsize=1)
def _unpacked(question: bytes) -> Question:
    return cast("Question", pickle.loads(question))
