"""A cascade of two regions of two departments each, small enough to be solved by hand.

Rates are per 100 people and a place costs 1 000. With the target 4, Alpha (1 000 people, 10 places)
misses 30 and Beta (3 000, 90) misses 30; Gamma (2 000, 40) misses 40 and Delta (2 000, 60) misses
20: each region misses 60.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TERRITORIES = """level,code,name,parent,pop
region,1,One,,
region,2,Two,,
department,A,Alpha,1,1000
department,B,Beta,1,3000
department,C,Gamma,2,2000
department,D,Delta,2,2000
"""
SUPPLY = """level,territory,installed,unfunded
department,A,10,100
department,B,90,100
department,C,40,100
department,D,60,100
"""
GAP = {"kind": "shortfall", "indicator": "rate", "level": "department", "target": 4.0}
REGION: dict[str, Any] = {"rules": {"envelope": {"kind": "envelope"}}, "objectives": {"gap": GAP}}
WHOLE: dict[str, Any] = {
    "format": 1,
    "name": "two",
    "years": [2024],
    "territories": {"file": "territories.csv", "levels": ["region", "department"]},
    "mode": "cascade",
    "cascade": {
        "steps": [
            {"decide_at": "region"},
            {
                "decide_at": "department",
                "hands_down": {"rule": "envelope"},
                "scenario": "regions/default.yaml",
            },
        ]
    },
    "measures": {"home": {"cost": 1000}},
    "supply": {"file": "supply.csv"},
    "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
    "rules": {"envelope": {"kind": "envelope", "at_most": 30000}},
    "objectives": {"gap": GAP},
}


def whole(**changes: Any) -> dict[str, Any]:
    """The scenario with other sections, rules merged one by one (None removes)."""
    stated = copy.deepcopy(WHOLE)
    for key, value in changes.items():
        if key == "rules":
            rules = stated["rules"] | value
            stated["rules"] = {n: r for n, r in rules.items() if r is not None}
        else:
            stated[key] = value
    return stated


def region(rules: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """The file of a region, with more rules and other sections."""
    stated = copy.deepcopy(REGION)
    stated["rules"] |= rules or {}
    return {**stated, **sections}


def written(
    folder: Path,
    stated: dict[str, Any] | None = None,
    default: dict[str, Any] | None = None,
    own: dict[str, dict[str, Any]] | None = None,
    **tables: str,
) -> str:
    """Write a cascade, each region of `own` with its file; return the folder as an argument."""
    stated = copy.deepcopy(WHOLE if stated is None else stated)
    files = {"default": REGION if default is None else default, **(own or {})}
    if own:
        paths = {f"region:{code}": f"regions/{code}.yaml" for code in own}
        stated["cascade"]["steps"][1]["own"] = paths
    (folder / "regions").mkdir(parents=True, exist_ok=True)
    for name, part in files.items():
        (folder / "regions" / f"{name}.yaml").write_text(json.dumps(part, indent=1), "utf-8")
    texts = {"territories": TERRITORIES, "supply": SUPPLY, **tables}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    (folder / "scenario.yaml").write_text(json.dumps(stated, indent=1), "utf-8")
    return str(folder)
