"""Four departments in two regions that share nine places by population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from build import instance, scenario

from perequa_models.tree import Territory

if TYPE_CHECKING:
    from perequa_models.instance import Instance

TERRITORIES = [
    Territory("region", "1", "One", ""),
    Territory("region", "2", "Two", ""),
    Territory("department", "A", "A", "1"),
    Territory("department", "B", "B", "1"),
    Territory("department", "C", "C", "2"),
    Territory("department", "D", "D", "2"),
]
POPULATION = {"A": 240, "B": 230, "C": 190, "D": 240}


def tree_case(cap: dict[str, float] | None = None) -> Instance:
    """Whole places decided by departments; the tie-break shares by population."""
    rules: dict[str, Any] = {"handed": {"kind": "contingent", "equals": 9}}
    departments = [f"department:{code}" for code in POPULATION]
    figures: dict[str, dict[str, Any]] = {
        "pop": {f"department:{code}": people for code, people in POPULATION.items()},
        "installed": dict.fromkeys(departments, 0),
    }
    if cap is not None:
        rules["cap"] = {"kind": "cap", "by": "territory", "at_most": {"column": "cap"}}
        figures["cap"] = dict.fromkeys(departments, 100) | cap
    spec = scenario(
        whole=True,
        territories={"file": "territories.csv", "levels": ["region", "department"]},
        decide_at="department",
        rules=rules,
        objectives={
            "gap": {"kind": "shortfall", "indicator": "rate", "level": "department", "target": 50.0}
        },
    )
    return instance(spec, figures, TERRITORIES)
