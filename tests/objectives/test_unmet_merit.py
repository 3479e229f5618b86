from __future__ import annotations

from typing import Any

import pytest
from golden import check_golden
from selecting import Selecting, moves, taken, told

MONEY = {"money": {"kind": "envelope", "at_most": 20_000.0}}
MAS_FDT = {
    "merit": {"ratio": ["young_adults", "installed_places"], "divided_by": "regional_rate"},
    "prefer": [
        {"column": "measure", "order": ["fdt", "home"]},
        {"column": "operation", "order": ["extension", "creation"]},
    ],
}


def case(rows: list[dict[str, Any]], order: dict[str, Any] | None = None) -> Selecting:
    return Selecting(rows=tuple(rows), rules=dict(MONEY), order=order or {}, sections={})


def project(code: str, merit: float, **cells: Any) -> dict[str, Any]:
    return {"project": code, "merit": merit, "cost": 10_000.0} | cells


def test_hand_solved_the_greatest_sum_of_merit_is_taken() -> None:
    # 20 000 pay a alone (9), or b and c (5 + 5)
    found = case([project("a", 9, cost=20_000.0), project("b", 5), project("c", 5)]).solved()
    assert taken(found) == {"b", "c"}
    assert found.run.stages[0].cost @ found.run.published.plan == pytest.approx(-10)
    lost = told(found)["a"]
    assert lost["missing_merit"] == pytest.approx(1)
    # with 10 000 more, a and b make 14
    assert lost["missing_credits"] == pytest.approx(10_000)


def check_price(selecting: Selecting, rule: str, plus: float) -> float:
    """The change that ``one_more.csv`` prints, and the difference of two solves of this test."""
    found = selecting.solved()
    limit = selecting.rules[rule]["at_most"]
    line = next(m for m in moves(found) if m["moved_limit"] == limit + plus)
    merit = {p.code: p.merit for p in found.run.instance.projects}
    there = taken(selecting.with_limit(rule, limit + plus).solved())
    change = sum(merit[c] for c in taken(found)) - sum(merit[c] for c in there)
    assert line["change"] == pytest.approx(change)
    return float(line["change"])


def test_price_of_an_envelope_is_the_difference_of_two_choices() -> None:
    rows = [project("a", 9, cost=120_000.0), project("b", 5), project("c", 4)]
    # 100 000 more pay a beside what stands there already
    assert check_price(case(rows), "money", 100_000.0) == pytest.approx(0)
    assert check_price(case([*rows, project("d", 2)]), "money", 100_000.0) == pytest.approx(-2)


def test_first_class_goes_before_any_merit() -> None:
    rows = [project("a", 100, none_here="no"), project("b", 1, none_here="yes")]
    rows += [project("c", 2, none_here="yes")]
    found = case(rows, {"first": {"column": "none_here"}}).solved()
    assert taken(found) == {"b", "c"}
    assert told(found)["a"]["lost_at"] == "first 1"


def test_classes_are_served_in_turn() -> None:
    rows = [project("a", 9, rank=0), project("b", 1, rank=2), project("c", 2, rank=1)]
    assert taken(case(rows, {"first": {"column": "rank"}}).solved()) == {"b", "c"}


def mas_fdt(code: str, measure: str, operation: str, **cells: Any) -> dict[str, Any]:
    """Ten young adults kept among children by ten places, in a region at a rate of 0.5."""
    figures = {"young_adults": 10, "installed_places": 10, "regional_rate": 0.5}
    named = {"project": code, "measure": measure, "operation": operation, "cost": 20_000.0}
    return named | figures | cells


def test_the_double_criterion_puts_need_over_places_over_the_regional_rate() -> None:
    rows = [
        mas_fdt("a", "home", "extension"),  # 10/10/0.5 = 2
        mas_fdt("b", "home", "creation", regional_rate=0.4),  # 2.5: the region is less equipped
        mas_fdt("c", "home", "creation", young_adults=12),  # 2.4
    ]
    found = case(rows, MAS_FDT).solved()
    assert taken(found) == {"b"}
    assert [told(found)[c]["merit"] for c in "abc"] == pytest.approx([2, 2.5, 2.4])
    assert told(found)["c"]["missing_merit"] == pytest.approx(0.1)


def test_at_equal_merit_fdt_goes_before_mas_and_extension_before_creation() -> None:
    # here `home` stands for MAS
    rows = [mas_fdt("a", "home", "extension"), mas_fdt("b", "fdt", "creation")]
    found = case(rows, MAS_FDT).solved()
    assert taken(found) == {"b"}
    assert told(found)["a"]["lost_at"] == "prefer measure=fdt"
    rows = [mas_fdt("a", "fdt", "creation"), mas_fdt("b", "fdt", "extension")]
    found = case(rows, MAS_FDT).solved()
    assert taken(found) == {"b"}
    assert told(found)["a"]["lost_at"] == "prefer operation=extension"
    # but merit goes before either
    rows = [mas_fdt("a", "home", "creation", young_adults=11), mas_fdt("b", "fdt", "extension")]
    assert taken(case(rows, MAS_FDT).solved()) == {"a"}


def test_what_still_ties_goes_by_code_and_says_so() -> None:
    found = case([project(c, 3, cost=20_000.0) for c in ("z", "y", "x")]).solved()
    assert taken(found) == {"x"}
    assert told(found)["y"]["lost_at"] == "code"
    assert "order of the codes" in told(found)["y"]["statement"]


def test_only_the_share_of_the_envelope_is_charged_and_only_the_months_of_the_year() -> None:
    rows = [project("a", 1, cost=30_000.0, cofinanced=0.5, opening_months=4)]
    found = case(rows).solved()
    assert found.run.plan.credits.sum() == pytest.approx(5_000)
    assert found.run.plan.due_after.sum() == pytest.approx(10_000)


def test_groups_and_requirements_hold() -> None:
    rows = [
        project("a", 5, group="site"),
        project("b", 4, group="site"),
        project("c", 3, requires="b"),
        project("d", 1),
    ]
    # a and d make 6; b and c make 7
    assert taken(case(rows).solved()) == {"b", "c"}


def test_without_merit_each_project_counts_for_one() -> None:
    rows = [project("a", 1, cost=20_000.0), project("b", 1), project("c", 1)]
    found = Selecting(
        rows=tuple(rows), rules=dict(MONEY), order={"merit": None}, sections={}
    ).solved()
    assert taken(found) == {"b", "c"}
    assert found.run.weighting.units == ("project",)


def test_the_order_of_service_is_kept_where_no_objective_counts_merit() -> None:
    spend = {"thrift": {"kind": "spend", "normalise": "none", "priority": 2}}
    floor = {"floor": {"kind": "selection", "at_least": 2}}
    rows = [project("a", 2), project("b", 3), project("c", 4)]
    thrifty = Selecting(
        rows=tuple(rows), rules=MONEY | floor, order={}, sections={}, objectives=spend
    )
    # spending is the same for any two: the greatest merit decides after it
    assert taken(thrifty.solved()) == {"b", "c"}


def test_golden() -> None:
    rows = [project("a", 5, cofinanced=0.2, opening_months=4), project("b", 3, requires="a")]
    check_golden(case(rows, {"first": {"column": "merit"}}).instance(), "objectives/unmet_merit")
