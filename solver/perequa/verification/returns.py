"""Returns of a follow-up read again, every cell as text (docs/follow-up.md)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.model import WORKBOOKS
from perequa.verification.tables import is_missing, number, read_csv, read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from perequa.verification.recompute.model import Model
    from perequa.verification.tables import Table

Cell = tuple[int, int, int]
AMOUNTS = ("authorised", "funded", "opened", "closed")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its cell (None where the plan has none), its amounts (NaN: not known), its date.

    Attributes
    ----------
    key
        Level, territory, measure and year as written in findings.
    day
        (year, month, day) of the opening, None where not known.
    """

    cell: Cell | None
    key: tuple[str, str, str, str]
    amounts: Mapping[str, float]
    day: tuple[int, int, int] | None


def returned_lines(folder: Path, record: Mapping[str, Any], model: Model) -> Iterator[Line]:
    """Yield every line of every return, in the order in which they were given.

    Raises
    ------
    Unreadable
        When a return is no such table.
    """
    at = {key: i for i, key in enumerate(model.tree.key[n] for n in model.tree.deciding)}
    for place, sheet in record["returns"].items():
        table = _read(folder / place, place, str(sheet))
        columns = {name: table.column(name) for name in table.header}
        for i in range(len(table.rows)):
            row = {name: cells[i] for name, cells in columns.items()}
            yield _line(row, table, at, model)


def _read(path: Path, place: str, sheet: str) -> Table:
    if not path.is_file():
        raise Unreadable(place, "is missing")
    if path.suffix.lower() in WORKBOOKS:
        return read_sheet(path, (sheet,), place)
    return read_csv(path, place)


def _line(
    row: Mapping[str, str], table: Table, at: Mapping[tuple[str, str], int], model: Model
) -> Line:
    level, colon, code = row["territory"].partition(":")
    if not colon:
        level, code = row.get("level") or model.tree.decide_at, row["territory"]
    only = model.measures[0] if len(model.measures) == 1 else ""
    measure = row.get("measure") or only
    t = at.get((level, code), -1)
    m = model.measures.index(measure) if measure in model.measures else -1
    years = [str(year) for year in model.years]
    y = years.index(row["year"]) if row["year"] in years else -1
    known = min(t, m, y) >= 0 and not model.supply.closed_pairs[t, m]
    amounts = {n: number(row.get(n, ""), table.file, n) for n in AMOUNTS}
    written = measure if known else row.get("measure", "")
    return Line(
        cell=(t, m, y) if known else None,
        key=(level, code, written, row["year"]),
        amounts=amounts,
        day=_day(row.get("opening_date", ""), table.file),
    )


def _day(text: str, file: str) -> tuple[int, int, int] | None:
    if is_missing(text):
        return None
    found = _DAY.match(text)
    if found is None:
        raise Unreadable(file, f"{text!r} is not a date")
    if found[1]:
        return int(found[1]), int(found[2]), int(found[3])
    return int(found[6]), int(found[5]), int(found[4])


def total(lines: list[Line], name: str) -> float:
    """Sum an amount over lines, NaN where none is known."""
    known = [line.amounts[name] for line in lines if not math.isnan(line.amounts[name])]
    return math.fsum(known) if known else math.nan
