"""`sensitivity limit` on scenarios: against solving again with other limits, on both sides."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from studied import EHPAD, prepared, text_of

from perequa.checks import load
from perequa.interpret.run import Failure
from perequa.pipeline import Success, solve_instance
from perequa.studies.limit import Moved, limit_study

SCM = "scm-ssad-1998"


def solved(source: str, *sets: str) -> Success | Failure:
    return solve_instance(load(source, (), sets).instance, "there", prices=False)


def values(found: Success) -> list[float]:
    run = found.run
    return [
        float(stage.cost @ stage.x + weights @ run.program.offsets)
        for stage, weights in zip(run.stages, run.weighting.weights, strict=True)
    ]


def curve_value(rows: list[dict[str, float]], scale: float) -> float:
    """Value on a curve between two of its points."""
    after = next(i for i, row in enumerate(rows) if row["scale"] >= scale)
    if after == 0:
        return rows[0]["value"]
    a, b = rows[after - 1], rows[after]
    share = (scale - a["scale"]) / (b["scale"] - a["scale"])
    return a["value"] + share * (b["value"] - a["value"])


@pytest.fixture(scope="module")
def caps():  # noqa: ANN201
    return limit_study(prepared(SCM), Moved(rule="unfunded", low=0.0, high=2.0))


def test_the_curve_is_what_solving_again_gives(caps) -> None:  # noqa: ANN001
    rows = list(caps.tables["curve"].records())
    scales = sorted({row["scale"] for row in rows})
    tried = [0.5 * (a + b) for a, b in pairwise(scales)] + scales[1:]
    for scale in tried:
        bound = f"rules.unfunded.at_most={{column: authorised_unfunded, times: {scale!r}}}"
        found = solved(SCM, bound)
        assert isinstance(found, Success)
        for priority, value in enumerate(values(found), start=1):
            own = [row for row in rows if row["priority"] == priority]
            assert curve_value(own, scale) == pytest.approx(value, rel=1e-9)


def test_where_no_plan_exists_is_told(caps) -> None:  # noqa: ANN001
    low = caps.facts["feasible_from"]
    assert 0.44 < low < 0.46
    for scale, kind in ((low - 1e-6, Failure), (low + 1e-6, Success)):
        bound = f"rules.unfunded.at_most={{column: authorised_unfunded, times: {scale!r}}}"
        assert isinstance(solved(SCM, bound), kind)
    first = next(caps.tables["curve"].records())
    assert first["slope_below"] == -math.inf
    assert "Below 0.449968 times no plan" in text_of(caps, rule="caps", **{"from": 0.0, "to": 2.0})
    last = list(caps.tables["curve"].records())[-1]
    assert last["slope_above"] is None


def test_shares_are_the_plans_that_solve_publishes(caps) -> None:  # noqa: ANN001
    shares = list(caps.tables["shares"].records())
    assert {r["scale"] for r in shares} == {r["scale"] for r in caps.tables["curve"].records()}
    for scale in sorted({r["scale"] for r in shares})[1::3]:
        found = solved(
            SCM, f"rules.unfunded.at_most={{column: authorised_unfunded, times: {scale!r}}}"
        )
        assert isinstance(found, Success)
        mine = [r["places"] for r in shares if r["scale"] == scale]
        assert mine == pytest.approx(found.run.x.ravel(), rel=1e-6, abs=1e-5)


def test_slopes_on_both_sides_at_a_bend(caps) -> None:  # noqa: ANN001
    rows = [r for r in caps.tables["curve"].records() if r["priority"] == 1]
    step = 1e-5
    bent = [
        r
        for r in rows
        if r["slope_below"] != r["slope_above"]
        and not (r["slope_below"] in (None, -math.inf) or r["slope_above"] is None)
    ]
    assert bent
    for row in bent:
        there = []
        for scale in (row["scale"] - step, row["scale"], row["scale"] + step):
            found = solved(
                SCM, f"rules.unfunded.at_most={{column: authorised_unfunded, times: {scale!r}}}"
            )
            assert isinstance(found, Success)
            there.append(values(found)[0])
        assert (there[1] - there[0]) / step == pytest.approx(row["slope_below"], rel=1e-5)
        assert (there[2] - there[1]) / step == pytest.approx(row["slope_above"], rel=1e-5)


def test_one_limit_has_slopes_per_unit_of_its_own() -> None:
    moved = Moved(rule="floor", territory="region:24", high=30.0)
    rows = list(limit_study(prepared(EHPAD), moved).tables["curve"].records())
    now = next(r for r in rows if r["scale"] == 1.0)
    assert now["limit"] == 100_000
    # 100 000 EUR are 14.94 places, as solve prints for this floor
    assert now["slope_above_per_unit"] * 100_000 == pytest.approx(14.9377593, rel=1e-7)
    assert now["slope_above"] == pytest.approx(14.9377593, rel=1e-7)
    assert all(r["slope_above_per_unit"] is not None for r in rows[:-1])


def test_linked_limits_stay_where_they_are() -> None:
    # the reserve is a tenth of the contingent as written: it does not shrink with the scale
    answer = limit_study(prepared(SCM), Moved(rule="scm_contingent", low=0.0, high=2.0))
    assert answer.facts["feasible_from"] == pytest.approx(0.1, abs=1e-9)


def test_shares_can_be_left_out() -> None:
    answer = limit_study(prepared(EHPAD), Moved(rule="envelope"), shares=False)
    assert list(answer.tables) == ["curve"]
    assert "Plans are left out: not asked for" in text_of(
        answer, rule="x", **{"from": 0.5, "to": 1.5}
    )


def test_many_shares_are_written_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perequa.studies.plans.MOST_PLANS", 2)
    scenario, moved = prepared(EHPAD), Moved(rule="envelope")
    assert "shares" not in limit_study(scenario, moved).tables
    assert "shares" in limit_study(scenario, moved, shares=True).tables


def test_a_limit_that_cannot_move() -> None:
    # the same places stated twice: scaled alone, one of them contradicts the other
    copy = "rules.copy={kind: contingent, measure: ssiad, year: 2004, equals: 1825}"
    answer = limit_study(prepared("ssiad-2004", copy), Moved(rule="contingent"))
    (row,) = answer.tables["curve"].records()
    assert row["scale"] == pytest.approx(1.0, abs=1e-9)
    assert (row["slope_below"], row["slope_above"]) == (-math.inf, math.inf)
