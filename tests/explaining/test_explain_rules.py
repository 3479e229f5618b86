"""What a moved limit does, against the scenario solved again as a planner would."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.cli import main
from perequa.explaining import Question, explain_run
from perequa.running import run_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.interpret.explanation import RuleExplained
    from perequa.interpret.moves import Move

    FolderOf = Callable[..., Path]


def plan_of(folder: Path) -> np.ndarray:
    with (folder / "allocation.csv").open(encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    return np.array([float(line["places"] or line["credits"]) for line in lines])


def objectives_of(folder: Path) -> dict[str, float]:
    with (folder / "objectives.csv").open(encoding="utf-8") as stream:
        return {line["objective"]: float(line["value"]) for line in csv.DictReader(stream)}


def solved_again(name: str, to: Path, sets: list[str], *variants: str) -> Path:
    run = run_scenario(name, lambda column: to / column, variants=variants, sets=sets, prices=False)
    assert run.folder is not None, run.message
    return run.folder


def asked(folder: Path, **question: Any) -> RuleExplained:
    told = explain_run(folder, Question(**question)).rule
    assert told is not None
    return told


def check_against(move: Move, before: Path, after: Path, times: float = 1.0) -> None:
    """The move, made so many times, is what solving again shows."""
    assert move.possible
    change = plan_of(after) - plan_of(before)
    assert times * move.changes.ravel() == pytest.approx(change, abs=1e-5 * max(1.0, times))
    here, there = objectives_of(before), objectives_of(after)
    for name, effect in move.effects.items():
        assert effect is not None
        moved = there[name] - here[name]
        assert times * effect == pytest.approx(moved, abs=1e-6 * max(1.0, abs(here[name])))


CASES = [
    ("ehpad-2004-rule", (), "envelope", {}),
    ("ehpad-2004-rule", ("by_territory",), "caps", {"territory": "region:06"}),
    ("ehpad-2004-rule", (), "floor", {"territory": "region:24"}),
    ("ssiad-2004", (), "contingent", {"year": 2004}),
    ("scm-ssad-1998", (), "unfunded", {"territory": "region:02", "measure": "scm"}),
    ("dominic-2004", (), "envelope", {}),
]


@pytest.mark.parametrize(("name", "variants", "rule", "where"), CASES)
@pytest.mark.parametrize("sign", [1, -1])
def test_one_limit_alone(
    folder_of: FolderOf,
    tmp_path: Path,
    name: str,
    variants: tuple[str, ...],
    rule: str,
    where: dict[str, Any],
    sign: int,
) -> None:
    folder = folder_of(name, *variants)
    told = asked(folder, rules=(rule,), **where)
    moves = [m for m in told.alone if np.sign(next(iter(m.direction.values()))) == sign]
    if not moves:  # the plan does not meet that limit
        assert rule == "envelope"
        return
    (move,) = moves
    (step,) = move.direction.values()
    times = min(1.0, 0.9 * move.holds)
    entry = ", ".join([*(f"{k}: {v}" for k, v in where.items()), f"plus: {step * times!r}"])
    sets = [f"rules.{rule}.adjust=[{{{entry}}}]"]
    again = solved_again(name, tmp_path, sets, *variants)
    check_against(move, folder, again, times)


@pytest.mark.parametrize("amount", [1_000_000.0, -500_000.0, 3_000_000.0])
def test_an_amount_is_the_scenario_solved_again(
    folder_of: FolderOf, tmp_path: Path, amount: float
) -> None:
    folder = folder_of("ehpad-2004-rule")
    told = asked(folder, rules=("envelope",), by=(amount,)).amount
    assert told is not None
    again = solved_again(
        "ehpad-2004-rule", tmp_path, [f"rules.envelope.adjust=[{{plus: {amount!r}}}]"]
    )
    check_against(told.again, folder, again)
    assert told.at_the_price is not None
    # the price holds to 97 599 452 € and down to 5.8 M€, whatever the plan does
    (price,) = told.prices
    assert price.effect == pytest.approx(-amount * 3600 / 24_100_000)
    ends = (97_599_451.66, 5_800_000.0)
    assert price.holds == pytest.approx((ends[amount < 0] - 24_100_000) / amount)
    assert price.exact
    # the plan follows one rate up to 1.59 M€, then Guyane meets its cap
    straight = told.at_the_price.holds >= 1.0
    assert straight == (amount < 1_600_000)
    same = np.abs(told.at_the_price.changes - told.again.changes).max() < 1e-6
    assert same == straight


def test_several_rows_move_together(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("ehpad-2004-rule")
    told = asked(folder, rules=("floor",))
    raised, lowered = told.together
    assert len(raised.direction) == 18
    times = min(1.0, 0.9 * raised.holds)
    floor = 100_000 + 100_000 * times
    again = solved_again("ehpad-2004-rule", tmp_path, [f"rules.floor.at_least={floor!r}"])
    check_against(raised, folder, again, times)
    assert lowered.possible


def test_a_cap_together_with_its_money(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("ehpad-2004-rule", "by_territory")
    cost = 24_100_000 / 3600
    told = asked(folder, rules=("caps", "envelope"), territory="region:06", by=(10.0, 10 * cost))
    assert told.amount is not None
    sets = [
        "rules.caps.adjust=[{territory: 'region:06', plus: 10}]",
        f"rules.envelope.adjust=[{{plus: {10 * cost!r}}}]",
    ]
    again = solved_again("ehpad-2004-rule", tmp_path, sets, "by_territory")
    check_against(told.amount.again, folder, again)
    gains = told.amount.again.changes.ravel()
    assert gains[gains > 1e-6] == pytest.approx([10.0])  # Mayotte alone, nobody pays


def test_linked_limits_move_with_the_rule(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("scm-ssad-1998")
    alone = asked(folder, rules=("scm_contingent",), by=(100.0,)).amount
    linked = asked(folder, rules=("scm_contingent",), by=(100.0,), linked=True).amount
    assert alone is not None
    assert linked is not None
    assert sorted(linked.again.direction.values()) == pytest.approx([10.0, 100.0])
    assert alone.again.changes.sum() == pytest.approx(100.0)
    assert linked.again.changes.sum() == pytest.approx(90.0)  # 10 % go to the reserve
    again = solved_again("scm-ssad-1998", tmp_path, ["rules.scm_contingent.equals=7100"])
    check_against(linked.again, folder, again)


def test_linked_leaves_the_reference_out_where_nothing_follows_it(folder_of: FolderOf) -> None:
    # the parts of this reference add up to the envelope as it was stated
    folder = folder_of("ehpad-2004-rule")
    linked = asked(folder, rules=("envelope",), by=(100_000.0,), linked=True).amount
    assert linked is not None
    assert list(linked.again.direction.values()) == pytest.approx([100_000.0])


def test_who_gains_is_paid_by_the_others_where_the_envelope_is_closed(folder_of: FolderOf) -> None:
    told = asked(folder_of("ehpad-2004-rule", "by_territory"), rules=("caps",))
    closed = [m for m in told.alone if m.possible]
    assert len(closed) == 12
    for move in closed:
        assert move.changes.sum() == pytest.approx(0.0, abs=1e-9)
        assert np.abs(move.changes).max() == pytest.approx(1.0)


def test_an_amount_no_plan_survives_says_how_far_one_does(folder_of: FolderOf) -> None:
    folder = folder_of("ehpad-2004-rule")
    told = asked(folder, rules=("envelope",), by=(-20_000_000.0,)).amount
    assert told is not None
    assert not told.again.possible
    # 17 floors of 100 000 and the 4.1 M€ of Île-de-France must be paid: 5.8 M€
    assert told.farthest == pytest.approx((24_100_000 - 5_800_000) / 20_000_000)


def test_a_plan_published_by_steps_is_solved_again(folder_of: FolderOf, tmp_path: Path) -> None:
    sets = ["tie_break.method=stepped"]
    run = run_scenario("ehpad-2004-rule", lambda column: tmp_path / column, sets=sets)
    assert run.folder is not None
    told = asked(run.folder, rules=("envelope",))
    raised = told.alone[0]
    assert np.isnan(raised.holds)
    again = solved_again(
        "ehpad-2004-rule", tmp_path / "again", [*sets, "rules.envelope.adjust=[{plus: 100000}]"]
    )
    check_against(raised, run.folder, again)
    assert folder_of("ehpad-2004-rule") != run.folder


def test_levels_of_a_leximin_stand_in_their_order(
    folder_of: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """17 levels: 10 comes after 9, and those that do not move are counted."""
    run = str(folder_of("specific-difficulties-2020"))
    assert main(["explain", run, "--rule", "envelope", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (effects, *_) = [move["effects"] for move in told["rule"]["alone"]]
    levels = [1 if name == "converge" else int(name.rsplit("_", 1)[1]) for name in effects]
    assert levels == list(range(1, 18))
    assert [level for level, effect in zip(levels, effects.values(), strict=True) if effect] == [6]
    assert main(["explain", run, "--rule", "envelope"]) == 0
    english = capsys.readouterr().out
    assert "(converge_level_6) -0.01068 points of rate, 16 other objectives unchanged" in english
    assert main(["--lang", "fr", "explain", run, "--rule", "envelope"]) == 0
    assert "point de taux, les 16 autres objectifs ne changent pas" in capsys.readouterr().out
