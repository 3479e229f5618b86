"""The price of a rule, said in words a planner can defend.

A sentence is made from the row's own cells alone, so that it can be made again from a run folder.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PER = 100_000.0
"""Money is spoken of by hundred thousands."""


def price_statement(row: Mapping[str, str]) -> str:
    """Say what one more and one less of a limit would do.

    Parameters
    ----------
    row
        Cells of a row of ``shadow_prices.csv``, as text.
    """
    subject = _subject(row)
    if not row["effect_of_one_more"]:
        return f"{subject}: the price at priority {row['priority']} is not available yet."
    more, less = float(row["effect_of_one_more"]), float(row["effect_of_one_less"])
    if more == 0.0 and less == 0.0:
        return f"{subject}: one more or one less changes nothing{_between(row)}."
    money = row["unit"] != "place"
    size = PER if money else 1.0
    what = amount(PER, row["unit"]) if money else "one place"
    up = _effect(more, size, row, f"{what} more")
    down = _effect(less, size, row, f"{what} less")
    return f"{subject}: {up}{_reach(row, 1, size)}; {down}{_reach(row, -1, size)}."


def _subject(row: Mapping[str, str]) -> str:
    place = row["territory_name"] or row["territory"]
    parts = [p for p in (place, row["measure"], row["year"]) if p]
    where = f" ({', '.join(parts)})" if parts else ""
    side = {"at_least": "at least", "at_most": "at most", "equals": "exactly"}[row["side"]]
    return f"{row['rule']}{where}, {side} {amount(float(row['limit']), row['unit'])}"


def _effect(effect: float, size: float, row: Mapping[str, str], move: str) -> str:
    if math.isinf(effect):
        return f"{move} is impossible: no plan would satisfy every rule"
    if effect == 0.0:
        return f"{move} changes nothing"
    verb = "improves" if effect < 0 else "worsens"
    by = amount(abs(effect) * size, row["objective_unit"])
    return f"{move} {verb} {row['objective'].replace(';', ' + ')} by {by}"


def _reach(row: Mapping[str, str], sign: int, size: float) -> str:
    """Say how far a price holds, and whether that is less than what the sentence speaks of."""
    effect = float(row["effect_of_one_more" if sign > 0 else "effect_of_one_less"])
    end = float(row["holds_up_to" if sign > 0 else "holds_down_to"])
    if math.isinf(effect) or math.isinf(end):
        return ""
    way = "up" if sign > 0 else "down"
    short = abs(end - float(row["limit"])) < size
    return f" (holds {way} to {number(end)}{', less than that step' if short else ''})"


def _between(row: Mapping[str, str]) -> str:
    low, high = float(row["holds_down_to"]), float(row["holds_up_to"])
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f" above {number(low)}"
    if math.isinf(low):
        return f" below {number(high)}"
    return f" between {number(low)} and {number(high)}"


def amount(value: float, unit: str) -> str:
    """Write a figure with its unit: one place, 14.94 places, 24 100 000 EUR."""
    plural = {"place": "places", "rate point": "points of rate"}
    single = {"rate point": "point of rate"}
    word = single.get(unit, unit) if value == 1.0 else plural.get(unit, unit)
    return f"{number(value)} {word}"


def number(value: float) -> str:
    """Write a figure for reading: four significant digits, or whole when large."""
    if value == 0.0:
        return "0"
    if abs(value) >= 1000 or value == round(value):
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.4g}"
