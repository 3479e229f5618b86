"""Compares a column of a result table with the figures it should hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.verification.outcome import Notebook
    from perequa.verification.sparse import Floats
    from perequa.verification.tables import Table

RELATIVE = 1e-9
"""Published figures equal the recomputed ones to this share of their size, or of one unit."""


def compare_column(
    notes: Notebook,
    table: Table,
    name: str,
    expected: Floats,
    labels: Sequence[str],
    *,
    scale: Floats | float = 1.0,
) -> None:
    """Note every row of a column that differs from what is expected.

    Parameters
    ----------
    expected
        One figure a row; NaN where the cell must be empty.
    labels
        How each row is called in messages.
    scale
        Size below which a figure counts as this large when differences are judged.
    """
    found = np.array(table.numbers(name))
    tolerance = RELATIVE * np.maximum(np.abs(expected), scale)
    with np.errstate(invalid="ignore"):
        near = np.isfinite(expected) & (np.abs(found - expected) <= tolerance)
    agree = (found == expected) | near
    agree |= np.isnan(found) & np.isnan(expected)
    for i in np.flatnonzero(~agree).tolist():
        notes.wrong(
            table.file,
            labels[i],
            name,
            saying("nothing") if np.isnan(found[i]) else float(found[i]),
            saying("nothing") if np.isnan(expected[i]) else float(expected[i]),
        )


def compare_words(
    notes: Notebook, table: Table, name: str, expected: Sequence[str], labels: Sequence[str]
) -> None:
    """Note every row of a column of words that differs from what is expected."""
    for label, found, wanted in zip(labels, table.column(name), expected, strict=True):
        if found != wanted:
            notes.wrong(
                table.file, label, name, found or saying("nothing"), wanted or saying("nothing")
            )


def compare_keys(notes: Notebook, file: str, found: Sequence[str], expected: Sequence[str]) -> bool:
    """Note rows that are absent, superfluous or repeated; tell whether all is well."""
    before = len(notes.found)
    known, seen = set(expected), set()
    for key in found:
        if key in seen:
            notes.wrong(file, key, "row", saying("twice"), saying("once"))
        elif key not in known:
            notes.wrong(file, key, "row", saying("present"), saying("absent"))
        seen.add(key)
    for key in expected:
        if key not in seen:
            notes.wrong(file, key, "row", saying("absent"), saying("present"))
    return len(notes.found) == before
