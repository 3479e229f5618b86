"""Sharing an amount by a key between floors and caps, by rounds as the circulars say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perequa.verification.sparse import Floats


def share(
    amount: float, key: Floats, *, floor: Floats, scaled: bool, caps: Floats, again: bool
) -> Floats:
    """Share `amount` in proportion to `key`.

    Parameters
    ----------
    key
        Shape (n,), not negative.
    floor
        Shape (n,): least amount of each.
    scaled
        True: ``max(floor, λ·key)``; False: every floor first, then what remains by the key.
    caps
        Shape (n,): most of each.
    again
        Whether what a cap stops goes round again among those not yet at their cap.

    Returns
    -------
    array, shape (n,)
        Their sum is `amount`, less what the caps stopped.
    """
    given = np.minimum(uncapped(amount, key, floor=floor, scaled=scaled), caps)
    if not again:
        return given
    capped = np.zeros(len(key), dtype=bool)
    # Each round caps somebody more, so that there are no more rounds than territories.
    for _ in range(len(key)):
        newly = ~capped & (given >= caps)
        if not newly.any():
            break
        capped |= newly
        left = amount - float(caps[capped].sum())
        given = np.where(capped, caps, 0.0)
        others = ~capped
        if others.any():
            ends = caps[others]
            more = _between(left, key[others], floor[others], scaled, ends)
            given[others] = np.minimum(more, ends)
    return given


def uncapped(amount: float, key: Floats, *, floor: Floats, scaled: bool) -> Floats:
    """Share without caps, shape (n,)."""
    return _between(amount, key, floor, scaled, np.full(len(key), np.inf))


def _between(amount: float, key: Floats, floor: Floats, scaled: bool, caps: Floats) -> Floats:
    """Share with a floor and without caps; `caps` only says where the floor itself is cut."""
    least: Floats = np.minimum(floor, caps)
    if not scaled or (floor == 0).all():
        rest = amount - float(least.sum())
        total = float(key.sum())
        if total <= 0:
            return least
        first: Floats = least + rest * key / total
        return first
    on_floor = np.zeros(len(key), dtype=bool)
    for _ in range(len(key) + 1):
        rest = amount - float(least[on_floor].sum())
        total = float(key[~on_floor].sum())
        if total <= 0:
            return least
        by_key: Floats = rest * key / total
        under = ~on_floor & (by_key < least)
        if not under.any():
            return np.where(on_floor, least, by_key)
        on_floor |= under
    return least
