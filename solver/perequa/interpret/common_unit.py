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
    from perequa_models.instance import Instance
    from perequa_models.tree import Indices

SAME = 1e-12
"""Relative difference within which two costs are the same."""


def units_per_100k(instance: Instance, program: CompiledProgram, row: int) -> float | None:
    """How many of a row's own units 100 000 of the currency are; None where that is not one figure.

    Parameters
    ----------
    row
        Position of a rule row in the program.
    """
    if program.row_is_money[row]:
        return PER
    cells = _cells_counted(instance, program, row)
    years, measures = len(instance.years), len(instance.measures)
    if instance.is_money[cells // years % measures].any():
        return None
    costs = instance.cost.ravel()[cells]
    if costs.size == 0 or costs.min() <= 0.0 or np.ptp(costs) > SAME * costs.max():
        return None
    return PER / float(costs[0])


def _cells_counted(instance: Instance, program: CompiledProgram, row: int) -> Indices:
    """Decisions that a row counts and that may be funded; a reserve counts its rule's."""
    count = int(np.prod(instance.shape))
    columns = _columns(program, row)
    cells = columns[columns < count]
    if not cells.size:
        by_column = program.matrix[:, columns].tocsc()
        rule = program.is_rule
        holding = [i for i in np.unique(by_column.indices) if rule[i] and i != row]
        found = [_columns(program, int(i)) for i in holding]
        cells = np.concatenate([c[c < count] for c in found]) if found else cells
    fundable = np.repeat(instance.open_pairs.ravel(), len(instance.years))
    return cells[fundable[cells]]


def _columns(program: CompiledProgram, row: int) -> Indices:
    pointer = program.matrix.indptr
    return np.asarray(program.matrix.indices[pointer[row] : pointer[row + 1]])
