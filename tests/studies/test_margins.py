"""`sensitivity margins` on scenarios: against scipy, and what 'near' means."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from studied import EHPAD, least_by_scipy, prepared, with_row

from perequa.studies.margins import margins_study, read_within
from perequa_models.errors import UsageError

SCM = "scm-ssad-1998"


@pytest.mark.parametrize(("source", "within"), [(EHPAD, 0.01), (SCM, 0.02)])
def test_margins_against_scipy(source: str, within: float) -> None:
    scenario = prepared(source)
    rows = list(margins_study(scenario, within).tables["margins"].records())
    program, instance = scenario.program, scenario.instance
    near = exact = program
    for weights in scenario.weighting.weights:
        cost, offset = weights @ program.costs, weights @ program.offsets
        least = least_by_scipy(exact, cost)
        near = with_row(near, cost, least + within * abs(least + offset))
        exact = with_row(exact, cost, least + 1e-9 * abs(least))
    T, M, _ = instance.shape
    assert len(rows) == T * (M + 1)
    cells = np.arange(T * M).reshape(T, M)
    for t in range(0, T, 5):
        own = rows[t * (M + 1) : (t + 1) * (M + 1)]
        asked = [(np.array([cells[t, m]]), np.ones(1)) for m in range(M)]
        asked.append((cells[t], instance.cost[t, :, 0]))
        for row, (columns, values) in zip(own, asked, strict=True):
            cost = np.zeros(program.matrix.shape[1])
            cost[columns] = values
            assert row["least"] == pytest.approx(least_by_scipy(near, cost), rel=1e-6, abs=1e-3)
            assert row["most"] == pytest.approx(-least_by_scipy(near, -cost), rel=1e-6, abs=1e-3)
            assert row["least"] <= row["planned"] <= row["most"]


def test_margins_widen_with_the_room() -> None:
    scenario = prepared(EHPAD)
    width = []
    for within in (0.0, 0.001, 0.01, 0.1):
        rows = list(margins_study(scenario, within).tables["margins"].records())
        width.append([row["most"] - row["least"] for row in rows])
    for narrow, wide in pairwise(width):
        assert all(a <= b + 1e-6 for a, b in zip(narrow, wide, strict=True))
    assert sum(width[-1]) > sum(width[0])


def test_a_zero_optimum_is_measured_by_its_initial_value() -> None:
    # enough for everybody: the shortfall can be closed, 1 % of the initial one may stay open
    sets = ("rules.envelope.at_most=900000000", "rules.caps.active=false", "reference=null")
    answer = margins_study(prepared(EHPAD, *sets), 0.01)
    initial = prepared(EHPAD).weighting.initial[0]
    assert answer.facts["optima"] == {"1": pytest.approx(0.0, abs=1e-6)}
    assert answer.facts["room"] == {"1": pytest.approx(0.01 * initial)}


def test_years_apart_or_together() -> None:
    scenario = prepared("ssiad-2004")
    together = list(margins_study(scenario, 0.01).tables["margins"].records())
    apart = list(margins_study(scenario, 0.01, by_year=True).tables["margins"].records())
    assert {row["year"] for row in together} == {None}
    assert {row["year"] for row in apart} == {None, 2004, 2005}
    planned = [row["planned"] for row in apart if row["measure"]]
    sums = [a + b for a, b in zip(planned[::2], planned[1::2], strict=True)]
    assert sums == pytest.approx([row["planned"] for row in together if row["measure"]])
    # the credits of both years of a place are its full-year cost: 10 500
    totals = [row["planned"] for row in together if not row["measure"]]
    assert totals == pytest.approx([10_500 * places for places in sums])


@pytest.mark.parametrize(
    ("text", "share"), [("1%", 0.01), (" 0.5 % ", 0.005), ("0%", 0.0), ("250%", 2.5)]
)
def test_percentages(text: str, share: float) -> None:
    assert read_within(text) == share


@pytest.mark.parametrize("text", ["", "1", "0.01", "%", "x%", "-1%", "nan%", "inf%", "1%%", "1%x"])
def test_not_percentages(text: str) -> None:
    with pytest.raises(UsageError, match="a percentage"):
        read_within(text)


def test_what_nothing_bounds_has_no_most() -> None:
    sets = ("rules.envelope.active=false", "rules.caps.active=false", "reference=null")
    rows = margins_study(prepared(EHPAD, *sets), 0.01).tables["margins"].records()
    row = next(r for r in rows if r["territory"] == "93" and r["in"] == "places")
    assert row["most"] == np.inf
    assert 0 <= row["least"] <= row["planned"]
