"""What of an envelope is still free: neither renewed nor due, ring-fenced nor pledged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.campaign.construction import exact, exact_sum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from perequa.interpret.run import Solved
    from perequa_models.campaign.construction import Item
    from perequa_models.campaign.figures import CampaignFigures
    from perequa_models.instance import Flags, RuleRow

RING_FENCED: Item = ("ring_fenced", "")
PLEDGED: Item = ("pledged", "")
MARGIN: Item = ("margin", "")
UNTIL_OPENING: Item = ("until_opening", "")
COMMITTED = ("base", "transfers", "indexing", "extension")
"""Lines that nobody decides any more."""


@dataclass(frozen=True)
class Margins:
    """The margin of one envelope of every territory.

    Parameters
    ----------
    run, figures, envelope
        The plan, its campaign, and which envelope.
    """

    run: Solved
    figures: CampaignFigures
    envelope: str

    def told(self, planned: Mapping[Item, float], r: int, y: int) -> dict[Item, Fraction]:
        """What is ring-fenced, pledged, and free as one-off money meanwhile.

        Parameters
        ----------
        planned
            Amount of each item of the territory in that year.
        r, y
            Positions of the territory and the year.
        """
        found: dict[Item, Fraction] = {}
        if self._fenced:
            found[RING_FENCED] = sum(
                (exact(a) for (line, name), a in planned.items()
                 if line in {"new", "one_off"} and name in self._fenced),
                exact(0.0),
            )  # fmt: skip
        if self._rows:
            opening = self.run.handed_out.opening_credits
            at = np.ix_(self.figures.members[r], self.figures.measures[self.envelope])
            found[PLEDGED] = exact_sum(np.where(self._pledged, opening, 0.0)[at][:, :, y])
        mine = [row for row in self._rows if row.key.year == self.run.instance.years[y]]
        if mine and all(self._place(row) is not None for row in mine):
            held = [self._reserved(row) for row in mine if self._place(row) == r]
            found[UNTIL_OPENING] = sum(map(exact, held), exact(0.0))
        return found

    @cached_property
    def _fenced(self) -> frozenset[str]:
        """Measures of the envelope whose money may go nowhere else."""
        instance = self.run.instance
        names = [instance.measures[m] for m in self.figures.measures[self.envelope]]
        return frozenset(n for n in names if instance.scenario.measures[n].ring_fenced)

    @cached_property
    def _rows(self) -> list[RuleRow]:
        """Rows that reserve credits of the envelope until places open."""
        shape, held = self.run.instance.shape, set(self.figures.measures[self.envelope].tolist())
        rows = [row for row in self.run.instance.rows if row.kind == "until_opening"]
        return [
            row
            for row in rows
            if held & set(np.unravel_index(row.terms[0].cells, shape)[1].tolist())
        ]

    @cached_property
    def _pledged(self) -> Flags:
        """Cells whose places are not open in the year that funds them, ring-fenced ones left out.

        One-off money is none of it: it is not for a place.
        """
        instance = self.run.instance
        pledged = np.zeros(instance.shape, dtype=np.bool_)
        for row in self._rows:
            y = instance.years.index(row.key.year or 0)
            for term in row.terms[1:]:
                pledged.ravel()[term.cells[term.cells % instance.shape[2] == y]] = True
        kept = [
            bool(self.figures.recurrent[m]) and name not in self._fenced
            for m, name in enumerate(instance.measures)
        ]
        pledged &= np.array(kept)[None, :, None]
        return pledged

    def _place(self, row: RuleRow) -> int | None:
        """The only territory whose credits a row counts; None where it counts several's."""
        shape = self.run.instance.shape
        cells = np.concatenate([term.cells for term in row.terms])
        territories = set(np.unravel_index(cells, shape)[0].tolist())
        for r, members in enumerate(self.figures.members):
            if territories <= set(members.tolist()):
                return r
        return None

    def _reserved(self, row: RuleRow) -> float:
        """What a row lets one-off money spend: what earlier plans reserved, and this one."""
        money = self.run.handed_out.credits.ravel()
        waiting = sum(float(money[term.cells].sum()) for term in row.terms[1:])
        return row.limit + waiting - row.constant
