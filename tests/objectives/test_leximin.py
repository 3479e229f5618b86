from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from build import instance, scenario
from golden import check_golden
from objectives import check_value
from pricing import Case, check_price
from pydantic import ValidationError
from scipy.optimize import linprog
from small import FIGURES, small

from perequa.checks.plausibility import check_scenario
from perequa.cli import main
from perequa.interpret.rules import prices_table
from perequa.pipeline import Success, solve_instance
from perequa.words import words_in
from perequa_models.levels import in_levels, left_to_the_next, next_leximin
from perequa_models.problems import Problems

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.interpret.run import Solved
    from perequa_models.instance import Instance

HANDED = "handed/-/home/2004/at_most"
IT = {"kind": "leximin", "indicator": "rate", "level": "region", "target": 5.0}


def case(at_most: float = 30, **rules: Any) -> Case:
    """Region 1 misses four points (ten places each), region 2 two (twenty places each)."""
    handed = {"kind": "contingent", "year": 2004, "at_most": at_most}
    return small({"handed": handed, **rules}).with_sections(objectives={"it": IT})


def solved(made: Instance) -> Solved:
    found = solve_instance(made, "case", prices=False)
    assert isinstance(found, Success)
    return found.run


def test_hand_solved_helps_the_worst_off_until_it_meets_the_next() -> None:
    # 20 places bring region 1 to two points, like region 2; 30 more close a point in both
    plan = check_value(case(20), 2)
    assert plan == pytest.approx({"region:1/home/2004": 20, "region:2/home/2004": 0})
    plan = check_value(case(50), 1)
    assert plan == pytest.approx({"region:1/home/2004": 30, "region:2/home/2004": 20})
    price = check_price(case(50), HANDED)
    assert (price.more, price.less) == pytest.approx((-1 / 30, 1 / 30))
    price = check_price(case(20), HANDED)
    assert (price.more, price.less) == pytest.approx((-1 / 30, 0.1))


def test_hand_solved_goes_on_where_the_worst_off_is_held() -> None:
    # region 1 may get ten places: it keeps three points; the other forty close region 2's gap
    held = {"kind": "cap", "territories": ["region:1"], "at_most": 10}
    run = solved(case(50, held=held).instance())
    assert run.instance.levels["it"] == (("region:1",), ("region:2",))
    levels = [
        (o.priority, o.territories) for _, o in sorted(run.instance.scenario.objectives.items())
    ]
    assert levels == [(1, None), (2, ("region:2",))]
    assert run.x.ravel().tolist() == pytest.approx([10, 40])
    # a minimax alone would have left the forty places where the tie-break puts them
    assert [stage.priority for stage in run.stages] == [1, 2]


def test_later_objectives_make_room_for_the_levels() -> None:
    held = {"kind": "cap", "territories": ["region:1"], "at_most": 10}
    after = {"kind": "spend", "priority": 2, "normalise": "none"}
    made = case(50, held=held).with_sections(objectives={"it": IT, "thrift": after})
    run = solved(made.instance())
    assert run.instance.scenario.objectives["thrift"].priority == 3


