"""Names without what two files write differently."""

from __future__ import annotations

import unicodedata


def plain_name(name: str) -> str:
    """Drop accents, capitals, hyphens and spaces."""
    return "".join(c for c in unicodedata.normalize("NFD", name).lower() if c.isalnum())
