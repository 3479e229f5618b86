"""What a name may show: a reader must see what stands in a report, and only that."""

from __future__ import annotations

import re

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Control characters, which HTML and workbooks have no place for, and marks that turn the direction
of a line: a name that holds one could make the figures beside it read backwards."""


def seen(text: str) -> str:
    """Show a replacement mark where a text holds what cannot be seen."""
    return UNSEEN.sub("\ufffd", text)
