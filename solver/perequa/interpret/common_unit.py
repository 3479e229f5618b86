"""Prices of places and of money in one unit: the effect of 100 000 of the currency.

A place is turned into money at what it costs over a full year. Only where every place that a row
counts costs the same: a mean would rank rules by a figure that no move achieves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.sentences import PER

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa_models.instance import Floats, Instance

SAME = 1e-12
"""Relative difference within which two costs are the same."""


def units_per_100k(instance: Instance, program: CompiledProgram) -> Floats:
    """How many of its own units 100 000 of the currency are, for each row of the program.

    Returns
    -------
    array, shape (m,)
        NaN where the places that a row counts have no one cost.
    """
    least, most = _cost_counted(instance, program)
    with np.errstate(invalid="ignore"):
        one_cost = np.isfinite(least) & (least > 0.0) & (most - least <= SAME * most)
    places = np.divide(PER, least, out=np.full(len(least), np.nan), where=one_cost)
    return np.where(program.row_is_money, PER, places)


def _cost_counted(instance: Instance, program: CompiledProgram) -> tuple[Floats, Floats]:
    """Least and greatest cost of a place that each row counts; a reserve counts its rule's."""
    count = int(np.prod(instance.shape))
    fundable = np.repeat(instance.open_pairs.ravel(), len(instance.years))
    # money counted beside places has no cost a place: such a row has no common unit
    in_money = np.broadcast_to(instance.is_money[None, :, None], instance.shape).ravel()
    cost = np.full(program.matrix.shape[1], np.nan)
    cost[:count] = np.where(in_money, 0.0, instance.cost.ravel())
    cost[:count][~fundable] = np.nan
    pointer, columns = program.matrix.indptr, program.matrix.indices
    row = np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))
    known = ~np.isnan(cost[columns])
    least, most = np.full(len(pointer) - 1, np.inf), np.full(len(pointer) - 1, -np.inf)
    np.minimum.at(least, row[known], cost[columns[known]])
    np.maximum.at(most, row[known], cost[columns[known]])
    by_column = program.matrix.tocsc()
    decides = np.bincount(row[columns < count], minlength=len(least)) > 0
    for i in np.flatnonzero(program.is_rule & ~decides):
        held = columns[pointer[i] : pointer[i + 1]]
        holding = by_column[:, held].indices
        least[i] = least[holding].min(initial=np.inf)
        most[i] = most[holding].max(initial=-np.inf)
    return least, most
