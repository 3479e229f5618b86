"""Shipped scenarios whose rules have prices: a choice of whole projects has none."""

from __future__ import annotations

from perequa.checks import load
from perequa.io.shipped import shipped_names


def priced_names() -> list[str]:
    """Names of the scenarios that choose among no projects."""
    return [name for name in shipped_names() if not load(name).instance.projects]
