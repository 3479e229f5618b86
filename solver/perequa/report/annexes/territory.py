"""The sheet of one territory: what it receives, why, when; one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.report.annexes.construction import item_named
from perequa.report.annexes.returns import SHEET
from perequa.report.annexes.sheets import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.report.annexes.construction import Construction
    from perequa.report.annexes.measures import MeasureYear
    from perequa.report.annexes.reading import AnnexRun, Record
    from perequa.report.annexes.sheets import Kind, Line
    from perequa.words import Words
    from perequa_models.tree import Territory

WIDTHS = (44, 14, 16, 16, 16, 16, 14, 14)
MOST_RULES = 12
"""Rules told on one page."""
MOST_PARTS = 30
"""Territories below, listed on one page."""
EMPTY: Line = ()


@dataclass(frozen=True)
class TerritorySheet:
    """The sheet of one territory of the top level.

    Parameters
    ----------
    run, measures, built
        The run, and what the tables of its annexes print.
    i
        Position of the territory.
    words
        Language.
    """

    run: AnnexRun
    measures: Sequence[MeasureYear]
    built: Sequence[Construction]
    i: int
    words: Words

    def lines(self) -> tuple[Line, ...]:
        """All of it."""
        who = self.run.top[self.i]
        scenario = self.run.instance.scenario
        title = Cell(value=f"{who.code} {who.name}", kind="title")
        return (
            (title,),
            (Cell(value=scenario.title or scenario.name, kind="note"),),
            EMPTY,
            *self._envelopes(),
            *self._measures(),
            *self._parts(),
            *self._rules(),
            *self._calendar(),
        )

    def _head(self, *headings: str) -> Line:
        return tuple(Cell(value=heading, kind="heading") for heading in headings)

    def _envelopes(self) -> Iterator[Line]:
        """The construction of each envelope, where they are built at this level."""
        phrase = self.words.phrase
        for built in self.built:
            if built.level != self.run.top[self.i].level:
                continue
            title = envelope_named(self.run, built, self.words)
            yield self._head(title, phrase("Amount"))
            for item in built.items:
                yield _amount(item_named(self.run, item, self.words), built.printed[item][self.i])
            yield _amount(
                phrase("Envelope {year}", year=built.year), built.envelopes[self.i], strong=True
            )
            yield _amount(phrase("Regional margin"), built.margins[self.i])
            told = [i for i in built.amounts if i[0] in {"delegation", "withheld"}]
            for item in told:
                if item[0] == "delegation" or built.printed[item][self.i]:
                    name = item_named(self.run, item, self.words)
                    yield _amount(name, built.printed[item][self.i])
            delivered = [i for i in told if i[0] == "delegation"]
            if delivered:
                left = built.envelopes[self.i] - sum(built.printed[d][self.i] for d in delivered)
                yield _amount(phrase("Still to notify"), left)
            yield EMPTY

    def _measures(self) -> Iterator[Line]:
        phrase = self.words.phrase
        yield self._head(
            phrase("Measure"),
            phrase("Year"),
            phrase("Places"),
            phrase("Credits of the year"),
            phrase("of which withheld"),
            phrase("Credits over a full year"),
            phrase("Rate before"),
            phrase("Rate after"),
        )
        mine = [k for k, top in enumerate(self.run.top_of) if top == self.i]
        key = (self.run.top[self.i].level, self.run.top[self.i].code)
        for one in self.measures:
            places = None if one.is_money else sum(one.places[0][k] for k in mine)
            withheld = sum(one.withheld[k] for k in mine)
            cells: tuple[tuple[object, Kind], ...] = (
                (self.run.title_of(one.measure), "text"),
                (one.year, "whole"),
                (places, "places"),
                (sum(one.credits[0][k] for k in mine) + withheld, "money"),
                (withheld or None, "money"),
                (None if one.is_money else sum(one.full_year[k] for k in mine), "money"),
                (one.rate(key, "before"), "rate"),
                (one.rate(key, "after"), "rate"),
            )
            yield tuple(
                Cell(value=v if isinstance(v, str | int | float) else None, kind=kind)
                for v, kind in cells
            )
        yield EMPTY

    def _parts(self) -> Iterator[Line]:
        """Places of the territories below, where they fit on the page."""
        run = self.run
        mine = [k for k, top in enumerate(run.top_of) if top == self.i]
        counted = [one for one in self.measures if not one.is_money][: len(WIDTHS) - 1]
        deeper = run.listed_level != run.instance.tree.levels[0]
        if not deeper or not counted or len(mine) > MOST_PARTS:
            return
        names = [f"{run.title_of(one.measure)} {one.year}" for one in counted]
        yield self._head(self.words.phrase("Places by territory"), *names)
        for k in mine:
            figures = (Cell(value=one.places[0][k], kind="places") for one in counted)
            yield (Cell(value=f"{run.listed[k].code} {run.listed[k].name}"), *figures)
        yield EMPTY

    def _rules(self) -> Iterator[Line]:
        """Rules that bind here, and what their limits cost."""
        found = list(self._binding())
        if not found:
            return
        yield self._head(self.words.phrase("Rules that bind here"))
        for text in found[:MOST_RULES]:
            yield (Cell(value=text, kind="sentence"),)
        if len(found) > MOST_RULES:
            more = self.words.phrase("… and {count} more", count=len(found) - MOST_RULES)
            yield (Cell(value=more, kind="note"),)
        yield EMPTY

    def _binding(self) -> Iterator[str]:
        prices: dict[str, Record] = {}
        for row in self.run.records("shadow_prices"):
            prices.setdefault(str(row["row"]), row)
        below = {(t.level, t.code) for t in self._below()}
        rules = self.run.instance.scenario.rules
        for row in self.run.records("rules"):
            if row["binding"] is True and (row["level"], row["territory"]) in below:
                spec = rules[str(row["rule"])]
                title = spec.title or str(row["rule"])
                price = prices.get(str(row["row"]))
                yield title if price is None else f"{title}: {price['statement']}"

    def _below(self) -> Iterator[Territory]:
        run = self.run
        yield run.top[self.i]
        yield from (t for t, top in zip(run.listed, run.top_of, strict=True) if top == self.i)

    def _calendar(self) -> Iterator[Line]:
        campaign = self.run.instance.scenario.campaign
        yield self._head(self.words.phrase("Calendar"))
        if campaign is not None:
            for name, delegation in campaign.delegations.items():
                date = delegation.date or str(delegation.year or self.run.instance.years[0])
                yield (Cell(value=delegation.title or name), Cell(value=date))
        form = self.words.phrase(
            "What was authorised, funded and opened: the sheet {sheet}", sheet=SHEET
        )
        if not self.run.instance.projects:
            yield (Cell(value=form, kind="sentence"),)


def _amount(name: str, amount: int, *, strong: bool = False) -> Line:
    return (Cell(value=name, strong=strong), Cell(value=amount, kind="money", strong=strong))


def envelope_named(run: AnnexRun, built: Construction, words: Words) -> str:
    """Say whose construction it is, and of which year."""
    title = run.envelope_title(built.envelope)
    if not title:
        return words.phrase("Construction of the envelope of {year}", year=built.year)
    return words.phrase(
        "Construction of the envelope of {year}: {envelope}", year=built.year, envelope=title
    )
