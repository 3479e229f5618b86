"""Which rules are printed with their prices, and so get exact ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.rules import BINDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.compilation import CompiledProgram
    from perequa.engine.prices import Prices

PRINTED = 50
"""Most rows of a unit, by size of their larger effect."""


def printed_rows(
    program: CompiledProgram, plan: NDArray[np.float64], prices: Prices
) -> tuple[int, ...]:
    """Positions of the binding rows with an effect, the dearest first, places and money apart.

    Parameters
    ----------
    plan
        (n,) the published plan.
    prices
        Prices of the priority that is printed.
    """
    sizes: dict[int, float] = {}
    for side in prices.sides:
        sizes[side.row] = max(sizes.get(side.row, 0.0), abs(side.price))
    slack = np.abs(program.row_limit - program.matrix @ plan - program.row_constant)
    binds = slack <= BINDING * np.maximum(1.0, np.abs(program.row_limit))
    ranked = sorted(
        (i for i, size in sizes.items() if binds[i] and size > 0),
        key=lambda i: (-sizes[i], str(program.row_keys[i])),
    )
    money = [i for i in ranked if program.row_is_money[i]]
    places = [i for i in ranked if not program.row_is_money[i]]
    return (*money[:PRINTED], *places[:PRINTED])
