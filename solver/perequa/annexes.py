"""A saved run as the annexes of a circular: its files checked and read, nothing solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import Table
from perequa.io.read_run import read_record, read_rows
from perequa.reopening import read_again
from perequa.report.annexes import AnnexRun, annexes_of
from perequa.reporting import REPORTS, check_place, replace_file
from perequa.saved import read_run
from perequa.verification.folder import RunFolder
from perequa_models.errors import NotInThisVersion, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.words import Words

READ = (
    *("allocation", "totals", "indicators", "rules", "shadow_prices"),
    *("reference_parts", "projects", "construction"),
)


def write_annexes(path: Path, output: Path | None, words: Words) -> Path:
    """Write the annexes of a run folder, and return where.

    Parameters
    ----------
    path
        The run folder.
    output
        The file to write; None for ``reports/annexes-<lang>.xlsx`` inside the run folder.
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
    place = output or path / REPORTS / f"annexes-{words.lang}.xlsx"
    if place.suffix.lower() != ".xlsx":
        raise UsageError(f"{place}: annexes are a workbook: name a file that ends in .xlsx")
    check_place(path, place)
    content = annexes_of(read_annex_run(path), words)
    if output is None:
        place.parent.mkdir(exist_ok=True)
    replace_file(place, content)
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
