"""`certificate.json`: residuals, complementarity and gaps in figures, and `verify` on them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.verification.tiny_run import certificate, program, seal, solution

from perequa.cli import main
from perequa.verification.certified import proof_figures
from perequa.verification.folder import Program
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

FILE = "certificate.json"


@pytest.mark.parametrize("stages", [1, 2])
def test_the_figures_solved_by_hand(stages: int) -> None:
    told = proof_figures(Program(program(stages)), solution(stages))
    assert {"verdict": "proven", **told} == certificate(stages)


@pytest.mark.parametrize(
    ("moved", "figure", "expected"),
    [
        # A gets 4.5: half a place over its cap of 4, and over the contingent; 2 kept back as before
        ({"plan": (0, 4.5)}, "rows", 1.0),
        ({"plan": (2, -0.25)}, "columns", 0.25),
        # the cap of B, 5, is a row from above: a price of +0.125 on it has no bound below
        ({"y": ((0, 1), 0.125)}, "multipliers", 0.125),
    ],
)
def test_what_is_passed_is_measured(
    moved: dict[str, tuple[Any, float]], figure: str, expected: float
) -> None:
    found = solution(1)
    found["plan"] = np.array([4.0, 1.0, 1.0, 2.0, 8.5, 5.5, 0.0])  # the vertex
    if "plan" in moved and figure == "rows":
        found["plan"][4] = 8.0  # what A gets is missing no more
        found["plan"][1] = 1.5
    for name, (where, value) in moved.items():
        found[name][where] = value
    assert proof_figures(Program(program(1)), found)["residuals"][figure] == expected


def test_a_price_on_a_limit_with_slack_is_measured() -> None:
    """C's floor of 1 place costs 1, and C has 3: 2 away, of a value of 14."""
    found = solution(1)
    found["plan"][2] = 3.0
    told = proof_figures(Program(program(1)), found)
    own = told["priorities"][0]
    assert own["complementarity"] == told["complementarity"] == pytest.approx(2 / 14)


def test_a_solved_run_against_dense_arrays(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(["solve", "ssiad-2004", "-o", str(run), "--no-prices"]) == 0
    told = json.loads((run / FILE).read_bytes())
    with np.load(run / "program.npz") as arrays, np.load(run / "solution.npz") as found:
        a = np.zeros((len(arrays["row_lower"]), len(arrays["col_lower"])))
        for i, (start, end) in enumerate(
            zip(arrays["a_indptr"][:-1], arrays["a_indptr"][1:], strict=True)
        ):
            a[i, arrays["a_indices"][start:end]] = arrays["a_data"][start:end]
        cost = (arrays["stage_weight"] @ arrays["objective_cost"])[0]
        y, x = found["y"][0], found["x"][0]
        rows, columns = arrays["row_lower"], arrays["col_lower"]
        low, high = np.append(rows, columns), np.append(arrays["row_upper"], arrays["col_upper"])
        multipliers, at = np.append(y, cost - a.T @ y), np.append(a @ x, x)
    pushed = np.where(multipliers > 0, low, high)
    met = np.isfinite(pushed)
    bound = math.fsum(multipliers[met] * pushed[met])
    (own,) = told["priorities"]
    assert own["value"] == pytest.approx(float(cost @ x), rel=1e-12)
    assert own["bound"] == pytest.approx(bound, rel=1e-12)
    assert told["duality_gap"] == pytest.approx(0.0, abs=1e-12)
    assert told["complementarity"] == pytest.approx(
        float(np.abs(multipliers[met] * (at - pushed)[met]).max()), abs=1e-12
    )
    assert max(told["residuals"].values()) < 1e-9
    assert told["residuals"]["rows"] > 0  # a plan in floating point: measured, not declared


@pytest.mark.parametrize(
    ("where", "figure"),
    [
        (("duality_gap",), 1e-6),
        (("residuals", "rows"), 1e-6),
        (("complementarity",), float("nan")),
        (("priorities", 0, "bound"), 14.00001),
        (("verdict",), "refused"),
    ],
)
def test_a_figure_told_otherwise_is_found(
    run: Path, where: tuple[str | int, ...], figure: object
) -> None:
    told = json.loads((run / FILE).read_bytes())
    part = told
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = figure
    (run / FILE).write_text(json.dumps(told), encoding="utf-8")
    verdict = verify_run(seal(run))
    wrong = [check for check in verdict.checks if check.verdict == "wrong"]
    assert [(check.number, {d.file for d in check.disagreements}) for check in wrong] == [
        (4, {FILE})
    ]


@pytest.mark.parametrize("text", ["{}", "[]", "", '{"verdict": "proven", "residuals": 1}'])
def test_no_certificate_is_no_proof(run: Path, text: str) -> None:
    (run / FILE).write_text(text, encoding="utf-8")
    verdict = verify_run(seal(run))
    assert [check.number for check in verdict.checks if check.verdict == "wrong"] == [4]
