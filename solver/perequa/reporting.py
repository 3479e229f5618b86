"""A saved run as a page and a workbook: its files checked and read, nothing solved."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from perequa.checks.frame import Frame
from perequa.checks.territories import build_tree
from perequa.interpret.tables import Table
from perequa.io.read_run import RECORD, read_record, read_rows, resolved_scenario
from perequa.io.run_folder import MANIFEST
from perequa.io.tables import read_table
from perequa.report.page import PageRun, borders_of, page_of
from perequa.report.page.figures import figures_of
from perequa.report.page.pictures import picture_bytes
from perequa.verification.files import fingerprint, refuse_changed, refuse_other_folders
from perequa_models.errors import InvalidScenario, RunFolderWrong, UsageError
from perequa_models.problems import Problem, Problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from perequa.report.page.pictures import Form
    from perequa.words import Words
    from perequa_models.tree import Tree

REPORTS = "reports"
"""Folder of a run that `perequa verify` leaves aside."""
NEEDED = ("allocation", "totals", "indicators", "equity", "objectives", "rules")
ALSO = (
    *("shadow_prices", "weight_ranges", "cascade", "decentralisation"),
    *("reference_parts", "projects", "one_more"),
)
CERTIFICATE = "certificate.json"
PAGE, WORKBOOK = ".html", ".xlsx"
FORMS = {PAGE: PAGE, ".htm": PAGE, WORKBOOK: WORKBOOK}
"""What the ending of a file asks for."""


def write_report(
    path: Path, output: Path | None, words: Words, boundaries: Path | None = None
) -> tuple[Path, ...]:
    """Write the page and the workbook of a run folder, and return where.

    Parameters
    ----------
    path
        The run folder.
    output
        A file that ends in ``.html`` or ``.xlsx``: that one alone; any other name: the folder that
        holds both; None for ``reports`` inside the run folder.
    words
        Language of both.
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
    run = read_run(path)
    if boundaries is not None:
        known = (run.tables["allocation"], run.tables["indicators"])
        run = replace(run, borders=borders_of(boundaries, known))
    places = _places(path, output, words)
    # both are made before any is written
    made = {place: _made(run, path, form, words) for place, form in places.items()}
    if output not in made:
        next(iter(made)).parent.mkdir(parents=True, exist_ok=True)
    for place, content in made.items():
        _replace(place, content)
    return tuple(made)


def _places(path: Path, output: Path | None, words: Words) -> dict[Path, str]:
    """Say what is written where."""
    form = "" if output is None else FORMS.get(output.suffix.lower(), "")
    if output is not None and form and not output.is_dir():
        _refuse_inside(path, output)
        return {output: form}
    folder = path / REPORTS if output is None else output
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder, a .html file or a .xlsx file")
    _refuse_inside(path, folder)
    return {folder / f"report-{words.lang}{form}": form for form in (PAGE, WORKBOOK)}


def _made(run: PageRun, path: Path, form: str, words: Words) -> bytes:
    if form == PAGE:
        return page_of(run, words).encode()
    # imported here so that a page does not pay for the workbook's writer
    from perequa.report.workbook import WorkbookRun, above_in, workbook_of  # noqa: PLC0415

    return workbook_of(WorkbookRun(run=run, above=above_in(run_tree(path))), words)


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
        As `write_report`.
    UsageError
        As `write_report`; when the page has no picture, or the form needs what is not installed.
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
        _replace(folder / name, content)
    return [folder / name for name in made]


def _replace(place: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)


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


def read_run(path: Path) -> PageRun:
    """Read a run folder that is as it was written and holds a plan.

    Raises
    ------
    InvalidScenario, RunFolderWrong, UsageError
        As `write_report`.
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
    """Keep a report from standing among the files of a run, which would no longer verify."""
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


def check_place(path: Path, output: Path) -> None:
    """Refuse a place among the files of a run, whatever is written there.

    Raises
    ------
    UsageError
        When the output would stand there.
    """
    _refuse_inside(path, output)
