"""What `solve` prints of the weights: how far each can move before the plan changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words

DIGITS = 6
"""Significant digits of a weight."""


def weights_text(weights: Table, words: Words) -> str:
    """Lay out `weight_lines`; empty where there are none."""
    head, *lines = weight_lines(weights, words) or [""]
    return "\n".join([head, *(f"  {line}" for line in lines)])


def weight_lines(weights: Table, words: Words) -> list[str]:
    """A heading, and one line per objective of the priorities that hold several, if any."""
    several = [r for r in weights.records() if r["proof"] != "alone"]
    if not several:
        return []
    lines = [
        words.phrase(
            "The plan stays the same while one weight moves between (at an end others may tie):"
        )
    ]
    lines += [_line(r, words) for r in several if r["proof"]]
    if any(not r["proof"] for r in several):
        rest = words.phrase(
            "the others were not computed: on a large program, solve with --weight-ranges"
        )
        lines.append(rest)
    return lines


def _line(row: Mapping[str, Value], words: Words) -> str:
    lowest, highest, weight = (_number(row[k]) for k in ("lowest", "highest", "weight"))
    said = {
        "objective": row["objective"],
        "priority": row["priority"],
        "weight": words.figures.significant(weight, DIGITS),
        "lowest": words.figures.significant(lowest, DIGITS),
    }
    if math.isinf(highest):
        return words.phrase(
            "{objective} (priority {priority}), weight {weight}: from {lowest} up", **said
        )
    return words.phrase(
        "{objective} (priority {priority}), weight {weight}: from {lowest} to {highest}",
        highest=words.figures.significant(highest, DIGITS),
        **said,
    )


def _number(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else math.nan
