"""A saved run as the annexes of a circular: its files checked and read, nothing solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import Table
from perequa.io.read_run import read_record, read_rows
from perequa.reopening import read_again
from perequa.report.annexes import AnnexRun, annexes_of, notifications_of
from perequa.report.texts import csv_bytes
from perequa.reporting import REPORTS, check_place, file_named, replace_file
from perequa.saved import read_run
from perequa.verification.folder import RunFolder
from perequa_models.errors import NotInThisVersion, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.words import Words

READ = (
    *("allocation", "totals", "indicators", "rules", "shadow_prices"),
    *("reference_parts", "projects", "construction", "notifications"),
)


def write_annexes(path: Path, output: Path | None, words: Words) -> Path:
    """Write the annexes of a run folder, and return where.

    Parameters
    ----------
    path
        The run folder.
    output
        The file to write, which ends in ``.xlsx``, or its folder; None for
        ``reports/annexes-<lang>.xlsx`` inside the run folder.
    words
        Language of the annexes.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder.
    RunFolderWrong
        When a file is not the one the run wrote.
    UsageError
        When the run found no plan, or the output would stand among the files of the run.
    NotInThisVersion
        When the run is a cascade.
    """
    place = file_named(output or path / REPORTS, f"annexes-{words.lang}.xlsx")
    if place.suffix.lower() != ".xlsx":
        raise UsageError(
            f"{place}: annexes are a workbook: name a file that ends in .xlsx, or a folder"
        )
    check_place(path, place)
    content = annexes_of(read_annex_run(path), words)
    replace_file(place, content)
    return place


def write_notifications(path: Path, place: Path) -> Path:
    """Write every sum that the delegations of a run notify as a CSV file, in whole amounts.

    Parameters
    ----------
    path
        The run folder.
    place
        The file to write, which ends in ``.csv``.

    Raises
    ------
    InvalidScenario, RunFolderWrong, NotInThisVersion
        As `write_annexes`.
    UsageError
        Likewise, and when the run notifies nothing.
    """
    if place.suffix.lower() != ".csv":
        raise UsageError(f"{place}: notifications are a table: name a file that ends in .csv")
    check_place(path, place)
    rows = notifications_of(read_annex_run(path))
    if not rows:
        raise UsageError(
            f"{path}: nothing is notified: its scenario states no campaign.delegations"
        )
    lines = tuple(tuple(row.values()) for row in rows)
    replace_file(place, csv_bytes(Table(tuple(rows[0]), lines)))
    return place


def read_annex_run(path: Path) -> AnnexRun:
    """Read a run folder that is as it was written and holds a plan.

    Raises
    ------
    InvalidScenario, RunFolderWrong, UsageError, NotInThisVersion
        As `write_annexes`.
    """
    run = read_run(path)
    if "cascade" in run.record:
        what = "annexes of a cascade: name the folder of one of its steps, e.g. steps/nation"
        raise NotInThisVersion(what)
    record = read_record(path)
    return AnnexRun(
        name=str(record["name"]),
        fingerprint=run.fingerprint,
        instance=read_again(RunFolder(path, record), {}).instance,
        tables={
            name: Table(*read_rows((path / f"{name}.csv").read_bytes()))
            for name in READ
            if (path / f"{name}.csv").is_file()
        },
    )
