"""A cascade carried out: the nation, then every part inside what it received, then the whole."""

from __future__ import annotations

import math
import multiprocessing
import os
import tempfile
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perequa.cascade.decentralisation import (
    decentralisation_table,
    joined_plan,
    missed_rows,
    objectives_at,
    unkept_table,
)
from perequa.cascade.handing import received_limits
from perequa.cascade.programs import initial_rates, part_scenario, without_rules
from perequa.cascade.reading import INTEGRATED, NATION, SECTIONS, is_cascade
from perequa.cascade.tables import StepDone, cascade_table, handed_table, joined_tables
from perequa.cascade.validating import check_cascade
from perequa.checks import check
from perequa.interpret.weights import CHEAP
from perequa.io.findings import InvalidInput, findings_of
from perequa.io.run_folder import check_replaceable, write_folder
from perequa.io.scenario_files import read_scenario
from perequa.optimum import DEFAULT_OPTIONS, Clock, unwatched
from perequa.pricing import Asked
from perequa.report.record import base_record, input_files
from perequa.report.texts import csv_bytes, json_bytes
from perequa.running import FinishedRun, run_loaded, run_scenario
from perequa.words import SOURCE, words_in
from perequa_models.errors import InternalError, InvalidScenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perequa.cascade.handing import Limits
    from perequa.cascade.reading import Part
    from perequa.cascade.validating import Checked
    from perequa.engine.session import SolverOptions
    from perequa.interpret.tables import Table
    from perequa.io.findings import Finding
    from perequa.io.scenario_files import RawScenario
    from perequa.optimum import Watch
    from perequa.pricing import Ranges
    from perequa.words import Words

