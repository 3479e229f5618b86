"""Ranges of weights of scenarios against whole re-solves, and the proof of them in a run."""

from __future__ import annotations

import csv
import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pricing import Case, places
from small import FIGURES, GAP

from perequa.checks import load
from perequa.cli import main
from perequa.interpret import weights as ranged
from perequa.interpret.weights import weights_table
from perequa.pipeline import Success, solve_instance
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.interpret.run import Solved

NEAR = "objectives.near={kind: distance_to_reference, level: region, weight: %s, normalise: none}"
PLACES = "objectives.shortfall.normalise=none"
TOGETHER = (
    ("ssiad-2004", [], []),
    ("ssiad-2004", ["total_rate"], []),
    ("ssiad-2004", ["shortfall_only"], []),
    ("scm-ssad-1998", ["separate_rates"], []),
    ("scm-ssad-1998", [], ["objectives.shortfall.priority=1", "objectives.shortfall.weight=0.02"]),
    ("dominic-2004", [], ["objectives.requests.priority=1", "objectives.requests.weight=2"]),
    ("ehpad-2004-rule", ["by_territory"], [NEAR % 0.05, PLACES]),
    ("ehpad-2004-rule", ["by_territory"], [NEAR % 0.5, PLACES]),
    # the weight stands at an end of its range: two places moved from the reference cost one missing
    ("ehpad-2004-rule", [], [NEAR % 0.5, PLACES]),
)
"""Scenarios, variants and settings that put several objectives at one priority."""


def solved(scenario: str, variants: list[str], sets: list[str], *, asked: bool = False) -> Solved:
    outcome = solve_instance(load(scenario, variants, sets).instance, "test", prices=asked)
    assert isinstance(outcome, Success)
    return outcome.run


@pytest.fixture(scope="module")
def ends() -> list[float]:
    """Ends met so far that are neither 0 nor infinite."""
    return []


@pytest.mark.parametrize("case", TOGETHER, ids=lambda case: "-".join([case[0], *case[1]]))
def test_the_plan_stays_within_the_range_and_not_beyond(
    case: tuple[str, list[str], list[str]], ends: list[float]
) -> None:
    scenario, variants, sets = case
    run = solved(scenario, variants, sets, asked=True)
    rows = [r for r in weights_table(run).records() if r["proof"] != "alone"]
    assert len(rows) > 1
    for row in rows:
        assert row["proof"] == "proven"
        low, high, weight = (float(row[k]) for k in ("lowest", "highest", "weight"))  # type: ignore[arg-type]
        assert low <= weight <= high
        near = 1e-3 * max(weight, 0.1)
        top = high if math.isfinite(high) else 50 * (weight + 1)
        inside = [low + near, 0.5 * (low + top), top - near] if top - low > 4 * near else []
        outside = [high + near] if math.isfinite(high) else []
        outside += [low - near] if low > near else []
        ends += outside
        for tried, same in [(w, True) for w in inside] + [(w, False) for w in outside]:
            changed = [*sets, f"objectives.{row['objective']}.weight={tried!r}"]
            there = solved(scenario, variants, changed).x
            assert (np.abs(there - run.x).max() <= 1e-6) == same, (row, tried)


def test_ends_were_met(ends: list[float]) -> None:
    """The test above saw plans change, not only stay."""
    assert len(ends) >= 8


BOTH_ENDS = TOGETHER[-3]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "near"
    scenario, variants, sets = BOTH_ENDS
    asked = [part for v in variants for part in ("--variant", v)]
    asked += [part for s in sets for part in ("--set", s)]
    assert main(["solve", scenario, *asked, "-o", str(folder), "--quiet"]) == 0
    return folder


def test_a_run_with_ranges_verifies(written: Path) -> None:
    assert verify_run(written).holds


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("weight", lambda v: v * (1 + 1e-5)),
        ("weight", lambda v: v * (1 - 1e-5)),
        ("chord_val", lambda v: v * 1.01),
        ("dual_val", lambda v: v * 1.01),
        ("T", lambda v: np.where(v > 0, v * 1e6, v)),
        ("T", lambda v: 0 * v),
    ],
)
def test_a_changed_proof_is_found(written: Path, tmp_path: Path, name: str, change: Any) -> None:
    folder = shutil.copytree(written, tmp_path / "run")
    with np.load(folder / "weights.npz") as stored:
        arrays = dict(stored)
    arrays[name] = change(arrays[name])
    np.savez(folder / "weights.npz", **arrays)
    assert wrong(folder)


@pytest.mark.parametrize(
    ("column", "value"),
    [("lowest", "0.01"), ("highest", "inf"), ("weight", "3"), ("proof", "alone")],
)
def test_a_changed_cell_is_found(written: Path, tmp_path: Path, column: str, value: str) -> None:
    folder = shutil.copytree(written, tmp_path / "run")
    path = folder / "weight_ranges.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    for line in lines[1:]:
        line[lines[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(lines)
    assert any(column in d.what for d in wrong(folder))


def wrong(folder: Path) -> tuple[Any, ...]:
    return next(c.disagreements for c in verify_run(folder).checks if c.number == 10)


def test_what_solve_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "ssiad-2004", "-o", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert "  converge (priority 1), weight 0.6: from 0 up\n" in printed
    assert main(["solve", "scm-ssad-1998", "-o", str(tmp_path / "alone")]) == 0
    assert "one weight" not in capsys.readouterr().out


def test_a_large_program_is_ranged_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranged, "CHEAP", 10)
    folder = str(tmp_path / "run")
    assert main(["solve", "ssiad-2004", "-o", folder]) == 0
    assert "solve with --weight-ranges" in capsys.readouterr().out
    assert verify_run(tmp_path / "run").holds
    assert main(["solve", "ssiad-2004", "-o", folder, "--weight-ranges", "--format", "json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [(r["lowest"], r["highest"]) for r in run["weight_ranges"]] == [(0.0, "inf")] * 2


def test_ranges_without_prices_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "ssiad-2004", "--weight-ranges", "--no-prices"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_an_objective_only_told_may_weigh_until_it_moves_the_plan() -> None:
    """A place costs 10 shares of spending; the gap it closes weighs that much at 10."""
    case = Case(
        sections={
            "rules": {"envelope": {"kind": "envelope", "at_most": 400_000}},
            "objectives": {
                "money": {"kind": "spend", "normalise": 1000},
                "gap": GAP | {"weight": 0, "normalise": "none"},
                "away": GAP | {"kind": "absolute_gap", "weight": 0, "normalise": "none"},
            },
        },
        figures=FIGURES,
    )
    now = case.solved()
    assert set(places(now).values()) == {0.0}
    ends = {
        str(r["objective"]): (r["lowest"], r["highest"]) for r in weights_table(now.run).records()
    }
    assert ends["gap"] == ends["away"] == (0.0, pytest.approx(10.0))
    for name in ("gap", "away"):
        for weight, moves in ((9.9, False), (10.1, True)):
            objectives = case.sections["objectives"]
            heavier = objectives | {name: objectives[name] | {"weight": weight}}
            there = places(case.with_sections(objectives=heavier).solved())
            assert (sum(there.values()) > 1) == moves, (name, weight)
