from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from golden import check_golden
from objectives import check_value, initial_value
from pricing import Case, check_price
from scipy.optimize import linprog
from small import small

from perequa import ranked_program
from perequa.checks import InvalidInput, load
from perequa.weighting import objective_value
from perequa_models.errors import InvalidScenario
from perequa_models.objectives import gini
from perequa_models.quantities import Quantities

HANDED = "handed/-/home/2004/at_most"
POP = [1000, 2000, 500, 1500]
INSTALLED = [10, 60, 5, 45]
CAPS = [15, 20, 12, 18]
WEIGHTINGS = ["territory", "population"]


@pytest.fixture(autouse=True, params=[0, ranked_program.EVERY_PAIR_UP_TO])
def up_to(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs written as they are needed, and all from the start."""
    monkeypatch.setattr(ranked_program, "EVERY_PAIR_UP_TO", request.param)


def case(at_most: float = 10, **options: object) -> Case:
    """Rates 1 and 3, in the country 7/3: a point is 10 places in region 1 and 20 in region 2."""
    objective = {"kind": "gini", "indicator": "rate", "level": "region"}
    rules = {"handed": {"kind": "contingent", "year": 2004, "at_most": at_most}}
    return small(rules).with_sections(objectives={"it": objective | options})


def four(at_least: float = 40, **options: object) -> Case:
    """Four regions at 1, 3, 1 and 3 that must be given places, capped, one with a floor."""
    columns = {"pop": POP, "installed": INSTALLED, "cap": CAPS}
    figures = {
        name: {f"region:{i + 1}": v for i, v in enumerate(values)}
        for name, values in columns.items()
    }
    rules = {
        "handed": {"kind": "contingent", "year": 2004, "at_least": at_least},
        "cap": {"kind": "cap", "by": "region", "at_most": {"column": "cap"}},
        "floor": {"kind": "floor", "territories": ["region:4"], "at_least": 6},
    }
    return Case(sections=case(**options).sections, figures=figures).with_sections(rules=rules)


def shares(weighting: str) -> np.ndarray:
    """By the definition of the option."""
    return np.array(POP) / sum(POP) if weighting == "population" else np.full(4, 0.25)


def by_pairs(rates: np.ndarray, share: np.ndarray, before: float) -> float:
    """The definition, one pair after another."""
    total = 0.0
    for s in range(len(rates)):
        for t in range(len(rates)):
            total += share[s] * share[t] * abs(rates[s] - rates[t])
    return total / (2 * before)


def least_by_orders(weighting: str, at_least: float) -> float:
    """Least index by scipy, the index being the greatest of one sum for every order."""
    people, share = np.array(POP) / 100, shares(weighting)
    before = sum(INSTALLED) / people.sum()
    rows, right = [], []
    for order in permutations(range(4)):
        # Σ over pairs of v_s v_t (the later less the earlier): how often each rate counts
        weight = np.zeros(4)
        for i, t in enumerate(order):
            weight[t] = share[t] * (
                sum(share[s] for s in order[:i]) - sum(share[s] for s in order[i + 1 :])
            )
        weight /= before
        rows.append([*(weight / people), -1.0])
        right.append(-float(weight @ (np.array(INSTALLED) / people)))
    rows.append([-1.0] * 4 + [0.0])
    right.append(-at_least)
    bounds = [(0, c) for c in CAPS[:3]] + [(6, CAPS[3]), (None, None)]
    return float(linprog([0, 0, 0, 0, 1], A_ub=rows, b_ub=right, bounds=bounds).fun)


def test_hand_solved_places_go_to_the_lower_rate() -> None:
    # 10 places bring region 1 to 2, against 3: a quarter of one point, over 7/3
    plan = check_value(case(), 3 / 28)
    assert plan == pytest.approx({"region:1/home/2004": 10, "region:2/home/2004": 0})
    assert initial_value(case()) == pytest.approx(3 / 14)
    price = check_price(case(), HANDED)
    assert (price.more, price.less) == pytest.approx((-3 / 280, 3 / 280))


def test_hand_solved_by_population_shares_are_a_third_and_two() -> None:
    # shares of 1/3 and 2/3: two ninths of one point, over 7/3
    check_value(case(weighting="population"), 2 / 21)
    price = check_price(case(weighting="population"), HANDED)
    assert (price.more, price.less) == pytest.approx((-2 / 210, 2 / 210))


def test_price_where_the_rates_meet_has_two_sides() -> None:
    check_value(case(20), 0)
    price = check_price(case(20), HANDED)
    assert (price.more, price.less) == pytest.approx((0, 3 / 280))


def test_what_would_widen_the_gap_stays_unused() -> None:
    capped = case(50).with_rules(cap={"kind": "cap", "territories": ["region:1"], "at_most": 5})
    plan = check_value(capped, 0.25 * 1.5 * 3 / 7)
    assert plan == pytest.approx({"region:1/home/2004": 5, "region:2/home/2004": 0})
    assert check_price(capped, HANDED).more == 0


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("at_least", [0.0, 27.0, 40.0, 55.5])
def test_optimum_is_that_of_the_greatest_sum_over_all_orders(
    at_least: float, weighting: str
) -> None:
    drawn = four(at_least, weighting=weighting)
    check_value(drawn, least_by_orders(weighting, at_least))
    for row in ("handed/-/home/2004/at_least", "cap/region:1/home/2004/at_most"):
        check_price(drawn, row)
    price = check_price(drawn, "floor/region:4/home/2004/at_least")
    assert price.more + price.less >= 0


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_value_by_definition_is_one_pair_after_another(weighting: str) -> None:
    solved = four(weighting=weighting).solved().run
    rng = np.random.default_rng(4)
    for places in rng.uniform(0, 40, (5, 4)):
        plan = Quantities(solved.instance, places.reshape(solved.instance.shape))
        rates = 100 * (np.array(INSTALLED) + places) / np.array(POP)
        expected = by_pairs(rates, shares(weighting), 100 * sum(INSTALLED) / sum(POP))
        found = objective_value(solved.instance, "it", plan, solved.reference)
        assert found == pytest.approx(expected, rel=1e-12)


def test_some_territories_compared_share_among_themselves() -> None:
    # regions 1 and 2 alone, over the rate of all four: 120 places for 5 000 people
    two = four(territories=["region:1", "region:2"], at_least=0)
    assert initial_value(two) == pytest.approx(0.25 * 2 / 2.4)


def test_one_territory_has_no_inequality() -> None:
    check_value(case(territories=["region:1"]), 0)


def test_all_years_are_the_mean_of_the_years() -> None:
    both = case(10, years="all").with_sections(years=[2004, 2005])
    both = both.with_rules(later={"kind": "contingent", "year": 2005, "at_most": 10})
    check_value(both, (3 / 28 + 0) / 2)
    assert check_price(both, HANDED).more == pytest.approx(-3 / 560)


def test_no_national_rate_before_is_refused() -> None:
    empty = small({}, {"installed": {"region:1": 0, "region:2": 0}})
    empty = empty.with_sections(objectives=case().sections["objectives"])
    with pytest.raises(InvalidScenario) as raised:
        empty.solved()
    (problem,) = raised.value.problems
    assert problem.code == "nothing_to_divide_by"
    assert problem.path == ("objectives", "it", "indicator")


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gini, "MOST_PAIRS", 6)
    four().solved()
    monkeypatch.setattr(gini, "MOST_PAIRS", 5)
    with pytest.raises(InvalidScenario) as raised:
        four().solved()
    (problem,) = raised.value.problems
    assert (problem.received, problem.accepted) == ("6 pairs", "at most 5 pairs")


def test_validate_tells_it_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gini, "MOST_PAIRS", 152)
    stated = "objectives.it={kind: gini, indicator: ehpad_rate, level: region, priority: 2}"
    with pytest.raises(InvalidInput) as raised:
        load("ehpad-2004-rule", (), [stated])
    (finding,) = raised.value.findings
    assert (finding.code, finding.received) == ("too_many_pairs", "153 pairs")
    assert finding.file == f"--set {stated}"


def test_golden() -> None:
    check_golden(four(weighting="population").instance(), "objectives/gini")