ORDER = (1, 3, 5, 4, 0)
"""Exit status of several programs: the first of these that occurred."""
CELLS_EACH = 1000
"""Decisions that are worth a process: it starts in the time of twenty regions of a few each."""
STATUS = {0: "optimal", 3: "invalid", 4: "infeasible", 5: "limit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How every step is solved; plain data, so that another process can be told."""

    asked: Asked
    options: SolverOptions
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of every program of a cascade."""

    nation: FinishedRun
    parts: Sequence[StepDone]
    integrated: FinishedRun | None

    @property
    def exit_code(self) -> int:
        """That of the nation and its parts; the integrated program is a comparison."""
        codes = [self.nation.exit_code, *(s.run.exit_code for s in self.parts if s.run is not None)]
        return next(code for code in ORDER if code in codes)

    @property
    def solved(self) -> dict[str, FinishedRun]:
        """The steps that found a plan, in order."""
        runs = {NATION: self.nation} | {s.part.step: s.run for s in self.parts if s.run is not None}
        return {step: run for step, run in runs.items() if run.has_plan}

    @property
    def complete(self) -> bool:
        """Whether every part found a plan."""
        return len(self.solved) == len(self.parts) + 1


def run_cascade(
    raw: RawScenario,
    destination: Callable[[str], Path],
    *,
    prices: bool = True,
    ranges: Ranges = "printed",
    weights_up_to: float = CHEAP,
    options: SolverOptions = DEFAULT_OPTIONS,
    lang: str = SOURCE,
    jobs: int | None = None,
    watch: Watch = unwatched,
) -> FinishedRun:
    """Check, solve, price and save every step of a cascade.

    Parameters
    ----------
    raw
        The scenario as read.
    destination, prices, ranges, weights_up_to, options, lang, watch
        As for `running.run_scenario`.
    jobs
        Processes that solve the parts; no table depends on it. By default as many as are worth
        starting.

    Raises
    ------
    UsageError
        When the destination cannot be replaced, or a word is not in this version.
    """
    words = words_in(lang)
    how = How(
        asked=Asked(prices=prices, ranges=ranges, weights_up_to=weights_up_to),
        options=options,
        lang=lang,
    )
    try:
        with watch("read and check"):
            checked = check_cascade(raw)
    except InvalidScenario as error:
        return FinishedRun(
            name=raw.column_name,
            status="invalid",
            exit_code=InvalidScenario.exit_status,
            findings=findings_of(error),
            message=words.phrase("the scenario or its data are wrong"),
        )
    folder = destination(raw.column_name)
    check_replaceable(folder)
    with tempfile.TemporaryDirectory(prefix="perequa-") as made:
        processes = jobs or _worthwhile(checked)
        outcome = _carried_out(checked, Path(made), how, processes, watch)
        with watch("write"):
            return _saved(checked, outcome, folder, Path(made), how)


def run_any(
    source: str,
    destination: Callable[[str], Path],
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    prices: bool = True,
    ranges: Ranges = "printed",
    weights_up_to: float = CHEAP,
    lang: str = SOURCE,
    jobs: int | None = None,
    watch: Watch = unwatched,
) -> FinishedRun:
    """Solve a scenario in one program, or in steps where it says ``mode: cascade``.

    Parameters
    ----------
    source, destination, variants, sets, prices, ranges, weights_up_to, lang, watch
        As for `running.run_scenario`.
    jobs
        Processes that solve the parts of a cascade; no table depends on it.

    Raises
    ------
    UsageError
        When the destination cannot be replaced, or a word is not in this version.
    """
    try:
        raw = read_scenario(source, variants, sets)
    except InvalidInput:
        raw = None  # told with everything else by whoever reads it again
    if raw is not None and is_cascade(raw):
        return run_cascade(
            raw,
            destination,
            prices=prices,
            ranges=ranges,
            weights_up_to=weights_up_to,
            lang=lang,
            jobs=jobs,
            watch=watch,
        )
    return run_scenario(
        source,
        destination,
        variants=variants,
        sets=sets,
        prices=prices,
        ranges=ranges,
        weights_up_to=weights_up_to,
        lang=lang,
        watch=watch,
    )


def _worthwhile(checked: Checked) -> int:
    """Return how many processes are worth starting: each takes longer than a small program."""
    cells = math.prod(checked.integrated.instance.shape)
    return max(1, min(os.cpu_count() or 1, len(checked.read.parts), cells // CELLS_EACH))


def _carried_out(checked: Checked, made: Path, how: How, jobs: int, watch: Watch) -> Outcome:
    """Solve the nation, then its parts and the integrated program in whatever order."""
    read = checked.read
    place, clock = made / "steps" / NATION, Clock(watch=watch)
    nation = run_loaded(checked.nation, place, how.asked, how.options, how.lang, clock)
    if not nation.has_plan:
        waiting = [StepDone(part=part, limits={}, run=None) for part in read.parts]
        return Outcome(nation=nation, parts=waiting, integrated=None)
    initial = initial_rates(checked.nation.instance)
    ended: dict[str, FinishedRun | None] = {NATION: nation}
    done: list[StepDone] = []

    def started(part: Part) -> tuple[Limits, Future[FinishedRun] | None]:
        above = ended[part.above]
        if above is None or not above.has_plan:
            return {}, None
        limits = received_limits(read, part, above.tables["allocation"])
        raw = part_scenario(read, part, initial, limits)
        raw = without_rules(raw, checked.idle[part.step])
        return limits, submit(_solved, raw, made / "steps" / part.step, how)

    with watch("parts"), _workers(jobs) as submit:
        whole = submit(_solved, checked.integrated.raw, made / INTEGRATED, how)
        for stage in read.stages:
            # a stage waits for the one above, whose plans are its limits
            pending = [(part, *started(part)) for part in stage.parts]
            for part, limits, future in pending:
                ended[part.step] = None if future is None else future.result()
                done.append(StepDone(part=part, limits=limits, run=ended[part.step]))
        return Outcome(nation=nation, parts=done, integrated=whole.result())


@contextmanager
def _workers(jobs: int) -> Iterator[Callable[..., Future[FinishedRun]]]:
    """Yield what hands a step to this process, or to one of several."""
    if jobs == 1:
        yield _at_once
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield pool.submit


def _at_once(
    solve: Callable[..., FinishedRun],
    *arguments: Any,  # noqa: ANN401 - whatever a step needs, as for an executor
) -> Future[FinishedRun]:
    answered: Future[FinishedRun] = Future()
    answered.set_result(solve(*arguments))
    return answered


def _solved(raw: RawScenario, folder: Path, how: How) -> FinishedRun:
    """Check and solve one step; whatever is wrong with it is its result."""
    try:
        return run_loaded(check(raw), folder, how.asked, how.options, how.lang)
    except InvalidInput as error:
        words = words_in(how.lang)
        return FinishedRun(
            name=raw.column_name,
            status="invalid",
            exit_code=error.exit_status,
            findings=error.findings,
            message=words.phrase("the scenario or its data are wrong"),
        )
    except InternalError as error:
        return FinishedRun(
            name=raw.column_name, status="error", exit_code=error.exit_status, message=str(error)
        )


def _saved(checked: Checked, outcome: Outcome, folder: Path, made: Path, how: How) -> FinishedRun:
    """Write the folder of the whole, the folders of its steps inside."""
    read, name, words = checked.read, checked.read.raw.column_name, words_in(how.lang)
    tables = _tables(checked, outcome)
    raw = replace(read.raw, files={**read.raw.files, **_part_files(checked)})
    places, inputs = input_files(raw)
    code = outcome.exit_code
    record = base_record(raw, places, how.options, how.lang) | {
        "status": STATUS.get(code, "error"),
        "exit_code": code,
        "cascade": _record(checked, outcome),
    }
    files: dict[str, bytes | Path] = {**inputs, "run.json": json_bytes(record)}
    files |= {f"{file}.csv": csv_bytes(table) for file, table in tables.items()}
    for path in sorted(made.rglob("*")):
        if path.is_file():
            files[path.relative_to(made).as_posix()] = path
    fingerprint = write_folder(folder, files)
    failed = tuple(_failed(outcome, folder, made))
    return FinishedRun(
        name=name,
        status=STATUS.get(code, "error"),
        exit_code=code,
        folder=folder,
        fingerprint=fingerprint,
        tables=tables,
        findings=(*checked.findings, *_findings(checked, outcome)),
        message=_message(failed, words),
        failed=failed,
    )


def _message(failed: Sequence[FinishedRun], words: Words) -> str:
    without = sum(not run.has_plan for run in failed)
    if without:
        return words.plural("{count} step has no plan", "{count} steps have no plan", without)
    if failed:
        return words.plural(
            "the whole plan of {count} step is not proven to be the nearest",
            "the whole plans of {count} steps are not proven to be the nearest",
            len(failed),
        )
    return words.phrase("every step has a plan")


def _failed(outcome: Outcome, folder: Path, made: Path) -> Iterator[FinishedRun]:
    """Steps that did not end well, each with the folder where it ends up."""
    for run in _runs(outcome):
        if run.status != "optimal":
            saved = None if run.folder is None else folder / run.folder.relative_to(made)
            yield replace(run, folder=saved)


def _runs(outcome: Outcome) -> Iterator[FinishedRun]:
    yield outcome.nation
    for step in outcome.parts:
        if step.run is not None:
            yield step.run
    if outcome.integrated is not None:
        yield outcome.integrated


def _part_files(checked: Checked) -> Mapping[str, Any]:
    """Files that the parts read, by input key."""
    return {key: file for part in checked.read.parts for key, file in part.stated.files.items()}


def _record(checked: Checked, outcome: Outcome) -> dict[str, object]:
    """Say who decided, by which rules, and what each step took from the whole."""
    read = checked.read
    return {
        "upper": read.upper,
        "lower": read.lower,
        "inherited": sorted(read.inherited),
        "steps": [
            {
                "step": part.step,
                "territory": part.territory.id,
                "above": part.above,
                "decide_at": read.stages[part.stage].decide_at,
                "file": next(iter(part.stated.files), ""),
                "idle": sorted(checked.idle[part.step]),
                "stated": {k: part.stated.data[k] for k in SECTIONS if k in part.stated.data},
            }
            for part in read.parts
        ],
        "complete": outcome.complete,
    }


def _tables(checked: Checked, outcome: Outcome) -> dict[str, Table]:
    """Every table at the top: those of the steps together, and what they amount to."""
    read, name = checked.read, checked.read.raw.column_name
    instance = checked.integrated.instance
    whole, values = outcome.integrated, None
    if outcome.complete:
        last = len(read.stages) - 1
        allocations = [
            step.run.tables["allocation"]
            for step in outcome.parts
            if step.run is not None and step.part.stage == last
        ]
        plan = joined_plan(instance, allocations)
        values = objectives_at(instance, plan)
        missed = missed_rows(instance, plan)
    integrated = None
    if whole is not None and whole.has_plan:
        rows = whole.tables["objectives"].records()
        integrated = {str(r["objective"]): float(r["value"] or 0.0) for r in rows}
    tables = joined_tables(name, {step: run.tables for step, run in outcome.solved.items()})
    tables["cascade"] = cascade_table(read, outcome.nation, outcome.parts, whole)
    tables["handed_down"] = handed_table(read, outcome.parts)
    tables["decentralisation"] = decentralisation_table(name, instance, integrated, values)
    if outcome.complete:
        tables["unkept"] = unkept_table(name, instance, missed)
    return tables


def _findings(checked: Checked, outcome: Outcome) -> Iterator[Finding]:
    """Say what went wrong with single steps."""
    for run in _runs(outcome):
        if run.status != "optimal":
            yield from (f for f in run.findings if f not in checked.findings)
