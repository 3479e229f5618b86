"""Commitment authorisations and payment credits: what each year commits, when it is paid.

What a year funds is committed at its cost over a full year (*autorisations d'engagement*, AE) and
paid as places open: the months of the year, then the extension (*crédits de paiement*, CP). An
award that a rule pays by milestones is committed whole in the first year. All that is committed is
paid: what is left to pay at the end of a year is what was committed and not yet paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.report.annexes.sheets import Column, letters, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.report.annexes.measures import MeasureYear
    from perequa.report.annexes.reading import AnnexRun
    from perequa.report.annexes.sheets import Line, Rule
    from perequa.words import Words

LEAST = 0.5
"""Money of which some must be paid in another year than the one that commits it."""
Amounts = list[int]
"""One whole amount for each territory listed."""


@dataclass(frozen=True)
class Commitments:
    """What one envelope commits and pays, as printed.

    Parameters
    ----------
    run
        The run.
    envelope
        Which envelope.
    measures
        Every year of each of its measures, years in order.
    """

    run: AnnexRun
    envelope: str
    measures: Sequence[Sequence[MeasureYear]]

    @cached_property
    def before(self) -> Amounts:
        """Committed before the plan and still to pay."""
        return self._sum(years[0].due_before for years in self.measures)

    @cached_property
    def committed(self) -> list[Amounts]:
        """What each year commits."""
        own = [
            [[f - a for f, a in zip(one.full_year, one.awarded, strict=True)] for one in years]
            for years in self.measures
        ]
        found = [self._sum(of[y] for of in own) for y in range(len(self.run.instance.years))]
        awarded = [one.awarded for years in self.measures for one in years]
        return [self._sum(iter([found[0], *awarded])), *found[1:]]

    @cached_property
    def paid(self) -> list[Amounts]:
        """What each year of the plan pays."""
        years = range(len(self.run.instance.years))
        return [self._sum(one.paid for one in self._of_year(y)) for y in years]

    @cached_property
    def due(self) -> Amounts:
        """What the year after the plan pays."""
        return self._sum(years[-1].due for years in self.measures)

    @cached_property
    def left(self) -> list[Amounts]:
        """Committed and not yet paid at the end of each year."""
        found, held = [], self.before
        for committed, paid in zip(self.committed, self.paid, strict=True):
            held = [h + c - p for h, c, p in zip(held, committed, paid, strict=True)]
            found.append(held)
        return found

    @property
    def differ(self) -> bool:
        """Whether anything is paid in another year than the one that commits it."""
        own = [years[0].m for years in self.measures]
        moved = np.abs(self.run.left_to_pay[:, own]).sum()
        moved += np.abs(self.run.instance.carried[:, own]).sum()
        return bool(moved >= LEAST)

    def _of_year(self, y: int) -> Iterator[MeasureYear]:
        return (years[y] for years in self.measures)

    def _sum(self, parts: Iterator[Amounts]) -> Amounts:
        nothing = [0] * len(self.run.listed)
        return [sum(amounts) for amounts in zip(nothing, *parts, strict=True)]


def commitments(run: AnnexRun, years: Sequence[Sequence[MeasureYear]]) -> list[Commitments]:
    """What each envelope commits and pays, in the order of the scenario.

    Parameters
    ----------
    years
        Every year of each measure.
    """
    by_envelope: dict[str, list[Sequence[MeasureYear]]] = {}
    for measure in years:
        envelope = run.instance.scenario.measures[measure[0].measure].envelope or ""
        by_envelope.setdefault(envelope, []).append(measure)
    return [Commitments(run, envelope, of) for envelope, of in by_envelope.items()]


def commitment_lines(one: Commitments, start: int, words: Words) -> list[Line]:
    """Lay out what an envelope commits and pays as a table.

    Parameters
    ----------
    start
        Row of its headings, from 1.
    """
    run, years = one.run, one.run.instance.years
    columns = list(run.named(words))
    engaged: list[str] = []
    if any(one.before):
        heading = words.phrase("Committed before {year}, still to pay", year=years[0])
        engaged.append(letters(len(columns)))
        columns.append(_money(heading, one.before))
    for year, amounts in zip(years, one.committed, strict=True):
        engaged.append(letters(len(columns)))
        columns.append(_money(words.phrase("Commitments (AE) {year}", year=year), amounts))
    settled: list[str] = []
    for year, amounts in zip(years, one.paid, strict=True):
        settled.append(letters(len(columns)))
        columns.append(_money(words.phrase("Payments (CP) {year}", year=year), amounts))
    if any(one.due):
        heading = words.phrase("Payments (CP) {year}", year=years[-1] + 1)
        columns.append(_money(heading, one.due))
    earlier = len(engaged) - len(years)
    for y, (year, amounts) in enumerate(zip(years, one.left, strict=True)):
        parts = "+".join(f"{cell}{{row}}" for cell in engaged[: earlier + y + 1])
        parts += "".join(f"-{cell}{{row}}" for cell in settled[: y + 1])
        columns.append(
            Column(
                heading=words.phrase("Left to pay at the end of {year}", year=year),
                kind="money",
                values=amounts,
                added=True,
                rule=_filled(parts),
            )
        )
    zones = run.zones(run.listed_level, words)
    return table(columns, zones, (), words.phrase("Total"), start)


def _filled(parts: str) -> Rule:
    return lambda row: parts.format(row=row)


def _money(heading: str, amounts: Amounts) -> Column:
    return Column(heading=heading, kind="money", values=amounts, added=True)
