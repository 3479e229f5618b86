"""What `solve` prints of the weights: how far each can move before the plan changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table, Value


def weights_text(weights: Table) -> str:
    """One line per objective of the priorities that hold several; empty where none does."""
    several = [r for r in weights.records() if r["proof"] != "alone"]
    if not several:
        return ""
    lines = ["The plan stays the same while one weight moves between (at an end others may tie):"]
    lines += [f"  {_line(r)}" for r in several if r["proof"]]
    if any(not r["proof"] for r in several):
        lines.append(
            "  the others were not computed: on a large program, solve with --weight-ranges"
        )
    return "\n".join(lines)


def _line(row: Mapping[str, Value]) -> str:
    lowest, highest, weight = (_number(row[k]) for k in ("lowest", "highest", "weight"))
    said = f"{row['objective']} (priority {row['priority']}), weight {weight:g}: "
    if math.isinf(highest):
        return f"{said}from {lowest:.6g} up"
    return f"{said}from {lowest:.6g} to {highest:.6g}"


def _number(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else math.nan
