"""From an instance to its published plan: reference, program, priorities, tie-break."""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perequa.compilation import compile_program
from perequa.engine.beside import other_thread
from perequa.engine.completed import completed
from perequa.engine.optimum_alone import Alone, owners
from perequa.engine.ordered_stages import Solved, solve_ordered, with_more_orders
from perequa.engine.response import active_plan
from perequa.engine.session import SolverOptions
from perequa.engine.spread import Spread
from perequa.engine.termination import Termination
from perequa.engine.tie_break import publish
from perequa.interpret.diagnosis import diagnose
from perequa.interpret.run import Failure
from perequa.levels import laid_out
from perequa.ranked_program import pairs_as_needed, with_every_pair
from perequa.selecting import check_values, held_at, select
from perequa.weighting import weigh
from perequa_models.errors import Infeasible, InternalError, NotProven
from perequa_models.formulation import formulate
from perequa_models.keys import AuxiliaryKey, CellKey
from perequa_models.levels import next_leximin
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation
from perequa_models.tie_break import Evenness, evenness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perequa.compilation import CompiledProgram
    from perequa.engine.response import ActivePlan
    from perequa.engine.stages import Staged
    from perequa.engine.tie_break import Published
    from perequa.selecting import Selected
    from perequa.weighting import Weighting
    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference

Floats = NDArray[np.float64]
DEFAULT_OPTIONS = SolverOptions()
Watch = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """What is known while the solver looks for the optimum.

    Attributes
    ----------
    program, weighting
        The program, and what it is solved for.
    alone
        The optimum of each objective alone.
    spread
        Lays the tie-break over the columns of the program.
    """

    program: CompiledProgram
    weighting: Weighting
    alone: Alone
    spread: Callable[[], Spread]


Meanwhile = Callable[[Underway], AbstractContextManager[None]]


def at_rest(_underway: Underway) -> AbstractContextManager[None]:
    """Do nothing while the solver works."""
    return nullcontext()


def unwatched(_stage: str) -> AbstractContextManager[None]:
    """Say nothing of a stage, however long."""
    return nullcontext()


@dataclass(slots=True)
class Clock:
    """Seconds spent in each stage.

    Attributes
    ----------
    seconds
        By stage.
    watch
        Entered around each stage, given its name: says that a long one is under way.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    watch: Watch = unwatched

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        start = time.perf_counter()
        try:
            with self.watch(name):
                yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


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
    selected
        The projects taken; None in a scenario without any. The program holds them as taken.
    """

    instance: Instance
    reference: Reference
    program: CompiledProgram
    weighting: Weighting
    staged: Staged
    spread: Spread
    published: Published
    selected: Selected | None = None

    def active(self) -> ActivePlan:
        """Find which limits the published plan meets."""
        unserved = _only_told(self.weighting)
        idle = np.isin(owners(self.program.row_keys, unserved), sorted(unserved))
        return active_plan(self.program, self.staged, self.spread, self.published, idle)


