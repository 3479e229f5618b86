"""A study from a scenario's files to its saved folder; the question itself is given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perequa.checks import load
from perequa.checks.placing import Places
from perequa.io.findings import InvalidInput
from perequa.io.run_folder import check_replaceable, write_folder
from perequa.optimum import Clock
from perequa.report.arrays import npz, program_arrays
from perequa.report.record import base_record, input_files
from perequa.report.texts import csv_bytes, json_bytes
from perequa.studies.evidence import evidence_arrays
from perequa.studies.prepared import OPTIONS, prepare
from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from perequa.interpret.tables import Table
    from perequa.io.findings import Finding
    from perequa.studies.evidence import Proven
    from perequa.studies.prepared import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a study found.

    Attributes
    ----------
    tables
        Tables by file name without its ending, the main one first.
    facts
        What else ``study.json`` records.
    files
        Files read beside the scenario's, by path inside the study folder.
    large
        Files written beside the tables, by path inside the study folder, and where they are.
    proven
        The sample of its figures that is proven (see `evidence`).
    """

    tables: dict[str, Table]
    facts: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    large: Mapping[str, Path] = field(default_factory=dict)
    proven: tuple[Proven, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedStudy:
    """What became of a study that was carried out.

    Attributes
    ----------
    name, study
        The scenario column and the name of the study.
    folder, fingerprint
        Where it is saved.
    record, answer, findings
        What ``study.json`` holds; what was found; what is doubtful in the scenario.
    """

    name: str
    study: str
    folder: Path
    fingerprint: str
    record: Mapping[str, Any]
    answer: Answer
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which scenario a study looks at, as on the command line."""

    scenario: str
    variants: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    lang: str = "en"


def run_study(
    study: str,
    source: Source,
    asked: Mapping[str, object],
    ask: Callable[[Prepared], Answer],
    destination: Callable[[str], Path],
) -> FinishedStudy:
    """Read, check and compile a scenario, ask one question of it, save the answer whole.

    Parameters
    ----------
    study
        Its name.
    source, asked
        The scenario, and the options of the question, recorded as given.
    ask
        The question.
    destination
        Gives the study folder of a scenario column.

    Raises
    ------
    UsageError
        When the question makes no sense for this scenario, or the destination cannot be replaced.
    InvalidScenario
        When the scenario or its data are wrong.
    Infeasible
        When no plan satisfies every rule; this is proven.
    NotProven
        When a limit was reached or the solver failed.
    """
    clock = Clock()
    with clock.stage("read and check"):
        loaded = load(source.scenario, source.variants, source.sets)
    folder = destination(loaded.raw.column_name)
    check_replaceable(folder, study)
    try:
        prepared = prepare(loaded, clock)
        with clock.stage("study"):
            answer = ask(prepared)
    except InvalidInput:
        raise  # of a file that the question names: it says where itself
    except InvalidScenario as error:
        where = Places(loaded.raw)
        raise InvalidInput([where.finding(problem) for problem in error.problems]) from error
    places, inputs = input_files(loaded.raw)
    inputs = {**inputs, **answer.files}
    record = base_record(loaded.raw, places, OPTIONS, source.lang)
    record |= {
        "study": study,
        "asked": {"scenario": source.scenario, "sets": [*source.sets], **asked},
        "status": "optimal",
        "exit_code": 0,
        "hashes": {name: hashlib.sha256(content).hexdigest() for name, content in inputs.items()},
        "tables": {name: list(table.columns) for name, table in answer.tables.items()},
        **answer.facts,
        "timings": {name: round(spent, 6) for name, spent in clock.seconds.items()},
    }
    return FinishedStudy(
        name=loaded.raw.column_name,
        study=study,
        folder=folder,
        fingerprint=write_folder(folder, _files(record, inputs, answer, prepared), study),
        record=record,
        answer=answer,
        findings=loaded.findings,
    )


def _files(
    record: dict[str, Any], inputs: Mapping[str, bytes], answer: Answer, prepared: Prepared
) -> dict[str, bytes | Path]:
    tables = {f"{name}.csv": csv_bytes(table) for name, table in answer.tables.items()}
    arrays = program_arrays(prepared.program, prepared.weighting, prepared.spread)
    proofs = {"program.npz": npz(arrays), "evidence.npz": npz(evidence_arrays(answer.proven))}
    return {
        **inputs,
        **tables,
        **answer.large,
        **(proofs if answer.proven else {}),
        "study.json": json_bytes(record),
    }
