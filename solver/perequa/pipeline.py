"""The stages in order, nothing else: check → formulate → compile → solve → certify → interpret."""

from __future__ import annotations

import gc
import hashlib
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.certificate import Certificate, certify
from perequa.compilation import compile_program
from perequa.engine.optimum_alone import Alone
from perequa.engine.prices import two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.spread import Spread
from perequa.engine.stages import solve_stages
from perequa.engine.termination import Termination
from perequa.engine.tie_break import publish
from perequa.interpret.diagnosis import diagnose
from perequa.interpret.run import Failure, Solved
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
    from perequa.engine.stages import Staged
    from perequa.weighting import Weighting
    from perequa_models.instance import Instance
    from perequa_models.keys import AuxiliaryKey, CellKey
    from perequa_models.reference.reference import Reference

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
    """A scenario with its plan, proven optimal."""

    run: Solved
    spread: Spread
    certificate: Certificate


def solve_instance(
    instance: Instance,
    name: str,
    *,
    prices: bool = True,
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
        Whether rules are priced.
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
        return _solve(instance, name, prices=prices, options=options, clock=clock or Clock())


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


def _solve(
    instance: Instance, name: str, *, prices: bool, options: SolverOptions, clock: Clock
) -> Success | Failure:
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
        careful = replace(options, presolve=False)
        return _solve(instance, name, prices=prices, options=careful, clock=clock)
    alone, weighting, staged = optimum
    with clock.stage("optimum alone"):
        least = alone.all()
    with clock.stage("tie-break"):
        spread = spread_over(instance, program, even)
        published = publish(staged, spread, instance.scenario.tie_break.method, options)
    with clock.stage("certify"):
        certificate = certify(
            program_arrays(program, weighting, spread), solution_arrays(staged.stages, published)
        )
    with clock.stage("prices"):
        levels = two_sided_prices(program, staged, published.plan, options) if prices else ()
    run = Solved(
        name=name,
        instance=instance,
        reference=reference,
        program=program,
        weighting=weighting,
        alone=least,
        stages=staged.stages,
        published=published,
        levels=levels,
    )
    return Success(run=run, spread=spread, certificate=certificate)


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
