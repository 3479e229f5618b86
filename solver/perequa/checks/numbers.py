"""Figures as people write them in tables: plain or French, shares, and marks of absence."""

from __future__ import annotations

import re
from decimal import Decimal

_SPACES = "\u0020\u00a0\u2009\u202f"
_NO_SPACES = {ord(space): None for space in _SPACES}
_FIGURE = re.compile(
    r"(?P<sign>[-+\u2212]?)"
    rf"(?P<whole>[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+|[0-9]+)"
    r"(?:(?P<mark>[.,])(?P<decimals>[0-9]+))?"
    r"(?P<exponent>[eE][-+]?[0-9]{1,3})?"
    rf"(?P<percent>[{_SPACES}]*%)?\Z"
)
_PLAIN = re.compile(r"[0-9]{1,300}(?:\.[0-9]+)?\Z")
"""As nearly all figures are written; nothing is to be told apart in them."""
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}\Z")

MISSING = frozenset({"", "nc", "nd", "-"})
"""What a cell says when its value is not stated (scenario reference, section 1)."""
LEAST, MOST = 1e-12, 1e15
"""Figures of a plan lie between these, or are 0; others are slips of the hand, and overflow."""
YES = frozenset({"1", "yes", "oui", "true"})
NO = frozenset({"0", "no", "non", "false"})
ACCEPTED_NUMBERS = "a number such as 1234.5, 1 234,5 or 12,5 %"
ACCEPTED_YES_NO = "1, 0, yes, no, oui, non, true or false"


def is_missing(text: str) -> bool:
    """Whether a cell states no value."""
    return text.lower() in MISSING


def parse_number(text: str) -> float | None:
    """Read a figure; None when the text is not one.

    Parameters
    ----------
    text
        A cell, without spaces around it.

    Returns
    -------
    float or None
        Always finite. ``12,5 %`` is 0.125. A comma is the decimal mark; ``1,234`` is refused,
        since it may also be an English thousand.

    Examples
    --------
    >>> [parse_number(t) for t in ("1 234,5", "1234.5", "12,5 %", "1,234", "nan", "2A")]
    [1234.5, 1234.5, 0.125, None, None, None]
    """
    if _PLAIN.match(text):
        return float(text)
    found = _FIGURE.match(text)
    if found is None or _THOUSANDS.match(text.lstrip("+-\u2212")):
        return None
    whole = found["whole"].translate(_NO_SPACES)
    sign = "-" if found["sign"] in {"-", "\u2212"} else ""
    written = f"{sign}{whole}.{found['decimals'] or '0'}{found['exponent'] or ''}"
    # decimal arithmetic: 12.3 % is the float nearest to 0.123, not 12.3 / 100
    number = float(Decimal(written) / 100 if found["percent"] else written)
    return number if abs(number) != float("inf") else None


def is_in_range(number: float) -> bool:
    """Whether a figure is 0 or of a size that people, places and money can have."""
    return number == 0 or LEAST <= abs(number) <= MOST


def parse_yes_no(text: str) -> bool | None:
    """Read yes or no; None when the text is neither."""
    word = text.lower()
    return True if word in YES else False if word in NO else None