def find_optimum(
    instance: Instance,
    name: str,
    *,
    options: SolverOptions = DEFAULT_OPTIONS,
    clock: Clock | None = None,
    pairs: Callable[[CompiledProgram], CompiledProgram] = pairs_as_needed,
) -> Optimum | Failure:
    """Take an instance to its published plan, with what solved it still in hand.

    Parameters
    ----------
    instance
        Complete figures.
    name
        The scenario column of every table.
    options
        How the solver works; no table depends on it.
    clock
        Collects the time of each stage.
    pairs
        Which pairs of rates have a row from the start, where an objective adds up differences.

    Raises
    ------
    InvalidScenario
        When the reference, the tie-break or a normalisation cannot be read.
    NotProven
        When a limit was reached or the solver failed.
    """
    clock = clock or Clock()
    with uncollected():
        ready = prepared(instance, name, options, clock, pairs)
        return ready if isinstance(ready, Failure) else published_from(ready, clock)


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave the garbage collector off: it would walk tables and the Pyomo model again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Every priority solved, no plan chosen yet.

    Attributes
    ----------
    even, neutral
        What the tie-break evens out; the neutral figure (cells,) of each decision.
    alone
        The optimum of each objective alone.
    options
        Those that succeeded.
    """

    instance: Instance
    reference: Reference
    even: Evenness
    neutral: Floats
    alone: Alone
    weighting: Weighting
    solved: Solved
    options: SolverOptions
    selected: Selected | None = None

    @property
    def settled(self) -> bool:
        """Whether the program stays as it is, whatever plan is chosen."""
        return self.solved.program.settled

    def spread_of(self, program: CompiledProgram) -> Spread:
        """Lay the tie-break over the columns of the program solved, or of one with more rows."""
        return spread_over(self.instance, program, self.even, self.neutral)


def prepared(
    instance: Instance,
    name: str,
    options: SolverOptions,
    clock: Clock,
    pairs: Callable[[CompiledProgram], CompiledProgram] = pairs_as_needed,
    reference: Reference | None = None,
    meanwhile: Meanwhile = at_rest,
) -> Prepared | Failure:
    """Solve every priority of an instance; say why where there is no plan.

    Parameters and errors are those of `find_optimum`; the reference is that of the instance, where
    checking it has told already. `meanwhile` is entered while the solver works, unless whole
    projects are chosen first.
    """
    reference, even, program = posed(instance, clock, reference)
    if next_leximin(instance) is not None:
        try:
            instance = _in_levels(instance, reference, options, clock)
        except Infeasible:
            pass  # told below, with its causes
        else:
            program = compiled_from(instance, reference, clock)
    # which pairs a plan needs is told by duals, and whole projects have none
    program = with_every_pair(program) if instance.projects else pairs(program)
    with other_thread() as other, clock.stage("solve"):
        neutral = other.submit(neutral_figures, program.column_keys)

        def underway(weighting: Weighting, alone: Alone) -> AbstractContextManager[None]:
            return meanwhile(
                Underway(
                    program=program,
                    weighting=weighting,
                    alone=alone,
                    spread=lambda: spread_over(instance, program, even, neutral.result()),
                )
            )

        optimum = _optimum(instance, reference, program, options, underway)
        # waited for here: what has not begun when the block ends is never done
        figures = neutral.result()
    if optimum is None:
        with clock.stage("diagnose"):
            found = diagnose(instance, program, options)
        if found is not None:
            return Failure(name=name, instance=instance, program=program, diagnosis=found)
        if not options.presolve:
            raise NotProven("HiGHS called a program infeasible that has a plan")
        # presolve has declared feasible programs infeasible (HiGHS issues 2511, 1725)
        again = replace(options, presolve=False)
        return prepared(instance, name, again, clock, pairs, reference, meanwhile)
    alone, weighting, solved, selected = optimum
    return Prepared(
        instance=instance,
        reference=reference,
        even=even,
        neutral=figures,
        alone=alone,
        weighting=weighting,
        solved=solved,
        options=options,
        selected=selected,
    )


def _in_levels(
    instance: Instance, reference: Reference, options: SolverOptions, clock: Clock
) -> Instance:
    with clock.stage("levels"):
        quiet = Clock()

        def compiled(i: Instance) -> CompiledProgram:
            return with_every_pair(compiled_from(i, reference, quiet))

        return laid_out(instance, reference, compiled, options)


def posed(
    instance: Instance, clock: Clock, reference: Reference | None = None
) -> tuple[Reference, Evenness, CompiledProgram]:
    """Share out by the reference, unless it is known, and compile the program; nothing is solved.

    Raises
    ------
    InvalidScenario
        When the reference or the tie-break cannot be read.
    """
    problems = Problems()
    with clock.stage("reference"):
        if reference is None:
            reference = reference_allocation(instance, problems)
        even = evenness(instance, reference, problems)
        problems.stop_if_wrong()
    return reference, even, compiled_from(instance, reference, clock)


def published_from(ready: Prepared, clock: Clock) -> Optimum:
    """Choose the plan that is published."""
    instance, solved = ready.instance, ready.solved
    with clock.stage("tie-break"):
        while True:
            spread = ready.spread_of(solved.program)
            method = instance.scenario.tie_break.method
            published = publish(solved.staged, spread, method, ready.options)
            stood_at = [solved.staged.stages[-1].x, published.plan]
            passed = [] if published.stepped is None else [published.stepped.rho_x]
            more = with_more_orders(
                solved, passed, stood_at, ready.weighting.weights, ready.options
            )
            if more is None:
                break
            _check_termination(more.staged)
            solved = more
        plan = completed(
            solved.program,
            solved.staged.scaled,
            published.plan,
            _only_told(ready.weighting),
            ready.options,
        )
        published = replace(published, plan=plan)
    return Optimum(
        instance=instance,
        reference=ready.reference,
        program=solved.program,
        weighting=ready.weighting,
        staged=solved.staged,
        spread=spread,
        published=published,
        selected=ready.selected,
    )


def _only_told(weighting: Weighting) -> frozenset[str]:
    """Objectives that no priority serves: computed and reported only."""
    served = {name for p in range(len(weighting.weights)) for name in weighting.served(p)}
    return frozenset(weighting.names) - served


def compiled_from(instance: Instance, reference: Reference, clock: Clock) -> CompiledProgram:
    """Write the program of an instance and compile it."""
    with clock.stage("formulate"):
        formulation = formulate(instance, reference)
    with clock.stage("compile"):
        program = compile_program(formulation)
        # a model holds itself: left to the garbage collector, it would stay until long after
        formulation.model.clear()
    return program


def _optimum(
    instance: Instance,
    reference: Reference,
    program: CompiledProgram,
    options: SolverOptions,
    underway: Callable[[Weighting, Alone], AbstractContextManager[None]],
) -> tuple[Alone, Weighting, Solved, Selected | None] | None:
    """Solve every priority; None when the solver finds no plan at all."""
    alone = Alone(program, options)
    try:
        weighting = weigh(instance, reference, alone.least)
        selected, beside = None, underway(weighting, alone)
        if instance.projects:
            selected, beside = select(instance, weighting, program, options), nullcontext()
            program = held_at(program, selected)
        with beside:
            solved = solve_ordered(program, weighting.priorities, weighting.weights, options)
        _check_termination(solved.staged)
        if selected is None:
            alone.told_by(solved.staged.stages[0].x, weighting.weights[0])
        else:
            check_values(selected, solved.staged.stages)
    except Infeasible:
        return None
    return alone, weighting, solved, selected


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


def spread_over(
    instance: Instance, program: CompiledProgram, even: Evenness, neutral: Floats
) -> Spread:
    """Lay the tie-break of the models over the columns of the program (decisions come first)."""
    n = program.matrix.shape[1]
    cells = int(np.prod(instance.shape))

    def over_columns(values: np.ndarray[Any, Any], rest: float) -> np.ndarray[Any, Any]:
        laid = np.full(n, rest)
        laid[:cells] = values.ravel()
        return laid

    return Spread(
        cost=over_columns(even.cost, 0.0),
        basis=over_columns(even.basis, 1.0),
        around=over_columns(even.around, 0.0),
        neutral=over_columns(neutral, 0.0),
        moved=np.append(np.zeros(cells), [_is_moved(key) for key in program.column_keys[cells:]]),
    )


def _is_moved(key: object) -> bool:
    """Whether a column is what a transfer moves."""
    return isinstance(key, AuxiliaryKey) and key.role == "transferred"


def neutral_figures(keys: Iterable[object]) -> Floats:
    """Return a fixed figure in [1, 2) that favours nobody, for each cell among some columns.

    It comes from the SHA-256 of the name of the cell.
    """
    names = (
        f"{key.level}:{key.territory}|{key.measure}|{key.year}"
        for key in keys
        if isinstance(key, CellKey)
    )
    digests = (hashlib.sha256(name.encode()).digest()[:6] for name in names)
    return 1.0 + np.array([int.from_bytes(digest, "big") for digest in digests]) / 2.0**48
