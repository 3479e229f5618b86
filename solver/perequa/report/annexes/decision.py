"""The table of a decision: what each territory at the top is granted of each envelope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.report.annexes.construction import UNDISTRIBUTED, item_named
from perequa.report.annexes.sheets import Cell, Column, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.report.annexes.construction import Construction
    from perequa.report.annexes.measures import MeasureYear
    from perequa.report.annexes.reading import AnnexRun
    from perequa.report.annexes.sheets import Line
    from perequa.words import Words

KEPT = ("reserve", "undistributed")
"""What no territory is granted, in the order of the rows that end the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What one envelope grants in a year, as printed.

    Attributes
    ----------
    title
        Name of the envelope.
    amounts, withheld
        One for each territory; withheld is a part of the amount.
    kept
        What no territory is granted of it.
    parts
        What the amounts are made of: names, and amounts of the whole country.
    """

    title: str
    amounts: Sequence[int]
    withheld: Sequence[int]
    kept: Mapping[str, int]
    parts: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Decision:
    """Every envelope of one year.

    Parameters
    ----------
    run, year
        The run, and the year.
    built
        Constructions of that year; none without a campaign.
    measures
        What every measure brings in that year.
    """

    run: AnnexRun
    year: int
    built: Sequence[Construction]
    measures: Sequence[MeasureYear]

    @property
    def level(self) -> str:
        """Level whose territories are granted an envelope."""
        return self.built[0].level if self.built else self.run.instance.tree.levels[0]

    def title(self, words: Words) -> str:
        """What the table is."""
        if self.built:
            return words.phrase("Decision: envelopes of {year}", year=self.year)
        return words.phrase("Decision: credits granted in {year}", year=self.year)

    def granted(self, words: Words) -> list[Granted]:
        """Return what each envelope grants, in order."""
        if self.built:
            return [_of_construction(self.run, one, words) for one in self.built]
        by_envelope: dict[str, list[MeasureYear]] = {}
        for one in self.measures:
            envelope = self.run.instance.scenario.measures[one.measure].envelope or ""
            by_envelope.setdefault(envelope, []).append(one)
        return [self._of_measures(name, ones, words) for name, ones in by_envelope.items()]

    def _of_measures(self, envelope: str, ones: Sequence[MeasureYear], words: Words) -> Granted:
        title = self.run.envelope_title(envelope) or words.phrase("Credits {year}", year=self.year)
        kept = {what: sum(one.kept_credits(what) for one in ones) for what in KEPT}
        totals = [sum(one.granted) + sum(one.kept_credits(what) for what in KEPT) for one in ones]
        names = [self.run.title_of(one.measure) for one in ones]
        return Granted(
            title=title,
            amounts=self._summed([one.granted for one in ones]),
            withheld=self._summed([one.withheld for one in ones]),
            kept=kept,
            parts=list(zip(names, totals, strict=True)),
        )

    def _summed(self, listed: Sequence[Sequence[int]]) -> list[int]:
        """Add up figures of the territories listed for each one at the top."""
        found = [0] * len(self.run.top)
        for amounts in listed:
            for top, amount in zip(self.run.top_of, amounts, strict=True):
                found[top] += amount
        return found


def _of_construction(run: AnnexRun, one: Construction, words: Words) -> Granted:
    parts = [(item_named(run, item, words), sum(one.printed[item])) for item in one.items]
    if one.common:
        parts.append((item_named(run, UNDISTRIBUTED, words), one.common))
    return Granted(
        title=run.envelope_title(one.envelope) or words.phrase("Envelope {year}", year=one.year),
        amounts=one.envelopes,
        withheld=one.summed([item for item in one.amounts if item[0] == "withheld"]),
        kept={"undistributed": one.common},
        parts=parts,
    )


def decisions(
    run: AnnexRun, built: Sequence[Construction], measures: Sequence[MeasureYear]
) -> list[Decision]:
    """Return a decision for each year in which anything is granted.

    Parameters
    ----------
    built, measures
        Constructions, and what measures bring in the years in which something happens.
    """
    found = []
    for year in run.instance.years:
        sheets = [one for one in built if one.year == year]
        ones = [one for one in measures if one.year == year]
        if sheets or any(run.credits[:, one.m, one.y].any() for one in ones):
            found.append(Decision(run, year, sheets, ones))
    return found


def decision_lines(one: Decision, start: int, words: Words) -> list[Line]:
    """Lay out a decision: its table, and below it a note for each envelope.

    Parameters
    ----------
    start
        Row of the headings, from 1.
    """
    run, granted = one.run, one.granted(words)
    tree = run.instance.tree
    nodes = [tree.nodes[int(node)] for node in tree.at(one.level)]
    columns = [
        Column(heading=words.phrase("Code"), kind="code", values=[node.code for node in nodes]),
        Column(
            heading=words.phrase("Territory"), kind="text", values=[node.name for node in nodes]
        ),
    ]
    shown = [what for what in KEPT if any(envelope.kept.get(what) for envelope in granted)]
    for n, envelope in enumerate(granted, 1):
        columns.append(
            Column(
                heading=f"{envelope.title} ({n})",
                kind="money",
                values=envelope.amounts,
                extra={e: envelope.kept[w] for e, w in enumerate(shown) if envelope.kept.get(w)},
                added=True,
            )
        )
        if any(envelope.withheld):
            heading = words.phrase("of which withheld ({note})", note=n)
            columns.append(
                Column(heading=heading, kind="money", values=envelope.withheld, added=True)
            )
    told = {
        "reserve": words.phrase("National reserve"),
        "undistributed": words.phrase("Not distributed"),
    }
    zones = run.zones(one.level, words)
    extras = [told[what] for what in shown]
    lines = table(columns, zones, extras, words.phrase("Total"), start)
    return [*lines, (), *_notes(granted, words)]


def _notes(granted: Sequence[Granted], words: Words) -> Iterator[Line]:
    """What each amount is made of, over the whole country."""
    for n, envelope in enumerate(granted, 1):
        parts = "; ".join(
            f"{name} {words.figures.fixed(amount, 0)}" for name, amount in envelope.parts if amount
        )
        text = words.phrase(
            "({note}) {envelope}: {parts}", note=n, envelope=envelope.title, parts=parts
        )
        yield (Cell(value=text, kind="sentence"),)
