"""The construction of an envelope, line by line, in exact arithmetic.

An envelope of a year is what the year before leaves to renew, moved by transfers, at the yearly
rate, with the full-year extensions, the new measures and the one-off money of the year, less
savings, what convergence frees and what is kept in reserve:

    E = (B + transfers) + indexing + extension + new − savings − convergence + one-off − reserve
    B of the year after = E − one-off + reserve

A figure is the decimal that was written, so that 2.03 % of 100 is 2.03, and an envelope is the sum
of its lines to the last digit. What measures renew follows their own rates, all else the rate of
the envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.campaign.figures import CampaignFigures
    from perequa_models.campaign.grammar import CampaignLine, Enters
    from perequa_models.instance import Floats
    from perequa_models.quantities import Quantities

Item = tuple[str, str]
"""A line of the construction, and the measure or the line of the campaign that it comes from."""
Items = dict[Item, Fraction]
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One year of an envelope.

    Attributes
    ----------
    items
        Amount of each item, in the order of the official table; they add up to the envelope.
    outside
        Part of the envelope that no measure carries: lines renewed, less what is kept in reserve.
    """

    items: Items
    outside: Fraction

    @property
    def total(self) -> Fraction:
        """The envelope."""
        return sum(self.items.values(), ZERO)


def exact(value: float) -> Fraction:
    """Return the decimal that a figure is written as."""
    return Fraction(repr(float(value))) if value else ZERO


def exact_sum(values: Floats) -> Fraction:
    """Sum figures exactly."""
    return sum((exact(v) for v in values[values != 0].tolist()), ZERO)


def granted(
    figures: CampaignFigures, lines: Mapping[str, CampaignLine], envelope: str, r: int
) -> list[Built]:
    """Build the envelope that the lines of the campaign grant, year by year.

    Money for new measures is that of the lines ``new_money``, with its full-year extension the
    year after; money that convergence frees leaves with the share that goes back to the nation.

    Parameters
    ----------
    figures, lines
        The campaign, and what the scenario says of its lines.
    envelope, r
        Which envelope, of which territory by its position among those built.
    """
    walk = _Walk(figures, lines, envelope, r)
    found = []
    for y in range(walk.years):
        items, kept = walk.renewed(y)
        came = walk.carried(y)
        items["extension", ""] = exact_sum(came[:, walk.lasts])
        items |= walk.extensions(y)
        items |= (new := walk.entering("new", "new_money", y))
        items |= walk.entering("savings", "savings", y, sign=-1)
        freed = walk.freed_as_stated(kept, came, y)
        returned = exact_sum(walk.returned * freed)
        items["convergence", ""] = -returned
        items["one_off", ""] = exact_sum(came[:, ~walk.lasts])
        items |= walk.entering("one_off", "one_off_money", y)
        items |= walk.entering("reserve", "reserve", y, sign=-1)
        walk.close_year(kept, np.where(walk.lasts, came, 0.0), freed, y)
        more = sum(new.values(), ZERO) + sum(walk.extensions(y).values(), ZERO)
        walk.granted += more + exact_sum(freed) - returned
        found.append(Built(items=items, outside=walk.outside(y)))
    return found


def planned(
    figures: CampaignFigures,
    lines: Mapping[str, CampaignLine],
    envelope: str,
    r: int,
    plan: Quantities,
) -> list[Built]:
    """Build the envelope that a plan comes to, year by year.

    Parameters
    ----------
    figures, lines, envelope, r
        As in `granted`.
    plan
        What is handed out.
    """
    walk = _Walk(figures, lines, envelope, r)
    extension, opening = walk.part(plan.extension_credits), walk.part(plan.opening_credits)
    delegated, freed = walk.part(plan.credits), walk.part(plan.freed)
    names = [plan.instance.measures[m] for m in figures.measures[envelope]]
    found = []
    for y in range(walk.years):
        items, kept = walk.renewed(y)
        items["extension", ""] = exact_sum(extension[:, walk.lasts, y])
        for m in np.flatnonzero(walk.lasts):
            items["new", names[m]] = exact_sum(opening[:, m, y])
        items |= walk.entering("savings", "savings", y, sign=-1)
        items["convergence", ""] = -exact_sum(freed[:, :, y])
        for m in np.flatnonzero(~walk.lasts):
            items["one_off", names[m]] = exact_sum(delegated[:, m, y])
        items |= walk.entering("reserve", "reserve", y, sign=-1)
        walk.close_year(kept, np.where(walk.lasts, delegated[:, :, y], 0.0), freed[:, :, y], y)
        found.append(Built(items=items, outside=walk.outside(y)))
    return found


