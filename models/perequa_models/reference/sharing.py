"""Sharing an amount by a key, between floors and caps, in closed form.

Everything a part does is one piecewise linear function of a single number λ: each territory gets
its floor, then λ times its key, until its cap. Finding λ is exact (no iteration), so the result
depends neither on the order of the territories nor on a tolerance.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_CLOSE = 1e-9
"""Relative distance under which an amount is said to be at its floor or cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a part gives.

    Attributes
    ----------
    amounts
        Shape (n,), in the unit of the amount shared.
    left
        What the caps stopped and nobody took.
    stopped
        What the caps stopped of what everyone had without them, taken by others or not.
    at_floor, at_cap
        Shape (n,): who sits on its floor, who is stopped by its cap.
    """

    amounts: Floats
    left: float
    stopped: float
    at_floor: Flags
    at_cap: Flags


def share_out(
    amount: float, key: Floats, *, floor: Floats, scale: bool, caps: Floats, refill: bool
) -> Shared:
    """Share `amount` in proportion to `key`, no less than `floor`, no more than `caps`.

    Parameters
    ----------
    amount
        What is shared; at least the sum of `floor`.
    key
        Shape (n,), not negative.
    floor
        Shape (n,): least amount of each, 0 for none.
    scale
        False pays every floor first and shares what remains by the key; True gives
        ``max(floor, λ·key)`` (semantics of `financed`).
    caps
        Shape (n,), at least `floor`; infinite for none.
    refill
        Whether what a cap stops goes to those not yet at their cap, again and again; otherwise it
        is left over.

    Returns
    -------
    Shared
        ``amounts.sum() + left`` is `amount`.
    """
    uncapped = _shared(amount, key, floor, scale, np.full(len(key), np.inf))
    amounts = _shared(amount, key, floor, scale, caps) if refill else np.minimum(uncapped, caps)
    left = amount - float(amounts.sum())
    if abs(left) <= _CLOSE * max(1.0, amount):
        left = 0.0
    # without a key nobody takes it, capped or not
    stopped = float(np.maximum(uncapped - caps, 0.0).sum())
    return Shared(
        amounts=amounts,
        left=left,
        stopped=stopped,
        at_floor=(floor > 0) & (amounts <= floor * (1 + _CLOSE)),
        # a cap that arithmetic leaves at 1e-14 is a cap of nothing
        at_cap=amounts >= caps * (1 - _CLOSE) - _CLOSE,
    )


def _shared(amount: float, key: Floats, floor: Floats, scale: bool, caps: Floats) -> Floats:
    """Share between floors and caps, what a cap stops going to the others."""
    starts, ends = _breakpoints(key, floor, scale, caps)
    lam = _solve(amount, key, floor, starts, ends)
    return np.minimum(_at(lam, key, floor, starts, ends), caps)


def share_signed(amount: float, key: Floats) -> Shared:
    """Share `amount` by a key that may be negative somewhere (no floor, no cap)."""
    nobody = np.zeros(len(key), dtype=np.bool_)
    amounts = amount * key / key.sum()
    return Shared(amounts=amounts, left=0.0, stopped=0.0, at_floor=nobody, at_cap=nobody)


def _breakpoints(key: Floats, floor: Floats, scale: bool, caps: Floats) -> tuple[Floats, Floats]:
    """Return the λ at which each territory starts to rise above its floor, and reaches its cap."""
    with np.errstate(divide="ignore", invalid="ignore"):
        starts = floor / key if scale else np.zeros(len(key))
        ends = (caps if scale else caps - floor) / key
    # Without a key a territory never moves from its floor.
    still = key <= 0
    return np.where(still, np.inf, starts), np.where(still, np.inf, ends)


def _at(lam: float, key: Floats, floor: Floats, starts: Floats, ends: Floats) -> Floats:
    """Return the amounts at λ."""
    moving = lam > starts
    rise = np.zeros(len(key))
    rise[moving] = key[moving] * (np.minimum(lam, ends[moving]) - starts[moving])
    return floor + rise


def _solve(amount: float, key: Floats, floor: Floats, starts: Floats, ends: Floats) -> float:
    """Return λ such that the amounts add up, infinite when every cap is reached before that."""
    points = np.unique(np.concatenate([[0.0], starts, ends]))
    points = points[np.isfinite(points)]

    def total(i: int) -> float:
        return float(_at(float(points[i]), key, floor, starts, ends).sum())

    # Totals grow with λ: the last breakpoint that shares less than the amount is found by halves.
    below = max(bisect.bisect_left(range(len(points)), amount, key=total) - 1, 0)
    lam = float(points[below])
    slope = float(key[(starts <= lam) & (lam < ends)].sum())
    if slope <= 0:
        return np.inf if amount > total(len(points) - 1) else lam
    return lam + (amount - total(below)) / slope
