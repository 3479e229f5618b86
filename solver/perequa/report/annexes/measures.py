"""One annex a measure: who gets what, why, and what no territory has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.report.annexes.rounding import rounded
from perequa.report.annexes.sheets import Column, table
from perequa_models.columns import summed_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.annexes.reading import AnnexRun, Record
    from perequa.report.annexes.sheets import Kind, Line, Zone
    from perequa.words import Words
    from perequa_models.instance import Floats, IndicatorData

KEPT = ("reserve", "withheld", "undistributed")
"""What no territory has, in the order of the rows that end a table."""


@dataclass(frozen=True)
class MeasureYear:
    """What one measure brings in one year, as printed.

    Parameters
    ----------
    run
        The run.
    m, y
        Positions of the measure and the year.
    """

    run: AnnexRun
    m: int
    y: int

    @property
    def measure(self) -> str:
        """Name of the measure."""
        return self.run.instance.measures[self.m]

    @property
    def year(self) -> int:
        """The year."""
        return self.run.instance.years[self.y]

    @property
    def is_money(self) -> bool:
        """Whether it hands out money."""
        return bool(self.run.instance.is_money[self.m])

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens in the year: no place, no credit."""
        at = (slice(None), self.m, self.y)
        return not self.run.cells("places")[at].any() and not self.run.credits[at].any()

    @cached_property
    def kept(self) -> Mapping[tuple[str, str], float]:
        """Reserve and undistributed in places and in credits; withheld in credits."""
        found: dict[tuple[str, str], list[float]] = {}
        by_rule: dict[tuple[str, str, str], float] = {}
        for row in self.run.records("totals"):
            here = row["measure"] == self.measure and row["year"] in (None, self.year)
            if row["level"] != "nation" or row["territory"] not in KEPT[::2] or not here:
                continue
            rule = str(row["territory_name"]).split(" ")[0]
            for column in ("places", "credits"):
                if row[column] is not None:
                    key = (str(row["territory"]), column, rule)
                    by_rule[key] = by_rule.get(key, 0.0) + float(str(row[column]))
        for (what, column, _), amount in by_rule.items():
            found.setdefault((what, column), []).append(amount)
        # of several limits on the same measure the tightest says what is left
        kept = {key: min(amounts) for key, amounts in found.items()}
        withheld = float(self.run.withheld[:, self.m, self.y].sum())
        return kept | {("withheld", "credits"): withheld}

    @cached_property
    def shown_kept(self) -> list[str]:
        """Which of these rows stand in the table."""
        return [w for w in KEPT if any(self._of(w, c) >= 0.5 for c in ("places", "credits"))]

    def _of(self, what: str, column: str) -> float:
        return self.kept.get((what, column), 0.0)

    def printed(self, values: Floats, column: str = "") -> tuple[list[int], dict[int, float]]:
        """Round figures (T, M, Y) of the territories listed, and what no territory has of them."""
        extra = [self._of(what, column) for what in self.shown_kept] if column else []
        own, kept = self.run.printed(values[:, self.m, self.y], extra)
        return own, {e: float(k) for e, k in enumerate(kept) if extra[e]}

    @cached_property
    def places(self) -> tuple[list[int], dict[int, float]]:
        """Places of each territory listed."""
        return self.printed(self.run.cells("places"), "places")

    @cached_property
    def credits(self) -> tuple[list[int], dict[int, float]]:
        """Credits delivered to each territory listed."""
        return self.printed(self.run.credits - self.run.withheld, "credits")

    @cached_property
    def withheld(self) -> list[int]:
        """Credits withheld from each territory listed."""
        return self.printed(self.run.withheld)[0]

    @cached_property
    def granted(self) -> list[int]:
        """Credits of each territory listed, what is withheld included."""
        return [a + b for a, b in zip(self.credits[0], self.withheld, strict=True)]

    def kept_credits(self, what: str) -> int:
        """Credits of a row that no territory has, as printed."""
        return int(dict(zip(self.shown_kept, self._kept_credits, strict=True)).get(what, 0))

    @property
    def _kept_credits(self) -> list[float]:
        return [self.credits[1].get(e, 0.0) for e in range(len(self.shown_kept))]

    @cached_property
    def opening(self) -> list[int]:
        """What the places funded cost in their first year."""
        if self.run.plan.extension_credits[:, self.m, self.y].any():
            return self.printed(self.run.plan.opening_credits)[0]
        return self.granted

    @cached_property
    def due(self) -> list[int]:
        """Extension that the year after pays."""
        return self.printed(self.run.plan.due_after)[0]

    @cached_property
    def due_before(self) -> list[int]:
        """Extension that this year pays."""
        if self.y:
            return MeasureYear(self.run, self.m, self.y - 1).due
        return self.run.printed(self.run.instance.carried[:, self.m])[0]

    @cached_property
    def full_year(self) -> list[int]:
        """What the places funded cost over a full year."""
        return [a + b for a, b in zip(self.opening, self.due, strict=True)]

    @cached_property
    def paid(self) -> list[int]:
        """What the year pays: its own places and the extension of earlier ones."""
        return [a + b for a, b in zip(self.opening, self.due_before, strict=True)]

    @cached_property
    def awarded(self) -> list[int]:
        """Part of the cost over a full year that awards paid by milestones committed at once."""
        phased = self.run.phased[:, self.m]
        if not phased.any():
            return [0] * len(self.run.listed)
        mixed = self.printed(self.run.plan.full_year_credits * self.run.phased[:, :, None])[0]
        return [
            whole if phased[list(inside)].all() else part
            for whole, part, inside in zip(self.full_year, mixed, self.run.inside, strict=True)
        ]

    @cached_property
    def indicator(self) -> IndicatorData | None:
        """The first indicator that counts the measure, in the order of the scenario."""
        for name, spec in self.run.instance.scenario.indicators.items():
            if self.measure in spec.measures:
                return self.run.instance.indicators[name]
        return None

    @cached_property
    def rates(self) -> Mapping[tuple[str, str], Record]:
        """Rates of that indicator by level and code, of the year."""
        if self.indicator is None:
            return {}
        return {
            (str(row["level"]), str(row["territory"])): row
            for row in self.run.records("indicators")
            if row["indicator"] == self.indicator.name and row["year"] == self.year
        }

    def rate(self, key: tuple[str, str], column: str) -> float | None:
        """One rate of one territory."""
        value = self.rates.get(key, {}).get(column)
        return None if value is None else float(str(value))


