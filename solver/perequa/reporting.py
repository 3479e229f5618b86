"""What a run, a comparison or a study saved, as a page: checked and read, nothing solved."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from perequa.interpret.tables import Table
from perequa.io.read_run import RECORD, read_record, read_rows
from perequa.io.read_study import RECORD as STUDY
from perequa.io.read_study import read_study_record, read_study_table
from perequa.io.run_folder import MANIFEST
from perequa.report.page import PageRun, PageStudy, borders_of, comparison_page, page_of, study_page
from perequa.verification.files import fingerprint, refuse_changed, refuse_other_folders
from perequa.verification.folder import RunFolder
from perequa.verification.recompute.model import model_of
from perequa_models.errors import RunFolderWrong, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from perequa.words import Words

REPORTS = "reports"
"""Folder of a run that `perequa verify` leaves aside."""
NEEDED = ("allocation", "totals", "indicators", "equity", "objectives", "rules")
ALSO = (
    *("shadow_prices", "weight_ranges", "cascade", "decentralisation", "whole", "projects"),
    *("one_more", "overruns", "convergence"),
)
CERTIFICATE = "certificate.json"


def write_page(
    path: Path, output: Path | None, words: Words, boundaries: Path | None = None
) -> Path:
    """Write the page of a folder, and return where.

    Parameters
    ----------
    path
        The folder of a run, of a comparison or of a study.
    output
        The file to write; None for ``reports/report-<lang>.html`` inside that folder.
    words
        Language of the page.
    boundaries
        A file of borders to draw the maps with; None for tiles.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder, or the borders cannot be used.
    RunFolderWrong
        When a file is not the one the run wrote.
    UsageError
        When the run found no plan, or the output would stand among the files of the run.
    """
    page = _page(path, words, boundaries)
    place = output or path / REPORTS / f"report-{words.lang}.html"
    _refuse_inside(path, place)
    if output is None:
        place.parent.mkdir(exist_ok=True)
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        fresh.write_text(page, encoding="utf-8", newline="\n")
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
    return place


def _page(path: Path, words: Words, boundaries: Path | None) -> str:
    """Write the page of a run, of a comparison or of a study, whichever the folder holds."""
    if (path / STUDY).is_file() and not (path / RECORD).is_file():
        study = read_study(path)
        if boundaries is not None:
            known = [t for t in study.tables.values() if {"level", "territory"} <= {*t.columns}]
            study = replace(study, borders=borders_of(boundaries, known))
        compared = study.record["study"] == "compare"
        return (comparison_page if compared else study_page)(study, words)
    run = read_run(path)
    if boundaries is not None:
        known = [run.tables[name] for name in ("allocation", "totals", "indicators")]
        run = replace(run, borders=borders_of(boundaries, known))
    return page_of(run, words)


def read_study(path: Path) -> PageStudy:
    """Read the folder of a comparison or of a study that is as it was written.

    Raises
    ------
    InvalidScenario, RunFolderWrong
        As `write_page`.
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
    InvalidScenario, RunFolderWrong, UsageError
        As `write_page`.
    """
    refuse_other_folders(path)
    refuse_changed(path)
    record = read_record(path)
    if not (path / "allocation.csv").is_file():
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
        hashes=json.loads((path / MANIFEST).read_text(encoding="utf-8"))["files"],
        fingerprint=fingerprint(path),
        people=_people(path, record),
    )


def _people(path: Path, record: Mapping[str, Any]) -> dict[tuple[str, str, str, int], float]:
    """Return the denominator of every rate, from the inputs of the run; a cascade has none."""
    if record["scenario"].get("mode") == "cascade":
        return {}
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


def _refuse_inside(path: Path, output: Path) -> None:
    """Keep a page from standing among the files of a run, which would no longer verify."""
    run, place = path.resolve(), output.resolve()
    if place.is_relative_to(run) and not place.is_relative_to(run / REPORTS):
        raise UsageError(
            f"{output}: inside the run folder only {REPORTS}/ may hold what the run did not write"
        )
