"""One scenario from its files to a saved run folder; a failure is a result too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from perequa.alone import CODE, envelope_prices
from perequa.checks import load
from perequa.checks.placing import Places
from perequa.interpret.repairs import passed_tables, suspected_units
from perequa.interpret.run import Failure
from perequa.interpret.weights import CHEAP
from perequa.io.findings import findings_of
from perequa.io.run_folder import DIAGNOSIS, RUN, check_replaceable, write_folder
from perequa.optimum import DEFAULT_OPTIONS, Clock, Watch, posed, uncollected, unwatched
from perequa.pipeline import Success, diagnose_instance, solve_instance
from perequa.pricing import Asked
from perequa.report.arrays import npz, program_arrays
from perequa.report.failure import failed_files, failed_record, failure_tables
from perequa.report.files import solved_files, tables_of
from perequa.report.record import base_record, input_files, solved_record
from perequa.report.texts import json_bytes
from perequa.report.unrounded import unrounded_files, unrounded_record
from perequa.rounding import RulesStop
from perequa.words import SOURCE, told, words_in
from perequa_models.errors import (
    Infeasible,
    InvalidScenario,
    NotProven,
    PerequaError,
    UsageError,
)
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perequa.checks import Loaded
    from perequa.engine.session import SolverOptions
    from perequa.interpret.tables import Table
    from perequa.io.findings import Finding
    from perequa.pricing import Ranges
    from perequa.words import Words


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """What became of one scenario.

    Attributes
    ----------
    name
        The scenario column; the source as given when it could not be read.
    status, exit_code
        ``optimal``, ``infeasible``, ``invalid``, ``limit`` or ``error``, and its exit status.
    folder, fingerprint
        Where the run is saved; None and empty when nothing was.
    tables
        Tables by name.
    findings, message
        What is wrong or doubtful; one sentence when the run failed.
    seconds
        Time of each stage.
    failed
        Steps of a cascade that did not end well.
    """

    name: str
    status: str
    exit_code: int
    folder: Path | None = None
    fingerprint: str = ""
    tables: Mapping[str, Table] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    message: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    failed: tuple[FinishedRun, ...] = ()

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan: an optimal one, or a whole one not proven to be the nearest."""
        return "allocation" in self.tables


@uncollected()
def run_scenario(
    source: str,
    destination: Callable[[str], Path],
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    prices: bool = True,
    ranges: Ranges = "printed",
    weights_up_to: float = CHEAP,
    options: SolverOptions = DEFAULT_OPTIONS,
    lang: str = SOURCE,
    watch: Watch = unwatched,
) -> FinishedRun:
    """Read, check, solve, price and save one scenario.

    Parameters
    ----------
    source, variants, sets
        What to read, as on the command line.
    destination
        Gives the run folder of a scenario column.
    prices
        Whether rules are priced and weights ranged.
    ranges, weights_up_to
        Which rows get exact ranges, and the size up to which weights are ranged, as for
        `solve_instance`.
    options
        How the solver works.
    lang
        Language of sentences, recorded in ``run.json``.
    watch
        Entered around each stage, as `Clock` says.

    Raises
    ------
    UsageError
        When the destination cannot be replaced, or a word is not in this version.
    """
    words, clock = words_in(lang), Clock(watch=watch)
    try:
        with clock.stage("read and check"):
            loaded = load(source, variants, sets)
    except InvalidScenario as error:
        findings = findings_of(error)
        advice = envelope_prices(source, variants, sets, findings, options)
        advised = tuple(_with_advice(f, advice) for f in findings)
        return _invalid(source, advised, words)
    folder = destination(loaded.raw.column_name)
    asked = Asked(prices=prices, ranges=ranges, weights_up_to=weights_up_to)
    return run_loaded(loaded, folder, asked, options, lang, clock)


