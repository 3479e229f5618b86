"""The choice of projects against every selection tried, on small instances drawn at random."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from selecting import Selecting, by_enumeration, moves, taken, told

if TYPE_CHECKING:
    from collections.abc import Callable

PREFER = [("measure", "fdt"), ("operation", "extension")]
ORDER: dict[str, Any] = {
    "first": {"column": "first"},
    "prefer": [
        {"column": "measure", "order": ["fdt"]},
        {"column": "operation", "order": ["extension"]},
    ],
}


def drawn(seed: int) -> Selecting:
    """Seven projects with few merits and costs, so that many selections tie."""
    draw = random.Random(seed)
    rows = []
    for i in range(7):
        row = {
            "project": f"p{i}",
            "region": draw.choice("123"),
            "measure": draw.choice(["home", "fdt"]),
            "operation": draw.choice(["creation", "extension"]),
            "cost": float(draw.choice([300, 400, 500, 700])),
            "cofinanced": draw.choice([0.0, 0.2]),
            "merit": float(draw.choice([1, 2, 2, 3])),
            "first": draw.choice(["yes", "no"]),
        }
        if draw.random() < 0.3:
            row["group"] = draw.choice("ab")
        if i and draw.random() < 0.2:
            row["requires"] = f"p{draw.randrange(i)}"
        rows.append(row)
    return Selecting(
        rows=tuple(rows),
        rules={
            "money": {"kind": "envelope", "at_most": float(draw.choice([900, 1300, 1700]))},
            "few": {"kind": "selection", "by": "region", "at_most": draw.choice([1, 2])},
        },
        order=ORDER,
        sections={},
    )


def kept(case: Selecting, extra: float = 0.0, **few: int) -> Callable[[list[dict[str, Any]]], bool]:
    money = case.rules["money"]["at_most"] + extra
    most = case.rules["few"]["at_most"]

    def possible(some: list[dict[str, Any]]) -> bool:
        spent = sum(row["cost"] * (1.0 - row["cofinanced"]) for row in some)
        regions = [row["region"] for row in some]
        each = all(regions.count(r) <= few.get(f"r{r}", most) for r in "123")
        return spent <= money + 1e-6 and each

    return possible


@pytest.mark.parametrize("seed", range(12))
def test_the_projects_taken_are_those_of_enumeration(seed: int) -> None:
    case = drawn(seed)
    found = case.solved()
    wanted = by_enumeration(case.rows, kept(case), PREFER)
    assert wanted is not None
    assert taken(found) == wanted[1]
    assert found.run.choice is not None
    assert all(found.run.choice.selected.proven)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_missing_is_what_enumeration_says(seed: int) -> None:
    case = drawn(seed)
    found = case.solved()
    best = by_enumeration(case.rows, kept(case), PREFER)
    assert best is not None
    sums = sorted({round(s, 6) for s in subset_costs(case)})
    for code, line in told(found).items():
        if line["taken"]:
            continue
        forced = by_enumeration(case.rows, kept(case), PREFER, forced=code)
        if forced is None:
            assert line["lost_at"] == "rules"
            assert line["missing_merit"] is None
        elif forced[0][0] > best[0][0]:
            assert line["lost_at"] == "first 1"
            assert line["missing_merit"] is None
        else:
            lacks = forced[0][1] - best[0][1]
            assert line["missing_merit"] == pytest.approx(lacks, abs=1e-6)
        limit = case.rules["money"]["at_most"]
        enough = [s - limit for s in sums if s > limit]
        least = next((e for e in enough if code in chosen_with(case, e)), None)
        if least is None:
            assert line["missing_credits"] is None
        else:
            assert line["missing_credits"] == pytest.approx(least, abs=1e-3)
            assert line["missing_credits_are"] == "least"


def chosen_with(case: Selecting, extra: float) -> set[str]:
    best = by_enumeration(case.rows, kept(case, extra), PREFER)
    assert best is not None
    return best[1]


def subset_costs(case: Selecting) -> list[float]:
    sums = [0.0]
    for row in case.rows:
        own = row["cost"] * (1.0 - row["cofinanced"])
        sums += [s + own for s in sums]
    return sums


@pytest.mark.parametrize("seed", range(4))
def test_one_more_of_a_limit_is_worth_what_enumeration_says(seed: int) -> None:
    case = drawn(seed)
    found = case.solved()
    best = by_enumeration(case.rows, kept(case), PREFER)
    assert best is not None
    seen = 0
    for line in moves(found):
        moved = dict[str, Any]()
        extra = 0.0
        if line["rule"] == "few":
            moved = {f"r{line['territory']}": int(line["moved_limit"])}
        else:
            extra = line["moved_limit"] - line["limit"]
        then = by_enumeration(case.rows, kept(case, extra, **moved), PREFER)
        assert then is not None
        assert line["possible"] is True
        assert line["change"] == pytest.approx(then[0][1] - best[0][1], abs=1e-6)
        coming = set(filter(None, line["projects_in"].split(";")))
        going = set(filter(None, line["projects_out"].split(";")))
        assert coming == then[1] - best[1]
        assert going == best[1] - then[1]
        seen += 1
    assert seen


def test_the_order_of_the_rows_changes_nothing() -> None:
    case = drawn(3)
    wanted = taken(case.solved())
    turned = Selecting(rows=case.rows[::-1], rules=case.rules, order=case.order, sections={})
    assert taken(turned.solved()) == wanted
