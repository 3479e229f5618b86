"""`sensitivity weights` on scenarios: values, plans, gains, and the weights that change nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from studied import DISTANCE, EHPAD, least_by_scipy, prepared, text_of

from perequa.checks import load
from perequa.pipeline import Success, solve_instance
from perequa.studies.weightings import read_weights
from perequa.studies.weights import Between, weights_study
from perequa_models.errors import NotProven

FROM, TO = "shortfall=1,distance=0", "shortfall=0,distance=1"
BETWEEN = Between(start=read_weights(FROM, "--from"), end=read_weights(TO, "--to"))
SIZES = "objectives.shortfall.normalise=none"


@pytest.fixture(scope="module")
def studied():  # noqa: ANN201
    scenario = prepared(EHPAD, DISTANCE)
    return scenario, weights_study(scenario, BETWEEN)


def solved_at(share: float) -> Success:
    """The scenario solved the usual way, with the weights of a share of the way."""
    sets = [DISTANCE, f"objectives.shortfall.weight={1 - share!r}"]
    sets.append(f"objectives.distance.weight={share!r}")
    found = solve_instance(load(EHPAD, (), sets).instance, "there", prices=False)
    assert isinstance(found, Success)
    return found


def test_values_between_breakpoints_are_exact(studied) -> None:  # noqa: ANN001
    scenario, answer = studied
    pieces = list(answer.tables["breakpoints"].records())
    assert len(pieces) == 3
    program = scenario.program
    names = program.objective_names
    sizes = scenario.sizes(names)
    rng = np.random.default_rng(0)
    for share in [*rng.random(40), *np.linspace(0, 1, 21)]:
        piece = next(p for p in pieces if p["from"] <= share <= p["to"])
        weights = np.array([share, 1 - share]) / sizes  # distance, shortfall
        least = least_by_scipy(program, weights @ program.costs) + weights @ program.offsets
        assert weights @ [piece[n] for n in names] == pytest.approx(least, rel=1e-9)


def test_each_plan_is_the_one_solve_publishes(studied) -> None:  # noqa: ANN001
    _, answer = studied
    for piece in answer.tables["breakpoints"].records():
        share = 0.3 * float(piece["from"]) + 0.7 * float(piece["to"])
        run = solved_at(share).run
        rows = [r for r in answer.tables["plans"].records() if r["plan"] == piece["plan"]]
        assert [r["territory"] for r in rows] == [t.code for t in run.instance.territories]
        assert [r["places"] for r in rows] == pytest.approx(run.x.ravel(), rel=1e-7, abs=1e-6)
        assert [r["credits"] for r in rows] == pytest.approx(
            run.plan.credits.ravel(), rel=1e-7, abs=1e-2
        )


def test_gains_are_the_differences_of_the_plans(studied) -> None:  # noqa: ANN001
    _, answer = studied
    places: dict[object, dict[object, float]] = {}
    for row in answer.tables["plans"].records():
        places.setdefault(row["plan"], {})[row["territory"]] = float(row["places"] or 0)
    gains = list(answer.tables["gains"].records())
    for k in (1, 2):
        told = {r["territory"]: r["places"] for r in gains if r["breakpoint"] == k}
        for code, before in places[k].items():
            assert told.get(code, 0.0) == pytest.approx(places[k + 1][code] - before, abs=1e-6)
        if k == 1:  # the envelope is spent whole in both: what some gain others lose
            assert math.fsum(told.values()) == pytest.approx(0.0, abs=1e-6)
            assert max(told.values()) > 100


def test_the_weights_of_the_plan_shown(studied) -> None:  # noqa: ANN001
    scenario, answer = studied
    shown = solved_at(0.5).run.x
    for row in answer.tables["stability"].records():
        name, low, high = row["objective"], float(row["from"]), float(row["to"])
        assert low <= row["weight"] <= high
        for weight, same in (
            (low * 1.001, True), (low * 0.999, low == 0.0),
            (min(high, 1e6) * 0.999, True), (high * 1.001, False),
        ):  # fmt: skip
            if not math.isfinite(weight):
                continue
            weights = {"shortfall": 1.0, "distance": 1.0, name: weight}
            share = weights["distance"] / sum(weights.values())
            there = solved_at(share).run.x
            assert np.allclose(there, shown, atol=1e-5) == same, (name, weight)
    assert scenario.name == EHPAD


def test_a_later_priority_chooses_among_the_plans_left() -> None:
    # spend at priority 2 takes the places nobody needs out of every plan
    later = "objectives.thrift={kind: spend, normalise: none, priority: 2}"
    answer = weights_study(prepared(EHPAD, DISTANCE, later), BETWEEN)
    last = list(answer.tables["breakpoints"].records())[-1]
    sets = [DISTANCE, later, "objectives.shortfall.weight=0.1", "objectives.distance.weight=0.9"]
    found = solve_instance(load(EHPAD, (), sets).instance, "there", prices=False)
    assert isinstance(found, Success)
    assert last["thrift"] == pytest.approx(found.run.plan.credits.sum(), rel=1e-9)


def test_an_earlier_priority_keeps_its_optimum() -> None:
    first = "objectives.first={kind: worst, indicator: ehpad_rate, level: region, priority: 1}"
    sets = [DISTANCE, first, "objectives.shortfall.priority=2", "objectives.distance.priority=2"]
    answer = weights_study(prepared(EHPAD, *sets), BETWEEN)
    worst = answer.tables["breakpoints"].column("first")
    assert worst == pytest.approx([72.8107] * len(worst), rel=1e-6)
    assert answer.facts["priority"] == 2


def test_the_same_table_whatever_the_order_of_the_weights() -> None:
    other = Between(
        start=read_weights("distance=0,shortfall=1", "--from"),
        end=read_weights("distance=1", "--to"),
    )
    scenario = prepared(EHPAD, DISTANCE)
    one, two = weights_study(scenario, BETWEEN), weights_study(scenario, other)
    assert one.tables == two.tables


def test_an_objective_that_weighs_nothing_is_not_spoken_of() -> None:
    idle = "objectives.thrift={kind: spend, weight: 0, normalise: none}"
    answer = weights_study(prepared(EHPAD, DISTANCE, idle), BETWEEN)
    assert answer.tables["stability"].column("objective") == ["distance", "shortfall"]
    assert "thrift" in answer.tables["breakpoints"].columns


def test_breakpoints_without_plans(studied, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN001
    scenario, full = studied
    monkeypatch.setattr("perequa.studies.plans.MOST_PLANS", 2)
    short = weights_study(scenario, BETWEEN)
    assert list(short.tables) == ["breakpoints", "stability"]
    assert "Plans are left out: there are 3." in text_of(short)
    for row, other in zip(
        short.tables["breakpoints"].rows, full.tables["breakpoints"].rows, strict=True
    ):
        assert row == pytest.approx(other, rel=1e-9)
    assert "gains" in weights_study(scenario, BETWEEN, publish=True).tables
    assert "gains" not in weights_study(scenario, BETWEEN, publish=False).tables


def test_a_plan_that_is_not_proven_is_left_out_with_the_reason(
    studied,  # noqa: ANN001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario, full = studied

    def fail(*_: object) -> None:
        raise NotProven("lost in rounding")

    monkeypatch.setattr("perequa.studies.weights._published", fail)
    short = weights_study(scenario, BETWEEN)
    assert "Plans are left out: one is not proven (lost in rounding)." in text_of(short)
    left = {"why": "not_proven", "error": "lost in rounding"}
    assert short.facts["plans_left_out"] == left
    assert len(short.tables["breakpoints"].rows) == len(full.tables["breakpoints"].rows)
    with pytest.raises(NotProven):
        weights_study(scenario, BETWEEN, publish=True)
