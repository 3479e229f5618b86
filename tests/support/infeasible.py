"""Scenarios that have no plan, each for a reason one can tell by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perequa.io.yaml_text import write_yaml

if TYPE_CHECKING:
    from pathlib import Path

REGIONS = ("A", "B", "C")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Rules without a plan.

    Attributes
    ----------
    rules
        As a planner writes them. A place costs 10 000 a year.
    causes
        Rows that clash, as identifiers without the measure.
    years, opening_months, base, closed_in
        Of the plan, of the measure, the budget renewed in A, and a region that cannot open any.
    needed
        Menu → change of each row (as in `causes`) of its cheapest repair, where it is the only
        one; None for a menu that is impossible.
    """

    rules: dict[str, dict[str, Any]]
    causes: tuple[frozenset[str], ...]
    years: tuple[int, ...] = (2004,)
    opening_months: int = 12
    base: float = 0.0
    closed_in: str = ""
    needed: dict[str, dict[str, float] | None] = field(default_factory=dict)

    def write(self, folder: Path, **changes: Any) -> Path:
        """Write the scenario and its tables."""
        folder.mkdir(parents=True)
        names = {"A": "Ain", "B": "Brie", "C": "Caux"}
        lines = [f"{code},{name}," for code, name in names.items()]
        (folder / "territories.csv").write_text(_table("code,name,parent", lines))
        open_in = [code for code in REGIONS if code != self.closed_in]
        lines = [f"{code},ssiad,100,{self.base if code == 'A' else 0}" for code in open_in]
        (folder / "supply.csv").write_text(_table("territory,measure,installed,base", lines))
        lines = [f"{code},{1000 * (i + 1)}" for i, code in enumerate(REGIONS)]
        (folder / "people.csv").write_text(_table("territory,pop", lines))
        data = {
            "format": 1,
            "name": "clash",
            "years": list(self.years),
            "territories": {"file": "territories.csv", "levels": ["region"]},
            "measures": {"ssiad": {"cost": 10_000, "opening_months": self.opening_months}},
            "supply": {"file": "supply.csv", "absent": "closed"},
            "columns": [{"file": "people.csv"}],
            "indicators": {"rate": {"measures": ["ssiad"], "population": "pop"}},
            "rules": self.rules,
            "objectives": {"gap": {"kind": "shortfall", "indicator": "rate", "level": "region"}},
        }
        (folder / "scenario.yaml").write_text(write_yaml(data | changes))
        return folder


def _table(header: str, lines: list[str]) -> str:
    return "\n".join([header, *lines]) + "\n"


def rows(*names: str) -> frozenset[str]:
    """One cause."""
    return frozenset(names)


def each(rule: str, side: str) -> tuple[str, ...]:
    """The rows of a rule by region."""
    return tuple(f"{rule}/region:{code}/2004/{side}" for code in REGIONS)


PLACES = {"A": 10, "B": 10, "C": 10}
FLOOR_A = {"kind": "floor", "territories": ["A"], "at_least": 10}
CAP_A = {"kind": "cap", "territories": ["A"], "at_most": 4}
FLOORS = {"kind": "floor", "by": "region", "at_least": 10}
FLOOR_A_ROW, CAP_A_ROW = "floor/region:A/2004/at_least", "cap/region:A/2004/at_most"
ENVELOPE_ROW = "envelope/-/2004/at_most"

