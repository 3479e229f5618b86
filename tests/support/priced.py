"""Shipped scenarios whose rules have prices: a choice of whole projects has none."""

from __future__ import annotations

from shipped import one_program

from perequa.checks import load


def priced_names() -> list[str]:
    """Names of the scenarios that choose among no projects."""
    return [name for name in one_program() if not load(name).instance.projects]
