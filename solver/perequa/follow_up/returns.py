"""The tables that territories send back, line by line."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from perequa.checks.numbers import ACCEPTED_NUMBERS, is_missing, parse_number
from perequa.io.findings import Finding, InvalidInput
from perequa.io.limits import TABLE_BYTES, read_within
from perequa.io.table_files import InputFile
from perequa.io.tables import read_table
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.io.tables import RawTable
    from perequa_models.instance import Instance

SECTION = "returns"
"""Sheet of a workbook that is read unless another is named (``FILE#SHEET``), else the first."""
KEYS = ("level", "territory", "measure", "year")
FIGURES = ("authorised", "funded", "opened", "closed")
READ = (*KEYS, *FIGURES, "opening_date", "comment")
IGNORED = ("scenario", "territory_name", "name", "envelope", "planned")
"""Columns of a form filled in beforehand: for people."""
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]00:00:00(?:\.0+)?)?\Z")
_FRENCH_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\Z")
ACCEPTED_DATES = "a date such as 2004-09-01 or 01/09/2004"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """One line of a return.

    Attributes
    ----------
    file, line
        Where it stands.
    cell
        Territory, measure and year by their positions in the plan.
    authorised, funded, opened, closed
        Places (or money) of the year; None where not known.
    opened_on
        Date of opening; None where not known.
    """

    file: str
    line: int
    cell: tuple[int, int, int]
    authorised: float | None
    funded: float | None
    opened: float | None
    closed: float | None
    opened_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A line that speaks of nothing in the plan."""

    file: str
    line: int
    territory: str
    measure: str
    year: str
    nearest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Everything that was returned.

    Attributes
    ----------
    lines, unknown
        Lines of the plan's cells, and those of none.
    files, sheets
        Every file read, by its place in the folder of the follow-up; the sheet that was read.
    findings
        Warnings about columns that are not read.
    """

    lines: tuple[Returned, ...]
    unknown: tuple[Unknown, ...]
    files: dict[str, bytes]
    sheets: dict[str, str]
    findings: tuple[Finding, ...]


def read_returns(sources: Sequence[str], instance: Instance) -> Read:
    """Read the tables of a follow-up, as tables of a scenario are read.

    Parameters
    ----------
    sources
        Paths of CSV files and workbooks; ``FILE#SHEET`` names a sheet.
    instance
        The plan's territories, measures and years.

    Raises
    ------
    InvalidInput
        With every file that is no table, column that is missing and cell that is no figure.
    """
    findings: list[Finding] = []
    lines: list[Returned] = []
    unknown: list[Unknown] = []
    files: dict[str, bytes] = {}
    sheets: dict[str, str] = {}
    for source in sources:
        try:
            table, content = _table(source)
        except InvalidInput as error:
            findings.extend(error.findings)
            continue
        place = _place(files, source)
        files[place], sheets[place] = content, table.sheet
        if _has_its_columns(table, instance, findings):
            _read_lines(table, instance, lines, unknown, findings)
    if any(finding.severity == "error" for finding in findings):
        raise InvalidInput(findings)
    return Read(
        lines=tuple(lines),
        unknown=tuple(unknown),
        files=files,
        sheets=sheets,
        findings=tuple(findings),
    )


def _table(source: str) -> tuple[RawTable, bytes]:
    """Read one table; a file whose name holds a # is taken as named."""
    path, sheet = Path(source), None
    if "#" in source and not path.exists():
        name, _, sheet = source.rpartition("#")
        path = Path(name)
    shown = os.path.normpath(path)
    content = read_within(path, shown, TABLE_BYTES)
    file = InputFile(key=path.name, path=path, content=content)
    return read_table(file, shown, sheet or None, SECTION), content


def _place(taken: dict[str, bytes], source: str) -> str:
    """Give a file its place in the folder of the follow-up."""
    name = Path(source.rpartition("#")[0] or source).name if "#" in source else Path(source).name
    place, i = f"inputs/{name}", 2
    while place in taken:
        place = f"inputs/{i}-{name}"
        i += 1
    return place


