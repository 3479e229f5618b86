"""The folder of a run, of a comparison or of a study, checked and read for those who tell of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from perequa.checks.frame import Frame
from perequa.checks.territories import build_tree
from perequa.interpret.tables import Table
from perequa.io.read_run import RECORD, read_record, read_rows, resolved_scenario
from perequa.io.read_study import RECORD as STUDY
from perequa.io.read_study import read_study_record, read_study_table
from perequa.io.run_folder import MANIFEST
from perequa.io.tables import read_table
from perequa.report.diagnosis import DIAGNOSED
from perequa.report.page import PageFailure, PageRun, PageStudy, Undecided
from perequa.verification.files import fingerprint, refuse_changed, refuse_other_folders
from perequa.verification.folder import RunFolder
from perequa.verification.recompute.model import model_of
from perequa_models.errors import RunFolderWrong, UsageError
from perequa_models.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from perequa.io.read_run import Cell
    from perequa_models.tree import Tree

NEEDED = ("allocation", "totals", "indicators", "equity", "objectives", "rules")
ALSO = (
    *("shadow_prices", "weight_ranges", "cascade", "decentralisation", "whole", "projects"),
    *("one_more", "overruns", "convergence", "reference_parts"),
    *("construction", "transfers", "conversions"),
)
CERTIFICATE = "certificate.json"
PLAN, CAUSES, STEPS = "allocation.csv", "conflicts.csv", "cascade.csv"
INTEGRATED = "integrated"
"""Folder of a cascade that holds the plan decided by one for all."""


def is_study(path: Path) -> bool:
    """Whether a folder is that of a study or of a comparison."""
    return (path / STUDY).is_file() and not (path / RECORD).is_file()


def read_study(path: Path) -> PageStudy:
    """Read the folder of a comparison or of a study that is as it was written.

    Raises
    ------
    InvalidScenario, RunFolderWrong
        As `read_run`.
    """
    record = read_study_record(path)
    refuse_changed(path)
    tables = {}
    for name in record["tables"]:
        columns, rows = read_study_table(path, name)
        tables[name] = Table(columns, tuple(rows))
    return PageStudy(record=record, tables=tables, fingerprint=fingerprint(path))


def read_run(path: Path) -> PageRun:
    """Read a run folder that is as it was written and holds a plan.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder.
    RunFolderWrong
        When a file is not the one the run wrote.
    UsageError
        When the run found no plan.
    """
    refuse_other_folders(path)
    refuse_changed(path)
    record = read_record(path)
    if not (path / PLAN).is_file():
        why = f"the run ended {record['status']}: it has no plan to report"
        raise UsageError(
            f"{path}: {why}; `perequa diagnose` says why an infeasible scenario has none"
        )
    missing = [f"{name}.csv" for name in NEEDED if not (path / f"{name}.csv").is_file()]
    if missing:
        raise RunFolderWrong(f"{path}: {', '.join(missing)} missing")
    return PageRun(
        record=record,
        tables={
            name: Table(*read_rows((path / f"{name}.csv").read_bytes()))
            for name in (*NEEDED, *ALSO)
            if (path / f"{name}.csv").is_file()
        },
        certificate=_certificate(path),
        hashes=_hashes(path),
        fingerprint=fingerprint(path),
        people=_people(path, record),
    )


def has_no_plan(path: Path) -> bool:
    """Whether a folder holds a run without a plan of which it is known why.

    A cascade has no plan where its nation has none: its regions were not asked.
    """
    known = (path / CAUSES).is_file() or any(_undecided_steps(path))
    return known and (path / RECORD).is_file() and not (path / PLAN).is_file()


def read_failure(path: Path) -> PageFailure:
    """Read a run folder that is as it was written and holds no plan.

    Raises
    ------
    InvalidScenario, RunFolderWrong
        As `read_run`.
    """
    refuse_other_folders(path)
    refuse_changed(path)
    record = read_record(path)
    steps = path / STEPS
    if steps.is_file():
        found = [_undecided(path, f"{s['folder']}/", _named(s)) for s in _undecided_steps(path)]
    else:
        found = [_undecided(path, "", "")]
    return PageFailure(
        record=record,
        undecided=tuple(found),
        steps=Table(*read_rows(steps.read_bytes())) if steps.is_file() else None,
        certificate=_certificate(path),
        hashes=_hashes(path),
        fingerprint=fingerprint(path),
    )


def _undecided_steps(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the steps of a cascade that have a diagnosis in place of a plan."""
    if not (path / STEPS).is_file():
        return
    for row in Table(*read_rows((path / STEPS).read_bytes())).records():
        if row["folder"] and (path / str(row["folder"]) / CAUSES).is_file():
            yield row


def _named(step: Mapping[str, Any]) -> str:
    return str(step["territory_name"] or step["step"])


def _undecided(path: Path, folder: str, step: str) -> Undecided:
    record = read_record(path / folder)
    return Undecided(
        name=str(record["name"]),
        step=step,
        folder=folder,
        diagnosis=record["diagnosis"],
        tables={name: Table(*_study_rows(path / folder, name)) for name in DIAGNOSED},
    )


def _study_rows(path: Path, name: str) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Read a table of a diagnosis."""
    columns, rows = read_study_table(path, name)
    return columns, tuple(rows)


def _hashes(path: Path) -> Mapping[str, str]:
    """Return the SHA-256 of every file, by its path inside the folder."""
    held: Mapping[str, str] = json.loads((path / MANIFEST).read_text(encoding="utf-8"))["files"]
    return held


def run_tree(path: Path) -> Tree:
    """Read the territories of a run again, from its own copy of their table."""
    raw = resolved_scenario(path, read_record(path))
    named = raw.data["territories"]
    file = raw.files[named["file"]]
    table = read_table(file, raw.shown(file.key), named.get("sheet"), "territories")
    tree = build_tree(table, Frame.of(raw.data), Problems())
    if tree is None:
        raise RunFolderWrong(f"{path}: its territories cannot be read")
    return tree


def _people(path: Path, record: Mapping[str, Any]) -> dict[tuple[str, str, str, int], float]:
    """Return the denominator of every rate, from the inputs of the run.

    Those of a cascade are those of its one plan for all, which reads the same tables; none where
    that plan was not found.
    """
    if record["scenario"].get("mode") == "cascade":
        path = path / INTEGRATED
        if not (path / RECORD).is_file():
            return {}
        record = read_record(path)
    model = model_of(RunFolder(path, record))
    return {
        (name, level, code, year): float(population)
        for name in model.scenario.get("indicators", {})
        for (level, code), row in zip(model.tree.key, model.rates(name).population, strict=True)
        for year, population in zip(model.years, row, strict=True)
    }


def _certificate(path: Path) -> Mapping[str, Any]:
    """Return the certificate; a cascade has none, its steps have."""
    place = path / CERTIFICATE
    held: Mapping[str, Any] = json.loads(place.read_text("utf-8")) if place.is_file() else {}
    return held