def by_partial_sums(run: Solved, target: float) -> list[float]:
    """Sorted shortfalls of the leximin, from the least sums of the k largest, for k = 1, 2, …

    Minimising these sums one after the other gives the same vector and needs no settling
    (W. Ogryczak and T. Śliwiński): k·h + Σ max(0, s − h) is the sum of the k largest.
    """
    program, cells = run.program, int(np.prod(run.instance.shape))
    rules = np.flatnonzero(program.is_rule)
    matrix = program.matrix.toarray()[rules][:, :cells]
    lower, upper = program.row_lower[rules], program.row_upper[rules]
    indicator = run.instance.indicators["rate"]
    people, start = indicator.population[:, 0] / indicator.per, indicator.start[:, 0]
    n = len(people)
    # columns: x, shortfalls s, then h and n excesses for each k
    size = cells + n + n * (1 + n)
    rows: list[np.ndarray] = []
    right: list[float] = []

    def add(pairs: dict[int, float], most: float) -> None:
        row = np.zeros(size)
        for j, value in pairs.items():
            row[j] = value
        rows.append(row)
        right.append(most)

    for i, line in enumerate(matrix):
        if np.isfinite(upper[i]):
            add(dict(enumerate(line)), float(upper[i]))
        if np.isfinite(lower[i]):
            add(dict(enumerate(-line)), -float(lower[i]))
    for t in range(n):
        add({t: -1 / people[t], cells + t: -1.0}, float(start[t] / people[t] - target))
    at = [cells + n + k * (1 + n) for k in range(n)]
    for k, t in itertools.product(range(n), range(n)):
        add({cells + t: 1.0, at[k]: -1.0, at[k] + 1 + t: -1.0}, 0.0)
    sums = []
    for k in range(n):
        cost = np.zeros(size)
        cost[at[k]] = k + 1
        cost[at[k] + 1 : at[k] + 1 + n] = 1.0
        found = linprog(cost, A_ub=np.array(rows), b_ub=np.array(right), bounds=(0, None))
        assert found.status == 0, found.message
        sums.append(float(found.fun))
        rows.append(cost)
        right.append(float(found.fun) + 1e-9)
    return np.diff([0.0, *sums]).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_against_least_sums_of_the_largest(seed: int) -> None:
    draw = np.random.default_rng([11, seed])
    n = 6
    codes = [f"region:{i}" for i in range(n)]
    people = draw.integers(2, 30, n) * 100.0
    figures = {
        "pop": dict(zip(codes, people.tolist(), strict=True)),
        "installed": dict(zip(codes, draw.integers(0, 60, n).tolist(), strict=True)),
        "cap": dict(zip(codes, draw.integers(1, 30, n).tolist(), strict=True)),
        "floor": dict(zip(codes, draw.integers(0, 2, n).tolist(), strict=True)),
    }
    rules = {
        "handed": {"kind": "contingent", "at_most": int(draw.integers(20, 90))},
        "cap": {"kind": "cap", "by": "territory", "at_most": {"column": "cap"}},
        "floor": {"kind": "floor", "by": "territory", "at_least": {"column": "floor"}},
        "half": {"kind": "cap", "territories": codes[:3], "at_most": int(draw.integers(5, 40))},
    }
    run = solved(instance(scenario(rules=rules, objectives={"it": IT}), figures))
    indicator = run.instance.indicators["rate"]
    rate = run.plan.numerator(indicator, run.instance.nodes)[:, 0] * indicator.per
    shortfall = np.maximum(5.0 - rate / indicator.population[:, 0], 0.0)
    found = sorted(shortfall, reverse=True)
    assert found == pytest.approx(by_partial_sums(run, 5.0), abs=1e-5)


def test_the_chain_of_a_network_shared_fairly() -> None:
    """One long flow and a short one on each of two links: the textbook case of max-min fairness.

    D. Bertsekas and R. Gallager, "Data Networks", 1992, section 6.5.2: the flow over both links is
    held by the narrower one, which it shares with the flow there; the other link's flow takes what
    is left. Capacities of 1 and 2 give ½, ½ and 1½.
    """
    flows = ["region:1", "region:2", "region:3"]
    figures: dict[str, dict[str, Any]] = {
        "pop": dict.fromkeys(flows, 1.0),
        "installed": dict.fromkeys(flows, 0),
    }
    rules = {
        "narrow": {"kind": "cap", "territories": flows[:2], "at_most": 1},
        "wide": {"kind": "cap", "territories": [flows[0], flows[2]], "at_most": 2},
    }
    it = IT | {"target": 1000.0}
    run = solved(instance(scenario(rules=rules, objectives={"it": it}), figures))
    assert run.x.ravel().tolist() == pytest.approx([0.5, 0.5, 1.5])
    assert run.instance.levels["it"] == (("region:1", "region:2"), ("region:3",))


