"""Two regions that every hand-solved rule starts from.

Rates are per 100 people and the target is 5, so region 1 (1 000 people, 10 places) wants 50 places
and misses 40; region 2 (2 000 people, 60 places) wants 100 and misses 40. A place costs 10 000.
"""

from __future__ import annotations

from typing import Any

from pricing import Case

FIGURES: dict[str, dict[str, Any]] = {
    "pop": {"region:1": 1000, "region:2": 2000},
    "installed": {"region:1": 10, "region:2": 60},
}
GAP = {"kind": "shortfall", "indicator": "rate", "level": "region", "target": 5.0}


def small(rules: dict[str, Any], figures: dict[str, dict[str, Any]] | None = None) -> Case:
    """The two regions under some rules, minimising the places missing to the target."""
    return Case(
        sections={"rules": rules, "objectives": {"gap": GAP}}, figures=FIGURES | (figures or {})
    )


CONTENTED = {"installed": {"region:1": 10, "region:2": 100}}
"""Figures under which region 2 already has its target, so that what it gets closes no gap."""
