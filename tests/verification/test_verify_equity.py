"""Objectives on the worst-off share and on unequal rates: `verify` knows them by definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = 2
GAP = "indicator: ehpad_rate, level: region"
KINDS = {
    "cvar": f"{{kind: cvar, tail: 0.3, weighting: population, {GAP}}}",
    "gini": f"{{kind: gini, {GAP}}}",
}


@pytest.fixture(params=list(KINDS))
def solved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A run whose first priority is the kind; a second one behind it."""
    folder = tmp_path / "run"
    sets = [f"objectives.it={KINDS[request.param]}", "objectives.shortfall.priority=2"]
    stated = [word for change in sets for word in ("--set", change)]
    assert main(["solve", "ehpad-2004-rule", *stated, "-o", str(folder), "--quiet"]) == 0
    assert verify_run(folder).holds
    return folder


def wrong_inputs(tiny: Any, folder: Path) -> list[str]:
    tiny.seal(folder)
    verdict = verify_run(folder)
    return [
        str(w) for check in verdict.checks if check.number == INPUTS for w in check.disagreements
    ]


def test_a_changed_coefficient_of_its_rows_is_found(tiny: Any, solved: Path) -> None:
    """Whichever: of places, and of every column of its own."""
    with np.load(solved / "program.npz") as stored:
        ids = [str(name) for name in stored["row_id"]]
        first = next(i for i, name in enumerate(ids) if name.startswith("it/"))
        start, end = (int(k) for k in stored["a_indptr"][first : first + 2])
        values = stored["a_data"][start:end].copy()
    assert end - start >= 3
    for k, value in zip(range(start, end), values, strict=True):
        tiny.change_array(solved / "program.npz", "a_data", k, value * 1.001)
        assert any("objectives.it" in line for line in wrong_inputs(tiny, solved)), k
        tiny.change_array(solved / "program.npz", "a_data", k, value)
    assert not wrong_inputs(tiny, solved)


def test_a_changed_cost_is_found(tiny: Any, solved: Path) -> None:
    with np.load(solved / "program.npz") as stored:
        k = [str(name) for name in stored["objective_name"]].index("it")
        costs = stored["objective_cost"][k].copy()
    for j in np.flatnonzero(costs)[:3]:
        tiny.change_array(solved / "program.npz", "objective_cost", (k, j), costs[j] * 1.001)
        assert any("objectives.it" in line for line in wrong_inputs(tiny, solved)), j
        tiny.change_array(solved / "program.npz", "objective_cost", (k, j), costs[j])
