"""A follow-up from a run folder and returns to its saved folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa import __version__
from perequa.follow_up.checking import check_returns, findings_table, missing_table
from perequa.follow_up.plan import plan_files, read_plan
from perequa.follow_up.realisation import realisation_table
from perequa.follow_up.returns import read_returns
from perequa.follow_up.starting import next_columns, next_supply
from perequa.io.run_folder import write_folder
from perequa.report.texts import csv_bytes, json_bytes
from perequa_models.errors import InvalidScenario, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perequa.follow_up.checking import FollowUpFinding
    from perequa.interpret.tables import Table
    from perequa.io.findings import Finding
    from perequa.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp:
    """What became of a follow-up.

    Attributes
    ----------
    name, folder
        The scenario column of the run, and where the follow-up is saved.
    next_year
        The year that starts from it.
    tables
        Tables by file name without its ending.
    findings
        What is missing or contradictory.
    doubts
        Columns of the returns that are not read.
    """

    name: str
    folder: Path
    next_year: int
    tables: Mapping[str, Table]
    findings: tuple[FollowUpFinding, ...]
    doubts: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0, or 3 when a finding is an error."""
        wrong = any(finding.severity == "error" for finding in self.findings)
        return InvalidScenario.exit_status if wrong else 0


def follow_up(
    run: Path, sources: Sequence[str], destination: Callable[[str], Path], words: Words
) -> FollowedUp:
    """Check what territories returned against a plan, and write next year's starting point.

    Parameters
    ----------
    run
        The run folder.
    sources
        Tables of returns: CSV files and workbooks (``FILE#SHEET``).
    destination
        Gives the folder of a scenario column.
    words
        Language of the messages.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder, or a table cannot be read.
    UsageError
        When something stands where the folder goes: nothing is ever overwritten.
    RunFolderWrong, NoPrices
        When the run was changed, or found no plan.
    """
    plan = read_plan(run)
    folder = destination(plan.name)
    if folder.exists():
        message = f"{folder} exists: nothing is overwritten, name another folder with -o"
        raise UsageError(message)
    read = read_returns(sources, plan.instance)
    checked = check_returns(plan, read, words)
    supply = {
        name: column
        for name, column in plan.instance.columns.items()
        if column.table == _supply_table(plan.instance.columns)
    }
    tables = {
        "findings": findings_table(checked.findings),
        "missing": missing_table(checked, plan.instance),
        "next_supply": next_supply(plan, checked, supply),
        "next_columns": next_columns(plan, checked),
        "realisation": realisation_table(plan, checked),
    }
    next_year = plan.instance.years[checked.years[-1]] + 1
    record = {
        "schema_version": 1,
        "perequa": __version__,
        "study": "follow-up",
        "name": plan.name,
        "asked": {"run": str(run), "returns": [*sources]},
        "run": plan.fingerprint,
        "returns": read.sheets,
        "next_year": next_year,
        "errors": sum(f.severity == "error" for f in checked.findings),
        "warnings": sum(f.severity == "warning" for f in checked.findings),
    }
    files: dict[str, bytes | Path] = {**read.files, "study.json": json_bytes(record)}
    files |= plan_files(run)
    files |= {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    write_folder(folder, files)
    return FollowedUp(
        name=plan.name,
        folder=folder,
        next_year=next_year,
        tables=tables,
        findings=tuple(checked.findings),
        doubts=read.findings,
    )


def _supply_table(columns: Mapping[str, object]) -> str:
    """Key of the table that holds what is installed, or the base."""
    for name in ("installed", "base"):
        column = columns.get(name)
        if column is not None:
            return str(getattr(column, "table", ""))
    return ""
