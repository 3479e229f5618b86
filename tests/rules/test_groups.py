"""Rows of one rule, whatever it is grouped by: each has its own name and its own limit."""

from __future__ import annotations

import pytest
from build import column
from pricing import Case, check_every_price, places
from small import FIGURES, GAP

from perequa_models.tree import Territory, Tree

TREE = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])
MEASURES = {
    "care": {"cost": 10_000, "envelope": "pa"},
    "day": {"cost": 5_000, "envelope": "pa"},
    "foster": {"cost": 10_000, "envelope": "ph"},
    "school": {"cost": 20_000, "envelope": "ph"},
    "visits": {"cost": 1_000},
}


def case(by: list[str]) -> Case:
    """Money by measure: 100 000 + 200 000 for pa, 300 000 + 400 000 for ph, 50 000 apart."""
    money = [100_000, 200_000, 300_000, 400_000, 50_000]
    return Case(
        sections={
            "measures": MEASURES,
            "indicators": {"rate": {"measures": sorted(MEASURES), "population": "pop", "per": 100}},
            "rules": {"total": {"kind": "envelope", "by": by, "at_most": {"column": "money"}}},
            "objectives": {"gap": GAP | {"target": 40.0}},
        },
        figures=FIGURES,
        columns={
            "money": column(
                TREE,
                "money",
                {"region:1": money, "region:2": [2 * m for m in money]},
                measures=tuple(MEASURES),
            )
        },
    )


def test_envelopes_of_several_measures_are_named_by_their_envelope() -> None:
    rows = {str(r.key): r.limit for r in case(["envelope"]).instance().rows}
    assert rows == {
        "total/-/pa/2004/at_most": 900_000,
        "total/-/ph/2004/at_most": 2_100_000,
        "total/-/visits/2004/at_most": 150_000,
    }


def test_each_envelope_of_each_region_has_its_limit_and_its_price() -> None:
    grouped = case(["region", "envelope"])
    success = grouped.solved()
    limits = dict(zip(success.run.program.row_keys, success.run.program.row_limit, strict=True))
    found = {str(k): v for k, v in limits.items() if v == v}  # noqa: PLR0124 - NaN elsewhere
    assert found["total/region:1/pa/2004/at_most"] == 300_000
    assert found["total/region:2/ph/2004/at_most"] == 1_400_000
    assert len(found) == 6
    # everything goes to the cheaper places of each envelope
    plan = places(success)
    assert plan["region:1/day/2004"] == pytest.approx(60)
    assert plan["region:1/school/2004"] == pytest.approx(0)
    prices = check_every_price(grouped, "total", step=1.0)
    assert prices["total/region:1/pa/2004/at_most"].more == pytest.approx(-1 / 5_000)
    assert prices["total/region:2/ph/2004/at_most"].less == pytest.approx(1 / 10_000)


def test_no_two_rows_of_a_rule_share_a_name() -> None:
    for by in (
        ["envelope"],
        ["region", "envelope"],
        ["measure"],
        ["region"],
        ["region", "measure"],
    ):
        keys = [row.key for row in case(by).instance().rows]
        assert len(set(keys)) == len(keys), by


def test_a_limit_read_from_a_column_is_multiplied_then_raised() -> None:
    limit = {"column": "money", "times": 1.5, "plus": -1_000}
    rows = case(["envelope"]).with_rules(
        total={"kind": "envelope", "by": "envelope", "at_most": limit}
    )
    found = {r.key.measure: r.limit for r in rows.instance().rows}
    assert found == {"pa": 1_349_000, "ph": 3_149_000, "visits": 224_000}