def _has_its_columns(table: RawTable, instance: Instance, findings: list[Finding]) -> bool:
    needed = ["territory", "year", *(["measure"] if len(instance.measures) > 1 else [])]
    missing = [name for name in needed if name not in table.header]
    if not any(name in table.header for name in FIGURES):
        missing.append("funded")
    findings.extend(
        table.finding(
            "missing_column",
            f"the return has no column {name!r}",
            None,
            name,
            received=", ".join(table.header),
            accepted=", ".join(READ),
            nearest=nearest(name, table.header),
            remedy=f"add the column {name}",
        )
        for name in missing
    )
    for name in table.header:
        if name not in READ and name not in IGNORED:
            told = table.finding(
                "unknown_column",
                f"the column {name!r} is not read",
                None,
                name,
                received=name,
                accepted=", ".join(READ),
                nearest=nearest(name, READ),
                remedy="rename it, or leave it",
            )
            findings.append(_as_warning(told))
    return not missing


def _as_warning(finding: Finding) -> Finding:
    return replace(finding, severity="warning")


def _read_lines(
    table: RawTable,
    instance: Instance,
    lines: list[Returned],
    unknown: list[Unknown],
    findings: list[Finding],
) -> None:
    for i, cells in enumerate(table.rows):
        row = dict(zip(table.header, cells, strict=True))
        figures = {name: _figure(table, i, name, row.get(name, ""), findings) for name in FIGURES}
        opened_on = _date(table, i, row.get("opening_date", ""), findings)
        cell = _cell(row, instance)
        if cell is None:
            known = [t.id for t in instance.territories]
            written = _written(row, instance)
            unknown.append(
                Unknown(
                    file=table.shown,
                    line=table.lines[i],
                    territory=written,
                    measure=row.get("measure", ""),
                    year=row["year"],
                    nearest="" if written in known else nearest(written, known),
                )
            )
            continue
        lines.append(
            Returned(
                file=table.shown, line=table.lines[i], cell=cell, opened_on=opened_on, **figures
            )
        )


def _written(row: dict[str, str], instance: Instance) -> str:
    """Write the territory of a row as ``level:code``."""
    if ":" in row["territory"]:
        return row["territory"]
    return f"{row.get('level') or instance.level}:{row['territory']}"


def _cell(row: dict[str, str], instance: Instance) -> tuple[int, int, int] | None:
    """Find the cell of the plan that a row speaks of; None when there is none."""
    ids = {t.id: i for i, t in enumerate(instance.territories)}
    t = ids.get(_written(row, instance), -1)
    measure = row.get("measure") or (instance.measures[0] if len(instance.measures) == 1 else "")
    m = instance.measures.index(measure) if measure in instance.measures else -1
    years = [str(year) for year in instance.years]
    y = years.index(row["year"]) if row["year"] in years else -1
    if min(t, m, y) < 0 or not instance.open_pairs[t, m]:
        return None
    return t, m, y


def _figure(
    table: RawTable, row: int, column: str, text: str, findings: list[Finding]
) -> float | None:
    """Read a figure, None where it is not known; what is no figure of places is noted."""
    if is_missing(text):
        return None
    value = parse_number(text)
    if value is not None and value >= 0:
        return value
    findings.append(
        table.finding(
            "not_a_number" if value is None else "negative_figure",
            f"{column} is not a number" if value is None else f"{column} is below zero",
            row,
            column,
            received=text,
            accepted=ACCEPTED_NUMBERS + ", 0 or more; empty where it is not known",
            remedy="correct the cell",
        )
    )
    return None


def _date(table: RawTable, row: int, text: str, findings: list[Finding]) -> dt.date | None:
    """Read a date, as written by people in France or by a spreadsheet."""
    if is_missing(text):
        return None
    parts: tuple[int, int, int] | None = None
    if found := _DATE.match(text):
        parts = int(found[1]), int(found[2]), int(found[3])
    elif found := _FRENCH_DATE.match(text):
        parts = int(found[3]), int(found[2]), int(found[1])
    try:
        if parts is not None:
            return dt.date(*parts)
    except ValueError:
        pass  # such as 30 February: told like any other text that is no date
    findings.append(
        table.finding(
            "not_a_date",
            "opening_date is not a date",
            row,
            "opening_date",
            received=text,
            accepted=ACCEPTED_DATES,
            remedy="correct the cell",
        )
    )
    return None
