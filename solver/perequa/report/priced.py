"""The binding rules by priority, the dearest first, as the terminal and the page print them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.interpret.printed import Ranked, dearest
from perequa.interpret.rules import priced_as_binding
from perequa.interpret.sentences import objectives_said
from perequa.interpret.tables import cell
from perequa.report.layout import word
from perequa.words.terms import unit_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words

OWN = ("effect_of_one_more", "effect_of_one_less")
COMMON = ("effect_per_100k_more", "effect_per_100k_less")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedGroup:
    """Rows of ``shadow_prices.csv`` that can be compared.

    Attributes
    ----------
    rows
        Those printed, the dearest first.
    left_out
        Says how many are not; empty when all are.
    """

    rows: tuple[Mapping[str, Value], ...]
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLevel:
    """What the binding rules cost at one priority.

    Attributes
    ----------
    signs
        Says the unit and the sign of the effects.
    groups
        Rows with an effect.
    free
        Says how many rows have none; empty when all have one.
    """

    signs: str
    groups: tuple[PricedGroup, ...]
    free: str


def priced_levels(prices: Table, rules: Table, words: Words) -> tuple[PricedLevel, ...]:
    """Return what binding rules cost, priority after priority; nothing when no rule binds."""
    binding = priced_as_binding(rules)
    shown = [r for r in prices.records() if (r.get("step"), r["row"]) in binding]
    served = {r["priority"]: r for r in shown}
    levels = []
    for position, (priority, first) in enumerate(served.items()):
        own = [r for r in shown if r["priority"] == priority]
        # a move that is impossible is so at every priority: said once
        told = [r for r in own if _size(r) and (position == 0 or math.isfinite(_size(r)))]
        levels.append(
            PricedLevel(
                signs=_signs(first, words, several=len(served) > 1),
                groups=_ranked(told, words),
                free=_free(sum(1 for r in own if not _size(r)), words),
            )
        )
    return tuple(levels)


def _free(count: int, words: Words) -> str:
    if not count:
        return ""
    return words.plural(
        "{count} binding row costs nothing either way.",
        "{count} binding rows cost nothing either way.",
        count,
    )


def _signs(row: Mapping[str, Value], words: Words, *, several: bool) -> str:
    """State the unit and the sign of the effects at one priority."""
    said = {
        "objective": objectives_said({k: cell(v) for k, v in row.items()}, words),
        "unit": unit_named(word(row["objective_unit"]), words),
    }
    if several:
        return words.phrase(
            "At priority {priority}, effects on {objective}, in {unit}; "
            "a decrease is an improvement:",
            priority=row["priority"],
            **said,
        )
    return words.phrase("Effects on {objective}, in {unit}; a decrease is an improvement:", **said)


def _ranked(rows: list[dict[str, Value]], words: Words) -> tuple[PricedGroup, ...]:
    ranked = [
        Ranked(
            name=r["row"],
            money=r["unit"] != "place",
            own=_size(r),
            common=_size(r, COMMON) if r["effect_per_100k_more"] is not None else math.nan,
        )
        for r in rows
    ]
    return tuple(
        PricedGroup(rows=tuple(rows[i] for i in shown), left_out=_left_out(left, words))
        for shown, left in dearest(ranked)
        if shown
    )


def _left_out(count: int, words: Words) -> str:
    if not count:
        return ""
    return words.phrase("and {count} more in {file}", count=count, file="shadow_prices.csv")


def _size(row: Mapping[str, Value], effects: tuple[str, str] = OWN) -> float:
    sizes = [abs(v) for k in effects if isinstance(v := row[k], float)]
    return max(sizes, default=0.0)
