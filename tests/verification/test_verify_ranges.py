"""Check 7: exact ranges of a hand-solved run and of a shipped one, and their forgeries."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.verification.outcome import Disagreement

PRICES, RANGES = 6, 7
CONTINGENT = "contingent/-/ssiad/2004/equals"
MORE, LESS = 6, 7
"""Entries of the contingent in the hand-solved run: 4 more at −1 each, 4 less at 1 each."""


def found(tiny: Any, folder: Path, number: int) -> tuple[Disagreement, ...]:
    tiny.seal(folder)
    verdict = verify_run(folder)
    assert verdict.checks[0].verdict == "ok"
    return next(check.disagreements for check in verdict.checks if check.number == number)


def arrays_of(folder: Path) -> dict[str, Any]:
    with np.load(folder / "evidence.npz") as stored:
        return {name: stored[name].copy() for name in stored.files}


def with_end_dual(tiny: Any, folder: Path) -> dict[str, Any]:
    """End the contingent's first side by a dual: what the caps let through is worth nothing more.

    y of the run is −1 on the contingent, 1 on the floor and on what is kept, 1 on both gaps; beyond
    12 places the caps of A and B take the contingent's place.
    """
    arrays = arrays_of(folder)
    change = np.zeros(9)
    change[[tiny.CAP_A, tiny.CAP_B]] = -1.0
    change[[tiny.CONTINGENT, tiny.FLOOR, tiny.KEPT]] = [1.0, -1.0, -1.0]
    index = np.flatnonzero(change)
    arrays["dual_ptr"] = np.array([0, 0, len(index)])
    arrays["dual_row"], arrays["dual_val"] = index, change[index]
    arrays["dual_lam"] = np.zeros((2, 1))
    arrays["end_dual"][MORE] = 1
    return arrays


def with_end_ray(tiny: Any, folder: Path) -> dict[str, Any]:
    """End it by a ray: caps and what is kept add up to 12, whatever the plan."""
    arrays = arrays_of(folder)
    rows = [tiny.CAP_A, tiny.CAP_B, tiny.CAP_C, tiny.CONTINGENT, tiny.KEPT]
    arrays["ray_ptr"] = np.array([0, 2, 7])
    arrays["ray_row"] = np.concatenate([arrays["ray_row"], rows])
    arrays["ray_val"] = np.concatenate([arrays["ray_val"], [-1.0, -1.0, -1.0, 1.0, -1.0]])
    arrays["end_ray"] = np.full(len(arrays["row"]), -1)
    arrays["end_ray"][MORE] = 1
    return arrays


@pytest.mark.parametrize("ended", [with_end_dual, with_end_ray])
def test_a_range_ends_where_its_proof_says(tiny: Any, run: Path, ended: Any) -> None:
    arrays = ended(tiny, run)
    np.savez(run / "evidence.npz", **arrays)
    assert found(tiny, run, PRICES) == ()
    assert found(tiny, run, RANGES) == ()
    for reach in (3.0, 4 * (1 - 1e-6), 4 * (1 + 1e-6), 5.0):
        arrays["T"][MORE] = reach
        np.savez(run / "evidence.npz", **arrays)
        wrong = found(tiny, run, RANGES)
        assert [(f.row, f.what) for f in wrong] == [
            (f"{CONTINGENT}, effect_of_one_more", "end of the range")
        ]
        assert float(wrong[0].expected) == pytest.approx(4)


def test_a_line_is_exact_when_both_its_sides_are(tiny: Any, run: Path) -> None:
    """5 places less leave the floor and what is kept; the chord at hand takes 4, from A alone."""
    arrays = with_end_dual(tiny, run)
    arrays["ray_ptr"] = np.array([0, 2, 5])
    arrays["ray_row"] = np.append(arrays["ray_row"], [tiny.CONTINGENT, tiny.FLOOR, tiny.KEPT])
    arrays["ray_val"] = np.append(arrays["ray_val"], [-1.0, 1.0, 1.0])
    arrays["end_ray"] = np.full(len(arrays["row"]), -1)
    arrays["end_ray"][LESS] = 1
    tiny.change_cell(run / "shadow_prices.csv", CONTINGENT, "range", "exact")
    np.savez(run / "evidence.npz", **arrays)
    (wrong,) = found(tiny, run, RANGES)
    assert (wrong.what, wrong.found, wrong.expected) == ("end of the range", "4.0", "5.0")
    before, after = arrays["chord_ptr"][[LESS, LESS + 1]]
    for name, own in (
        ("chord_col", [tiny.XA, tiny.XB, tiny.SA, tiny.SB]),
        ("chord_val", [-0.8, -0.2, 0.8, 0.2]),
    ):
        arrays[name] = np.concatenate([arrays[name][:before], own, arrays[name][after:]])
    arrays["chord_ptr"][LESS + 1 :] += 2
    arrays["T"][LESS] = 5.0
    np.savez(run / "evidence.npz", **arrays)
    tiny.change_cell(run / "shadow_prices.csv", CONTINGENT, "holds_down_to", "3.0")
    assert found(tiny, run, PRICES) == ()
    assert found(tiny, run, RANGES) == ()
    tiny.change_cell(run / "shadow_prices.csv", CONTINGENT, "range", "inner")
    (wrong,) = found(tiny, run, RANGES)
    assert (wrong.what, wrong.found, wrong.expected) == ("range", "inner", "exact")


def test_a_range_may_not_have_two_ends(tiny: Any, run: Path) -> None:
    arrays = with_end_dual(tiny, run)
    arrays["end_ray"] = np.full(len(arrays["row"]), -1)
    arrays["end_ray"][MORE] = 0
    np.savez(run / "evidence.npz", **arrays)
    assert any("two ends" in str(f) for f in found(tiny, run, RANGES))


def test_an_end_that_is_no_steeper_than_the_price(tiny: Any, run: Path) -> None:
    """The optimal dual itself meets the price everywhere, and ends it nowhere."""
    tiny.change_array(run / "evidence.npz", "end_dual", MORE, 0)
    assert [f.what for f in found(tiny, run, RANGES)] == ["price beyond the range"]


@pytest.mark.parametrize("row", range(5))
def test_a_ray_that_some_plan_satisfies(tiny: Any, run: Path, row: int) -> None:
    arrays = with_end_ray(tiny, run)
    arrays["ray_val"][2 + row] = 0.5 * arrays["ray_val"][2 + row]
    np.savez(run / "evidence.npz", **arrays)
    assert found(tiny, run, RANGES)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped") / "run"
    asked = ["solve", "ssiad-2004", "--ranges", "all", "-o", str(folder), "--quiet"]
    assert main(asked) == 0
    assert main(["verify", str(folder)]) == 0
    return folder


def holds(folder: Path, entry: int, arrays: dict[str, Any]) -> tuple[str, str, float]:
    """The printed cell of a proof: its row, its column, its limit."""
    with np.load(folder / "program.npz") as program:
        row = int(arrays["row"][entry])
        name, limit = str(program["row_id"][row]), float(program["row_limit"][row])
    return name, "holds_up_to" if arrays["side"][entry] > 0 else "holds_down_to", limit


@pytest.mark.parametrize("share", [1 - 1e-6, 1 + 1e-6])
def test_no_exact_range_of_a_shipped_run_can_be_a_millionth_off(
    tiny: Any, shipped: Path, share: float
) -> None:
    """Every end in turn, the table changed with its proof: the range is named."""
    arrays = arrays_of(shipped)
    cells = (shipped / "shadow_prices.csv").read_bytes()
    ended = np.flatnonzero((arrays["end_dual"] >= 0) | (arrays["end_ray"] >= 0))
    assert len(ended) > 20
    try:
        forged = {name: value.copy() for name, value in arrays.items()}
        forged["T"][ended] *= share
        np.savez(shipped / "evidence.npz", **forged)
        for entry in ended.tolist():
            name, column, limit = holds(shipped, entry, arrays)
            end = limit + arrays["side"][entry] * forged["T"][entry]
            tiny.change_cell(shipped / "shadow_prices.csv", name, column, repr(float(end)))
        wrong = {f.row for f in found(tiny, shipped, RANGES) if f.what == "end of the range"}
        assert len(wrong) == len(ended)
        assert main(["verify", str(shipped)]) == 6
    finally:
        np.savez(shipped / "evidence.npz", **arrays)
        (shipped / "shadow_prices.csv").write_bytes(cells)
        tiny.seal(shipped)


def test_the_end_of_another_range_does_not_do(tiny: Any, shipped: Path) -> None:
    arrays = arrays_of(shipped)
    by_dual = np.flatnonzero(arrays["end_dual"] >= 0)
    try:
        forged = {name: value.copy() for name, value in arrays.items()}
        first, others = by_dual[0], np.unique(arrays["end_dual"][by_dual])
        for k in others[others != arrays["end_dual"][first]]:
            forged["end_dual"][first] = k
            np.savez(shipped / "evidence.npz", **forged)
            assert found(tiny, shipped, RANGES), k
    finally:
        np.savez(shipped / "evidence.npz", **arrays)
        tiny.seal(shipped)


def test_a_range_for_ever_needs_a_chord_that_never_leaves_the_rules(
    tiny: Any, shipped: Path
) -> None:
    arrays = arrays_of(shipped)
    ended = np.flatnonzero(arrays["end_dual"] >= 0)
    try:
        for entry in ended[:5].tolist():
            forged = {name: value.copy() for name, value in arrays.items()}
            forged["T"][entry] = math.inf
            forged["end_dual"][entry] = -1
            np.savez(shipped / "evidence.npz", **forged)
            wrong = found(tiny, shipped, PRICES)
            assert any("the chord leaves the rules" in f.what for f in wrong)
    finally:
        np.savez(shipped / "evidence.npz", **arrays)
        tiny.seal(shipped)


def test_every_printed_price_of_a_shipped_run_is_exact(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", "ehpad-2004-rule", "-o", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    with (tmp_path / "run" / "shadow_prices.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    shown = [line for line in lines if f"  {line['statement']}\n" in printed]
    assert len(shown) == 10
    assert {line["range"] for line in shown} == {"exact"}
    # rows that do not bind, or have no effect, keep the range their activity proves
    assert {line["range"] for line in lines if line not in shown} == {"inner"}
