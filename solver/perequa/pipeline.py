"""The stages in order, nothing else: check → formulate → compile → solve → certify → interpret."""

from __future__ import annotations

import gc
import hashlib
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perequa.certificate import Certificate, certify
from perequa.compilation import compile_program
from perequa.engine.completed import completed
from perequa.engine.exact_ranges import exact_ranges
from perequa.engine.optimum_alone import Alone, owners
from perequa.engine.plan_moves import plan_moves
from perequa.engine.prices import two_sided_prices
from perequa.engine.response import active_plan
from perequa.engine.session import SolverOptions
from perequa.engine.spread import Spread
from perequa.engine.stages import solve_stages
from perequa.engine.standing import ALL_ALONE, Standing, standing_of
from perequa.engine.termination import Termination
from perequa.engine.tie_break import publish
from perequa.interpret.diagnosis import diagnose
from perequa.interpret.printed import printed_rows
from perequa.interpret.run import Failure, Solved
from perequa.interpret.weights import CHEAP, stable_weights
from perequa.report.arrays import program_arrays, solution_arrays
from perequa.weighting import weigh
from perequa_models.errors import Infeasible, InternalError, NotProven
from perequa_models.formulation import formulate
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation
from perequa_models.tie_break import Evenness, evenness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perequa.compilation import CompiledProgram
    from perequa.engine.plan_moves import PlanMoves
    from perequa.engine.prices import Prices
    from perequa.engine.response import ActivePlan
    from perequa.engine.stages import Staged
    from perequa.engine.tie_break import Published
    from perequa.engine.weight_range import WeightRange
    from perequa.report.arrays import Arrays
    from perequa.weighting import Weighting
    from perequa_models.instance import Instance
    from perequa_models.keys import AuxiliaryKey, CellKey
    from perequa_models.reference.reference import Reference

Ranges = Literal["printed", "all"]
"""Rows whose ranges are made exact."""
DEFAULT_OPTIONS = SolverOptions()


@dataclass(slots=True)
class Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A scenario with its plan, proven optimal.

    Attributes
    ----------
    run, spread
        What was found; what the tie-break evens out.
    program, solution
        The arrays that were certified: those of the run folder.
    certificate
        What their own checks say.
    """

    run: Solved
    spread: Spread
    program: Arrays
    solution: Arrays
    certificate: Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """A scenario solved, with what solved it: moved limits can be answered from here.

    Attributes
    ----------
    instance, reference, program
        The figures, the circular's own allocation, the compiled program.
    weighting
        What each priority minimises.
    staged, spread, published
        The solved stages, what the tie-break evens out, the published plan.
    """

    instance: Instance
    reference: Reference
    program: CompiledProgram
    weighting: Weighting
    staged: Staged
    spread: Spread
    published: Published

    def active(self) -> ActivePlan:
        """Find which limits the published plan meets."""
        unserved = _only_told(self.weighting)
        idle = np.isin(owners(self.program.row_keys, unserved), sorted(unserved))
        return active_plan(self.program, self.staged, self.spread, self.published, idle)


def solve_instance(
    instance: Instance,
    name: str,
    *,
    prices: bool = True,
    ranges: Ranges = "printed",
    weights_up_to: float = CHEAP,
    options: SolverOptions = DEFAULT_OPTIONS,
    clock: Clock | None = None,
) -> Success | Failure:
    """Take an instance to its published plan and prices.

    Parameters
    ----------
    instance
        Complete figures.
    name
        The scenario column of every table.
    prices
        Whether rules are priced and weights ranged.
    ranges
        Which rows get exact ranges at the first priority: those printed, or all.
    weights_up_to
        Rows times objectives of a priority above which its weights are left without a range.
    options
        How the solver works; no table depends on it.
    clock
        Collects the time of each stage.

    Raises
    ------
    InvalidScenario
        When the reference, the tie-break or a normalisation cannot be read.
    NotProven
        When a limit was reached or the solver failed.
    """
    with _uncollected():
        asked = _Asked(prices=prices, ranges=ranges, weights_up_to=weights_up_to)
        return _solve(instance, name, asked, options, clock or Clock())


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage collector off: it would walk the whole Pyomo model again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is computed beside the plan."""

    prices: bool
    ranges: Ranges
    weights_up_to: float