def run_loaded(
    loaded: Loaded,
    folder: Path,
    asked: Asked,
    options: SolverOptions,
    lang: str,
    clock: Clock | None = None,
) -> FinishedRun:
    """Solve, price and save one scenario already checked; parameters as for `run_scenario`.

    Raises
    ------
    UsageError
        When the folder cannot be replaced.
    """
    words, clock = words_in(lang), clock or Clock()
    check_replaceable(folder)
    places, inputs = input_files(loaded.raw)
    record = base_record(loaded.raw, places, options, lang)
    try:
        outcome = solve_instance(
            loaded.instance,
            loaded.raw.column_name,
            prices=asked.prices,
            ranges=asked.ranges,
            weights_up_to=asked.weights_up_to,
            options=options,
            clock=clock,
            reference=loaded.reference,
        )
    except InvalidScenario as error:
        where = Places(loaded.raw)
        findings = tuple(where.finding(problem) for problem in error.problems)
        return _invalid(loaded.raw.column_name, findings, words)
    except RulesStop as stop:
        return _unrounded(loaded, stop, folder, record, inputs, clock, words)
    except NotProven as error:
        return _not_proven(loaded, folder, record, inputs, error)
    if isinstance(outcome, Failure):
        return _infeasible(loaded, outcome, folder, record, inputs, clock, words)
    return _solved(loaded, outcome, folder, record, inputs, clock, words)


def diagnose_scenario(
    source: str,
    destination: Callable[[str], Path],
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    protected: Sequence[str] = (),
    kind: str = DIAGNOSIS,
    options: SolverOptions = DEFAULT_OPTIONS,
    lang: str = SOURCE,
    watch: Watch = unwatched,
) -> FinishedRun:
    """Say why a scenario has no plan, and what would be the cheapest way out; save both.

    Parameters
    ----------
    source, variants, sets, destination, options, lang, watch
        As for `run_scenario`.
    protected
        Rules that no repair may move.
    kind
        What the folder would hold were there a plan: a diagnosis may stand in its place.

    Raises
    ------
    UsageError
        When a protected rule is unknown, or the destination cannot be replaced.
    InvalidScenario
        When the scenario or its data are wrong.
    NotProven
        When a limit was reached or the solver failed.
    """
    words, clock = words_in(lang), Clock(watch=watch)
    with clock.stage("read and check"):
        loaded = load(source, variants, sets)
    _check_rules(loaded, protected)
    name = loaded.raw.column_name
    folder = destination(name)
    check_replaceable(folder, kind)
    failure = diagnose_instance(
        loaded.instance, name, frozenset(protected), options=options, clock=clock
    )
    if failure is None:
        return FinishedRun(
            name=name,
            status="feasible",
            exit_code=0,
            findings=loaded.findings,
            message=words.phrase("a plan satisfies every rule: nothing to diagnose"),
            seconds=dict(clock.seconds),
        )
    places, inputs = input_files(loaded.raw)
    asked = {"scenario": source, "variants": [*variants], "sets": [*sets], "protect": [*protected]}
    record = base_record(loaded.raw, places, options, lang) | {"study": "diagnose", "asked": asked}
    return _infeasible(loaded, failure, folder, record, inputs, clock, words, kind)


def _check_rules(loaded: Loaded, protected: Sequence[str]) -> None:
    """Refuse to protect a rule that the scenario does not have."""
    known = loaded.instance.scenario.rules
    for name in protected:
        if name not in known:
            close = nearest(name, known)
            hint = f"; did you mean {close}?" if close else ""
            message = f"--protect {name}: no such rule ({', '.join(known) or 'it has none'}){hint}"
            raise UsageError(message)


