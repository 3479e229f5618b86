"""Prices by objective: they add up, by the weights, to the price that is proven."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.evidence import Evidence
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Notebook
    from perequa.verification.tables import Table

TABLE = "prices_by_objective.csv"
SIDES = {"effect_of_one_more": 1.0, "effect_of_one_less": -1.0}
SAME = 1e-7
"""Share of the size of a sum by which it may miss the price."""
CANCELS = 1e-12
"""Share of the terms of a price that its own rounding may reach, where they cancel."""


def check_by_objective(notes: Notebook, folder: RunFolder, levels: list[Evidence]) -> None:
    """Add up the effects on each objective by the weights of its priority.

    Parameters
    ----------
    levels
        Proofs of the prices, one for each priority.
    """
    if not folder.has(TABLE):
        return
    parts, prices = folder.table(TABLE), folder.table("shadow_prices.csv")
    weights = _weights(folder)
    for side, sign in SIDES.items():
        terms = _terms(folder, levels, sign)
        sums, sizes = _added(parts, side, weights)
        printed = dict(zip(_lines(prices), prices.numbers(side), strict=True))
        for line, total in sums.items():
            name = f"{line[0]}, priority {line[1]}"
            if line not in printed:
                notes.wrong(TABLE, name, saying("is not in {file}", file="shadow_prices.csv"))
                continue
            if not math.isnan(total):  # an effect that could not be proven is left empty
                where = (TABLE, name, saying("{column} added up by the weights", column=side))
                allowed = SAME * max(sizes[line], 1e-12) + CANCELS * terms.get(line, 0.0)
                notes.near(where, total, printed[line], tolerance=allowed)


def _terms(folder: RunFolder, levels: list[Evidence], sign: float) -> dict[tuple[str, str], float]:
    """Size of the terms that each price is the sum of, by row and priority."""
    found = {}
    for p, evidence in enumerate(levels):
        chords = evidence.chords
        terms = np.abs(chords.value * evidence.program.stage_cost[p][chords.index])
        sizes = np.bincount(chords.row_of, terms, chords.rows)
        priority = str(int(folder.program.arrays["stage_priority"][p]))
        for e in np.flatnonzero(evidence.side == sign):
            found[evidence.program.row_ids[evidence.row[e]], priority] = float(sizes[e])
    return found


def _lines(table: Table) -> list[tuple[str, str]]:
    return list(zip(table.column("row"), table.column("priority"), strict=True))


def _added(
    parts: Table, side: str, weights: Mapping[tuple[str, str], float]
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Sum of the effects by row and priority, and the size of its terms; NaN where one is empty."""
    sums: dict[tuple[str, str], float] = {}
    sizes: dict[tuple[str, str], float] = {}
    named = zip(_lines(parts), parts.column("objective"), parts.numbers(side), strict=True)
    for (row, priority), objective, effect in named:
        weight = weights.get((priority, objective), 0.0)
        if weight == 0.0:
            continue  # told, not optimised: it adds nothing
        line = (row, priority)
        sums[line] = sums.get(line, 0.0) + weight * effect
        sizes[line] = sizes.get(line, 0.0) + (abs(weight * effect) if math.isfinite(effect) else 0)
    return sums, sizes


def _weights(folder: RunFolder) -> dict[tuple[str, str], float]:
    """Weight of each objective at its priority, by their names as text."""
    arrays = folder.program.arrays
    return {
        (str(int(priority)), name): float(arrays["stage_weight"][p, k])
        for p, priority in enumerate(arrays["stage_priority"])
        for k, name in enumerate(folder.program.objectives)
    }
