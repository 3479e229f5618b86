"""A least opening is accepted, and the planner is told that fractions of places ignore it."""

from __future__ import annotations

from perequa.checks import load


def test_a_minimum_is_told() -> None:
    loaded = load("ssiad-2004", sets=["measures.ssiad.minimum=15"])
    told = [finding for finding in loaded.findings if finding.code == "minimum_not_kept"]
    assert [(f.severity, f.received) for f in told] == [("warning", "15")]


def test_whole_plans_keep_it_and_nothing_is_told() -> None:
    loaded = load("ssiad-2004", sets=["measures.ssiad.minimum=15", "whole=true"])
    assert not [f for f in loaded.findings if f.code == "minimum_not_kept"]


def test_whole_places_of_money_alone_round_nothing() -> None:
    loaded = load("dominic-2004", sets=["whole=true"])
    assert [f.severity for f in loaded.findings if f.code == "nothing_whole"] == ["warning"]
