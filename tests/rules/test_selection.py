from __future__ import annotations

from typing import Any

import pytest
from golden import check_golden
from selecting import Selecting, moves, taken, told

from perequa.interpret.run import Failure
from perequa.pipeline import solve_instance

ROWS: tuple[dict[str, Any], ...] = (
    {"project": "a", "region": "1", "merit": 5.0, "places": 10},
    {"project": "b", "region": "1", "merit": 4.0, "places": 10},
    {"project": "c", "region": "1", "merit": 3.0, "places": 10},
    {"project": "d", "region": "2", "merit": 1.0, "places": 10},
)


def case(**rules: dict[str, Any]) -> Selecting:
    """Places cost 1 000 each: a project of ten costs 10 000."""
    two = {"kind": "selection", "by": "region", "at_most": 2}
    return Selecting(rows=ROWS, rules={"two": two} | rules, order={}, sections={})


def check_price(selecting: Selecting, row: str, plus: int) -> float:
    """What one more or one less is worth, by ``one_more.csv`` and by the rule written otherwise."""
    found = selecting.solved()
    limit = next(m["limit"] for m in moves(found) if m["row"] == row)
    line = next(m for m in moves(found) if m["row"] == row and m["moved_limit"] == limit + plus)
    rule, territory, *_ = row.split("/")
    moved = selecting.rules[rule] | {"adjust": [{"territory": territory, "plus": plus}]}
    again = Selecting(
        rows=selecting.rows,
        rules=selecting.rules | {rule: moved},
        order=selecting.order,
        sections=selecting.sections,
    ).solved()
    change = sum(p.merit for p in again.run.instance.projects if p.code in taken(found)) - sum(
        p.merit for p in again.run.instance.projects if p.code in taken(again)
    )
    assert line["change"] == pytest.approx(change)
    return float(line["change"])


def test_hand_solved_two_a_region_leaves_the_third_out() -> None:
    found = case().solved()
    assert taken(found) == {"a", "b", "d"}
    third = told(found)["c"]
    assert third["blocked_by"] == "two/region:1/-/2004/at_most"
    # c instead of b: 4 less 3
    assert third["missing_merit"] == pytest.approx(1)
    assert third["missing_credits"] is None


def test_price_of_one_more_project() -> None:
    assert check_price(case(), "two/region:1/-/2004/at_most", 1) == pytest.approx(-3)
    assert check_price(case(), "two/region:1/-/2004/at_most", -1) == pytest.approx(4)


def test_a_group_without_projects_has_no_row() -> None:
    rows = [str(key) for key in case().solved().run.program.row_keys]
    assert not [row for row in rows if "region:3" in row and row.startswith("two/")]


def test_projects_are_whole_where_money_would_pay_a_part() -> None:
    # 19 999 pays one project whole, and the second but for 1
    found = case(money={"kind": "envelope", "at_most": 19_999}).solved()
    assert taken(found) == {"a"}
    assert told(found)["b"]["missing_credits"] == pytest.approx(1)
    assert found.run.plan.credits.sum() == pytest.approx(10_000)


def test_places_and_credits_of_projects_count_in_every_rule() -> None:
    stock = {"kind": "cap", "in": "stock", "territories": ["region:1"], "year": 2004, "at_most": 10}
    assert taken(case(stock=stock).solved()) == {"a", "d"}
    floor = {"kind": "floor", "territories": ["region:2"], "at_least": 5}
    money = {"kind": "envelope", "at_most": 10_000}
    assert taken(case(money=money, floor=floor).solved()) == {"d"}


def test_too_many_asked_of_whole_projects_is_told_by_name() -> None:
    here = {"territories": ["region:2"], "measure": "home"}
    part = {"kind": "floor", "at_least": 5} | here
    most = {"kind": "cap", "at_most": 6} | here
    found = solve_instance(case(floor=part, most=most).instance(), "case")
    assert isinstance(found, Failure)
    (conflict,) = found.diagnosis.causes.conflicts
    keys = found.program.row_keys
    assert [getattr(keys[i], "rule", "") for i in conflict.rows] == ["floor", "most"]


def test_a_clash_of_parts_too_is_an_ordinary_one() -> None:
    asked = {"kind": "selection", "territories": ["region:2"], "at_least": 2}
    found = solve_instance(case(asked=asked).instance(), "case")
    assert isinstance(found, Failure)


def test_golden() -> None:
    check_golden(case().instance(), "rules/selection")
