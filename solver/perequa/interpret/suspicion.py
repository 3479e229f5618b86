"""Why a limit looks typed in another unit, from what ``run.json`` holds of it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from perequa.words.terms import amount, limit_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.words import Words


def suspicion(limit: Mapping[str, Any], words: Words) -> str:
    """Say why a limit looks typed in another unit, as `suspected_limits` holds it."""
    what = limit_named({**limit, "territory": "", "measure": "", "year": ""}, words)
    if limit["rows"] > 1:
        what = words.phrase("the {count} limits of {rule}", count=limit["rows"], rule=limit["rule"])
    return _suspicion(what, _ways(limit, words), words)


def _ways(limit: Mapping[str, Any], words: Words) -> str:
    """Say how many times more or less each limit may be; nothing when that is not known."""
    if not limit["factors"]:
        return ""
    ways = []
    for factor in limit["factors"]:
        size = words.number(max(factor, 1.0 / factor))
        way = (
            words.phrase("{size} times more", size=size)
            if factor > 1
            else words.phrase("{size} times less", size=size)
        )
        moved = amount(limit["limit"] * factor, limit["unit"], words)
        ways.append(way if limit["rows"] > 1 else f"{way}, {moved}")
    return reduce(lambda one, other: words.phrase("{one} or {other}", one=one, other=other), ways)


def _suspicion(what: str, ways: str, words: Words) -> str:
    if not ways:
        return words.phrase(
            "{what}: more than a thousand times from what it must be: a typing error in the unit?",
            what=what,
        )
    return words.phrase(
        "{what}: a typing error in the unit? {ways} leaves a plan with no other change",
        what=what,
        ways=ways,
    )
