"""A scenario of two regions, small enough for every combination of its changes to be hand-solved.

Region 1 has 1 000 people and 10 places, region 2 has 2 000 and 60. A place costs 10 000; the rates
are per 100 people and the target is 5, so each misses 40 places. Whatever the envelope gives is
spread by population: 30 places are 10 and 20.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TERRITORIES = "level,code,name,parent,pop\nregion,1,Un,,1000\nregion,2,Deux,,2000\n"
SUPPLY = "territory,measure,installed\n1,home,10\n2,home,60\n"


def scenario(name: str, rules: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """The scenario, with more rules (None removes one) and other sections."""
    stated: dict[str, Any] = {
        "format": 1,
        "name": name,
        "years": [2004],
        "territories": {"file": "territories.csv", "levels": ["region"]},
        "decide_at": "region",
        "measures": {"home": {"cost": 10000}},
        "supply": {"file": "supply.csv"},
        "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
        "rules": {"envelope": {"kind": "envelope", "at_most": 300000}},
        "objectives": {
            "gap": {"kind": "shortfall", "indicator": "rate", "level": "region", "target": 5.0}
        },
        "reference": {
            "of": "envelope",
            "parts": [{"name": "equal", "share": 1, "basis": "equal"}],
        },
    }
    merged = {**stated["rules"], **(rules or {})}
    stated["rules"] = {key: rule for key, rule in merged.items() if rule is not None}
    return {**stated, **sections}


def written(
    folder: Path,
    stated: dict[str, Any],
    *,
    territories: str = TERRITORIES,
    supply: str = SUPPLY,
    **tables: str,
) -> str:
    """Write a scenario and its tables; return the folder as an argument.

    JSON is YAML, one value a line: `line` of an origin tells which change comes first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"territories": territories, "supply": supply, **tables}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "scenario.yaml").write_text(json.dumps(stated, indent=1), encoding="utf-8")
    return str(folder)


def cap(limit: float, region: str = "1") -> dict[str, Any]:
    """At most so many places in one region."""
    territory = [f"region:{region}"]
    return {"kind": "cap", "territories": territory, "in": "places", "at_most": limit}


def floor(limit: float, region: str = "1") -> dict[str, Any]:
    """At least so many places in one region."""
    territory = [f"region:{region}"]
    return {"kind": "floor", "territories": territory, "in": "places", "at_least": limit}