def test_every_level_is_priced_like_the_chain_it_is() -> None:
    """The same chain written out as strict priorities has the same prices, level by level."""
    held = {"kind": "cap", "territories": ["region:1"], "at_most": 10}
    worst = {"kind": "worst", "indicator": "rate", "level": "region", "target": 5.0}
    chain = {
        "it": worst | {"priority": 1},
        "then": worst | {"priority": 2, "territories": ["region:2"]},
        "last": {"kind": "spend", "priority": 3, "weight": 0, "normalise": "none"},
    }
    found, expected = (
        [
            (r["row"], r["priority"], r["effect_of_one_more"], r["effect_of_one_less"])
            for r in prices_table(made.solved().run, words_in("en")).records()
        ]
        for made in (
            case(35, held=held),
            case(35, held=held).with_sections(objectives=chain),
        )
    )
    assert found == expected
    prices = {(row, priority): (more, less) for row, priority, more, less in found}
    # 25 of the 35 places go to region 2: one more closes a twentieth of a point, at level 2
    assert prices[HANDED, 1] == (0, 0)
    assert prices[HANDED, 2] == pytest.approx((-0.05, 0.05))


def test_a_leximin_that_shares_its_priority_is_refused() -> None:
    other = {"kind": "shortfall", "indicator": "rate", "level": "region"}
    problems = Problems()
    check_scenario(scenario(objectives={"it": IT, "gap": other}), problems)
    assert [p.code for p in problems.errors] == ["leximin_not_alone"]


def test_the_name_of_a_level_is_taken() -> None:
    other = {"kind": "shortfall", "indicator": "rate", "level": "region", "priority": 2}
    problems = Problems()
    check_scenario(scenario(objectives={"it": IT, "it_level_2": other}), problems)
    assert [p.code for p in problems.errors] == ["name_of_a_level"]


def test_years_are_not_mixed() -> None:
    with pytest.raises(ValidationError, match="drop years: all"):
        scenario(objectives={"it": IT | {"years": "all"}})


def test_a_study_is_refused(tmp_path: Path) -> None:
    arguments = ["sensitivity", "margins", "ehpad-2004-rule", "--within", "1%"]
    change = ["--set", "objectives.shortfall.kind=leximin", "-o", str(tmp_path / "margins")]
    assert main([*arguments, *change]) == 2
    assert not (tmp_path / "margins").exists()


def test_who_could_still_be_helped_is_left_to_the_next_level() -> None:
    settled = (("a", "b"), ("c",), ("d",))
    assert left_to_the_next(settled, [(0, "b")]) == (("a",), ("b", "c"), ("d",))
    assert left_to_the_next(settled, [(2, "d")]) == settled
    assert left_to_the_next((("a", "b"),), [(0, "b")]) == (("a",), ("b",))


def test_laid_out_once() -> None:
    made = case(50).instance()
    assert next_leximin(made) == "it"
    assert next_leximin(in_levels(made, "it", (("region:1",), ("region:2",)))) is None


def test_the_target_of_the_country_before_the_plan() -> None:
    it = {key: value for key, value in IT.items() if key != "target"}
    made = case(5).with_sections(objectives={"it": it})
    # 70 places for 3 000 people: region 1 misses 4/3 points, region 2 has more than it
    check_value(made, 4 / 3 - 0.5)
    assert FIGURES["pop"]["region:1"] == 1000


def test_golden() -> None:
    held = {"kind": "cap", "territories": ["region:1"], "at_most": 10}
    check_golden(case(50).instance(), "objectives/leximin")
    laid = in_levels(case(50, held=held).instance(), "it", (("region:1",), ("region:2",)))
    check_golden(laid, "objectives/leximin_levels")
