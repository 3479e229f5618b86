"""Why this project, or why not: from what a run folder says already, nothing solved again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.io.read_run import read_record
from perequa.verification.files import check_files, refuse_other_folders
from perequa.verification.folder import RunFolder
from perequa_models.errors import RunFolderWrong, UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECTS = "projects.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectExplained:
    """What a run says of a project.

    Attributes
    ----------
    scenario
        The scenario column of the run.
    line
        Its line of ``projects.csv``, cells as text.
    waiting
        The lines of all projects left out, in the order of service.
    """

    scenario: str
    line: Mapping[str, str]
    waiting: tuple[Mapping[str, str], ...]


def explain_project(path: Path, code: str) -> ProjectExplained:
    """Say of a project what the run folder says.

    Raises
    ------
    UsageError
        When the run chooses among no projects, or has none of that code.
    InvalidScenario, RunFolderWrong
        When the folder is no run, or not the one that was written.
    """
    refuse_other_folders(path)
    changed = check_files(path).disagreements
    if changed:
        raise RunFolderWrong(f"{path}: {changed[0]}; `perequa verify` tells all of it")
    folder = RunFolder(path, read_record(path))
    if not folder.has(PROJECTS):
        raise UsageError(f"{path}: --project {code}: this run chooses among no projects")
    table = folder.table(PROJECTS)
    lines = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    of_code = {line["project"]: line for line in lines}
    if code not in of_code:
        close = nearest(code, of_code)
        hint = f"; did you mean {close}?" if close else ""
        raise UsageError(f"--project {code}: no such project in {PROJECTS}{hint}")
    return ProjectExplained(
        scenario=str(folder.run["name"]),
        line=of_code[code],
        waiting=tuple(line for line in lines if line["taken"] == "false"),
    )
