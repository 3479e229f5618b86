"""The stages in order, nothing else: check → formulate → compile → solve → certify → interpret."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from perequa.certificate import Certificate, certify, readied
from perequa.engine.beside import other_thread
from perequa.interpret.diagnosis import diagnose
from perequa.interpret.run import Choice, Failure, Solved
from perequa.interpret.weights import CHEAP
from perequa.left_out import left_out_of
from perequa.levels import with_multipliers
from perequa.optimum import (
    DEFAULT_OPTIONS,
    Clock,
    compiled_from,
    prepared,
    published_from,
    uncollected,
)
from perequa.pricing import Asked, Priced, Ranges, begun_prices, priced_of
from perequa.report.arrays import npz, program_arrays, solution_arrays, whole_arrays
from perequa.rounding import whole_plan
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation
from perequa_models.whole import asks_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from concurrent.futures import Executor, Future

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.spread import Spread
    from perequa.optimum import Prepared, Underway
    from perequa.report.arrays import Arrays
    from perequa.verification.folder import Program
    from perequa.weighting import Weighting
    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A scenario with its plan, proven optimal.

    Attributes
    ----------
    run, spread
        What was found; what the tie-break evens out.
    program
        The arrays of the program that were certified, packed as in the run folder.
    solution
        Those of the solution.
    certificate
        What their own checks say.
    """

    run: Solved
    spread: Spread
    program: bytes
    solution: Arrays
    certificate: Certificate


def solve_instance(
    instance: Instance,
    name: str,
    *,
    prices: bool = True,
    ranges: Ranges = "printed",
    weights_up_to: float = CHEAP,
    options: SolverOptions = DEFAULT_OPTIONS,
    clock: Clock | None = None,
    reference: Reference | None = None,
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
        Which rows get exact ranges at the first priority: those printed, all, or none.
    weights_up_to
        Rows times objectives of a priority above which its weights are left without a range.
    options
        How the solver works; no table depends on it.
    clock
        Collects the time of each stage.
    reference
        The circular's own allocation, where checking the figures has told it already.

    Raises
    ------
    InvalidScenario
        When the reference, the tie-break or a normalisation cannot be read.
    NoWholePlan
        When whole places are asked for and no whole plan keeps the rules.
    NotProven
        When a limit was reached or the solver failed.
    """
    asked = Asked(prices=prices, ranges=ranges, weights_up_to=weights_up_to)
    clock = clock or Clock()
    with uncollected(), other_thread() as other:
        beside = _Beside(other)
        ready = prepared(
            instance, name, options, clock, reference=reference, meanwhile=beside.solving
        )
        return ready if isinstance(ready, Failure) else _solve(ready, name, asked, clock, beside)


class _Beside:
    """What the other thread does while the solver looks for the optimum, and afterwards.

    While HiGHS works here Python is free there: the program is laid out for the run folder, and as
    many objectives are solved on their own as there is time for.
    """

    def __init__(self, other: Executor) -> None:
        self.other = other
        self.laid: Future[_Laid] | None = None

    @contextmanager
    def solving(self, underway: Underway) -> Iterator[None]:
        """Work until the solver has done."""
        over = Event()
        program = underway.program
        if program.settled:
            self.laid = self.other.submit(
                lambda: _laid_out(program, underway.weighting, underway.spread())
            )
        first = underway.weighting.weights[0]
        self.other.submit(underway.alone.ahead, first, over.is_set)
        try:
            yield
        finally:
            over.set()


def _solve(ready: Prepared, name: str, asked: Asked, clock: Clock, beside: _Beside) -> Success:
    publishing = beside.other.submit(published_from, ready, Clock())
    least = ready.alone.asked_of(beside.other)
    begun = None
    if asked.prices and ready.settled and ready.selected is None:
        begun = begun_prices(ready.solved.program, ready.solved.staged, ready.options, clock)
        with clock.stage("prices"):
            begun.pricing.ahead(publishing.done)
    with clock.stage("tie-break"):
        found = publishing.result()
    program, staged, published = found.program, found.staged, found.published
    with clock.stage("write"):
        if beside.laid is None:
            laid = _laid_out(program, found.weighting, found.spread)
        else:
            laid = beside.laid.result()
    with clock.stage("certify"):
        stages = with_multipliers(ready.instance, program, staged, ready.options)
        solution = solution_arrays(stages, published)
        certificate = certify(laid.program, solution)
    priced, choice = Priced(), None
    if found.selected is not None:
        # whole projects have no dual prices: what one more is worth is found by solving again
        with clock.stage("projects"):
            left_out = left_out_of(found, found.selected, moved=asked.prices)
        choice = Choice(selected=found.selected, left_out=left_out)
    elif asked.prices:
        if begun is None:
            begun = begun_prices(program, staged, ready.options, clock)
        priced = priced_of(found, begun, asked, ready.options, clock)
    with clock.stage("optimum alone"):
        alone = least()
    run = Solved(
        name=name,
        instance=ready.instance,
        reference=found.reference,
        program=program,
        weighting=found.weighting,
        alone=alone,
        stages=stages,
        published=published,
        levels=priced.levels,
        moves=priced.moves,
        standing=priced.standing,
        weight_ranges=priced.weight_ranges,
        choice=choice,
    )
    if asks_whole(ready.instance):
        with clock.stage("whole places"):
            whole = whole_plan(run, ready.options)
            run = replace(run, whole=whole)
            solution |= whole_arrays(whole)
    return Success(
        run=run,
        spread=found.spread,
        program=laid.packed,
        solution=solution,
        certificate=certificate,
    )


class _Laid(NamedTuple):
    """A program ready to be checked against its solution, and what the run folder holds of it."""

    program: Program
    packed: bytes


def _laid_out(program: CompiledProgram, weighting: Weighting, spread: Spread) -> _Laid:
    arrays = program_arrays(program, weighting, spread)
    return _Laid(readied(arrays), npz(arrays))


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
    with uncollected():
        program = compiled_from(instance, reference, clock)
    with clock.stage("diagnose"):
        found = diagnose(instance, program, options, protected)
    if found is None:
        return None
    return Failure(name=name, instance=instance, program=program, diagnosis=found)
