from __future__ import annotations

from typing import Any

import pytest
from small import small

ENVELOPE = {"kind": "envelope", "at_most": 500_000}


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"kind": "ceiling", "at_most": 9, "at_least": 1}, "at_least"),
        ({"kind": "pace", "growth_at_most": 0.1, "at_most": 10}, "at_most"),
        ({"kind": "reserve", "of": "envelope", "share": 0.1, "at_least": 5}, "at_least"),
        ({"kind": "reserve", "of": "envelope", "share": 0.1, "by": "region"}, "by"),
        ({"kind": "withhold", "equals": 5}, "equals"),
        ({"kind": "withhold", "in": "places"}, "in"),
        ({"kind": "ring_fence", "at_least": 5, "of": "envelope"}, "of"),
        (
            {
                "kind": "ring_fence",
                "territories": ["region:1"],
                "set_aside": 5,
                "of": "envelope",
                "measure": "home",
            },
            "measure",
        ),
    ],
)
def test_a_key_that_would_change_nothing_is_refused(rule: dict[str, Any], key: str) -> None:
    with pytest.raises(AssertionError, match=f"does not read {key}"):
        small({"envelope": ENVELOPE, "rule": rule}).instance()


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "ceiling", "at_most": 9, "in": "places"},
        {"kind": "pace", "growth_at_most": 0.1, "in": "credits"},
    ],
)
def test_a_quantity_the_kind_cannot_speak_of_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="cannot speak of"):
        small({"rule": rule}).instance()
