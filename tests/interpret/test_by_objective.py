"""What a limit does to each objective, against the scenario solved again, and added up."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from pricing import Case
from small import FIGURES, GAP

from perequa.interpret.by_objective import by_objective_table
from perequa.running import run_scenario
from perequa.verification.verdict import verify_run
from perequa.weighting import objective_value

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.pipeline import Success

BOTH = Case(
    sections={
        "rules": {
            "envelope": {"kind": "envelope", "at_most": 400_000},
            "floor": {"kind": "floor", "territories": ["region:2"], "at_least": 30},
            "cap": {"kind": "cap", "by": "region", "at_most": {"column": "cap"}},
        },
        "objectives": {
            "gap": GAP | {"weighting": "territory", "weight": 0.7},
            "worst": GAP | {"kind": "worst", "weight": 0.3},
            "money": {"kind": "spend", "level": "region", "weight": 0, "normalise": "none"},
            "last": GAP | {"kind": "range", "priority": 2},
        },
    },
    figures=FIGURES | {"cap": {"region:1": 8, "region:2": 60}},
)


def effects(success: Success) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (str(line["row"]), str(line["objective"])): line
        for line in by_objective_table(success.run).records()
    }


def values(success: Success) -> dict[str, float]:
    run = success.run
    return {
        name: objective_value(run.instance, name, run.plan, run.reference)
        for name in run.weighting.names
    }


@pytest.mark.parametrize(
    ("rule", "row", "where", "step"),
    [
        ("envelope", "envelope/-/home/2004/at_most", {}, 1000.0),
        ("floor", "floor/region:2/home/2004/at_least", {}, 0.01),
        ("cap", "cap/region:1/home/2004/at_most", {"territory": "region:1"}, 0.01),
    ],
)
def test_each_objective_moves_as_solving_again_shows(
    rule: str, row: str, where: dict[str, Any], step: float
) -> None:
    case = BOTH.with_rules(cap=None) if rule == "floor" else BOTH
    success = case.solved()
    told, here = effects(success), values(success)
    for sign, side in ((1, "effect_of_one_more"), (-1, "effect_of_one_less")):
        there = values(case.solved(rule, **where, plus=sign * step))
        for name, before in here.items():
            moved = (there[name] - before) / step
            assert told[row, name][side] == pytest.approx(moved, rel=1e-6, abs=1e-7), (name, side)


def test_an_objective_of_no_weight_is_told_too() -> None:
    line = effects(BOTH.solved())["envelope/-/home/2004/at_most", "money"]
    assert line["unit"] == "EUR"
    assert line["effect_of_one_more"] == pytest.approx(1.0)


SHIPPED = ("ehpad-2004-rule", "ssiad-2004", "scm-ssad-1998", "dominic-2004")


@pytest.mark.parametrize("name", SHIPPED)
def test_effects_add_up_to_the_price(name: str, tmp_path: Path) -> None:
    run = run_scenario(name, lambda column: tmp_path / column)
    assert run.folder is not None
    verdict = verify_run(run.folder)
    assert verdict.holds
    prices = {(r["row"], r["priority"]): r for r in run.tables["shadow_prices"].records()}
    weights = {r["objective"]: r["weight"] for r in run.tables["objectives"].records()}
    initial = {r["objective"]: r["initial_value"] for r in run.tables["objectives"].records()}
    sums: dict[tuple[Any, Any, str], float] = {}
    count: dict[Any, int] = {}
    for line in run.tables["objectives"].records():
        count[line["priority"]] = count.get(line["priority"], 0) + 1
    for line in run.tables["prices_by_objective"].records():
        # alone in its priority an objective counts in its own unit, else as a share of its gap
        one = count[line["priority"]] == 1
        weight = (
            1.0 if one else float(weights[line["objective"]]) / float(initial[line["objective"]])
        )  # type: ignore[arg-type]
        for side in ("effect_of_one_more", "effect_of_one_less"):
            key = (line["row"], line["priority"], side)
            sums[key] = sums.get(key, 0.0) + weight * float(line[side])  # type: ignore[arg-type]
    assert sums
    for (row, priority, side), total in sums.items():
        price = float(prices[row, priority][side])  # type: ignore[arg-type]
        assert total == price if math.isinf(price) else total == pytest.approx(price, abs=1e-12)


def test_a_changed_effect_does_not_verify(tmp_path: Path) -> None:
    run = run_scenario("ssiad-2004", lambda column: tmp_path / column)
    assert run.folder is not None
    path = run.folder / "prices_by_objective.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    at = lines[0].index("effect_of_one_more")
    lines[1][at] = repr(float(lines[1][at]) * (1 + 1e-6))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(lines)
    manifest = run.folder / "manifest.json"
    sealed = json.loads(manifest.read_text(encoding="utf-8"))
    sealed["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(sealed), encoding="utf-8")
    wrong = [c for c in verify_run(run.folder).checks if c.verdict == "wrong"]
    assert [c.name for c in wrong] == ["prices"]
    assert "added up by the weights" in str(wrong[0].disagreements[0])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_plan_published_by_steps_tells_what_all_optimal_plans_share(
    name: str, tmp_path: Path
) -> None:
    exact, steps = (
        run_scenario(
            name,
            lambda column, m=method: tmp_path / m / column,
            sets=[f"tie_break.method={method}"],
        )
        for method in ("exact", "stepped")
    )
    known = {
        (line["row"], line["objective"]): line
        for line in exact.tables["prices_by_objective"].records()
    }
    compared = 0
    for line in steps.tables["prices_by_objective"].records():
        other = known.get((line["row"], line["objective"]))
        if other is None or line["unique"] is not True:
            continue
        for side in ("effect_of_one_more", "effect_of_one_less"):
            assert line[side] == pytest.approx(other[side], rel=1e-9, abs=1e-12)
            compared += 1
    assert compared > 5
    assert steps.folder is not None
    assert verify_run(steps.folder).holds
