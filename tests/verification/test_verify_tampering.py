"""Every other check: one thing changed, the manifest made anew, the culprit named."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.verification.outcome import Disagreement

INPUTS, PLAN, OPTIMUM, UNIQUENESS, PRICES, RANGES, SENTENCES = range(2, 9)


def found(tiny: Any, folder: Path, number: int) -> tuple[Disagreement, ...]:
    tiny.seal(folder)
    verdict = verify_run(folder)
    assert verdict.checks[0].verdict == "ok"
    return next(check.disagreements for check in verdict.checks if check.number == number)


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "check", "culprit"),
    [
        ("allocation.csv", "A", "places", "2.500001", PLAN, "x/region:A/ssiad/2004"),
        ("allocation.csv", "B", "credits", "2500.1", PLAN, "x/region:B/ssiad/2004"),
        ("allocation.csv", "C", "installed_after", "66.0", PLAN, "x/region:C/ssiad/2004"),
        ("allocation.csv", "C", "withheld", "1.0", PLAN, "x/region:C/ssiad/2004"),
        ("allocation.csv", "C", "territory_name", "Cote", PLAN, "x/region:C/ssiad/2004"),
        ("totals.csv", "reserve", "places", "1.0", PLAN, "nation/reserve/kept/ssiad/2004"),
        ("totals.csv", "France", "credits", "6001.0", PLAN, "nation///ssiad/2004"),
        ("indicators.csv", "A", "after", "12.6", PLAN, "rate/region/A/2004"),
        ("indicators.csv", "nation", "gap_before", "1.0", PLAN, "rate/nation//2004"),
        ("equity.csv", "before", "gini", "0.2", PLAN, "rate/region/2004/before"),
        ("equity.csv", "after", "theil", "0.2", PLAN, "rate/region/2004/after"),
        ("equity.csv", "after", "mean_absolute_gap", "9.0", PLAN, "rate/region/2004/after"),
        ("equity.csv", "after", "below_target", "3", PLAN, "rate/region/2004/after"),
        ("objectives.csv", "missing", "value", "13.0", PLAN, "missing"),
        ("objectives.csv", "missing", "initial_value", "20.0", PLAN, "missing"),
        ("rules.csv", "contingent", "limit", "9.0", PLAN, "contingent/-/ssiad/2004/equals"),
        ("rules.csv", "kept", "activity", "1.0", PLAN, "kept/-/ssiad/2004/equals"),
        ("rules.csv", "kept", "binding", "false", PLAN, "kept/-/ssiad/2004/equals"),
        ("rules.csv", "cap/region:A/ssiad/2004/at_most", "slack", "1.0", PLAN, "cap/region:A"),
        ("inputs/supply.csv", "A", "installed", "11", INPUTS, "objectives.missing"),
        ("inputs/supply.csv", "B", "unfunded", "6", INPUTS, "cap/region:B/ssiad/2004/at_most"),
        ("inputs/territories.csv", "C", "pop", "2001", INPUTS, "x/region:C/ssiad/2004"),
        ("shadow_prices.csv", "floor", "effect_of_one_less", "-0.999999", PRICES, "floor/region:C"),
        ("shadow_prices.csv", "kept", "holds_up_to", "7.0", PRICES, "kept/-/ssiad/2004/equals"),
        ("shadow_prices.csv", "floor", "holds_up_to", "2.0", PRICES, "floor/region:C"),
        ("shadow_prices.csv", "floor", "effect_of_one_more", "5.0", PRICES, "floor/region:C"),
        ("shadow_prices.csv", "floor", "effect_per_100k_less", "-99.9", PRICES, "floor/region:C"),
        ("shadow_prices.csv", "floor", "effect_per_100k_more", "", PRICES, "floor/region:C"),
        ("shadow_prices.csv", "contingent", "unique", "false", PRICES, "contingent/-"),
        ("shadow_prices.csv", "contingent", "effect_of_one_more", "", PRICES, "contingent/-"),
        ("shadow_prices.csv", "contingent", "range", "exact", RANGES, "contingent/-"),
        ("shadow_prices.csv", "contingent", "statement", "Free money.", SENTENCES, "contingent/-"),
    ],
)
def test_changed_cell(
    tiny: Any, run: Path, table: str, row: str, column: str, value: str, check: int, culprit: str
) -> None:
    tiny.change_cell(run / table, row, column, value)
    wrong = found(tiny, run, check)
    assert any(culprit in f.row for f in wrong), [str(f) for f in wrong]
    if not table.startswith("inputs/"):
        assert {f.file for f in wrong} == {table}


@pytest.mark.parametrize(
    ("file", "name", "where", "value", "check", "culprit"),
    [
        ("program.npz", "row_limit", 1, 5.1, INPUTS, "cap/region:B/ssiad/2004/at_most"),
        ("program.npz", "row_upper", 1, 5.1, INPUTS, "cap/region:B/ssiad/2004/at_most"),
        ("program.npz", "a_data", 0, 1.001, INPUTS, "cap/region:A/ssiad/2004/at_most"),
        ("program.npz", "a_data", 6, 0.5, INPUTS, "contingent/-/ssiad/2004/equals"),
        ("program.npz", "a_data", 8, 1.1, INPUTS, "kept/-/ssiad/2004/equals"),
        ("program.npz", "row_lower", 6, 12.0, INPUTS, "objectives.missing"),
        ("program.npz", "objective_cost", (0, 4), 0.9, INPUTS, "objectives.missing"),
        ("program.npz", "stage_weight", (0, 0), 2.0, INPUTS, "objectives.missing"),
        ("program.npz", "tie_square", 2, 1.0, INPUTS, "x/region:C/ssiad/2004"),
        ("program.npz", "tie_linear", 0, 1.0, INPUTS, "x/region:A/ssiad/2004"),
        ("program.npz", "col_upper", 1, 3.0, INPUTS, "x/region:B/ssiad/2004"),
        ("program.npz", "row_is_rule", 2, False, INPUTS, "cap/region:C/ssiad/2004/at_most"),
        ("solution.npz", "plan", 0, 2.6, OPTIMUM, "contingent/-/ssiad/2004/equals"),
        ("solution.npz", "x", (0, 0), 4.1, OPTIMUM, "cap/region:A/ssiad/2004/at_most"),
        ("solution.npz", "y", (0, 4), -1.0, OPTIMUM, "priority 1, floor/region:C"),
        ("solution.npz", "y", (0, 3), -0.99, OPTIMUM, "priority 1"),
        ("solution.npz", "tie_y", 3, 4.9, UNIQUENESS, "x/region:A/ssiad/2004"),
        ("solution.npz", "tie_y", 1, -0.5, UNIQUENESS, "cap/region:B/ssiad/2004/at_most"),
        ("evidence.npz", "price", 6, -1.000001, PRICES, "contingent/-/ssiad/2004/equals"),
        ("evidence.npz", "chord_val", 0, -0.9, PRICES, "contingent/-/ssiad/2004/equals"),
        ("evidence.npz", "T", 6, 4.5, PRICES, "effect_of_one_more"),
        ("evidence.npz", "T", 1, 1.6, PRICES, "cap/region:A/ssiad/2004/at_most"),
        ("evidence.npz", "ray_val", 0, 1.0, PRICES, "ray 0, cap/region:C/ssiad/2004/at_most"),
        ("evidence.npz", "ray_val", 1, 0.9, PRICES, "ray 0, x/region:C/ssiad/2004"),
        ("evidence.npz", "ray", 5, -1, PRICES, "cap/region:C/ssiad/2004/at_most"),
        ("evidence.npz", "dual", 6, -1, PRICES, "contingent/-/ssiad/2004/equals"),
    ],
)
def test_changed_array(
    tiny: Any, run: Path, file: str, name: str, where: Any, value: Any, check: int, culprit: str
) -> None:
    tiny.change_array(run / file, name, where, value)
    wrong = found(tiny, run, check)
    assert any(culprit in f.row for f in wrong), [str(f) for f in wrong]


def test_message_says_where_found_and_expected(tiny: Any, run: Path) -> None:
    tiny.change_cell(run / "rules.csv", "contingent", "limit", "9.0")
    (wrong,) = found(tiny, run, PLAN)
    assert str(wrong) == (
        "rules.csv, contingent/-/ssiad/2004/equals: limit: found 9.0, expected 8.0"
    )


def test_flipped_sign_of_every_dual(tiny: Any, run: Path) -> None:
    with np.load(run / "solution.npz") as stored:
        y = -stored["y"]
    tiny.change_array(run / "solution.npz", "y", ..., y)
    wrong = found(tiny, run, OPTIMUM)
    assert any(f.what == "sign of the multiplier" for f in wrong)


def test_price_that_no_dual_gives(tiny: Any, run: Path) -> None:
    """A chord alone proves an upper bound: a price too high is stopped by the dual."""
    for name, where, value in (
        # Nothing changes when one more place is handed out and none is given: feasible, price 0.
        ("chord_val", slice(0, 2), [0.0, 0.0]),
        ("price", 6, 0.0),
    ):
        tiny.change_array(run / "evidence.npz", name, where, value)
    wrong = found(tiny, run, PRICES)
    assert any(f.what == "price by its dual" for f in wrong)


def test_short_reach_does_not_excuse_a_leaning_chord(tiny: Any, run: Path) -> None:
    """At the vertex A is at its cap: giving A one more is no chord, however short."""
    tiny.change_array(run / "evidence.npz", "chord_col", slice(0, 2), [0, 4])
    tiny.change_array(run / "evidence.npz", "T", 6, 1e-12)
    wrong = found(tiny, run, PRICES)
    assert any("the chord leaves the rules" in f.what for f in wrong)


def test_another_optimal_plan_is_not_the_published_one(tiny: Any, run: Path) -> None:
    """3 and 2 instead of 2.5 and 2.5 leave as many places missing, less evenly."""
    tiny.change_array(run / "solution.npz", "plan", ..., [3.0, 2.0, 1.0, 2.0, 9.5, 4.5, 0.0])
    assert found(tiny, run, OPTIMUM) == ()
    assert found(tiny, run, UNIQUENESS)


def test_multipliers_of_earlier_priorities(tiny: Any, staged_run: Path) -> None:
    tiny.change_array(staged_run / "solution.npz", "lam", (1, 0), -0.5)
    assert any(
        f.what.startswith("multipliers of earlier") for f in found(tiny, staged_run, OPTIMUM)
    )


def test_later_priority_must_keep_the_earlier_one(tiny: Any, staged_run: Path) -> None:
    # B gives a place to nobody: one place more is missing, the range stays.
    for where, value in (((1, 1), 0.0), ((1, 5), 6.5)):
        tiny.change_array(staged_run / "solution.npz", "x", where, value)
    wrong = found(tiny, staged_run, OPTIMUM)
    assert any(f.what == "value reached by a later plan" for f in wrong)


def test_rows_left_out_of_a_table(tiny: Any, run: Path) -> None:
    for table, row in (
        ("allocation.csv", "tiny,region,C"),
        ("rules.csv", "tiny,floor"),
        ("shadow_prices.csv", "tiny,floor"),
        ("equity.csv", "tiny,rate,region,2004,after"),
        ("indicators.csv", "tiny,rate,region,B"),
    ):
        path = run / table
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(row)]
        assert len(kept) == len(lines) - 1
        path.write_text("".join(kept), encoding="utf-8")
        number = PRICES if table == "shadow_prices.csv" else PLAN
        assert any(
            (f.file, f.found, f.expected) == (table, "absent", "present")
            for f in found(tiny, run, number)
        )
        path.write_text("".join(lines), encoding="utf-8")


def scenario_with(change: Callable[[Any], None], folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    change(record["scenario"])
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        (lambda s: s["rules"]["contingent"].update(equals=9), "contingent/-/ssiad/2004/equals"),
        (lambda s: s["rules"]["kept"].update(share=0.3), "kept/-/ssiad/2004/equals"),
        (lambda s: s["rules"]["asleep"].update(active=True), "asleep/-/ssiad/2004/at_least"),
        (lambda s: s["rules"].pop("floor"), "floor/region:C/ssiad/2004/at_least"),
        (lambda s: s["objectives"]["missing"].update(target=23), "objectives.missing"),
        (lambda s: s["objectives"]["missing"].update(priority=2), "stage_priority"),
        (lambda s: s["measures"]["ssiad"].update(cost=2000), "x/region:A/ssiad/2004"),
        (lambda s: s.update(tie_break={"toward": "equal"}), "x/region:A/ssiad/2004"),
    ],
)
def test_changed_scenario(
    tiny: Any, run: Path, change: Callable[[Any], None], culprit: str
) -> None:
    scenario_with(change, run)
    assert culprit in {f.row for f in found(tiny, run, INPUTS)}


def test_what_if_moves_one_limit_and_no_linked_one(tiny: Any, run: Path) -> None:
    """`adjust` on the contingent leaves its reserve as it was."""
    scenario_with(lambda s: s["rules"]["contingent"].update(adjust=[{"plus": 4}]), run)
    tiny.change_array(run / "program.npz", "row_limit", 3, 12.0)
    tiny.change_array(run / "program.npz", "row_lower", 3, 12.0)
    tiny.change_array(run / "program.npz", "row_upper", 3, 12.0)
    assert found(tiny, run, INPUTS) == ()


def test_infinite_reach_needs_a_direction_that_never_ends(tiny: Any, run: Path) -> None:
    tiny.change_array(run / "evidence.npz", "T", 6, math.inf)
    assert any("the chord leaves the rules" in f.what for f in found(tiny, run, PRICES))


def test_vertex_that_is_not_optimal(tiny: Any, run: Path) -> None:
    """A misses half a place more than it must: allowed by every row, not the best."""
    tiny.change_array(run / "solution.npz", "x", (0, 4), 9.0)
    wrong = found(tiny, run, OPTIMUM)
    assert any(f.what == "gap 0.5 between value and proven bound" for f in wrong)


def test_plan_off_a_row_that_carries_a_multiplier(tiny: Any, run: Path) -> None:
    tiny.change_array(run / "solution.npz", "plan", 4, 10.5)
    wrong = found(tiny, run, OPTIMUM)
    assert any(
        f.row == "priority 1, missing/gap/region:A/-/2004" and "carries a multiplier" in f.what
        for f in wrong
    )


def test_price_that_no_chord_gives(tiny: Any, run: Path) -> None:
    """A dual alone proves a lower bound: B still misses a tenth of the place it is given."""
    tiny.change_array(run / "evidence.npz", "chord_val", 1, -0.9)
    assert [f.what for f in found(tiny, run, PRICES)] == ["price by its chord"]


def test_ray_must_speak_of_the_limit_it_forbids_to_move(tiny: Any, run: Path) -> None:
    tiny.change_array(run / "evidence.npz", "row", 5, tiny.CAP_B)
    wrong = found(tiny, run, PRICES)
    assert any(f.what == "the ray does not speak of this limit" for f in wrong)


def test_plan_that_breaks_a_rule_told_alike_everywhere(tiny: Any, run: Path) -> None:
    """Tables, program and inputs agree that A may get 2, and it gets 2.5."""
    cap = "cap/region:A/ssiad/2004/at_most"
    tiny.change_cell(run / "inputs" / "supply.csv", "A", "unfunded", "2")
    for name in ("row_limit", "row_upper"):
        tiny.change_array(run / "program.npz", name, tiny.CAP_A, 2.0)
    for column, value in (("limit", "2.0"), ("slack", "0.0"), ("binding", "true")):
        tiny.change_cell(run / "rules.csv", cap, column, value)
    assert [(f.row, f.what) for f in found(tiny, run, PLAN)] == [
        (cap, "the plan breaks the rule by 0.5")
    ]


def test_sentences_of_another_version_are_not_judged(tiny: Any, run: Path) -> None:
    tiny.change_cell(run / "shadow_prices.csv", "contingent", "statement", "Said otherwise.")
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps({**record, "perequa": "0.0.1"}), encoding="utf-8")
    tiny.seal(run)
    last = verify_run(run).checks[-1]
    assert (last.verdict, last.what.split(";")[0]) == (
        "not_applicable",
        "sentences of perequa 0.0.1",
    )
