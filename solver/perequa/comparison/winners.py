"""Who wins and who loses: against the circular, the population, what stood before, another plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.comparison.figures import at_level
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.comparison.people import Yardsticks

WINNERS = (
    *("scenario", "against", "level", "territory", "territory_name", "measure", "population"),
    *("value", "yardstick", "difference", "percent", "base", "percent_of_base", "per_head"),
    *("index_100", "rank_before", "rank_after", "band"),
)
BANDS = (
    *("scenario", "against", "measure", "band", "territories", "population", "population_share"),
    *("difference", "percent_of_base", "per_head", "index_100", "largest", "largest_difference"),
)
EDGES = (-50.0, -10.0, -1.0, 1.0, 10.0, 50.0)
"""Bounds of the bands, in percent of the yardstick."""
NAMES = (
    "loses more than 50 %",
    "loses 10 to 50 %",
    "loses 1 to 10 %",
    "within 1 %",
    "gains 1 to 10 %",
    "gains 10 to 50 %",
    "gains more than 50 %",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One territory against one yardstick, for one measure over the whole plan."""

    scenario: str
    against: str
    level: str
    territory: str
    name: str
    measure: str
    population: float | None
    value: float
    yardstick: float
    base: float | None
    index: float | None
    ranks: tuple[int, int] | None

    @property
    def difference(self) -> float:
        """Credits above the yardstick, below it when negative."""
        return self.value - self.yardstick

    @property
    def percent(self) -> float:
        """The difference in percent of the yardstick; infinite from nothing."""
        if self.yardstick:
            return 100.0 * self.difference / self.yardstick
        return math.copysign(math.inf, self.difference) if self.difference else 0.0

    @property
    def band(self) -> int:
        """Position of its band in `NAMES`: bounds belong to the band nearer to zero."""
        losing = sum(1 for edge in EDGES if edge < 0 and self.percent >= edge)
        return losing + sum(1 for edge in EDGES if edge > 0 and self.percent > edge)


def standings(sides: Sequence[Yardsticks]) -> tuple[Standing, ...]:
    """Return every territory of every side against every yardstick that exists for it.

    Parameters
    ----------
    sides
        Those that have a plan, the one compared with first.

    Notes
    -----
    Against the circular (``reference``), the people (``population``) and what stood before
    (``last_year``), the yardstick is the same money shared in proportion to them. Against the
    first scenario (``first``) it is what that one gives.
    """
    first = _credits(sides[0])
    found: list[Standing] = []
    for position, yardsticks in enumerate(sides):
        own = _credits(yardsticks)
        for measure in dict.fromkeys(measure for _, measure in own):
            given = {code: value for (code, held), value in own.items() if held == measure}
            keys = _keys(yardsticks, measure, list(given))
            if position:
                keys["first"] = {c: first[c, measure] for c in given if (c, measure) in first}
            for against, key in keys.items():
                found.extend(_against(yardsticks, measure, against, given, key))
    return tuple(found)


def _against(
    yardsticks: Yardsticks,
    measure: str,
    against: str,
    given: Mapping[str, float],
    key: Mapping[str, float],
) -> list[Standing]:
    rows = {str(row["territory"]): row for row in _rows(yardsticks, measure)}
    year = max(y for row in _rows(yardsticks, measure) if isinstance(y := row["year"], int))
    people = {code: yardsticks.population(measure, code, year) for code in given}
    everyone = sum(p for p in people.values() if p is not None)
    money, whole = sum(given.values()), sum(key.values())
    ranks = yardsticks.ranks(measure, year)
    if against != "first" and (whole <= 0 or any(code not in key for code in given)):
        return []
    scale = 1.0 if against == "first" else money / whole
    found = []
    for code in (code for code in given if code in key):
        population = people[code]
        weight = population / everyone if population else 0.0
        found.append(
            Standing(
                scenario=yardsticks.side.name,
                against=against,
                level=yardsticks.level,
                territory=code,
                name=str(rows[code]["territory_name"]),
                measure=measure,
                population=population,
                value=given[code],
                yardstick=key[code] * scale,
                base=yardsticks.base(measure, code),
                index=100.0 * given[code] / money / weight if weight and money else None,
                ranks=ranks.get(code),
            )
        )
    return found


def _keys(
    yardsticks: Yardsticks, measure: str, codes: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return what each yardstick shares in proportion to, by territory."""
    rows = _rows(yardsticks, measure)
    year = max((y for row in rows if isinstance(y := row["year"], int)), default=0)
    reference: dict[str, float] = {}
    for row in rows:
        amount = row["reference_credits"]
        if isinstance(amount, float):
            code = str(row["territory"])
            reference[code] = reference.get(code, 0.0) + amount
    people = {code: yardsticks.population(measure, code, year) for code in codes}
    before = {code: yardsticks.base(measure, code) for code in codes}
    return {
        "reference": reference,
        "population": {code: p for code, p in people.items() if p is not None},
        "last_year": {code: b for code, b in before.items() if b is not None},
    }


def _rows(yardsticks: Yardsticks, measure: str) -> list[dict[str, Value]]:
    rows = at_level(yardsticks.side.tables, yardsticks.level)
    return [row for row in rows if row["measure"] == measure]


def _credits(yardsticks: Yardsticks) -> dict[tuple[str, str], float]:
    """Return the credits of every territory and measure over the whole plan."""
    found: dict[tuple[str, str], float] = {}
    for row in at_level(yardsticks.side.tables, yardsticks.level):
        value = row["credits"]
        if isinstance(value, float):
            key = (str(row["territory"]), str(row["measure"]))
            found[key] = found.get(key, 0.0) + value
    return found


def winners_table(found: Sequence[Standing]) -> Table:
    """One line per scenario, yardstick, territory and measure."""
    rows: list[tuple[Value, ...]] = []
    for s in found:
        before, after = s.ranks or (None, None)
        rows.append(
            (
                *(s.scenario, s.against, s.level, s.territory, s.name, s.measure, s.population),
                *(s.value, s.yardstick, s.difference, s.percent, s.base),
                100.0 * s.difference / s.base if s.base else None,
                s.difference / s.population if s.population else None,
                *(s.index, before, after, NAMES[s.band]),
            )
        )
    return Table(WINNERS, tuple(rows))


def bands_table(found: Sequence[Standing]) -> Table:
    """One line per scenario, yardstick, measure and band, empty bands left out."""
    groups: dict[tuple[str, str, str], list[Standing]] = {}
    for standing in found:
        key = (standing.scenario, standing.against, standing.measure)
        groups.setdefault(key, []).append(standing)
    rows: list[tuple[Value, ...]] = []
    for key, listed in groups.items():
        for position, name in enumerate(NAMES):
            inside = [standing for standing in listed if standing.band == position]
            if inside:
                rows.append((*key, name, *_band(inside, listed)))
    return Table(BANDS, tuple(rows))


def _band(inside: Sequence[Standing], everyone: Sequence[Standing]) -> tuple[Value, ...]:
    people, all_people = (_sum([s.population for s in group]) for group in (inside, everyone))
    base = _sum([s.base for s in inside])
    difference = math.fsum(s.difference for s in inside)
    money = math.fsum(s.value for s in everyone)
    given = math.fsum(s.value for s in inside)
    share = people / all_people if people and all_people else None
    largest = max(inside, key=lambda s: (abs(s.difference), s.territory))
    return (
        len(inside),
        people,
        share,
        difference,
        100.0 * difference / base if base else None,
        difference / people if people else None,
        100.0 * given / money / share if share and money else None,
        largest.name or largest.territory,
        largest.difference,
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if len(known) == len(values) else None
