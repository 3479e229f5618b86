"""`sensitivity frontier`: no plan beats its points, and the rates are those of solving again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from studied import DISTANCE, EHPAD, least_by_scipy, prepared, text_of

from perequa.studies.frontier import frontier_study

PAIRS = {
    "distance": (DISTANCE, 3),
    "thrift": ("objectives.thrift={kind: spend, normalise: none, priority: 2}", 2),
}


def least_second(program, first: np.ndarray, second: np.ndarray, most: float) -> float:  # noqa: ANN001
    """Least value of one cost among plans whose other cost is at most a limit, by scipy."""
    row = sparse.csr_array(first[None])
    held = replace(
        program,
        matrix=sparse.csr_array(sparse.vstack([program.matrix, row])),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, most),
    )
    return least_by_scipy(held, second)


@pytest.mark.parametrize("other", list(PAIRS))
def test_points_and_rates(other: str) -> None:
    change, count = PAIRS[other]
    scenario = prepared(EHPAD, change)
    answer = frontier_study(scenario, "shortfall", other)
    rows = list(answer.tables["frontier"].records())
    assert answer.tables["frontier"].columns[:5] == (
        "point", "shortfall", other, "exchange_rate_below", "exchange_rate_above",
    )  # fmt: skip
    assert len(rows) == count
    program = scenario.program
    names = list(program.objective_names)
    first, second = program.costs[names.index("shortfall")], program.costs[names.index(other)]
    offset = float(program.offsets[names.index(other)])
    for row in rows:
        there = least_second(program, first, second, row["shortfall"] + 1e-9)
        assert there + offset == pytest.approx(row[other], rel=1e-7)
        for rate, step in (
            (row["exchange_rate_below"], -1e-2),
            (row["exchange_rate_above"], 1e-2),
        ):
            if rate is not None:
                moved = least_second(program, first, second, row["shortfall"] + step)
                assert (moved - there) / step == pytest.approx(rate, rel=1e-4)
    assert [r["exchange_rate_below"] for r in rows][1:] == [r["exchange_rate_above"] for r in rows][
        :-1
    ]
    assert rows[0]["exchange_rate_below"] is None
    assert rows[-1]["exchange_rate_above"] is None


def test_the_other_way_round_is_the_same_frontier() -> None:
    scenario = prepared(EHPAD, DISTANCE)
    one = list(frontier_study(scenario, "shortfall", "distance").tables["frontier"].records())
    two = list(frontier_study(scenario, "distance", "shortfall").tables["frontier"].records())
    for row, other in zip(one, reversed(two), strict=True):
        assert row["shortfall"] == pytest.approx(other["shortfall"], rel=1e-9)
        assert row["distance"] == pytest.approx(other["distance"], rel=1e-9)
        if row["exchange_rate_above"] is not None:
            rate = 1.0 / other["exchange_rate_below"]
            assert row["exchange_rate_above"] == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_the_size_of_an_objective_hides_no_point(unit: float) -> None:
    # the same spending in other money: costs and limits in millionths or millions
    scenario = prepared(EHPAD, PAIRS["distance"][0])
    program = scenario.program
    k = program.objective_names.index("distance")
    costs, offsets = program.costs.copy(), program.offsets.copy()
    costs[k] *= unit
    offsets[k] *= unit
    scaled = replace(scenario, program=replace(program, costs=costs, offsets=offsets))
    rows = list(frontier_study(scaled, "shortfall", "distance").tables["frontier"].records())
    assert [r["shortfall"] for r in rows] == pytest.approx([35972.3, 36766.6, 36793.3], rel=1e-5)


EQUAL = "objectives.equal={kind: gini, indicator: ehpad_rate, level: region, priority: 2}"
THRIFT = PAIRS["thrift"][0]


@pytest.mark.parametrize("chosen", [("thrift", "equal"), ("equal", "thrift")])
def test_price_of_equity_is_what_a_point_of_gini_costs(chosen: tuple[str, str]) -> None:
    scenario = prepared(EHPAD, EQUAL, THRIFT)
    answer = frontier_study(scenario, *chosen)
    table = answer.tables["frontier"]
    assert table.columns[3:7] == (
        "exchange_rate_below", "exchange_rate_above",
        "price_of_equity_below", "price_of_equity_above",
    )  # fmt: skip
    rows = list(table.records())
    assert len(rows) > 2
    program = scenario.program
    names = list(program.objective_names)
    # in millionths of the index and thousands of money, so that neither is rounding to scipy
    index = 1e6 * program.costs[names.index("equal")]
    spent = 1e-3 * program.costs[names.index("thrift")]
    for row in rows:
        here = 1e6 * (row["equal"] - program.offsets[names.index("equal")]) + 1e-6
        below, above = row["price_of_equity_below"], row["price_of_equity_above"]
        less, more = (below, above) if chosen[0] == "equal" else (above, below)
        for price, step in ((less, -1.0), (more, 1.0)):
            if price is not None:
                held = least_second(program, index, spent, here)
                moved = least_second(program, index, spent, here + step)
                assert price > 0
                # a point of Gini is ten thousand millionths
                assert 1e3 * (held - moved) / step * 1e4 == pytest.approx(price, rel=1e-3)
    assert rows[0]["price_of_equity_below"] is None
    assert "Price of equity: thrift (EUR) given up for one point of Gini" in text_of(answer)


def test_an_index_that_agrees_with_places_is_not_lost_beside_them() -> None:
    """Places count in ten thousands and the index in hundredths: neither is rounding."""
    answer = frontier_study(prepared(EHPAD, EQUAL), "shortfall", "equal")
    (row,) = answer.tables["frontier"].records()
    assert row["equal"] == pytest.approx(0.179437712348609, rel=1e-9)
    assert "price_of_equity_below" in row


def test_objectives_that_agree_have_one_point() -> None:
    answer = frontier_study(prepared("scm-ssad-1998"), "amplitude", "shortfall")
    (row,) = answer.tables["frontier"].records()
    assert (row["exchange_rate_below"], row["exchange_rate_above"]) == (None, None)
    assert "nothing to trade" in text_of(answer)
