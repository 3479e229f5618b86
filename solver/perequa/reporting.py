"""A saved run as a page: its files checked and read, nothing solved."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from perequa.interpret.tables import Table
from perequa.io.read_run import RECORD, read_record, read_rows
from perequa.io.run_folder import MANIFEST
from perequa.report.page import PageRun, page_of
from perequa.report.page.figures import figures_of
from perequa.report.page.pictures import picture_bytes
from perequa.verification.files import fingerprint, refuse_changed, refuse_other_folders
from perequa_models.errors import InvalidScenario, RunFolderWrong, UsageError
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from perequa.report.page.pictures import Form
    from perequa.words import Words

REPORTS = "reports"
"""Folder of a run that `perequa verify` leaves aside."""
NEEDED = ("allocation", "totals", "indicators", "equity", "objectives", "rules")
ALSO = ("shadow_prices", "weight_ranges", "cascade", "decentralisation")
CERTIFICATE = "certificate.json"


def write_page(path: Path, output: Path | None, words: Words) -> Path:
    """Write the page of a run folder, and return where.

    Parameters
    ----------
    path
        The run folder.
    output
        The file to write; None for ``reports/report-<lang>.html`` inside the run folder.
    words
        Language of the page.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder.
    RunFolderWrong
        When a file is not the one the run wrote.
    UsageError
        When the run found no plan, or the output would stand among the files of the run.
    """
    run = read_run(path)
    place = output or path / REPORTS / f"report-{words.lang}.html"
    _refuse_inside(path, place)
    if output is None:
        place.parent.mkdir(exist_ok=True)
    _write(place, page_of(run, words).encode("utf-8"))
    return place


def write_figures(path: Path, output: Path | None, words: Words, form: Form) -> list[Path]:
    """Write every picture of the page of a run to a file of its own, and return where.

    Parameters
    ----------
    path
        The run folder.
    output
        The folder to write to, made where it is not there; None for ``reports/figures-<lang>``
        inside the run folder.
    words
        Language of the pictures.
    form
        What files they are.

    Raises
    ------
    InvalidScenario, RunFolderWrong
        As `write_page`.
    UsageError
        As `write_page`; when the page has no picture, or the form needs what is not installed.
    """
    folder = output or path / REPORTS / f"figures-{words.lang}"
    run = read_run(path)
    _refuse_inside(path, folder)
    found = figures_of(page_of(run, words))
    if not found:
        raise UsageError(f"{path}: the page of this run has no picture, only tables")
    # all are made before any is written
    made = {f"{figure.key}.{form}": picture_bytes(figure, form) for figure in found}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        _write(folder / name, content)
    return [folder / name for name in made]


def _write(place: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)


def read_run(path: Path) -> PageRun:
    """Read a run folder that is as it was written and holds a plan.

    Raises
    ------
    InvalidScenario, RunFolderWrong, UsageError
        As `write_page`.
    """
    refuse_other_folders(path)
    if not (path / RECORD).is_file() and (path / "study.json").is_file():
        raise InvalidScenario([_study(path)])
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
    )


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


def _study(path: Path) -> Problem:
    return Problem(
        code="not_a_run_folder",
        message=f"{path} is the folder of a study, not of a run",
        received=str(path),
        accepted="a folder written by perequa solve",
        remedy="name a run folder, or print the study again with perequa show",
    )