SCENARIOS = {
    "floor_above_cap": Scenario(
        rules={"floor": FLOOR_A, "cap": CAP_A},
        causes=(rows(FLOOR_A_ROW, CAP_A_ROW),),
        needed={
            "preference": {FLOOR_A_ROW: -6},
            "floor_only": {FLOOR_A_ROW: -6},
            "cap_only": {CAP_A_ROW: 6},
        },
    ),
    "floors_above_envelope": Scenario(
        rules={
            "floor": {"kind": "floor", "by": "region", "in": "credits", "at_least": 100_000},
            "envelope": {"kind": "envelope", "at_most": 250_000},
        },
        causes=(rows(ENVELOPE_ROW, *each("floor", "at_least")),),
        needed={"envelope_only": {ENVELOPE_ROW: 50_000}},
    ),
    "contingent_above_caps": Scenario(
        rules={
            "contingent": {"kind": "contingent", "equals": 100},
            "cap": {"kind": "cap", "by": "region", "at_most": 30},
        },
        causes=(rows("contingent/-/2004/equals", *each("cap", "at_most")),),
        needed={"contingent_only": {"contingent/-/2004/equals": -10}},
    ),
    "contingent_above_envelope": Scenario(
        rules={
            "contingent": {"kind": "contingent", "equals": 30},
            "envelope": {"kind": "envelope", "at_most": 250_000},
        },
        causes=(rows("contingent/-/2004/equals", ENVELOPE_ROW),),
        needed={
            # one class: money is kept before places
            "preference": {"contingent/-/2004/equals": -5},
            "contingent_only": {"contingent/-/2004/equals": -5},
            "envelope_only": {ENVELOPE_ROW: 50_000},
        },
    ),
    "ring_fence_above_envelope": Scenario(
        rules={
            "aside": {"kind": "ring_fence", "territories": ["A"], "at_least": 300_000},
            "envelope": {"kind": "envelope", "at_most": 250_000},
            "floor": {"kind": "floor", "by": "region", "at_least": 1},
        },
        # the floors of the others clash with the ring-fence as well, but through the same rules
        causes=(rows(ENVELOPE_ROW, "aside/region:A/2004/at_least"),),
        needed={
            "preference": {"aside/region:A/2004/at_least": -70_000},
            "ring_fence_only": {"aside/region:A/2004/at_least": -70_000},
            "envelope_only": {ENVELOPE_ROW: 70_000},
            "floor_only": None,
        },
    ),
    "reserve_and_floors": Scenario(
        rules={
            "contingent": {"kind": "contingent", "equals": 32},
            "kept": {"kind": "reserve", "of": "contingent", "share": 0.125},
            "floor": FLOORS,
        },
        causes=(
            rows("contingent/-/2004/equals", "kept/-/2004/equals", *each("floor", "at_least")),
        ),
        needed={
            "preference": {"kept/-/2004/equals": -2},
            "contingent_only": {"contingent/-/2004/equals": 2},
            "reserve_only": {"kept/-/2004/equals": -2},
        },
    ),
    "already_above_the_ceiling": Scenario(
        rules={
            "ceiling": {"kind": "ceiling", "by": "region", "above": "forbid", "at_most": 400_000},
            "floor": FLOORS,
        },
        base=500_000,
        causes=(rows("ceiling/region:A/2004/at_most"),),
        needed={
            # the floor of A gives way before the ceiling, which is law: its base stands above
            "preference": {"ceiling/region:A/2004/at_most": 100_000, FLOOR_A_ROW: -10},
            "ceiling_only": {"ceiling/region:A/2004/at_most": 200_000},
            "floor_only": None,
        },
    ),
    "pace_above_cap": Scenario(
        rules={
            "pace": {"kind": "pace", "territories": ["B"], "growth_at_least": 0.2},
            "cap": {"kind": "cap", "by": "region", "at_most": 15},
        },
        causes=(rows("pace/region:B/2004/at_least", "cap/region:B/2004/at_most"),),
        needed={
            "preference": {"pace/region:B/2004/at_least": -5},
            "pace_only": {"pace/region:B/2004/at_least": -5},
            "cap_only": {"cap/region:B/2004/at_most": 5},
        },
    ),
    "floor_where_nothing_can_open": Scenario(
        rules={"floor": {"kind": "floor", "territories": ["B"], "at_least": 5}},
        closed_in="B",
        causes=(rows("floor/region:B/2004/at_least"),),
        needed={
            "preference": {"floor/region:B/2004/at_least": -5},
            "floor_only": {"floor/region:B/2004/at_least": -5},
        },
    ),
    "extension_above_next_year": Scenario(
        rules={
            "floor": {"kind": "floor", "by": ["region", "year"], "year": 2004, "at_least": 10},
            "envelope": {"kind": "envelope", "by": "year", "at_most": 150_000},
        },
        years=(2004, 2005),
        opening_months=4,
        # 30 places on four months: 100 000 in 2004 and 200 000 of extension in 2005
        causes=(rows("envelope/-/2005/at_most", *each("floor", "at_least")),),
        needed={"envelope_only": {"envelope/-/2005/at_most": 50_000}},
    ),
    "rule_against_itself": Scenario(
        rules={"both": {"kind": "cap", "territories": ["A"], "at_least": 9, "at_most": 5}},
        causes=(rows("both/region:A/2004/at_least", "both/region:A/2004/at_most"),),
    ),
    "set_aside_from_the_others": Scenario(
        rules={
            "envelope": {"kind": "envelope", "at_most": 250_000},
            "aside": {
                "kind": "ring_fence",
                "territories": ["A"],
                "set_aside": 200_000,
                "of": "envelope",
            },
            "floor": FLOORS | {"at_least": 4},
        },
        causes=(rows("aside/-/2004/at_most", *each("floor", "at_least")[1:]),),
        needed={
            "ring_fence_only": {"aside/-/2004/at_most": 30_000},
            "preference": {"aside/-/2004/at_most": 30_000},
            "envelope_only": None,
        },
    ),
    "two_causes_apart": Scenario(
        rules={
            "floor": FLOOR_A,
            "cap": CAP_A,
            "aside": {"kind": "ring_fence", "territories": ["B"], "at_least": 300_000},
            "envelope": {"kind": "envelope", "by": "region", "at_most": 250_000},
        },
        causes=(
            rows(FLOOR_A_ROW, CAP_A_ROW),
            rows("aside/region:B/2004/at_least", "envelope/region:B/2004/at_most"),
        ),
        needed={
            "preference": {FLOOR_A_ROW: -6, "aside/region:B/2004/at_least": -50_000},
            "cap_only": None,
            "envelope_only": None,
            "floor_only": None,
            "ring_fence_only": None,
        },
    ),
    "two_causes_behind_one_row": Scenario(
        rules={
            "floor": FLOORS,
            "cap": CAP_A,
            "envelope": {"kind": "envelope", "at_most": 250_000},
        },
        causes=(
            rows(FLOOR_A_ROW, CAP_A_ROW),
            rows(ENVELOPE_ROW, *each("floor", "at_least")),
        ),
        needed={"preference": {FLOOR_A_ROW: -6}, "floor_only": {FLOOR_A_ROW: -6}},
    ),
}
