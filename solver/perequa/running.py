"""One scenario from its files to a saved run folder; a failure is a result too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perequa.checks import load
from perequa.checks.placing import Places
from perequa.interpret.conflicts import conflicts_table
from perequa.interpret.run import Failure
from perequa.io.findings import findings_of
from perequa.io.run_folder import check_replaceable, write_folder
from perequa.pipeline import DEFAULT_OPTIONS, Clock, Success, solve_instance
from perequa.report.arrays import npz, program_arrays
from perequa.report.files import csv_bytes, json_bytes, solved_files, tables_of
from perequa.report.record import base_record, input_files, solved_record
from perequa_models.errors import Infeasible, InvalidScenario, NotProven, PerequaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perequa.checks import Loaded
    from perequa.engine.session import SolverOptions
    from perequa.interpret.tables import Table
    from perequa.io.findings import Finding


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


def run_scenario(
    source: str,
    destination: Callable[[str], Path],
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    prices: bool = True,
    options: SolverOptions = DEFAULT_OPTIONS,
    lang: str = "en",
) -> FinishedRun:
    """Read, check, solve, price and save one scenario.

    Parameters
    ----------
    source, variants, sets
        What to read, as on the command line.
    destination
        Gives the run folder of a scenario column.
    prices
        Whether rules are priced.
    options
        How the solver works.
    lang
        Language of sentences, recorded in ``run.json``.

    Raises
    ------
    UsageError
        When the destination cannot be replaced, or a word is not in this version.
    """
    clock = Clock()
    try:
        with clock.stage("read and check"):
            loaded = load(source, variants, sets)
    except InvalidScenario as error:
        return _invalid(source, findings_of(error))
    folder = destination(loaded.raw.column_name)
    check_replaceable(folder)
    places, inputs = input_files(loaded.raw)
    record = base_record(loaded.raw, places, options, lang)
    try:
        outcome = solve_instance(
            loaded.instance, loaded.raw.column_name, prices=prices, options=options, clock=clock
        )
    except InvalidScenario as error:
        where = Places(loaded.raw)
        findings = tuple(where.finding(problem) for problem in error.problems)
        return _invalid(loaded.raw.column_name, findings)
    except NotProven as error:
        return _not_proven(loaded, folder, record, inputs, error)
    if isinstance(outcome, Failure):
        return _infeasible(loaded, outcome, folder, record, inputs)
    return _solved(loaded, outcome, folder, record, inputs, clock)


def _solved(
    loaded: Loaded,
    outcome: Success,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
    clock: Clock,
) -> FinishedRun:
    run = outcome.run
    with clock.stage("tables"):
        tables = tables_of(run)
    with clock.stage("write"):
        files = inputs | solved_files(run, outcome.spread, tables)
        files["certificate.json"] = json_bytes(outcome.certificate.record())
        timings = {name: round(spent, 6) for name, spent in clock.seconds.items()}
        files["run.json"] = json_bytes(record | solved_record(run) | {"timings": timings})
        fingerprint = write_folder(folder, files)
    return FinishedRun(
        name=run.name,
        status="optimal",
        exit_code=0,
        folder=folder,
        fingerprint=fingerprint,
        tables=tables,
        findings=loaded.findings,
        seconds=dict(clock.seconds),
    )


def _infeasible(
    loaded: Loaded,
    failure: Failure,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
) -> FinishedRun:
    conflicts = conflicts_table(failure)
    files = inputs | {
        "run.json": json_bytes(
            record
            | {
                "status": "infeasible",
                "exit_code": Infeasible.exit_status,
                "termination": "infeasible",
            }
        ),
        "program.npz": npz(program_arrays(failure.program, None, None)),
        "farkas.npz": npz({"y": failure.conflict.farkas}),
        "certificate.json": json_bytes(
            {"verdict": "infeasible", "proof": "farkas.npz", "clashing_rows": len(failure.conflict.rows)}
        ),
        "conflicts.csv": csv_bytes(conflicts),
    }
    return FinishedRun(
        name=failure.name,
        status="infeasible",
        exit_code=Infeasible.exit_status,
        folder=folder,
        fingerprint=write_folder(folder, files),
        tables={"conflicts": conflicts},
        findings=loaded.findings,
        message="no plan satisfies every rule",
    )


def _not_proven(
    loaded: Loaded,
    folder: Path,
    record: dict[str, Any],
    inputs: dict[str, bytes],
    error: PerequaError,
) -> FinishedRun:
    ended = {"status": "limit", "exit_code": error.exit_status, "termination": str(error)}
    files = inputs | {
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


def _invalid(name: str, findings: tuple[Finding, ...]) -> FinishedRun:
    return FinishedRun(
        name=name,
        status="invalid",
        exit_code=InvalidScenario.exit_status,
        findings=findings,
        message="the scenario or its data are wrong",
    )
