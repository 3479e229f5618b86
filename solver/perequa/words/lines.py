"""What each line of the construction of an envelope is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.words.language import Words


def line_words(words: Words) -> Mapping[str, str]:
    """Return the words of each line."""
    return {
        "base": words.phrase("Renewed base"),
        "transfers": words.phrase("Transfers"),
        "indexing": words.phrase("Indexing"),
        "extension": words.phrase("Full-year extension"),
        "new": words.phrase("New measures"),
        "savings": words.phrase("Savings"),
        "convergence": words.phrase("Convergence"),
        "one_off": words.phrase("One-off credits"),
        "reserve": words.phrase("Kept in reserve"),
        "undistributed": words.phrase("Not distributed"),
        "withheld": words.phrase("Withheld"),
    }
