"""A cascade of three steps: two regions of two departments of two establishments each.

Every establishment has 1 000 people and wants 40 places; a place costs 1 000.

=======  =========  ======================
region   department  places (missing to 40)
=======  =========  ======================
1        A          10 (30), 50 (0)
1        B          40 (0), 40 (0)
2        C          30 (10), 30 (10)
2        D          40 (0), 0 (40)
=======  =========  ======================

Departments miss 20, 0, 20 and 40; regions 20 and 60.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from two_regions import GAP

if TYPE_CHECKING:
    from pathlib import Path

DEPARTMENTS = {"A": "1", "B": "1", "C": "2", "D": "2"}
HOMES = {f"{code.lower()}{i}": code for code in DEPARTMENTS for i in (1, 2)}
PEOPLE = dict.fromkeys(HOMES, 1000)
INSTALLED = dict(zip(HOMES, (10, 50, 40, 40, 30, 30, 40, 0), strict=True))
UNFUNDED = dict.fromkeys(HOMES, 100)
STEP = {"rules": {"envelope": {"kind": "envelope"}}}
LEVELS = ("region", "department", "establishment")


def gap(level: str, target: float = 4.0) -> dict[str, Any]:
    return {**GAP, "level": level, "target": target, "normalise": "none"}


def stated(places: float = 40, target: float = 4.0, **rules: Any) -> dict[str, Any]:
    """The whole, with more rules."""
    hands = {"hands_down": {"rule": "envelope"}}
    return {
        "format": 1,
        "name": "three",
        "years": [2024],
        "territories": {"file": "territories.csv", "levels": [*LEVELS]},
        "mode": "cascade",
        "cascade": {
            "steps": [
                {"decide_at": "region"},
                {"decide_at": "department", **hands, "scenario": "steps/region.yaml"},
                {"decide_at": "establishment", **hands, "scenario": "steps/department.yaml"},
            ]
        },
        "measures": {"home": {"cost": 1000}},
        "supply": {"file": "supply.csv", "level": "establishment"},
        "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
        "rules": {"envelope": {"kind": "envelope", "at_most": 1000 * places}, **rules},
        "objectives": {"gap": gap("establishment", target)},
    }


def write_three(
    folder: Path,
    whole: dict[str, Any] | None = None,
    region: dict[str, Any] | None = None,
    department: dict[str, Any] | None = None,
    *,
    people: dict[str, int] = PEOPLE,
    installed: dict[str, int] = INSTALLED,
    unfunded: dict[str, int] = UNFUNDED,
    own: dict[str, dict[str, Any]] | None = None,
    columns: dict[str, dict[str, float]] | None = None,
) -> str:
    """Write the scenario; return its folder as an argument.

    `own` has files of single departments, `columns` figures by ``level:code`` and name.
    """
    whole = stated() if whole is None else whole
    files = {
        "region": region or {**STEP, "objectives": {"gap": gap("department")}},
        "department": department or {**STEP, "objectives": {"gap": gap("establishment")}},
        **(own or {}),
    }
    if own:
        paths = {f"department:{code}": f"steps/{code}.yaml" for code in own}
        whole["cascade"]["steps"][2]["own"] = paths
    (folder / "steps").mkdir(parents=True)
    for name, part in files.items():
        (folder / "steps" / f"{name}.yaml").write_text(json.dumps(part, indent=1), "utf-8")
    more = columns or {}
    lines = [("region", code, "") for code in "12"]
    lines += [("department", *pair) for pair in DEPARTMENTS.items()]
    lines += [("establishment", *pair) for pair in HOMES.items()]
    texts = [f"level,code,name,parent,pop{''.join(f',{name}' for name in more)}"]
    for level, code, parent in lines:
        given = [str(figures.get(f"{level}:{code}", "")) for figures in more.values()]
        cells = (level, code, code.upper(), parent, str(people.get(code, "")), *given)
        texts.append(",".join(cells))
    (folder / "territories.csv").write_text("\n".join([*texts, ""]), "utf-8")
    rows = [f"establishment,{c},{installed[c]},{unfunded[c]}" for c in HOMES]
    supply = "\n".join(["level,territory,installed,unfunded", *rows, ""])
    (folder / "supply.csv").write_text(supply, "utf-8")
    (folder / "scenario.yaml").write_text(json.dumps(whole, indent=1), "utf-8")
    return str(folder)