def base_renewed(figures: CampaignFigures, envelope: str, r: int) -> list[Fraction]:
    """What the base of the measures is renewed to each year, where no calendar fixes it."""
    at = np.ix_(figures.members[r], figures.measures[envelope])
    free = np.isnan(figures.fixed[at]).all(axis=2)
    held = _each(np.where(free, figures.base[at], 0.0))
    found = []
    for y in range(figures.rate.shape[2]):
        rate = figures.rate[at][:, :, y]
        held = {cell: amount * (1 + exact(rate[cell])) for cell, amount in held.items()}
        found.append(sum(held.values(), ZERO))
    return found


class _Walk:
    """What one envelope renews, from year to year.

    Parameters
    ----------
    figures, lines, envelope, r
        As in `granted`.

    Attributes
    ----------
    cells
        (T_r, M_k): what each measure of each territory renews, exact.
    beside
        What lines renew.
    granted
        What was granted and no measure or line states: new money of earlier years.
    """

    def __init__(
        self,
        figures: CampaignFigures,
        lines: Mapping[str, CampaignLine],
        envelope: str,
        r: int,
    ) -> None:
        self._figures, self._lines, self._envelope, self._r = figures, lines, envelope, r
        self._at = np.ix_(figures.members[r], figures.measures[envelope])
        self.years = figures.rate.shape[2]
        self.lasts = figures.recurrent[figures.measures[envelope]]
        self.returned = figures.returned[self._at]
        self.cells = _each(figures.base[self._at])
        self.beside = self.granted = ZERO

    def part(self, values: Floats) -> Floats:
        """Figures of the territories and measures of the envelope, (T_r, M_k, Y)."""
        return values[self._at]

    def entering(self, line: str, enters: Enters, y: int, sign: int = 1) -> Items:
        """Lines of the campaign that enter at one place in one year."""
        found: Items = {}
        for own in self._figures.lines:
            if own.envelope != self._envelope or self._lines[own.name].enters != enters:
                continue
            amount = sign * exact(own.amounts[self._r, y])
            found[line, own.name] = found.get((line, own.name), ZERO) + amount
        return found

    def extensions(self, y: int) -> Items:
        """Full-year extension of money granted the year before for some months of it."""
        before = self.entering("extension", "new_money", max(y - 1, 0))
        return {
            item: ZERO
            if y == 0
            else amount * Fraction(12 - self._lines[item[1]].months, self._lines[item[1]].months)
            for item, amount in before.items()
            if self._lines[item[1]].months < 12
        }

    def carried(self, y: int) -> Floats:
        """Extensions still due for places funded before the plan, (T_r, M_k)."""
        carried = self._figures.carried[self._at]
        return carried if y == 0 else np.zeros_like(carried)

    def renewed(self, y: int) -> tuple[Items, dict[tuple[int, int], Fraction]]:
        """What is renewed, moved and indexed; and what of it each measure keeps."""
        rate = self._figures.rate[self._at][:, :, y]
        of_lines = self.entering("base", "base", 0) if y == 0 else {}
        moved = self.entering("transfers", "transfers", y)
        self.beside += sum(of_lines.values(), ZERO)
        items: Items = {("base", ""): sum(self.cells.values(), ZERO) + self.granted}
        if y > 0:
            items["base", ""] += self.beside
        items |= of_lines | moved
        growth = exact(self._figures.rates[self._envelope][self._r, y])
        self.beside += sum(moved.values(), ZERO)
        more = {cell: held * exact(rate[cell]) for cell, held in self.cells.items()}
        items["indexing", ""] = sum(more.values(), ZERO) + (self.beside + self.granted) * growth
        self.beside *= 1 + growth
        self.granted *= 1 + growth
        return items, {cell: held + more[cell] for cell, held in self.cells.items()}

    def freed_as_stated(
        self, kept: dict[tuple[int, int], Fraction], came: Floats, y: int
    ) -> Floats:
        """What convergence takes off the budgets renewed, along the calendar stated; (T_r, M_k)."""
        fixed = self._figures.fixed[self._at][:, :, y]
        freed = np.zeros_like(fixed)
        for cell in zip(*np.nonzero(~np.isnan(fixed)), strict=True):
            before = kept.get(cell, ZERO) + exact(came[cell])
            freed[cell] = float(before - exact(fixed[cell]))
        return freed

    def close_year(
        self, kept: dict[tuple[int, int], Fraction], came: Floats, freed: Floats, y: int
    ) -> None:
        """Carry what is renewed to the next year."""
        for values, sign in ((came, 1), (freed, -1)):
            for cell, amount in _each(values).items():
                kept[cell] = kept.get(cell, ZERO) + sign * amount
        self.cells = kept
        self.beside += sum(self.entering("savings", "savings", y, sign=-1).values(), ZERO)

    def outside(self, y: int) -> Fraction:
        """What of the envelope no measure carries, once the year is closed."""
        return self.beside + sum(self.entering("reserve", "reserve", y, sign=-1).values(), ZERO)


def _each(values: Floats) -> dict[tuple[int, int], Fraction]:
    """Figures that are not nought, by their position."""
    return {(int(t), int(m)): exact(values[t, m]) for t, m in zip(*np.nonzero(values), strict=True)}
