"""A least opening is accepted, and the planner is told that fractions of places ignore it."""

from __future__ import annotations

from perequa.checks import load


def test_a_minimum_is_told() -> None:
    loaded = load("ssiad-2004", sets=["measures.ssiad.minimum=15"])
    told = [finding for finding in loaded.findings if finding.code == "minimum_not_kept"]
    assert [(f.severity, f.received) for f in told] == [("warning", "15")]
