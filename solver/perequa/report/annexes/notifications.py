"""What each delegation notifies, as the payment systems of agencies take it in: whole amounts.

A sum notified is the line that the construction prints, less what is withheld of it; the sums of a
delegation add up to what the construction prints of it, territory by territory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.annexes.rounding import spread
from perequa.report.annexes.sheets import Cell, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.annexes.construction import Construction
    from perequa.report.annexes.reading import AnnexRun, Record
    from perequa.report.annexes.sheets import Kind, Line

SHEET = "notifications"
"""Name of the sheet; its headings are those of the table of the run, whatever the language."""
COLUMNS = (
    *("year", "level", "territory", "territory_name", "envelope", "sub_envelope"),
    *("heading_1", "heading_2", "heading_3", "line", "item", "recurrent"),
    *("delegation", "number", "effective", "amount"),
)
WIDTHS = (8, 10, 10, 26, 14, 16, 18, 18, 18, 14, 22, 10, 16, 10, 12, 16)
KINDS: dict[str, Kind] = {
    "year": "whole",
    "territory_name": "text",
    "number": "whole",
    "amount": "money",
}


def notified(run: AnnexRun, built: Sequence[Construction]) -> list[dict[str, Value]]:
    """Every sum notified that prints as something, in whole amounts."""
    sheets = {(one.envelope, one.year): one for one in built}
    groups: dict[tuple[str, int, str, str], list[Record]] = {}
    for row in run.records("notifications"):
        key = (
            str(row["envelope"] or ""),
            int(str(row["year"])),
            str(row["delegation"]),
            str(row["territory"]),
        )
        groups.setdefault(key, []).append(row)
    found = []
    for (envelope, year, name, code), rows in groups.items():
        sheet = sheets[envelope, year]
        i = sheet.codes.index(code)
        amounts = _printed(sheet, name, i, rows)
        for row, amount in zip(rows, amounts, strict=True):
            if amount:
                found.append({c: row[c] for c in COLUMNS} | {"amount": amount})
    return found


def notifications_sheet(rows: Sequence[dict[str, Value]]) -> Sheet:
    """Lay them out, one line for each."""
    heading: Line = tuple(Cell(value=name, kind="heading") for name in COLUMNS)
    lines = (
        tuple(Cell(value=_shown(row[c]), kind=KINDS.get(c, "code")) for c in COLUMNS)
        for row in rows
    )
    return Sheet(name=SHEET, lines=(heading, *lines), widths=WIDTHS, heading=0)


def _printed(sheet: Construction, name: str, i: int, rows: Sequence[Record]) -> list[int]:
    """Whole amounts of one delegation to one territory; they add up to what is printed of it.

    A line of which nothing is withheld is notified as it is printed.
    """
    total = sheet.printed["delegation", name][i]
    exact = [float(str(row["amount"])) for row in rows]
    own = dict(_as_printed(sheet, i, rows, exact))
    if len(own) == len(rows) and sum(own.values()) != total:
        own = {}
    rest = [at for at in range(len(rows)) if at not in own]
    if not rest:
        return [own[at] for at in range(len(rows))]
    shared = spread([exact[at] for at in rest], total - sum(own.values()))
    own |= dict(zip(rest, shared, strict=True))
    return [own[at] for at in range(len(rows))]


def _as_printed(
    sheet: Construction, i: int, rows: Sequence[Record], exact: Sequence[float]
) -> Iterator[tuple[int, int]]:
    for at, (row, amount) in enumerate(zip(rows, exact, strict=True)):
        item = (str(row["line"] or ""), str(row["item"] or ""))
        if item in sheet.printed and sheet.amounts[item][i] == amount:
            yield at, sheet.printed[item][i]


def _shown(value: Value) -> Value:
    return str(value).lower() if isinstance(value, bool) else value
