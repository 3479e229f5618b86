"""The figures of a run that are compared: shares, objectives, equity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table, Value

SHARES = ("places", "credits", "reference_places", "reference_credits")
EQUITY = ("national", "min", "max", "range", "gini", "theil", "mean_absolute_gap", "below_target")
NOT_TERRITORIES = ("zone", "nation")


class Figure(NamedTuple):
    """What a figure is.

    Attributes
    ----------
    quantity
        ``places``, ``credits``, the same of the reference; ``objective``; ``gini`` and the other
        measures of equity.
    of
        Name of the objective or of the indicator, empty for a share.
    level, territory
        Whose; the level compared, without a territory, for equity; ``nation`` for an objective.
    measure, year
        Of a share; the year of equity.
    unit
        Of an objective: places and points of rate are two figures, not one that changed.
    """

    quantity: str
    of: str
    level: str
    territory: str
    measure: str
    year: int | None
    unit: str = ""


def shares_of(tables: Mapping[str, Table], level: str) -> dict[Figure, float]:
    """Return what every territory of a level gets, and would get by the circular's formula."""
    found = {}
    for row in at_level(tables, level):
        for quantity in SHARES:
            value = row[quantity]
            if isinstance(value, float):
                where = (level, str(row["territory"]), str(row["measure"]))
                year = row["year"]
                found[Figure(quantity, "", *where, year if isinstance(year, int) else None)] = value
    return found


def results_of(tables: Mapping[str, Table]) -> dict[Figure, float]:
    """Return the value of every objective, and the equity reached at every level."""
    found = {}
    for row in tables["objectives"].records():
        value = row["value"]
        if isinstance(value, float):
            of, unit = str(row["objective"]), str(row["unit"])
            found[Figure("objective", of, "nation", "", "", None, unit)] = value
    for row in tables["equity"].records():
        if row["moment"] != "after":
            continue
        year = row["year"]
        for quantity in EQUITY:
            value = row[quantity]
            if isinstance(value, float | int):
                of, level = str(row["indicator"]), str(row["level"])
                key = Figure(quantity, of, level, "", "", year if isinstance(year, int) else None)
                found[key] = float(value)
    return found


def at_level(tables: Mapping[str, Table], level: str) -> list[dict[str, Value]]:
    """Return the rows of a level from the allocation, or from the totals above it."""
    for name in ("allocation", "totals"):
        rows = [row for row in tables[name].records() if row["level"] == level]
        if rows:
            return rows
    return []


def levels_of(tables: Mapping[str, Table]) -> list[str]:
    """Return the levels whose shares are known, the one that decides first, then upwards."""
    own = [str(value) for value in tables["allocation"].column("level")]
    above = [str(value) for value in tables["totals"].column("level")]
    upwards = reversed(list(dict.fromkeys(above)))
    return [level for level in dict.fromkeys([*own, *upwards]) if level not in NOT_TERRITORIES]
