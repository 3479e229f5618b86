"""Which rules are printed with their prices, and so get exact ranges and are followed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from perequa.interpret.common_unit import units_per_100k
from perequa.interpret.rules import meets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.prices import Prices
    from perequa.interpret.tables import Value
    from perequa_models.instance import Floats, Instance

PRINTED = 50
"""Most rows printed of a priority, by size of their larger effect."""


class Ranked(NamedTuple):
    """What a row is ranked by.

    Attributes
    ----------
    name, money
        Its identifier; whether its unit is money.
    own, common
        Its larger effect per unit of its own, and per 100 000 of the currency (NaN without one).
    """

    name: Value
    money: bool
    own: float
    common: float


class Group(NamedTuple):
    """Positions of rows that can be compared, the dearest first, and how many are left out."""

    shown: list[int]
    left_out: int


def dearest(rows: Sequence[Ranked]) -> list[Group]:
    """Rank rows by what 100 000 buys; where one of them cannot say it, money and places apart.

    No more than `PRINTED` are shown in all; what a short group does not need goes to the other.
    """
    together = not any(math.isnan(row.common) for row in rows)
    units = [[*range(len(rows))]]
    if not together:
        units = [[i for i, row in enumerate(rows) if row.money == money] for money in (True, False)]
    for unit in units:
        unit.sort(key=lambda i: (-(rows[i].common if together else rows[i].own), str(rows[i].name)))
    half = PRINTED // len(units)
    spare = sum(max(0, half - len(unit)) for unit in units)
    kept = [half + spare if len(unit) > half else half for unit in units]
    return [
        Group(unit[:most], max(0, len(unit) - most)) for unit, most in zip(units, kept, strict=True)
    ]


def printed_rows(
    instance: Instance, program: CompiledProgram, plan: Floats, prices: Prices
) -> tuple[int, ...]:
    """Positions of the binding rows with an effect that are printed, the dearest first.

    Parameters
    ----------
    instance, program
        The figures and the compiled program.
    plan
        (n,) the published plan.
    prices
        Prices of the priority that is printed.
    """
    sizes: dict[int, float] = {}
    for side in prices.sides:
        sizes[side.row] = max(sizes.get(side.row, 0.0), abs(side.price))
    activity = program.matrix @ plan + program.row_constant
    binds = meets(program.row_limit, activity, money=program.row_is_money)
    per_100k = units_per_100k(instance, program)
    rows = [i for i, size in sizes.items() if binds[i] and size > 0]
    ranked = [
        Ranked(
            name=str(program.row_keys[i]),
            money=bool(program.row_is_money[i]),
            own=sizes[i],
            common=sizes[i] * float(per_100k[i]),
        )
        for i in rows
    ]
    return tuple(rows[k] for group in dearest(ranked) for k in group.shown)
