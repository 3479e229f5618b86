"""Figures that are small beside others but not beside what they belong to, and the reverse."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from studied import EHPAD, prepared

from perequa.cli import main
from perequa.studies import prepared as preparing
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from pathlib import Path

TERRITORIES = "level,code,name,parent,pop\nregion,01,One,,{one}\nregion,02,Two,,{two}\n"
MONEY = {
    "format": 1,
    "name": "faint",
    "currency": "EUR",
    "years": [2004, 2005],
    "territories": {"file": "territories.csv", "levels": ["region"]},
    "decide_at": "region",
    "measures": {"aid": {"unit": "money", "title": "Aid", "recurrent": False}},
    "supply": {"file": "supply.csv"},
    "indicators": {"mrate": {"measures": ["aid"], "in": "budget", "population": "pop", "per": 100}},
    "rules": {
        "envelope": {"kind": "envelope", "at_most": 3000000.0},
        "arrows": {
            "kind": "ring_fence",
            "territories": ["region:02"],
            "set_aside": 1000,
            "of": "envelope",
        },
    },
    "objectives": {
        "spread": {
            "kind": "range",
            "priority": 1,
            "level": "region",
            "indicator": "mrate",
            "years": "all",
            "weight": 1e-6,
        },
        "worst": {
            "kind": "worst",
            "priority": 1,
            "level": "region",
            "indicator": "mrate",
            "target": 3.0,
            "normalise": "range",
        },
        "thrift": {"kind": "spend", "priority": 2, "normalise": "none"},
    },
    "tie_break": {"toward": "missing_places"},
}
PLACES = MONEY | {
    "measures": {
        "aid": {"cost": {"per_day": 40, "days": 250}, "title": "aid place"},
        "day": {"cost": 8000, "title": "day place"},
        "ssiad": {"cost": 10500.5, "title": "ssiad", "financed_share": 0.8, "opening_months": 4},
    },
    "indicators": {"rate": {"measures": ["aid", "day"], "population": "pop", "per": 1000}},
    "rules": {
        "envelope": {"kind": "envelope", "at_most": 3000000.0, "by": "year"},
        "caps": {
            "kind": "cap",
            "by": ["territory", "measure"],
            "in": "places",
            "at_most": {"column": "auth"},
        },
        "day": {"kind": "contingent", "measure": "day", "year": 2004, "at_most": 20},
        "fence": {"kind": "ring_fence", "territories": ["region:01"], "at_least": 20000},
    },
    "objectives": {
        "thrift": {"kind": "spend", "weight": 0.5, "normalise": "none"},
        "spread": {"kind": "range", "level": "region", "indicator": "rate", "weight": 0.0},
    },
    "tie_break": {"toward": {"column": "pop"}},
}
SUPPLY = """territory,measure,installed,base,auth
01,aid,0,10000,30
01,day,10,0,30
01,ssiad,10,10000,4
02,aid,10,200000,10
02,day,5,10000,30
02,ssiad,30,10000,10
"""


def written(folder: Path, scenario: dict[str, Any], tables: dict[str, str]) -> str:
    folder.mkdir()
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "scenario.yaml").write_text(json.dumps(scenario), encoding="utf-8")
    return str(folder)


def test_an_objective_of_next_to_no_weight_is_still_proven(tmp_path: Path) -> None:
    tables = {
        "territories.csv": TERRITORIES.format(one=300, two=2500.5),
        "supply.csv": "territory,measure,installed,base\n01,aid,,200000\n02,aid,,0\n",
    }
    where, run = written(tmp_path / "faint", MONEY, tables), str(tmp_path / "run")
    assert main(["solve", where, "-o", run]) == 0
    assert main(["verify", run]) == 0


def test_a_weight_that_cannot_move_ends_at_itself(tmp_path: Path) -> None:
    tables = {
        "territories.csv": TERRITORIES.format(one=12345, two=500),
        "supply.csv": SUPPLY,
    }
    where, run = written(tmp_path / "places", PLACES, tables), tmp_path / "run"
    assert main(["solve", where, "-o", str(run)]) == 0
    with (run / "weight_ranges.csv").open(encoding="utf-8") as opened:
        ranges = {row["objective"]: row for row in csv.DictReader(opened)}
    assert ranges["spread"]["highest"] == "0.0"
    assert main(["verify", str(run)]) == 0


@pytest.mark.parametrize(
    ("cost", "where"), [({"column": "c"}, "supply.csv:3:6"), (0, "scenario.yaml:1:")]
)
def test_places_that_cost_nothing_are_refused_where_it_stands(
    cost: object, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = SUPPLY.splitlines()
    costs = ("c", 8000, 0, 8000, 8000, 8000, 8000)
    tables = {
        "territories.csv": TERRITORIES.format(one=12345, two=500),
        "supply.csv": "".join(f"{line},{c}\n" for line, c in zip(lines, costs, strict=True)),
    }
    measures = PLACES["measures"] | {"day": {"cost": cost, "title": "day"}}
    reference = [{"amount": 90000, "in": "credits", "measure": "day", "year": 2004,
                  "parts": [{"name": "all", "share": 1.0, "basis": "equal"}]}]  # fmt: skip
    scenario = PLACES | {"measures": measures, "reference": reference}
    assert main(["solve", written(tmp_path / "free", scenario, tables)]) == 3
    told = capsys.readouterr().err
    assert "cost of a place of day must be above zero (received 0;" in told
    assert where in told


def test_a_plan_lost_in_rounding_is_found_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = prepared(EHPAD)
    expected = scenario.plan(scenario.priorities).x
    certify, calls = preparing.certify, iter(range(9))

    def not_at_first(*arrays):  # noqa: ANN002, ANN202
        if next(calls) == 0:
            raise NotProven("gap 3.1e-9 between value and proven bound")
        return certify(*arrays)

    monkeypatch.setattr(preparing, "certify", not_at_first)
    assert scenario.plan(scenario.priorities).x == pytest.approx(expected, rel=1e-9)
    assert next(calls) == 2
