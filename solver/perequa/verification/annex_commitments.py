"""What annexes should print of commitments: from the plan, by the quantities recomputed for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.annex_columns import Balance, Column, Wanted, listed_level
from perequa.verification.recompute.groups import selected_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.verification.annex_columns import Exact
    from perequa.verification.plan import Published
    from perequa.verification.sparse import Floats
    from perequa.words import Words

LEAST = 0.5
"""Money of which some must be paid in another year than the one that commits it."""


def committed_tables(published: Published, words: Words) -> Iterator[Wanted]:
    """Yield the table of each envelope that pays in other years than it commits."""
    figures = _Figures(published)
    measures = published.model.scenario["measures"]
    by_envelope: dict[str, list[int]] = {}
    for name, spec in measures.items():
        m = published.model.measures.index(name)
        by_envelope.setdefault(str(spec.get("envelope") or ""), []).append(m)
    for of in by_envelope.values():
        if figures.moved(of) >= LEAST:
            yield _table(figures, of, words)


@dataclass(frozen=True)
class _Figures:
    """What every cell commits and pays, (T, M, Y)."""

    published: Published

    @cached_property
    def full(self) -> Floats:
        """Cost over a full year of what is funded."""
        return self.published.model.value("full_year_credits", self.published.places)

    @cached_property
    def paid(self) -> Floats:
        """Credits of the year."""
        return self.published.model.value("credits", self.published.places)

    @cached_property
    def before(self) -> Floats:
        """Still to pay when the plan begins, (T, M)."""
        return self.published.model.supply.carried

    @cached_property
    def committed(self) -> Floats:
        """What each year commits; an award paid by milestones, all of it in the first."""
        rules = self.published.model.rules.values()
        found = self.full.copy()
        for spec in rules:
            if spec["kind"] == "milestones":
                pairs = selected_cells(self.published.model, spec).any(axis=2)
                found[pairs, 1:] = 0.0
                found[pairs, 0] = self.full[pairs].sum(axis=1)
        return found

    @cached_property
    def left(self) -> Floats:
        """Committed and not yet paid at the end of each year."""
        return self.before[:, :, None] + np.cumsum(self.committed - self.paid, axis=2)

    def moved(self, measures: Sequence[int]) -> float:
        """How much some measures pay in another year than the one that commits it."""
        left = np.abs(self.left[:, measures]).sum()
        return float(np.abs(self.before[:, measures]).sum() + left)

    def listed(self, values: Floats, measures: Sequence[int]) -> Exact:
        """Sum (T, M) figures of some measures over the territories listed."""
        tree = self.published.model.tree
        found: Exact = {}
        nodes = tree.above[listed_level(tree)].tolist()
        for node, amount in zip(nodes, values[:, measures].sum(axis=1).tolist(), strict=True):
            code = tree.key[node][1]
            found[code] = found.get(code, 0.0) + amount
        return found


def _table(figures: _Figures, measures: Sequence[int], words: Words) -> Wanted:
    years = figures.published.model.years
    each = 2 * len(measures)  # what opens and its extension are rounded apart
    added = [words.phrase("Commitments (AE) {year}", year=year) for year in years]
    taken = [words.phrase("Payments (CP) {year}", year=year) for year in (*years, years[-1] + 1)]
    left = [words.phrase("Left to pay at the end of {year}", year=year) for year in years]
    before = words.phrase("Committed before {year}, still to pay", year=years[0])
    columns = [Column(before, figures.listed(figures.before, measures), most=each)]
    for y in range(len(years)):
        rounded = each * (len(years) if y == 0 else 1)
        columns += [
            Column(added[y], figures.listed(figures.committed[:, :, y], measures), most=rounded),
            Column(taken[y], figures.listed(figures.paid[:, :, y], measures), most=each),
            Column(
                left[y],
                figures.listed(figures.left[:, :, y], measures),
                most=each * (2 * len(years) + 1),
            ),
        ]
    last = figures.listed(figures.left[:, :, -1], measures)
    columns.append(Column(taken[-1], last, most=each))
    balances = [
        Balance(left[y], [before, *added[: y + 1]], taken[: y + 1]) for y in range(len(years))
    ]
    balances.append(Balance(taken[-1], [before, *added], taken[:-1]))
    level = listed_level(figures.published.model.tree)
    return Wanted(level, columns, balances)