def _solved(
    loaded: Loaded,
    outcome: Success,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
    clock: Clock,
    words: Words,
) -> FinishedRun:
    run = outcome.run
    with clock.stage("tables"):
        tables = tables_of(run, words)
    with clock.stage("write"):
        files = inputs | solved_files(run, outcome.program, outcome.solution, tables)
        files["certificate.json"] = json_bytes(outcome.certificate.record())
        timings = {name: round(spent, 6) for name, spent in clock.seconds.items()}
        ended = solved_record(run)
        files["run.json"] = json_bytes(record | ended | {"timings": timings})
        fingerprint = write_folder(folder, files)
    return FinishedRun(
        name=run.name,
        status=ended["status"],
        exit_code=ended["exit_code"],
        folder=folder,
        fingerprint=fingerprint,
        tables=tables,
        findings=loaded.findings,
        message="" if ended["status"] == "optimal" else told(ended["termination"], words),
        seconds=dict(clock.seconds),
    )


def _infeasible(
    loaded: Loaded,
    failure: Failure,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
    clock: Clock,
    words: Words,
    kind: str = RUN,
) -> FinishedRun:
    with clock.stage("tables"):
        tables = failure_tables(failure)
        places = Places(loaded.raw)
        suspected = tuple(places.finding(problem) for problem in suspected_units(failure, words))
    with clock.stage("write"):
        files = inputs | failed_files(failure, tables, loaded.raw, record["inputs"])
        timings = {name: round(spent, 6) for name, spent in clock.seconds.items()}
        ended = failed_record(failure, suspected) | {"timings": timings}
        files["run.json"] = json_bytes(record | ended)
        if "study" in record:
            files["study.json"] = files["run.json"]
        fingerprint = write_folder(folder, files, kind)
    return FinishedRun(
        name=failure.name,
        status="infeasible",
        exit_code=Infeasible.exit_status,
        folder=folder,
        fingerprint=fingerprint,
        tables=tables,
        findings=(*loaded.findings, *suspected),
        message=words.phrase("no plan satisfies every rule"),
        seconds=dict(clock.seconds),
    )


def _unrounded(
    loaded: Loaded,
    stop: RulesStop,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
    clock: Clock,
    words: Words,
) -> FinishedRun:
    tables = passed_tables(stop.run, stop.passed)
    with clock.stage("write"):
        files = inputs | unrounded_files(stop.run, stop.plan, tables)
        timings = {name: round(spent, 6) for name, spent in clock.seconds.items()}
        ended = unrounded_record(stop.run, str(stop.said)) | {"timings": timings}
        files["run.json"] = json_bytes(record | ended)
        fingerprint = write_folder(folder, files)
    return FinishedRun(
        name=stop.run.name,
        status="infeasible",
        exit_code=stop.exit_status,
        folder=folder,
        fingerprint=fingerprint,
        tables=tables,
        findings=loaded.findings,
        message=told(stop.said, words),
        seconds=dict(clock.seconds),
    )


def _not_proven(
    loaded: Loaded,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
    error: PerequaError,
) -> FinishedRun:
    ended = {"status": "limit", "exit_code": error.exit_status, "termination": str(error)}
    _, _, program = posed(loaded.instance, Clock(), loaded.reference)
    files = inputs | {
        "program.npz": npz(program_arrays(program, None, None)),
        "run.json": json_bytes(record | ended),
        "certificate.json": json_bytes({"verdict": "refused", "why": str(error)}),
    }
    return FinishedRun(
        name=loaded.raw.column_name,
        status="limit",
        exit_code=error.exit_status,
        folder=folder,
        fingerprint=write_folder(folder, files),
        findings=loaded.findings,
        message=str(error),
    )


def _with_advice(finding: Finding, advice: str) -> Finding:
    if not advice or finding.code != CODE:
        return finding
    return replace(finding, message=f"{finding.message}; {advice}")


def _invalid(name: str, findings: tuple[Finding, ...], words: Words) -> FinishedRun:
    return FinishedRun(
        name=name,
        status="invalid",
        exit_code=InvalidScenario.exit_status,
        findings=findings,
        message=words.phrase("the scenario or its data are wrong"),
    )
