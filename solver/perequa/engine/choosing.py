"""Whole decisions by strict steps: one integer program after another, never big weights.

Each step minimises its own cost among the plans that no earlier step can better. What still ties
after the last of them is settled project by project, in order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.scaling import scale, size_factor
from perequa.engine.session import WholeSession
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.session import WholeOutcome as Outcome

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

TIE = 1e-7
"""Two values of a step tie within this share of its smallest coefficient …"""
TIE_OF_SUM = 1e-9
"""… or this share of the value itself, whichever is more."""
PROVEN = 1e-4
"""Relative gap above which a search that ran out of nodes has proven nothing (reference, 12)."""
NODES = 200_000
TOGETHER = 16
"""Projects whose ties are settled in one program: powers of two up to 2¹⁵ are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step minimises.

    Attributes
    ----------
    kind, name, priority
        What it is; `priority` is that of the objectives it serves, 0 for the other steps.
    cost, offset
        Its value is ``cost @ x + offset``, natural units; cost (n,).
    """

    kind: str
    name: str
    priority: int
    cost: Floats
    offset: float = 0.0

    def tie(self, value: float) -> float:
        """How far from `value` (offset left out) another one still ties with it."""
        sizes = np.abs(self.cost[self.cost != 0.0])
        least = float(sizes.min()) if sizes.size else 1.0
        return max(TIE * least, TIE_OF_SUM * abs(value))

    def better(self, value: float, whole: NDArray[np.bool_]) -> float:
        """Return the least value that is not better than `value`, ties apart.

        Where only whole columns count, by multiples of one figure, the next better value is that
        figure away.
        """
        tie, grain = self.tie(value), grain_of(self.cost, whole)
        return value - (grain - tie if grain > 2.0 * tie else tie)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The best whole plan.

    Attributes
    ----------
    x
        (n,) natural units; its whole columns are exactly whole.
    values, bounds, nodes
        For each step: ``cost @ x``, what no plan goes below, nodes searched.
    """

    x: Floats
    values: tuple[float, ...]
    bounds: tuple[float, ...]
    nodes: tuple[int, ...]

    def gap(self) -> float:
        """Largest gap left between a value and what no plan goes below, relative."""
        pairs = zip(self.values, self.bounds, strict=True)
        return max((max(0.0, v - b) / max(1.0, abs(v)) for v, b in pairs), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question other than the scenario's own.

    Attributes
    ----------
    limits
        Change of the limit of some rows, natural units.
    held
        Columns held at a value, natural units.
    settled
        Whether ties are settled project by project.
    """

    limits: Mapping[int, float] = field(default_factory=dict)
    held: Mapping[int, float] = field(default_factory=dict)
    settled: bool = True


AS_IT_IS = Change()


@dataclass(frozen=True, kw_only=True)
class Choosing:
    """A program with whole columns and the steps that choose among its plans.

    Attributes
    ----------
    program
        The compiled program, its whole columns between 0 and 1.
    steps
        In the order of service.
    options
        How the solver works.
    """

    program: CompiledProgram
    steps: tuple[Step, ...]
    options: SolverOptions

    @cached_property
    def whole(self) -> Indices:
        """Columns decided whole, in the order in which ties are settled."""
        return np.flatnonzero(self.program.whole)

    @cached_property
    def column_scale(self) -> Floats:
        """Natural units of a column in one of the solver's."""
        return scale(self.program).column

    @cached_property
    def row_scale(self) -> Floats:
        """(m + K,) solver's units of a row, then of a step, in one natural unit."""
        factors = [size_factor(step.cost * self.column_scale) for step in self.steps]
        return np.concatenate([scale(self.program).row, factors])

    @cached_property
    def matrix(self) -> sparse.csc_array:
        """(m + K, n) scaled rows of the program, then the costs of the steps."""
        costs = sparse.csr_array(np.array([step.cost for step in self.steps]))
        both = sparse.vstack([self.program.matrix, costs])
        scaled = sparse.diags_array(self.row_scale) @ both @ sparse.diags_array(self.column_scale)
        found = sparse.csc_array(scaled)
        found.sort_indices()
        return found

    def floor(self, k: int) -> float:
        """Least value of a step by the bounds of its columns alone; minus infinity mostly."""
        cost, program = self.steps[k].cost, self.program
        used = cost != 0.0
        bound = np.where(cost > 0, program.column_lower, program.column_upper)[used]
        return float(cost[used] @ bound) if np.isfinite(bound).all() else -np.inf

    def row_bounds(self, limits: Mapping[int, float]) -> tuple[Floats, Floats]:
        """Scaled bounds of the rows with some limits moved; steps are free so far."""
        m, steps = self.program.matrix.shape[0], np.full(len(self.steps), np.inf)
        moved = np.zeros(m)
        for row, change in limits.items():
            moved[row] = change
        scale_of = self.row_scale[:m]
        lower = np.concatenate([(self.program.row_lower + moved) * scale_of, -steps])
        upper = np.concatenate([(self.program.row_upper + moved) * scale_of, steps])
        return lower, upper

    def column_bounds(self, held: Mapping[int, float]) -> tuple[Floats, Floats]:
        """Scaled bounds of the columns with some held."""
        lower, upper = self.program.column_lower.copy(), self.program.column_upper.copy()
        for column, value in held.items():
            lower[column] = upper[column] = value
        return lower / self.column_scale, upper / self.column_scale

    def scaled_cost(self, k: int) -> Floats:
        """Cost of a step as the solver sees it."""
        factor = self.row_scale[self.program.matrix.shape[0] + k]
        return np.asarray(self.steps[k].cost * self.column_scale * factor)

    def best(self, change: Change = AS_IT_IS) -> Chosen | None:
        """Choose by every step in turn; None when no whole plan exists.

        Raises
        ------
        NotProven
            When nodes ran out far from a proof, or the solver failed.
        """
        session = WholeSession(
            self.matrix,
            *self.row_bounds(change.limits),
            *self.column_bounds(change.held),
            self.options,
            whole=self.program.whole,
            nodes=NODES,
        )
        m = self.program.matrix.shape[0]
        x: Floats | None = None
        values, bounds, nodes = [], [], []
        for k, step in enumerate(self.steps):
            floor = self.floor(k)
            if x is not None and step.cost @ x <= floor + step.tie(floor) / 2:
                bound, searched = floor, 0
            else:
                session.set_cost(self.scaled_cost(k))
                outcome = session.choose()
                if outcome.termination is Termination.INFEASIBLE and x is None:
                    return None
                x = self._found(outcome)
                bound = outcome.bound / self.row_scale[m + k]
                searched = outcome.nodes
            value = float(step.cost @ x)
            values.append(value)
            bounds.append(min(float(bound), value))
            nodes.append(searched)
            most = (value + step.tie(value)) * self.row_scale[m + k]
            session.set_row_bound(m + k, -np.inf, most)
        if x is not None and change.settled:
            x = self._settled(session, x)
        if x is None:
            return None
        found = Chosen(x=x, values=tuple(values), bounds=tuple(bounds), nodes=tuple(nodes))
        if found.gap() > PROVEN:
            raise NotProven(
                f"the best selection is not proven: a gap of {found.gap():.2g} is left after "
                f"{max(nodes)} nodes"
            )
        return found

    @cached_property
    def in_turn(self) -> tuple[tuple[Indices, Floats], ...]:
        """Whole columns some at a time, with weights that put each before all that follow.

        Among some 0 and 1, a power of two outweighs all lower ones together: what is heaviest is
        what takes each in turn.
        """
        parts = range(0, len(self.whole), TOGETHER)
        chunks = [self.whole[i : i + TOGETHER] for i in parts]
        weights = [np.exp2(np.arange(len(part), dtype=np.float64)[::-1]) for part in chunks]
        return tuple(zip(chunks, weights, strict=True))

    def _settled(self, session: WholeSession, x: Floats) -> Floats:
        """Take each project in turn where nothing else decides."""
        for columns, weights in self.in_turn:
            if (x[columns] < 0.5).any():
                wanted = np.zeros(session.n)
                wanted[columns] = -weights
                session.set_cost(wanted)
                outcome = session.choose()
                if outcome.termination is not Termination.OPTIMAL:
                    raise NotProven("the order of the codes ended without proof")
                x = self._found(outcome)
            session.set_column_bounds(columns, x[columns], x[columns])
        return x

    def _found(self, outcome: Outcome) -> Floats:
        if outcome.x.size == 0:
            message = f"the search for a selection ended without proof: {outcome.termination.value}"
            raise NotProven(message)
        return outcome.x * self.column_scale


def grain_of(cost: Floats, whole: NDArray[np.bool_]) -> float:
    """Largest figure that every coefficient is a multiple of; 0 where other columns count."""
    used = np.flatnonzero(cost)
    if used.size == 0 or not whole[used].all():
        return 0.0
    decimals = [Fraction(repr(abs(float(c)))) for c in cost[used]]
    below = math.lcm(*(d.denominator for d in decimals))
    return float(Fraction(math.gcd(*(int(d * below) for d in decimals)), below))


def first_worse(steps: Sequence[Step], chosen: Chosen, other: Chosen) -> int | None:
    """Return the first step at which another plan is worse; None where it is at none."""
    for k, step in enumerate(steps):
        if other.values[k] > chosen.values[k] + step.tie(chosen.values[k]):
            return k
    return None
