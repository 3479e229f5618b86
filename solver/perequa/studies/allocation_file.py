"""An allocation somebody made, read from a table: territory, measure, year, places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import NDArray

from perequa.checks.numbers import ACCEPTED_NUMBERS, is_missing, parse_number
from perequa.io.findings import Details, Finding, InvalidInput
from perequa.io.limits import TABLE_BYTES, read_within
from perequa.io.table_files import InputFile
from perequa.io.tables import read_table
from perequa_models.errors import UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.io.tables import RawTable
    from perequa_models.instance import Instance

Floats = NDArray[np.float64]

ALLOCATION = "allocation.csv"
"""What is read when a run folder is named."""


def read_file(written: str) -> InputFile:
    """Read an allocation's bytes: a table, or the one of a run folder.

    Raises
    ------
    InvalidInput
        When there is no such file.
    """
    path = Path(written)
    path = path / ALLOCATION if path.is_dir() else path
    return InputFile(key=path.name, path=path, content=read_within(path, str(path), TABLE_BYTES))


def read_allocation(file: InputFile, instance: Instance) -> tuple[Floats, int]:
    """Read what each decision territory gets.

    Parameters
    ----------
    file
        A table with the columns `territory` (and `level`), `measure` and `year` (where the
        scenario has several), `places`, and `credits` for measures counted in money.
    instance
        The scenario's figures.

    Returns
    -------
    array (T, M, Y), int
        Places (or money), 0 where the table says nothing; number of cells it says nothing of.

    Raises
    ------
    UsageError
        When a measure in money opens during the year: its credits are not what is decided.
    InvalidInput
        With every row that cannot be read.
    """
    _check_money(instance)
    return _Reading(read_table(file, str(file.path), None, "allocation"), instance).run()


def _check_money(instance: Instance) -> None:
    for m in np.flatnonzero(instance.is_money):
        if instance.opening_months[m] != 12 or instance.carried[:, m].any():
            message = (
                f"--allocation: {instance.measures[m]} is counted in money and opens during the "
                "year, so that its credits do not say what was decided"
            )
            raise UsageError(message)


class _Reading:
    """One table being read."""

    def __init__(self, table: RawTable, instance: Instance) -> None:
        self._table, self._instance = table, instance
        self._findings: list[Finding] = []
        self._x = np.full(instance.shape, np.nan)
        self._territories = {int(node): t for t, node in enumerate(instance.nodes)}

    def run(self) -> tuple[Floats, int]:
        self._check_columns()
        for row in range(len(self._table.rows)) if not self._findings else ():
            self._read_row(row)
        if self._findings:
            raise InvalidInput(self._findings)
        unsaid = np.isnan(self._x)
        return np.where(unsaid, 0.0, self._x), int(unsaid.sum())

    def _check_columns(self) -> None:
        instance = self._instance
        needed = ["territory"]
        needed += ["measure"] if len(instance.measures) > 1 else []
        needed += ["year"] if len(instance.years) > 1 else []
        needed += ["places"] if not instance.is_money.all() else []
        needed += ["credits"] if instance.is_money.any() else []
        for name in needed:
            if self._table.index(name) is None:
                self._note(
                    None,
                    name,
                    "missing_column",
                    f"no column {name!r}",
                    received=", ".join(self._table.header),
                    accepted=", ".join(needed),
                    remedy="add the column",
                )

    def _read_row(self, row: int) -> None:
        t = self._territory(row)
        m = self._one_of(row, "measure", self._instance.measures)
        y = self._one_of(row, "year", [str(year) for year in self._instance.years])
        if t is None or m is None or y is None:
            return
        column = "credits" if self._instance.is_money[m] else "places"
        text = self._cell(row, column)
        amount = 0.0 if is_missing(text) else parse_number(text)
        if amount is None or amount < 0.0:
            self._note(
                row,
                column,
                "not_an_amount",
                f"{column} is not a number ≥ 0",
                received=text,
                accepted=ACCEPTED_NUMBERS,
                remedy="correct the cell, or leave it empty",
            )
        elif not np.isnan(self._x[t, m, y]):
            self._note(
                row,
                "territory",
                "duplicate_row",
                "the territory, measure and year stand in an earlier row",
                received=self._cell(row, "territory"),
                accepted="one row for each",
                remedy="drop one of the rows",
            )
        else:
            self._x[t, m, y] = amount

    def _territory(self, row: int) -> int | None:
        instance = self._instance
        code, level = self._cell(row, "territory"), self._cell(row, "level") or instance.level
        found = instance.tree.find(code if ":" in code else f"{level}:{code}")
        t = self._territories.get(found) if isinstance(found, int) else None
        if t is None:
            codes = [territory.code for territory in instance.territories]
            self._note(
                row,
                "territory",
                "unknown_territory",
                f"no {instance.level} {code!r} decides in this scenario",
                received=code,
                accepted=", ".join(codes[:12]) + (" …" if len(codes) > 12 else ""),
                nearest=nearest(code, codes),
                remedy="correct the code, or drop the row",
            )
        return t

    def _one_of(self, row: int, column: str, names: Sequence[str]) -> int | None:
        text = self._cell(row, column)
        if not text and len(names) == 1:
            return 0
        if text in names:
            return list(names).index(text)
        self._note(
            row,
            column,
            f"unknown_{column}",
            f"no {column} {text!r} in this scenario",
            received=text,
            accepted=", ".join(names),
            nearest=nearest(text, names),
            remedy="correct the cell, or drop the row",
        )
        return None

    def _cell(self, row: int, column: str) -> str:
        position = self._table.index(column)
        return "" if position is None else self._table.rows[row][position]

    def _note(
        self, row: int | None, column: str, code: str, message: str, **details: Unpack[Details]
    ) -> None:
        self._findings.append(self._table.finding(code, message, row, column, **details))