def measure_years(run: AnnexRun) -> list[list[MeasureYear]]:
    """Every year of each measure, measures in the order of the scenario."""
    instance = run.instance
    order = [m for m in instance.scenario.measures if m in instance.measures]
    return [
        [MeasureYear(run, instance.measures.index(name), y) for y in range(len(instance.years))]
        for name in order
    ]


def measure_lines(one: MeasureYear, start: int, words: Words) -> list[Line]:
    """Lay out the annex of a measure as a table.

    Parameters
    ----------
    start
        Row of its headings, from 1.
    """
    run = one.run
    zones = run.zones(run.listed_level, words)
    columns = run.named(words)
    columns.extend(_before(one, zones, words))
    columns.extend(_stated(one, words))
    columns.extend(_parts(one, words))
    columns.extend(_handed_out(one, words))
    columns.extend(_after(one, zones, words))
    told = {
        "reserve": words.phrase("National reserve"),
        "withheld": words.phrase("Withheld (data missing)"),
        "undistributed": words.phrase("Not distributed"),
    }
    return table(
        columns, zones, [told[what] for what in one.shown_kept], words.phrase("Total"), start
    )


def _before(one: MeasureYear, zones: Sequence[Zone], words: Words) -> list[Column]:
    """Population of reference, places counted, rate, distance to the target."""
    data, run = one.indicator, one.run
    tree = run.instance.tree
    here = tree.at(run.listed_level)
    heading, before = words.phrase("Places before the plan"), run.instance.installed[:, one.m]
    started = run.printed(before)[0]
    if data is not None and not one.is_money:
        counts = run.instance.scenario.indicators[data.name].counts
        started = rounded(data.start[here, one.m].tolist())
        if counts != "installed":
            heading = words.phrase("Places before the plan ({status})", status=counts)
    counted = Column(heading=heading, kind="places", values=started, added=True)
    if data is None:
        return [] if one.is_money else [counted]
    people = data.population[here, one.y]
    population = Column(
        heading=words.phrase("Population of reference"),
        kind="places",
        values=[round(float(p)) for p in people],
        added=True,
    )
    rate = _rates(one, zones, "before", words.phrase("Rate before"))
    gap = _rates(one, zones, "gap_before", words.phrase("Gap to the target (points)"))
    missing = Column(
        heading=words.phrase("Gap to the target (places)"),
        kind="places",
        values=[
            None if g is None else round(float(str(g)) * float(p) / data.per)
            for g, p in zip(gap.values, people, strict=True)
        ],
    )
    if data.in_budget or one.is_money:
        return [population, rate, gap]
    return [population, counted, rate, gap, missing]


def _after(one: MeasureYear, zones: Sequence[Zone], words: Words) -> list[Column]:
    if one.indicator is None:
        return []
    return [_rates(one, zones, "after", words.phrase("Rate after"))]


