"""How many places change hands between the plan and the reference, and what its caps stop."""

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


def freed_text(freed: Table | None, words: Words) -> str:
    """Say what the caps of the reference stop, part by part, and who takes it."""
    lines = []
    for row in freed.records() if freed is not None else ():
        amount, goes_to = row["amount"], str(row["goes_to"])
        stopped = words.phrase(
            "reference, part {part} ({measure}, {year}): caps stop {amount}",
            part=str(row["part"]),
            measure=str(row["measure"]),
            year=str(row["year"]),
            amount=figure(amount, words) if isinstance(amount, float) else "",
        )
        if goes_to == "same":
            taken = words.phrase("the others of the part take it")
        elif goes_to == "nobody":
            taken = words.phrase("nobody takes it")
        else:
            taken = words.phrase("part {part} takes it", part=goes_to)
        lines.append(words.phrase("{stopped}, {taken}", stopped=stopped, taken=taken))
    return "\n".join(lines)
