"""Prices for 100 000 of the currency, from the costs in the inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.tables import Table

AMOUNT = 100_000.0
ALIKE = 1e-12
"""Costs computed in two orders agree to rounding: relative."""
PAIRS = (
    ("effect_of_one_more", "effect_per_100k_more"),
    ("effect_of_one_less", "effect_per_100k_less"),
)


def check_common_unit(
    notes: Notebook, table: Table, labels: list[str], model: Model, rows: list[ExpectedRow]
) -> None:
    """Compare the columns per 100 000 with the effects and the cost of a place.

    Parameters
    ----------
    labels
        What each line of the table is called in messages.
    """
    units = {row.id: _units(model, row, rows) for row in rows}
    names = table.column("row")
    currency = str(model.scenario.get("currency", "EUR"))
    for label, written in zip(labels, table.column("currency"), strict=True):
        if written != currency:
            notes.wrong(table.file, label, "currency", written, currency)
    for effect, column in PAIRS:
        pairs = zip(table.numbers(effect), table.numbers(column), strict=True)
        for i, (one, found) in enumerate(pairs):
            expected = one * units.get(names[i], math.nan)
            if math.isnan(expected) and math.isnan(found):
                continue
            if math.isnan(expected) or math.isnan(found):
                said = "nothing" if math.isnan(found) else found
                wanted = "nothing" if math.isnan(expected) else expected
                notes.wrong(table.file, labels[i], column, said, wanted)
                continue
            where = (table.file, labels[i], column)
            notes.near(where, found, expected, tolerance=ALIKE * abs(expected))


def _units(model: Model, row: ExpectedRow, rows: list[ExpectedRow]) -> float:
    """Units of a row in 100 000 of the currency, NaN where its places have no one cost."""
    if row.unit == "money":
        return AMOUNT
    # what is held back counts where the rule it is taken from counts
    counted = [r for r in rows if row.id in r.holds] if row.held else [row]
    cells = np.unique(np.concatenate([r.cells[r.values != 0] for r in counted]))
    _, measures, years = model.shape
    pairs = cells // years
    cells = cells[~model.supply.closed_pairs.ravel()[pairs]]
    if not len(cells) or model.supply.is_money[cells // years % measures].any():
        return math.nan
    costs = model.supply.cost.ravel()[cells]
    least, most = float(costs.min()), float(costs.max())
    if least <= 0 or most - least > ALIKE * most:
        return math.nan
    return AMOUNT / least
