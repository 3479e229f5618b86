"""A campaign small enough to build by hand: two regions, two envelopes, two years.

Region 01 lies overseas. `home` and `training` belong to the elderly, `school` to the disabled.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

TERRITORIES = """\
level,code,name,parent,pop
region,01,Guadeloupe,,1000
region,11,Île-de-France,,2000
"""
SUPPLY = """\
territory,measure,installed,base,carried
01,home,10,100000,300
11,home,60,200000.50,0
01,training,,0,0
11,training,,0,0
01,school,5,50000,0
11,school,10,150000,0
"""
MONEY = """\
territory,year,granted,moved,saved
01,2004,30000,1000,500
01,2005,0,0,0
11,2004,60000,2000,700
11,2005,12000,0,0
"""
SCENARIO: dict[str, Any] = {
    "format": 1,
    "name": "campaign",
    "years": [2004, 2005],
    "territories": {"file": "territories.csv", "levels": ["region"]},
    "decide_at": "region",
    "envelopes": {"pa": {"rate": {2004: 0.0203, 2005: 0.01}}, "ph": {"rate": 0.015}},
    "measures": {
        "home": {"cost": 3000, "opening_months": 4, "envelope": "pa"},
        "training": {"unit": "money", "recurrent": False, "envelope": "pa"},
        "school": {"cost": 1000, "envelope": "ph", "rate": 0.0},
    },
    "supply": {"file": "supply.csv"},
    "columns": [{"file": "money.csv"}],
    "campaign": {
        "lines": {
            "granted": {
                "envelope": "pa",
                "enters": "new_money",
                "months": 4,
                "amount": {"column": "granted"},
            },
            "moved": {
                "envelope": "pa",
                "enters": "transfers",
                "from": "ph",
                "amount": {"column": "moved"},
            },
            "saved": {"envelope": "pa", "enters": "savings", "amount": {"column": "saved"}},
            "spot": {
                "envelope": "pa",
                "enters": "one_off_money",
                "territories": ["region:11"],
                "year": 2004,
                "amount": 900,
            },
            "frozen": {
                "envelope": "pa",
                "enters": "reserve",
                "territories": ["region:11"],
                "year": 2004,
                "amount": 400,
            },
            "classes": {
                "envelope": "ph",
                "enters": "new_money",
                "year": 2004,
                "territories": ["region:11"],
                "amount": 5000,
            },
        },
        "delegations": {
            "first": {"year": 2004, "lines": ["base", "transfers", "indexing", "extension"]},
            "second": {"year": 2004, "envelope": "pa", "lines": ["home"], "share": 0.5},
        },
    },
    "indicators": {
        "homes": {"measures": ["home"], "population": "pop", "per": 100},
        "schools": {"measures": ["school"], "population": "pop", "per": 100},
    },
    "rules": {
        "built": {
            "kind": "envelope",
            "by": ["region", "envelope", "year"],
            "in": "budget",
            "at_most": "built",
        },
        "training": {"kind": "cap", "measure": "training", "year": 2005, "at_most": 0},
    },
    "objectives": {
        "homes": {"kind": "shortfall", "indicator": "homes", "level": "region", "target": 500},
        "schools": {"kind": "shortfall", "indicator": "schools", "level": "region", "target": 500},
    },
}


def written(folder: Path, **sections: Any) -> str:
    """Write the scenario with some sections replaced, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    merged = SCENARIO | sections
    text = yaml.safe_dump(merged, allow_unicode=True, sort_keys=False)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    for name, table in (("territories", TERRITORIES), ("supply", SUPPLY), ("money", MONEY)):
        (folder / f"{name}.csv").write_text(table, encoding="utf-8")
    return str(folder)


def lines_of(run: Path) -> list[dict[str, str]]:
    """Rows of the construction of a run."""
    with (run / "construction.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def amount(
    rows: list[dict[str, str]], where: str, envelope: str, year: int, line: str, item: str = ""
) -> tuple[str, str]:
    """What is granted and planned in one line of one place (``region:11``, ``nation:``)."""
    level, _, code = where.partition(":")
    (row,) = [
        row
        for row in rows
        if (row["level"], row["territory"], row["envelope"]) == (level, code, envelope)
        and (row["year"], row["line"], row["item"]) == (str(year), line, item)
    ]
    return row["granted"], row["planned"]
