from __future__ import annotations

import cvxpy
import numpy as np
import pytest
from build import instance, scenario
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from small import small

from perequa.pipeline import Success, solve_instance

HANDED = "handed/-/home/2004/at_most"
EVEN = {"installed": {"region:1": 10, "region:2": 20}}
"""One place per 100 people in either region, four points under the target."""


def case(at_most: float = 30, **options: object) -> Case:
    objective = {"kind": "squared_gap", "indicator": "rate", "level": "region", "target": 5.0}
    rules = {"handed": {"kind": "contingent", "year": 2004, "at_most": at_most}}
    # four segments over gaps of four points: breakpoints at 1, 2, 3 and 4 points
    it = objective | {"segments": 4} | options
    return small(rules, EVEN).with_sections(objectives={"it": it})


def test_hand_solved_closes_both_gaps_alike() -> None:
    # ten places are a point in region 1, twenty in region 2: 10·3² + 20·3², from 30·4²
    plan = check_value(case(), 270)
    assert plan == pytest.approx({"region:1/home/2004": 10, "region:2/home/2004": 20})
    assert initial_value(case()) == pytest.approx(480)
    # the slope of the square at three points is 6 a place: 5 on the chord below, 7 above
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-5, 7))


def test_hand_solved_between_breakpoints_stands_on_the_chord() -> None:
    # 45 places leave 2.5 points: 6.5 on the chord from 4 to 9, where the square is 6.25
    check_value(case(45), 30 * 6.5)
    price = check_price(case(45), HANDED)
    assert (price.more, price.less) == pytest.approx((-5, 5))


def test_hand_solved_by_territory_serves_where_a_place_closes_most() -> None:
    # a place is 0.1 point in region 1, 0.05 in region 2: the least populated first, to 2 points,
    # where what its next point is worth (3 × 0.1) is less than region 2's first (7 × 0.05)
    plan = check_value(case(20, weighting="territory"), 2**2 + 4**2)
    assert plan == pytest.approx({"region:1/home/2004": 20, "region:2/home/2004": 0})
    price = check_price(case(20, weighting="territory"), HANDED)
    assert (price.more, price.less) == pytest.approx((-0.35, 0.5))


def test_places_above_the_target_are_squared_too() -> None:
    # 150 places reach 6 points, one above the target
    forced = case(150).with_rules(handed={"kind": "contingent", "year": 2004, "equals": 150})
    check_value(forced, 30)


def test_moving_target_and_all_years() -> None:
    both = case(30, target="national", years="all").with_sections(years=[2004, 2005])
    # both regions stand at the country's rate: no gap, whatever is handed out evenly
    check_value(both, 0)


@pytest.mark.parametrize("seed", range(6))
def test_within_the_stated_error_of_the_true_squares(seed: int) -> None:
    draw = np.random.default_rng([21, seed])
    codes = [f"region:{i}" for i in range(8)]
    people = draw.integers(20, 300, 8) * 100.0
    installed = np.round(people / 100 * draw.uniform(2, 7, 8))
    handed = float(np.round(0.05 * installed.sum()))
    cap = np.round(draw.uniform(0.02, 0.3, 8) * installed)
    spec = scenario(
        rules={
            "handed": {"kind": "contingent", "at_most": handed},
            "cap": {"kind": "cap", "by": "territory", "at_most": {"column": "cap"}},
        },
        objectives={
            "it": {"kind": "squared_gap", "indicator": "rate", "level": "region", "target": 5.0}
        },
    )
    figures = {
        "pop": dict(zip(codes, people.tolist(), strict=True)),
        "installed": dict(zip(codes, installed.tolist(), strict=True)),
        "cap": dict(zip(codes, cap.tolist(), strict=True)),
    }
    found = solve_instance(instance(spec, figures), "case", prices=False)
    assert isinstance(found, Success)
    weight, start = people / 100, 5.0 - installed / (people / 100)
    x = cvxpy.Variable(8, nonneg=True)
    gap = start - cvxpy.multiply(1 / weight, x)
    problem = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum(cvxpy.multiply(weight, cvxpy.square(gap)))),
        [cvxpy.sum(x) <= handed, x <= cap],
    )
    least = float(problem.solve(solver=cvxpy.CLARABEL))
    true = float(weight @ (start - found.run.x.ravel() / weight) ** 2)
    stated = float(weight @ start**2) / (4 * 20**2)
    assert least * (1 - 1e-7) <= true <= least + stated
    along = float(found.run.stages[0].cost @ found.run.stages[0].x)
    assert true - 1e-6 <= along <= true + stated


def test_golden() -> None:
    check_golden(case(weighting="territory", segments=2).instance(), "objectives/squared_gap")
