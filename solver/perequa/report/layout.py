"""Tables laid out in plain text, and the figures in their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.headings import headings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa.interpret.tables import Value
    from perequa.words import Words

NOTHING = 1e-12
"""Figures below are what rounding leaves of nothing: an index of equal rates, say."""


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """Lay out a table in plain text: the first columns to the left, figures to the right."""
    listed = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in listed) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in listed
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def word(value: Value) -> str:
    """Write a word, nothing for what is not there."""
    return "" if value is None else str(value)


def headed(columns: Sequence[str], words: Words) -> list[str]:
    """Head columns in words."""
    return [headings(words)[name] for name in columns]


def figure(value: Value, words: Words) -> str:
    """Write an amount: whole from a thousand on."""
    if not isinstance(value, float | int):
        return ""
    return words.figures.fixed(value, 0 if abs(value) >= 1000 else 1)


def measured(value: Value, digits: int, words: Words) -> str:
    """Write a measured figure in so many significant digits; what rounding leaves is nothing."""
    if not isinstance(value, float | int):
        return ""
    return words.figures.significant(0.0 if abs(value) < NOTHING else value, digits)
