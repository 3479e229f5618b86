"""Whether the output a page shows is what a command printed."""

from __future__ import annotations

import re


def spaced(text: str) -> list[str]:
    """Lines without the spaces that only look like spaces."""
    return [re.sub(r"[\u00a0\u202f]", " ", line).rstrip() for line in text.splitlines()]


def check_output(shown: str, printed: list[str]) -> None:
    rest = iter(printed)
    for line in spaced(shown):
        if line.strip() not in ("", "…"):
            assert any(line == other for other in rest), f"not printed (or not in order): {line}"
