"""Tables in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
