"""Rules that say the same, from the scenario to its sentences: by hand and by solving again."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from small import FIGURES, small

from perequa.cli import main
from perequa.interpret.rules import prices_table
from perequa.verification.verdict import verify_run
from perequa.words import words_in

if TYPE_CHECKING:
    from pathlib import Path

    from pricing import Case

CAP = {"kind": "cap", "at_most": 30}
IN_MONEY = {"kind": "envelope", "at_most": 300_000}


def line(case: Case, row: str, priority: int = 1) -> dict[str, Any]:
    records = prices_table(case.solved().run, words_in("en")).records()
    return next(r for r in records if r["row"] == row and r["priority"] == priority)


def joint(case: Case, row: str, priority: int = 1) -> tuple[float, float, float, float]:
    found = line(case, row, priority)
    sides = ("effect_of_one_more", "effect_of_one_less", "holds_up_to", "holds_down_to")
    return tuple(found[f"joint_{side}"] for side in sides)  # type: ignore[return-value]


def moved(case: Case, plus: dict[str, float]) -> Case:
    """The case with every row of some rules moved by its rule's `adjust`."""
    rules = {
        name: case.sections["rules"][name] | {"adjust": [{"plus": by}]} for name, by in plus.items()
    }
    return case.with_rules(**rules)


def test_a_cap_and_an_envelope_that_buys_as_much() -> None:
    case = small({"cap": CAP, "money": IN_MONEY})
    cap = line(case, "cap/-/home/2004/at_most")
    assert (cap["same_as"], cap["same_how"]) == ("money/-/home/2004/at_most", "identical")
    # alone, one place more is not paid for; with its 10 000 it closes one of the gap
    assert cap["effect_of_one_more"] == 0
    assert joint(case, "cap/-/home/2004/at_most")[:2] == pytest.approx((-1, 1))
    assert joint(case, "money/-/home/2004/at_most")[:2] == pytest.approx((-1e-4, 1e-4))
    assert cap["statement"].endswith(
        "It does not hold alone: money/-/home/2004/at_most says the same; moved together, "
        "one place more improves shortfall (gap) by 1 place and one place less "
        "worsens shortfall (gap) by 1 place."
    )
    assert case.value() - moved(case, {"cap": 2, "money": 20_000}).value() == pytest.approx(2)
    assert case.value() == pytest.approx(moved(case, {"cap": 2}).value())


def test_how_far_the_joint_price_holds() -> None:
    # 80 places close every gap; below, every place of the plan can be taken back
    case = small({"cap": CAP, "money": IN_MONEY})
    up, down = joint(case, "cap/-/home/2004/at_most")[2:]
    assert 30 < up <= 80
    assert 0 <= down < 30
    assert joint(case, "money/-/home/2004/at_most")[2:] == pytest.approx((up * 1e4, down * 1e4))
    for to in (up, down):
        there = moved(case, {"cap": to - 30, "money": (to - 30) * 1e4}).value()
        assert there - case.value() == pytest.approx(30 - to)


def test_the_looser_cap_is_told_and_has_no_joint_price() -> None:
    case = small({"cap": CAP, "money": IN_MONEY | {"at_most": 310_000}})
    found = line(case, "money/-/home/2004/at_most")
    assert (found["same_as"], found["same_how"]) == ("cap/-/home/2004/at_most", "looser")
    assert found["joint_effect_of_one_more"] is None
    assert "It never holds by itself: cap/-/home/2004/at_most is tighter." in found["statement"]
    assert line(case, "cap/-/home/2004/at_most")["same_as"] == ""


def test_an_exact_number_and_a_cap_move_together_or_not_at_all() -> None:
    case = small({"cap": CAP, "exactly": {"kind": "contingent", "equals": 30}})
    exactly = line(case, "exactly/-/home/2004/equals")
    assert exactly["same_as"] == "cap/-/home/2004/at_most"
    assert exactly["effect_of_one_more"] == math.inf
    assert joint(case, "exactly/-/home/2004/equals")[:2] == pytest.approx((-1, 1))


