"""Figures between a cell of text and a cell of a sheet: the same value, and the same text.

A sheet holds numbers, not how they were typed: ``0.20`` and ``694230.0`` keep their zeros as the
number format of the cell, which says how many decimals it shows.
"""

from __future__ import annotations

import re

MOST_DECIMALS = 30
"""Decimals that a number format of Excel can show."""
LONGEST_GENERAL = 11
"""Characters that the format General shows before it rounds."""
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.(?P<decimals>[0-9]+))?\Z")
_POWER = re.compile(r"-?[0-9](?:\.[0-9]+)?e[-+][0-9]{2,3}\Z")
_FIXED = re.compile(r"0(?:\.(?P<decimals>0+))?\Z")


def written(value: float) -> str:
    """Write a number of a sheet that no format speaks for: a whole one has no decimal point."""
    # codes typed as numbers come back as floats; beyond 2**53 digits would be invented
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def figure_in(text: str) -> tuple[float, int | None] | None:
    """Read a text that a number cell shows exactly so; None when there is none.

    Returns
    -------
    (float, int or None) or None
        The number, and the decimals its cell must show; None: as many as it has.

    Examples
    --------
    >>> [figure_in(t) for t in ("420", "0.20", "694230.0", "1e-07")]
    [(420.0, None), (0.2, 2), (694230.0, 1), (1e-07, None)]
    >>> [figure_in(t) for t in ("01", "2A", "1 234,5", "-0", "12345678901234567", "")]
    [None, None, None, None, None, None]
    """
    if _POWER.match(text):
        value = float(text)
        return (value, None) if written(value) == text else None
    found = _PLAIN.match(text)
    if found is None:
        return None
    value = float(text)
    if value == 0.0 and text.startswith("-"):
        return None
    if len(text) <= LONGEST_GENERAL and written(value) == text:
        return value, None
    decimals = len(found["decimals"] or "")
    return (value, decimals) if _shown(value, decimals) == text else None


def number_format(decimals: int) -> str:
    """Return the number format that shows so many decimals."""
    return f"0.{'0' * decimals}" if decimals else "0"


def decimals_of(code: str) -> int | None:
    """Return the decimals that a number format shows; None for one that shows more than figures."""
    found = _FIXED.match(code)
    return None if found is None else len(found["decimals"] or "")


def text_shown(text: str, decimals: int) -> str:
    """Write a number of a sheet as its format shows it, unless that is another number."""
    value = float(text)
    shown = _shown(value, decimals)
    return text if shown is None or float(shown) != value else shown


def _shown(value: float, decimals: int) -> str | None:
    return f"{value:.{decimals}f}" if decimals <= MOST_DECIMALS else None