def _rates(one: MeasureYear, zones: Sequence[Zone], column: str, heading: str) -> Column:
    """A column of rates: of each territory, and of the nation in the total."""
    named: list[Value] = [None] * sum(1 for zone in zones if zone.name)
    return Column(
        heading=heading,
        kind="rate",
        values=[one.rate((t.level, t.code), column) for t in one.run.listed],
        of_zone=[*named, one.rate(("nation", ""), column)],
    )


def _stated(one: MeasureYear, words: Words) -> list[Column]:
    """Places authorised and not funded, needs declared, where the tables have them."""
    run = one.run
    told = {
        "authorised_unfunded": words.phrase("Authorised, not funded"),
        "declared_need": words.phrase("Declared needs"),
    }
    found = []
    for name, heading in told.items():
        column = run.instance.columns.get(name)
        if column is None or column.is_text:
            continue
        sums = summed_up(column, run.instance.tree, 0.0)
        m = min(one.m, sums.shape[1] - 1)
        values = sums[run.instance.tree.at(run.listed_level)][:, m, min(one.y, sums.shape[2] - 1)]
        if np.nan_to_num(values).any():
            figures = [round(float(v)) for v in np.nan_to_num(values)]
            found.append(Column(heading=heading, kind="places", values=figures, added=True))
    return found


def _parts(one: MeasureYear, words: Words) -> list[Column]:
    """What each part of the circular's own formula gives, its floors and caps; and their sum."""
    run = one.run
    here = [
        row
        for row in run.records("reference_parts")
        if row["measure"] == one.measure
        and row["year"] == one.year
        and row["level"] == run.listed_level
    ]
    parts: dict[str, list[Record]] = {}
    for row in here:
        parts.setdefault(str(row["part"]), []).append(row)
    at = {t.code: i for i, t in enumerate(run.listed)}
    columns: list[Column] = []
    for name, rows in parts.items():
        amounts, flags = [0.0] * len(at), [""] * len(at)
        for row in rows:
            i = at[str(row["territory"])]
            amounts[i] += float(str(row["amount"] or 0.0))
            flags[i] = _flag(row, words)
        kind: Kind = "money" if rows[0]["unit"] == "credits" else "places"
        heading = words.phrase("Formula: {part}", part=name)
        columns.append(Column(heading=heading, kind=kind, values=rounded(amounts), added=True))
        if any(flags):
            heading = words.phrase("Floor or cap")
            columns.append(Column(heading=heading, kind="text", values=flags))
    if columns and not one.is_money:
        own = run.cells("reference_places")
        columns.append(
            Column(
                heading=words.phrase("Formula: places"),
                kind="places",
                values=one.printed(own)[0],
                added=True,
            )
        )
    return columns


def _flag(row: Record, words: Words) -> str:
    if row["at_floor"] is True:
        return words.phrase("floor")
    return words.phrase("cap") if row["at_cap"] is True else ""


def _handed_out(one: MeasureYear, words: Words) -> list[Column]:
    """Places, credits of the year, over a full year, and what the year after pays."""
    instance = one.run.instance
    columns = []
    if not one.is_money:
        values, extra = one.places
        heading = words.phrase("Places {year}", year=one.year)
        columns.append(
            Column(heading=heading, kind="places", values=values, extra=extra, added=True)
        )
    values, extra = one.credits
    months = int(instance.opening_months[one.m])
    heading = words.phrase("Credits {year}", year=one.year)
    if months < 12 and not one.is_money:
        heading = words.phrase("Credits {year} ({months} months)", year=one.year, months=months)
    columns.append(Column(heading=heading, kind="money", values=values, extra=extra, added=True))
    if any(one.withheld):
        heading = words.phrase("Withheld")
        columns.append(Column(heading=heading, kind="money", values=one.withheld, added=True))
    if one.is_money:
        return columns
    heading = words.phrase("Credits over a full year")
    columns.append(Column(heading=heading, kind="money", values=one.full_year, added=True))
    if any(one.due):
        heading = words.phrase("Extension {year}", year=one.year + 1)
        columns.append(Column(heading=heading, kind="money", values=one.due, added=True))
    if not instance.by_projects[one.m]:
        costs = instance.cost[:, one.m, one.y]
        each = [_one_cost(costs[list(inside)]) for inside in one.run.inside]
        columns.append(Column(heading=words.phrase("Cost of a place"), kind="money", values=each))
    return columns


def _one_cost(costs: Floats) -> float | None:
    """Cost of a place where it is one in a territory."""
    return round(float(costs[0]), 2) if costs.size and float(np.ptp(costs)) == 0.0 else None
