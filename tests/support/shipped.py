"""Shipped scenarios that are one program; a cascade is several, and has tests of its own."""

from __future__ import annotations

from perequa.io.scenario_files import read_scenario
from perequa.io.shipped import shipped_names


def one_program() -> tuple[str, ...]:
    """Names of the scenarios that one program solves, sorted."""
    return tuple(n for n in shipped_names() if read_scenario(n).data.get("mode") != "cascade")