def _solve(
    instance: Instance, name: str, asked: _Asked, options: SolverOptions, clock: Clock
) -> Success | Failure:
    ready = _prepared(instance, name, options, clock)
    if isinstance(ready, Failure):
        return ready
    with ready.alone.meanwhile() as least:
        found = _published(ready, clock)
        program, staged, published = found.program, found.staged, found.published
        with clock.stage("certify"):
            arrays = program_arrays(program, found.weighting, found.spread)
            solution = solution_arrays(staged.stages, published)
            certificate = certify(arrays, solution)
        priced = _priced(found, asked, ready.options, clock)
        with clock.stage("optimum alone"):
            alone = least()
    run = Solved(
        name=name,
        instance=instance,
        reference=found.reference,
        program=program,
        weighting=found.weighting,
        alone=alone,
        stages=staged.stages,
        published=published,
        levels=priced.levels,
        moves=priced.moves,
        standing=priced.standing,
        weight_ranges=priced.weight_ranges,
    )
    return Success(
        run=run, spread=found.spread, program=arrays, solution=solution, certificate=certificate
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """What the plan costs and owes; nothing where no prices were asked."""

    levels: tuple[Prices, ...] = ()
    moves: PlanMoves | None = None
    standing: Standing = ALL_ALONE
    weight_ranges: tuple[WeightRange, ...] = ()


def _priced(found: Optimum, asked: _Asked, options: SolverOptions, clock: Clock) -> _Priced:
    if not asked.prices:
        return _Priced()
    program, staged, plan = found.program, found.staged, found.published.plan
    with clock.stage("prices"):
        levels = two_sided_prices(program, staged, plan, options)
        standing = standing_of(program, staged, options)
    with clock.stage("ranges"):
        first = _ranged(found, levels[0], asked.ranges, options)
        levels = (first, *levels[1:])
    with clock.stage("by objective"):
        moves = _moves(found, levels, options)
    with clock.stage("weights"):
        weights = stable_weights(
            found.instance,
            program,
            staged,
            plan,
            found.weighting,
            options,
            most=asked.weights_up_to,
        )
    return _Priced(levels=levels, moves=moves, standing=standing, weight_ranges=weights)


def _ranged(found: Optimum, prices: Prices, wanted: Ranges, options: SolverOptions) -> Prices:
    """Make exact the ranges of the rows wanted."""
    if wanted == "all":
        rows: Collection[int] = np.flatnonzero(found.program.is_rule).tolist()
    else:
        rows = printed_rows(found.instance, found.program, found.published.plan, prices)
    return exact_ranges(found.staged, prices, rows, options)


def _moves(found: Optimum, levels: tuple[Prices, ...], options: SolverOptions) -> PlanMoves | None:
    """Follow the plan along the limits that are printed."""
    if found.published.method != "exact":
        return None
    plan, program = found.published.plan, found.program
    rows = {i for level in levels for i in printed_rows(found.instance, program, plan, level)}
    return plan_moves(found.active(), found.published.y, sorted(rows), program.costs, options)


def find_optimum(
    instance: Instance,
    name: str,
    *,
    options: SolverOptions = DEFAULT_OPTIONS,
    clock: Clock | None = None,
) -> Optimum | Failure:
    """Take an instance to its published plan, with what solved it still in hand.

    Parameters and errors are those of `solve_instance`.
    """
    clock = clock or Clock()
    with _uncollected():
        ready = _prepared(instance, name, options, clock)
        return ready if isinstance(ready, Failure) else _published(ready, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """Every priority solved, no plan chosen yet; `options` are those that succeeded."""

    instance: Instance
    reference: Reference
    even: Evenness
    program: CompiledProgram
    alone: Alone
    weighting: Weighting
    staged: Staged
    options: SolverOptions


def _prepared(
    instance: Instance, name: str, options: SolverOptions, clock: Clock
) -> _Prepared | Failure:
    problems = Problems()
    with clock.stage("reference"):
        reference = reference_allocation(instance, problems)
        even = evenness(instance, reference, problems)
        problems.stop_if_wrong()
    program = _compiled(instance, reference, clock)
    with clock.stage("solve"):
        optimum = _optimum(instance, reference, program, options)
    if optimum is None:
        with clock.stage("diagnose"):
            found = diagnose(instance, program, options)
        if found is not None:
            return Failure(name=name, instance=instance, program=program, diagnosis=found)
        if not options.presolve:
            raise NotProven("HiGHS called a program infeasible that has a plan")
        # presolve has declared feasible programs infeasible (HiGHS issues 2511, 1725)
        return _prepared(instance, name, replace(options, presolve=False), clock)
    alone, weighting, staged = optimum
    return _Prepared(
        instance=instance,
        reference=reference,
        even=even,
        program=program,
        alone=alone,
        weighting=weighting,
        staged=staged,
        options=options,
    )


def _only_told(weighting: Weighting) -> frozenset[str]:
    """Objectives that no priority serves: computed and reported only."""
    served = {name for p in range(len(weighting.weights)) for name in weighting.served(p)}
    return frozenset(weighting.names) - served


def _published(ready: _Prepared, clock: Clock) -> Optimum:
    """Choose the plan that is published."""
    instance = ready.instance
    with clock.stage("tie-break"):
        spread = spread_over(instance, ready.program, ready.even)
        method = instance.scenario.tie_break.method
        published = publish(ready.staged, spread, method, ready.options)
        plan = completed(
            ready.program,
            ready.staged.scaled,
            published.plan,
            _only_told(ready.weighting),
            ready.options,
        )
        published = replace(published, plan=plan)
    return Optimum(
        instance=instance,
        reference=ready.reference,
        program=ready.program,
        weighting=ready.weighting,
        staged=ready.staged,
        spread=spread,
        published=published,
    )


def diagnose_instance(
    instance: Instance,
    name: str,
    protected: Collection[str] = (),
    *,
    options: SolverOptions = DEFAULT_OPTIONS,
    clock: Clock | None = None,
) -> Failure | None:
    """Find why an instance has no plan, and the cheapest ways out; None when it has one.

    Parameters
    ----------
    instance, name, options, clock
        As for `solve_instance`.
    protected
        Rules that no repair may move.

    Raises
    ------
    InvalidScenario
        When the reference cannot be read.
    NotProven
        When a limit was reached or the solver failed.
    """
    clock = clock or Clock()
    problems = Problems()
    with clock.stage("reference"):
        reference = reference_allocation(instance, problems)
        problems.stop_if_wrong()
    with _uncollected():
        program = _compiled(instance, reference, clock)
    with clock.stage("diagnose"):
        found = diagnose(instance, program, options, protected)
    if found is None:
        return None
    return Failure(name=name, instance=instance, program=program, diagnosis=found)


def _compiled(instance: Instance, reference: Reference, clock: Clock) -> CompiledProgram:
    with clock.stage("formulate"):
        formulation = formulate(instance, reference)
    with clock.stage("compile"):
        return compile_program(formulation)


def _optimum(
    instance: Instance, reference: Reference, program: CompiledProgram, options: SolverOptions
) -> tuple[Alone, Weighting, Staged] | None:
    """Solve every priority; None when the solver finds no plan at all."""
    alone = Alone(program, options)
    try:
        weighting = weigh(instance, reference, alone.least)
        stage_costs = weighting.weights @ program.costs
        staged = solve_stages(program, weighting.priorities, stage_costs, options)
        _check_termination(staged)
    except Infeasible:
        return None
    return alone, weighting, staged


def _check_termination(staged: Staged) -> None:
    match staged.termination:
        case Termination.OPTIMAL:
            return
        case Termination.INFEASIBLE:
            raise Infeasible("no plan satisfies every rule")
        case Termination.UNBOUNDED:
            raise InternalError("every objective is bounded below, and the solver says otherwise")
        case other:
            message = f"the solver ended without proof: {other.value}"
            raise NotProven(message)


def spread_over(instance: Instance, program: CompiledProgram, even: Evenness) -> Spread:
    """Lay the tie-break of the models over the columns of the program (decisions come first)."""
    n = program.matrix.shape[1]
    cells = int(np.prod(instance.shape))

    def over_columns(values: np.ndarray[Any, Any], rest: float) -> np.ndarray[Any, Any]:
        laid = np.full(n, rest)
        laid[:cells] = values.ravel()
        return laid

    neutral = [_neutral(key) for key in program.column_keys[:cells]]
    return Spread(
        cost=over_columns(even.cost, 0.0),
        basis=over_columns(even.basis, 1.0),
        around=over_columns(even.around, 0.0),
        neutral=over_columns(np.array(neutral).reshape(instance.shape), 0.0),
    )


def _neutral(key: CellKey | AuxiliaryKey) -> float:
    """Return a fixed figure in [1, 2) that favours nobody, from the SHA-256 of the cell's name."""
    name = f"{key.level}:{key.territory}|{key.measure}|{key.year}"
    digest = hashlib.sha256(name.encode()).digest()
    return 1.0 + int.from_bytes(digest[:6], "big") / 2.0**48
