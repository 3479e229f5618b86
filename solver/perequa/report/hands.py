"""How many places change hands between the plan and the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import figure

if TYPE_CHECKING:
    from perequa.interpret.tables import Table
    from perequa.words import Words


def change_of_hands(allocation: Table, words: Words) -> str:
    """Say how far the plan is from the reference: half the sum of the differences."""
    pairs = [
        (places, reference)
        for r in allocation.records()
        if isinstance(places := r["places"], float)
        and isinstance(reference := r["reference_places"], float)
    ]
    total = sum(reference for _, reference in pairs)
    if total <= 0:
        return ""
    moved = 0.5 * sum(abs(places - reference) for places, reference in pairs)
    return words.plural(
        "{places} place changes hands against the reference ({share})",
        "{places} places change hands against the reference ({share})",
        moved,
        places=figure(moved, words),
        share=words.figures.percent(moved / total, 2),
    )
