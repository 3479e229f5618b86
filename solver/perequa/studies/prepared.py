"""A scenario compiled once, ready to be solved again with other costs or limits."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.certificate import certify, readied
from perequa.engine.infeasibility import Clashes
from perequa.engine.optimum_alone import Alone
from perequa.engine.plans_left import Goal, PlansLeft, stop_unless_optimal
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages
from perequa.engine.tie_break import publish
from perequa.optimum import neutral_figures, posed, spread_over
from perequa.ranked_program import with_every_pair
from perequa.report.arrays import program_arrays, solution_arrays
from perequa.weighting import normalisers, objective_value, weigh
from perequa_models.errors import Infeasible, NotInThisVersion, NotProven, UsageError
from perequa_models.levels import next_leximin
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.checks import Loaded
    from perequa.compilation import CompiledProgram
    from perequa.engine.spread import Spread
    from perequa.optimum import Clock
    from perequa.weighting import Weighting
    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference

Floats = NDArray[np.float64]

OPTIONS = SolverOptions(presolve=False)
"""Presolve has declared feasible programs infeasible; from a basis HiGHS leaves it out anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priorities:
    """What a plan minimises, in the order of service.

    Attributes
    ----------
    numbers
        (P,) the priorities.
    weights
        (P, K): stage p minimises ``Σ weights[p, k] · objective k``, each in its own unit.
    """

    numbers: tuple[int, ...]
    weights: Floats

    def before(self, number: int) -> Priorities:
        """Return those served before a priority."""
        first = sum(1 for other in self.numbers if other < number)
        return Priorities(numbers=self.numbers[:first], weights=self.weights[:first])

    def served(self, number: int, weights: Floats) -> Priorities:
        """Return the same with the weights (K,) of one priority replaced, or the priority added."""
        rows = dict(zip(self.numbers, self.weights, strict=True)) | {number: weights}
        order = tuple(sorted(rows))
        return Priorities(numbers=order, weights=np.array([rows[n] for n in order]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A compiled scenario.

    Attributes
    ----------
    loaded
        The scenario as read and checked.
    reference, program, weighting, spread, options
        The circular's own allocation, the compiled program, what the scenario minimises, what its
        tie-break evens out, how the solver works.
    """

    loaded: Loaded
    reference: Reference
    program: CompiledProgram
    weighting: Weighting
    spread: Spread
    options: SolverOptions = OPTIONS

    @property
    def name(self) -> str:
        """The scenario column: its name, its variants after a dash."""
        return self.loaded.raw.column_name

    @property
    def instance(self) -> Instance:
        """The figures."""
        return self.loaded.instance

    @property
    def priorities(self) -> Priorities:
        """What the scenario itself minimises."""
        return Priorities(numbers=self.weighting.priorities, weights=self.weighting.weights)

    @property
    def referred(self) -> Floats:
        """The circular's allocation, places or money by measure, NaN where it is silent; (T, M, Y).

        NaN everywhere without a reference at the decision level.
        """
        money = self.instance.is_money[None, :, None]
        return np.where(money, self.reference.credits, self.reference.places)

    def sizes(self, names: Sequence[str]) -> Floats:
        """What some objectives are divided by when they are added, (K,)."""
        alone = Alone(self.program, self.options)
        return normalisers(self.instance, self.reference, names, alone.least)

    def sizes_by_name(self, names: Sequence[str]) -> dict[str, float]:
        """Name what some objectives are divided by, as ``study.json`` records it."""
        sizes, order = self.sizes(names), self.program.objective_names
        return {name: float(sizes[order.index(name)]) for name in names}

    def plans_left(self, before: Priorities) -> PlansLeft:
        """Return the plans optimal at some priorities, ready to be asked."""
        costs = self.program.weighed(before.weights)
        return PlansLeft.optimal(self.program, before.numbers, costs, self.options)

    def costed(self, wanted: Priorities) -> tuple[CompiledProgram, Floats]:
        """Return the program with the costs (P, n) of some priorities."""
        return self.program, self.program.weighed(wanted.weights)

    def goal(self, weights: Floats) -> Goal:
        """Add up the objectives, each times its weight (K,)."""
        return Goal.of(self.program, weights)

    def plan(self, wanted: Priorities) -> Quantities:
        """Solve, choose the one plan that is published, and certify it.

        Raises
        ------
        Infeasible
            When no plan satisfies every rule.
        NotProven
            When the solver does not say, or the plan fails its certificate.
        """
        try:
            return self._certified(wanted, self.options)
        except NotProven:
            # rounding of one way to the plan may be more than its certificate allows
            return self._certified(wanted, replace(self.options, presolve=True))

    def _certified(self, wanted: Priorities, options: SolverOptions) -> Quantities:
        costs = self.program.weighed(wanted.weights)
        staged = solve_stages(self.program, wanted.numbers, costs, options)
        stop_unless_optimal(staged.termination)
        method = self.instance.scenario.tie_break.method
        published = publish(staged, self.spread, method, options)
        minimised = replace(self.weighting, priorities=wanted.numbers, weights=wanted.weights)
        certify(
            readied(program_arrays(self.program, minimised, self.spread)),
            solution_arrays(staged.stages, published),
        )
        cells = int(np.prod(self.instance.shape))
        return Quantities(self.instance, published.plan[:cells].reshape(self.instance.shape))

    def plans(self, wanted: Sequence[Priorities]) -> list[Quantities]:
        """Solve and certify several plans, as many at a time as there are processors.

        Each has a solver of its own: none depends on the others.
        """
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
            return list(workers.map(self.plan, wanted))

    def values(self, plan: Quantities) -> Floats:
        """Value of every objective by its definition, (K,), in the order of the program."""
        names = self.program.objective_names
        return np.array([objective_value(self.instance, n, plan, self.reference) for n in names])


def prepare(loaded: Loaded, clock: Clock) -> Prepared:
    """Formulate and compile a scenario, once.

    Raises
    ------
    NotInThisVersion
        When the scenario minimises a leximin.
    UsageError
        When the scenario chooses among projects.
    InvalidScenario
        When the reference, the tie-break or a normalisation cannot be read.
    """
    instance = loaded.instance
    if instance.projects:
        raise UsageError(
            "a study follows the prices of a linear program, and whole projects have none: solve "
            "the scenario and read one_more.csv and projects.csv, or solve it with several --set "
            "and compare the runs"
        )
    waiting = next_leximin(instance)
    if waiting is not None:
        # its levels hold for one set of limits and weights: a study moves these
        what = f"objectives.{waiting}.kind: leximin in a study"
        raise NotInThisVersion(what)
    reference, even, program = posed(instance, clock, loaded.reference)
    program = with_every_pair(program)
    with infeasible_is_proven(program):
        weighting = weigh(instance, reference, Alone(program, OPTIONS).least)
    return Prepared(
        loaded=loaded,
        reference=reference,
        program=program,
        weighting=weighting,
        spread=spread_over(instance, program, even, neutral_figures(program.column_keys)),
    )


@contextmanager
def infeasible_is_proven(program: CompiledProgram) -> Iterator[None]:
    """Let no word of the solver that there is no plan pass without a proof that is checked.

    Raises
    ------
    NotProven
        When a plan exists, or its absence is not proven.
    """
    try:
        yield
    except Infeasible as error:
        if Clashes(program, OPTIONS).has_plan_without(()):
            raise NotProven("HiGHS called a program infeasible that has a plan") from error
        raise