def test_a_national_envelope_that_is_the_sum_of_the_regional_ones() -> None:
    rules = {
        "national": {"kind": "envelope", "at_most": 400_000},
        "regional": {"kind": "envelope", "by": "region", "at_most": {"column": "money"}},
    }
    figures = FIGURES | {"money": {"region:1": 100_000, "region:2": 300_000}}
    case = small(rules, figures)
    national = line(case, "national/-/home/2004/at_most")
    rows = [f"regional/region:{i}/home/2004/at_most" for i in (1, 2)]
    assert (national["same_as"], national["same_how"]) == (";".join(rows), "sum")
    assert [line(case, row)["same_as"] for row in rows] == ["", ""]
    assert national["effect_of_one_more"] == 0
    assert joint(case, "national/-/home/2004/at_most")[:2] == pytest.approx((-1e-4, 1e-4))
    there = case.with_rules(
        national=rules["national"] | {"at_most": 440_000},
        regional=rules["regional"] | {"at_most": {"column": "money", "times": 1.1}},
    )
    assert there.value() - case.value() == pytest.approx(-4)
    looser = case.with_rules(national=rules["national"] | {"at_most": 500_000})
    assert line(looser, "national/-/home/2004/at_most")["same_how"] == "looser_sum"
    tighter = case.with_rules(national=rules["national"] | {"at_most": 300_000})
    assert line(tighter, "national/-/home/2004/at_most")["same_as"] == ""


def test_a_joint_price_at_every_priority() -> None:
    """Each level by moving both rules and solving again."""
    gap = {"kind": "shortfall", "indicator": "rate", "level": "region", "target": 5.0}
    case = small({"cap": CAP, "money": IN_MONEY}).with_sections(
        objectives={
            "worst": {**gap, "kind": "worst", "priority": 1},
            "gap": {**gap, "priority": 2},
        }
    )
    row = "cap/-/home/2004/at_most"
    now = values(case)
    assert len(now) == 2
    for sign, k in ((1, 0), (-1, 1)):
        found = [joint(case, row, priority)[k] for priority in (1, 2)]
        there = values(moved(case, {"cap": sign * 1e-3, "money": sign * 10}))
        assert (there - now) / 1e-3 == pytest.approx(found, abs=1e-6)
        assert max(map(abs, found)) > 0


def values(case: Case) -> np.ndarray[Any, Any]:
    return np.array([stage.cost @ stage.x for stage in case.solved().run.stages])


TWICE = "rules.again={kind: floor, by: region, in: credits, at_least: 100000}"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "twice"
    assert main(["solve", "ehpad-2004-rule", "--set", TWICE, "-o", str(folder), "--quiet"]) == 0
    return folder


def test_a_run_with_repeated_rules_verifies(written: Path) -> None:
    assert verify_run(written).holds


@pytest.mark.parametrize(
    ("name", "where", "value", "says"),
    [
        ("price", 0, lambda v: v * (1 + 1e-6) + 1e-9, "joint"),
        ("T", 1, lambda v: v * 1.5, "joint"),
        ("chord_val", 0, lambda v: v * 1.1, "joint"),
        ("move_rate", 0, lambda _: 2.0, "no proof"),
    ],
)
def test_a_changed_proof_is_found(
    written: Path, tmp_path: Path, tiny: Any, name: str, where: int, value: Any, says: str
) -> None:
    folder = copied(written, tmp_path)
    with np.load(folder / "joint.npz") as stored:
        figures = stored[name]
    if name == "T":  # a range for ever cannot be stretched
        where = int(np.flatnonzero(np.isfinite(figures) & (figures > 0))[0])
    now = figures[where]
    tiny.change_array(folder / "joint.npz", name, where, value(now))
    wrong = disagreements(tiny, folder)
    assert any(says in str(d) for d in wrong), wrong


def test_a_dual_that_is_not_optimal_is_found(written: Path, tmp_path: Path, tiny: Any) -> None:
    folder = copied(written, tmp_path)
    with np.load(folder / "joint.npz") as stored:
        arrays = dict(stored)
    # another multiplier on the first row, in the first entry alone
    arrays |= {"dual_row": np.array([0]), "dual_val": np.array([1e-5])}
    arrays["dual_ptr"] = np.append(0, np.ones(len(arrays["price"]), dtype=int))
    np.savez(folder / "joint.npz", **arrays)
    assert any("value of the dual" in d.what for d in disagreements(tiny, folder))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("same_as", ""),
        ("same_how", "looser"),
        ("joint_effect_of_one_more", "0.0"),
        ("joint_effect_of_one_less", ""),
        ("joint_holds_up_to", "200000.0"),
    ],
)
def test_a_changed_cell_is_found(
    written: Path, tmp_path: Path, tiny: Any, column: str, value: str
) -> None:
    folder = copied(written, tmp_path)
    tiny.change_cell(
        folder / "shadow_prices.csv", "again/region:24/ehpad/2021/at_least", column, value
    )
    wrong = disagreements(tiny, folder)
    assert any("again/region:24" in d.row and column in d.what for d in wrong), wrong


def copied(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "run")


def disagreements(tiny: Any, folder: Path) -> tuple[Any, ...]:
    tiny.seal(folder)
    return next(c.disagreements for c in verify_run(folder).checks if c.number == 6)
