"""What a run, a comparison or a study saved, as a page, a workbook, pictures: nothing is solved."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from perequa.report.page import (
    PageFailure,
    PageRun,
    borders_of,
    comparison_page,
    failure_page,
    page_of,
    study_page,
)
from perequa.report.page.figures import figures_of
from perequa.report.page.pictures import picture_bytes
from perequa.saved import has_no_plan, is_study, read_failure, read_run, read_study, run_tree
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perequa.report.page import PageStudy
    from perequa.report.page.pictures import Form
    from perequa.words import Words

    Read = PageRun | PageFailure | PageStudy

REPORTS = "reports"
"""Folder of a run that `perequa verify` leaves aside."""
PAGE, WORKBOOK = ".html", ".xlsx"
FORMS = {PAGE: PAGE, ".htm": PAGE, WORKBOOK: WORKBOOK}
"""What the ending of a file asks for."""


def write_report(
    path: Path, output: Path | None, words: Words, boundaries: Path | None = None
) -> tuple[Path, ...]:
    """Write the page of a folder, and the workbook of a run, and return where.

    Parameters
    ----------
    path
        The folder of a run, of a comparison or of a study.
    output
        A file that ends in ``.html`` or ``.xlsx``: that one alone; any other name: the folder that
        holds both; None for ``reports`` inside the folder.
    words
        Language of both.
    boundaries
        A file of borders to draw the maps with; None for tiles.

    Raises
    ------
    InvalidScenario
        When the path is not such a folder, or the borders cannot be used.
    RunFolderWrong
        When a file is not the one the run wrote.
    UsageError
        When the run stopped at a limit, the output would stand among its files, a workbook is
        asked of what has none, or borders of what has no map.
    """
    read = _read(path, boundaries)
    places = _places(path, output, words, (PAGE,) if is_study(path) else (PAGE, WORKBOOK))
    # all are made before any is written
    made = {place: _made(read, path, form, words) for place, form in places.items()}
    for place, content in made.items():
        replace_file(place, content)
    return tuple(made)


def _read(path: Path, boundaries: Path | None) -> Read:
    if has_no_plan(path):
        if boundaries is not None:
            raise UsageError("--boundaries: the page of a run without a plan has no map")
        return read_failure(path)
    read = read_study(path) if is_study(path) else read_run(path)
    if boundaries is None:
        return read
    known = [t for t in read.tables.values() if {"level", "territory"} <= {*t.columns}]
    return replace(read, borders=borders_of(boundaries, known))


def _places(path: Path, output: Path | None, words: Words, forms: Sequence[str]) -> dict[Path, str]:
    """Say what is written where."""
    form = "" if output is None else FORMS.get(output.suffix.lower(), "")
    if output is not None and form and not output.is_dir():
        if form not in forms:
            raise UsageError(f"{output}: a comparison or a study has no workbook, only a page")
        check_place(path, output)
        return {output: form}
    folder = path / REPORTS if output is None else output
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder, a .html file or a .xlsx file")
    check_place(path, folder)
    return {folder / f"report-{words.lang}{form}": form for form in forms}


def _made(read: Read, path: Path, form: str, words: Words) -> bytes:
    if form == PAGE:
        return _page(read, words).encode()
    # imported here so that a page does not pay for the workbook's writer
    from perequa.report.workbook import (  # noqa: PLC0415
        WorkbookRun,
        above_in,
        failure_workbook,
        workbook_of,
    )

    if isinstance(read, PageFailure):
        return failure_workbook(read, words)
    assert isinstance(read, PageRun)
    return workbook_of(WorkbookRun(run=read, above=above_in(run_tree(path))), words)


def _page(read: Read, words: Words) -> str:
    """Write the page of a run, of a comparison or of a study."""
    if isinstance(read, PageRun):
        return page_of(read, words)
    if isinstance(read, PageFailure):
        return failure_page(read, words)
    return (comparison_page if read.record["study"] == "compare" else study_page)(read, words)


def write_figures(
    path: Path, output: Path | None, words: Words, form: Form, boundaries: Path | None = None
) -> list[Path]:
    """Write every picture of a page to a file of its own, and return where.

    Parameters
    ----------
    path
        The folder of a run, of a comparison or of a study.
    output
        The folder to write to, made where it is not there; None for ``reports/figures-<lang>``
        inside that folder.
    words
        Language of the pictures.
    form
        What files they are.
    boundaries
        A file of borders to draw the maps with; None for tiles.

    Raises
    ------
    InvalidScenario, RunFolderWrong
        As `write_report`.
    UsageError
        As `write_report`; when the page has no picture, or the form needs what is not installed.
    """
    folder = output or path / REPORTS / f"figures-{words.lang}"
    check_place(path, folder)
    found = figures_of(_page(_read(path, boundaries), words))
    if not found:
        raise UsageError(f"{path}: its page has no picture, only tables")
    # all are made before any is written
    made = {f"{figure.key}.{form}": picture_bytes(figure, form) for figure in found}
    for name, content in made.items():
        replace_file(folder / name, content)
    return [folder / name for name in made]


def check_place(path: Path, output: Path) -> None:
    """Keep what is written from standing among the files of a run, which would no longer verify.

    Raises
    ------
    UsageError
        When the output would stand there.
    """
    run, place = path.resolve(), output.resolve()
    if place.is_relative_to(run) and not place.is_relative_to(run / REPORTS):
        raise UsageError(
            f"{output}: inside the run folder only {REPORTS}/ may hold what the run did not write"
        )


def file_named(output: Path, name: str) -> Path:
    """Return the file that ``-o`` names: itself, or the one of that name in the folder it is.

    What stands there as a folder, or has no ending, is a folder.
    """
    return output if output.suffix and not output.is_dir() else output / name


def replace_file(place: Path, content: bytes) -> None:
    """Write a file whole or not at all, and the folders above it where they are not there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
