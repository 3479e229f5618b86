"""Which pairs of rates a program needs a row for, at the plans it is asked about.

A pair without a row is exact as long as no plan reverses it. At a plan where two rates are level
their pair needs a row even so: a limit moved a little may reverse it, and prices are about that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.ranked_program import with_orders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.ranked_rates import Flags, Floats, Indices, Ranked, RankedGroup

REVERSED = 1e-8
"""Places of the smaller territory by which a pair must be out of order to count as reversed."""
LEVEL = 1e-6
"""Places of the smaller territory within which two rates are level."""
MOVES = 1e-12
"""Share of the fastest below which two rates do not near each other."""


def completed_orders(
    program: CompiledProgram, passed: Sequence[Floats], stood_at: Sequence[Floats]
) -> CompiledProgram | None:
    """Write the pairs that some plans need; None when the program has them all.

    Parameters
    ----------
    passed, stood_at
        Plans (n,), natural units: at the former no pair may be reversed, at the latter none may
        be level either.
    """
    ranked = program.ranked
    if ranked is None or ranked.complete:
        return None
    through = [x for x in passed if not any(x is also for also in stood_at)]
    close = [np.zeros_like(group.written) for group in ranked.groups]
    for least, plans in ((-REVERSED, through), (LEVEL, stood_at)):
        for x in plans:
            for g, rates in enumerate(ranked.rates(x)):
                close[g] |= ranked.groups[g].distances(rates) < least
    return _with(program, ranked, close)


def completed_along(program: CompiledProgram, move: Floats) -> CompiledProgram | None:
    """Write the pairs that a move reverses if it goes on for ever; None when there is none."""
    ranked = program.ranked
    if ranked is None or ranked.complete:
        return None
    speeds = zip(ranked.groups, ranked.speeds(move), strict=True)
    parting = [group.distances(speed) for group, speed in speeds]
    return _with(program, ranked, [speed < -MOVES * np.abs(speed).max() for speed in parting])


def _with(program: CompiledProgram, ranked: Ranked, pairs: list[Flags]) -> CompiledProgram | None:
    """Write pairs given by their places in each order; None when all of them have a row."""
    more = [chosen & group.open for chosen, group in zip(pairs, ranked.groups, strict=True)]
    if not any(chosen.any() for chosen in more):
        return None
    groups = [
        replace(group, written=group.written | chosen)
        for group, chosen in zip(ranked.groups, more, strict=True)
    ]
    return with_orders(program, groups)


def at_order(group: RankedGroup, rates: Floats, pairs: Flags) -> RankedGroup:
    """Take the order of a plan instead, with a row for some pairs and for those level there.

    Parameters
    ----------
    rates
        (n,) at the plan.
    pairs
        (n, n), symmetric, by territory.
    """
    order = np.argsort(rates, kind="stable")
    again = replace(group, order=order, written=np.zeros_like(group.written))
    level = again.distances(rates) < LEVEL
    return replace(again, written=np.triu(level | pairs[np.ix_(order, order)], 1))


def reach_of_orders(ranked: Ranked | None, x: Floats, columns: Indices, values: Floats) -> float:
    """How far a plan can move before a pair without a row is reversed; infinite when never.

    Parameters
    ----------
    x
        (n,) the plan, natural units.
    columns, values
        Columns that move, and how much per unit of the move.
    """
    if ranked is None:
        return np.inf
    move = np.zeros(ranked.columns)
    own = columns < ranked.columns
    move[columns[own]] = values[own]
    found = np.inf
    at = None
    for g, speed in enumerate(ranked.speeds(move)):
        if speed.any():
            at = ranked.rates(x) if at is None else at
            found = min(found, _reach(ranked.groups[g], at[g], speed))
    return found


def _reach(group: RankedGroup, rates: Floats, speed: Floats) -> float:
    nearing = -group.distances(speed)
    nears = group.open & (nearing > MOVES * np.abs(nearing).max())
    apart = group.distances(rates)[nears]
    return float(np.min(np.maximum(apart, 0.0) / nearing[nears], initial=np.inf))
