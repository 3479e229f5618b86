"""Who gets what under each scenario, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.comparison.figures import SHARES as COPIED
from perequa.comparison.figures import at_level
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.comparison.people import Yardsticks

SHARES = (
    *("scenario", "level", "territory", "territory_name", "measure", "year"),
    *("quantity", "unit", "value", "first", "difference"),
)


def shares_table(sides: Sequence[Yardsticks], currency: str) -> Table:
    """One line per scenario, territory, measure, year and quantity.

    Parameters
    ----------
    sides
        Those that have a plan, the one compared with first.
    currency
        Unit of credits.

    Notes
    -----
    ``weight`` is the share of all credits of the measure and year, ``per_head`` credits by person
    of reference, ``index_100`` 100 × weight ÷ weight in that population.
    """
    first: dict[tuple[Value, ...], float] = {}
    rows: list[tuple[Value, ...]] = []
    for position, yardsticks in enumerate(sides):
        for where, name, quantity, value in _figures(yardsticks):
            key = (*where, quantity)
            if position == 0:
                first[key] = value
            known = first.get(key)
            level, territory, measure, year = where
            unit = unit_of(quantity, currency)
            rows.append(
                (
                    *(yardsticks.side.name, level, territory, name, measure, year, quantity, unit),
                    *(value, known, None if known is None else value - known),
                )
            )
    return Table(SHARES, tuple(rows))


def unit_of(quantity: str, currency: str) -> str:
    """Return the unit of a quantity of the comparison."""
    units = {
        "places": "place",
        "reference_places": "place",
        "credits": currency,
        "reference_credits": currency,
        "per_head": f"{currency} per person",
        "weight": "share",
        "index_100": "100 = weight in population",
        "rank_before": "rank",
        "rank_after": "rank",
        "gini": "index",
        "theil": "index",
        "below_target": "territory",
    }
    return units.get(quantity, "rate point")


Line = tuple[tuple[str, str, str, int], str, str, float]


def _figures(yardsticks: Yardsticks) -> list[Line]:
    """Return where, name, quantity and value of every figure of one side."""
    rows = at_level(yardsticks.side.tables, yardsticks.level)
    groups: dict[tuple[str, int], list[dict[str, Value]]] = {}
    for row in rows:
        year = row["year"]
        groups.setdefault((str(row["measure"]), year if isinstance(year, int) else 0), []).append(
            row
        )
    lines: list[Line] = []
    for (measure, year), listed in groups.items():
        lines.extend(_group(yardsticks, measure, year, listed))
    return lines


def _group(
    yardsticks: Yardsticks, measure: str, year: int, rows: list[dict[str, Value]]
) -> list[Line]:
    ranks = yardsticks.ranks(measure, year)
    people = {
        str(row["territory"]): yardsticks.population(measure, str(row["territory"]), year)
        for row in rows
    }
    everyone = sum(p for p in people.values() if p is not None)
    money = sum(c for row in rows if isinstance(c := row["credits"], float))
    lines: list[Line] = []
    for row in rows:
        code, name = str(row["territory"]), str(row["territory_name"])
        found = {q: v for q in COPIED if isinstance(v := row[q], float)}
        given, population = found.get("credits", 0.0), people[code]
        if money > 0:
            found["weight"] = given / money
        if population:
            found["per_head"] = given / population
        if population and money > 0:
            found["index_100"] = 100.0 * found["weight"] / (population / everyone)
        if code in ranks:
            found["rank_before"], found["rank_after"] = map(float, ranks[code])
        where = (yardsticks.level, code, measure, year)
        lines.extend((where, name, quantity, value) for quantity, value in found.items())
    return lines
