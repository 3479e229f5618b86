"""Columns computed by a named formula: points, tariffs, factors (section 8)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.figures import TRUE
from perequa.verification.tables import is_missing, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.verification.recompute.figures import Figures

GIR_POINTS = {"gir1": 1000, "gir2": 840, "gir3": 660, "gir4": 420, "gir5": 250, "gir6": 70}

DOMINIC_VALUE = {"partial": 5.69, "global": 6.31}
"""Euros a point, circular of 30 August 2004."""
DOMINIC_ADDED = {False: 250.0, True: 430.0}
"""Points added without and with an in-house pharmacy, same circular."""

GMPS_VALUE = {
    2009: {("global", False): 12.08, ("global", True): 12.83,
           ("partial", False): 9.20, ("partial", True): 9.89},
    2011: {("global", False): 12.44, ("global", True): 13.10,
           ("partial", False): 9.55, ("partial", True): 10.10},
    2012: {("global", False): 12.44, ("global", True): 13.10,
           ("partial", False): 9.62, ("partial", True): 10.18},
    2013: {("global", False): 12.44, ("global", True): 13.10,
           ("partial", False): 9.75, ("partial", True): 10.32},
}  # fmt: skip
"""Euros a point by year, tariff option and pharmacy (yearly orders, 2009 to 2013)."""

LEADING = ("residents", "gmp", "places", "allocation", "activity")
"""Arguments that only the rows a formula is about state, beside residents by GIR."""


class Row:
    """The arguments of a formula on one row, found by name."""

    def __init__(self, figures: Figures, names: Mapping[str, str], node: int) -> None:
        self.figures = figures
        self.names = names
        self.node = node

    def text(self, argument: str) -> str:
        """Return the cell of an argument, empty when nothing is stated."""
        name = self.names.get(argument, argument)
        words = self.figures.words.get(name)
        cell = "" if words is None else str(words.text[self.node, 0, 0])
        return "" if is_missing(cell) else cell.lower()

    def figure(self, argument: str) -> float:
        """Return the figure of an argument, NaN when nothing is stated."""
        name = self.names.get(argument, argument)
        if name in self.figures.derived:
            return float(self.figures.derived[name][self.node, 0, 0])
        return number(self.text(argument), "inputs", f"column {name}")

    def is_stated(self, argument: str) -> bool:
        """Whether a table or an earlier formula gives the argument on this row."""
        name = self.names.get(argument, argument)
        if name in self.figures.derived:
            return not math.isnan(float(self.figures.derived[name][self.node, 0, 0]))
        return bool(self.text(argument))

    def flag(self, argument: str) -> bool:
        """Whether an argument says yes."""
        return self.text(argument) in TRUE


def gmp(row: Row) -> float:
    """Average dependency points of the residents."""
    residents = {g: row.figure(g) for g in GIR_POINTS}
    count = math.fsum(residents.values())
    if not count > 0:
        return math.nan
    return math.fsum(GIR_POINTS[g] * n for g, n in residents.items()) / count


def dominic_2004(row: Row) -> float | None:
    """DOMINIC of the circular of 30 August 2004; None where it does not apply."""
    own = row.figure("gmp") if row.figures.has(row.names.get("gmp", "gmp")) else math.nan
    points = gmp(row) if math.isnan(own) else own
    residents = row.figure("residents")
    heavy = row.figure("gir1") + row.figure("gir2")
    if not (points > 700 and heavy / residents >= 0.5 and row.flag("alzheimer")):
        return None
    added = DOMINIC_ADDED[row.flag("pharmacy")]
    return DOMINIC_VALUE[row.text("tariff")] * (points + added) * residents


def gmps_ceiling(row: Row, year: int) -> float:
    """Ceiling of the yearly orders: value of a point times (GMP + 2.59·PMP) times places."""
    own = row.figure("gmp") if row.figures.has(row.names.get("gmp", "gmp")) else math.nan
    points = gmp(row) if math.isnan(own) else own
    value = GMPS_VALUE[year][row.text("tariff"), row.flag("pharmacy")]
    if row.flag("overseas"):
        value = round(1.20 * value, 2)
    return value * (points + 2.59 * row.figure("pmp")) * row.figure("places")


def occupancy_modulation(row: Row, year: int) -> float:
    """Factor of the order of 28 September 2017: half of what is missing to the threshold is cut."""
    received = row.figure("allocation")
    threshold = 95
    if year < 2024 and received < 1:
        threshold = 90 + year - 2018 if received >= 0.9 else 0
    return 1 - max(0.0, threshold / 100 - row.figure("occupancy")) / 2


def add_derived(figures: Figures, name: str, spec: Mapping[str, Any]) -> None:
    """Compute one derived column, row by row, where its arguments stand.

    Raises
    ------
    Unreadable
        When the formula is unknown to `verify`.
    """
    formula = _formula(spec)
    names: Mapping[str, str] = spec.get("from") or {}
    other = (spec.get("otherwise") or {}).get("column")
    fallback = figures.stated(other) if other else None
    values = np.full((len(figures.tree.key), 1, 1), np.nan)
    for node in range(len(figures.tree.key)):
        row = Row(figures, names, node)
        computed = formula(row) if _has_arguments(row) else None
        if computed is None and fallback is not None:
            computed = float(fallback[node, 0, 0])
        values[node] = math.nan if computed is None else computed
    figures.derived[name] = values


def _formula(spec: Mapping[str, Any]) -> Callable[[Row], float | None]:
    kind = spec["formula"]
    if kind == "gmp":
        return gmp
    if kind == "dominic_2004":
        return dominic_2004
    if kind == "activity_cost":
        return lambda row: row.figure("activity") * row.figure("unit_cost")
    if kind in ("gmps_ceiling", "occupancy_modulation"):
        year = int(spec["year"])
        yearly = gmps_ceiling if kind == "gmps_ceiling" else occupancy_modulation
        return lambda row: yearly(row, year)
    raise Unreadable("run.json", f"formula {kind!r} is not one that verify can recompute")


def _has_arguments(row: Row) -> bool:
    """Whether the row is one of those the formula is about (others stay without a value)."""
    return any(row.is_stated(argument) for argument in (*GIR_POINTS, *LEADING))
