"""Everything at once is never worse than step by step; with the right envelopes it is the same.

Instances are drawn; optima are found again by scipy, which shares no code with the cascade.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from two_regions import region, whole, written

from perequa.cascade.solving import run_any

CODES = "ABCDE"
REGION_OF = {"A": "1", "B": "1", "C": "2", "D": "2", "E": "2"}


@st.composite
def drawn(draw: st.DrawFn) -> dict[str, Any]:
    """Populations, places installed, caps, and money for some of what is missed."""
    whole_numbers = lambda low, high: draw(  # noqa: E731 - one line says it
        st.lists(st.integers(low, high), min_size=5, max_size=5)
    )
    return {
        "pop": [100 * n for n in whole_numbers(5, 40)],
        "installed": whole_numbers(0, 120),
        "cap": whole_numbers(0, 60),
        "places": draw(st.integers(1, 150)),
        "target": draw(st.sampled_from([3.0, 4.5, 6.0])),
    }


def tables(case: dict[str, Any]) -> dict[str, str]:
    territories = "level,code,name,parent,pop\nregion,1,One,,\nregion,2,Two,,\n" + "".join(
        f"department,{c},{c},{REGION_OF[c]},{p}\n" for c, p in zip(CODES, case["pop"], strict=True)
    )
    figures = zip(CODES, case["installed"], case["cap"], strict=True)
    supply = "level,territory,installed,unfunded\n" + "".join(
        f"department,{c},{i},{u}\n" for c, i, u in figures
    )
    return {"territories": territories, "supply": supply}


def missing(case: dict[str, Any]) -> np.ndarray[Any, Any]:
    wanted = case["target"] * np.array(case["pop"]) / 100 - np.array(case["installed"])
    return np.maximum(wanted, 0.0)


def least(case: dict[str, Any], money: dict[str, float] | None = None) -> float:
    """Places missing at best, under one envelope or one for each region, by scipy.

    Variables: the places of each department and what it still misses.
    """
    wanted = case["target"] * np.array(case["pop"]) / 100 - np.array(case["installed"])
    gaps = np.hstack([-np.eye(5), -np.eye(5)])
    rows, limits = [gaps], [-wanted]
    if money is None:
        rows.append(np.hstack([np.ones((1, 5)), np.zeros((1, 5))]))
        limits.append(np.array([case["places"]]))
    for code, places in (money or {}).items():
        inside = [[1.0 if REGION_OF[c] == code else 0.0 for c in CODES] + [0.0] * 5]
        rows.append(np.array(inside))
        limits.append(np.array([places]))
    bounds = [(0, u) for u in case["cap"]] + [(0, None)] * 5
    found = linprog(
        np.r_[np.zeros(5), np.ones(5)], np.vstack(rows), np.concatenate(limits), bounds=bounds
    )
    assert found.status == 0
    return float(found.fun)


def scenario(case: dict[str, Any], *, by_region: dict[str, float] | None = None) -> tuple[Any, Any]:
    gap = {"kind": "shortfall", "indicator": "rate", "level": "department",
           "target": case["target"], "normalise": "none"}  # fmt: skip
    rules: dict[str, Any] = {
        "envelope": {"kind": "envelope", "at_most": 1000 * case["places"]},
        "unfunded": {"kind": "cap", "by": "department", "at_most": {"column": "unfunded"}},
    }
    if by_region is not None:
        rules["given"] = {"kind": "envelope", "by": "region", "equals": {"column": "given"}}
    return whole(rules=rules, objectives={"gap": gap}), region(objectives={"gap": gap})


@settings(max_examples=12, deadline=None)
@given(drawn())
def test_the_integrated_plan_is_never_worse(case: dict[str, Any]) -> None:
    stated, part = scenario(case)
    with tempfile.TemporaryDirectory() as made:
        source = written(Path(made) / "scenario", stated, part, **tables(case))
        run = run_any(source, lambda name: Path(made) / name, prices=False)
    assert run.exit_code == 0
    assert not run.tables["unkept"].rows
    (price,) = run.tables["decentralisation"].records()
    at_once, in_steps = float(price["integrated"] or 0), float(price["cascade"] or 0)
    assert at_once == pytest.approx(least(case), abs=1e-6)
    money = {
        str(r["territory"]): float(r["places"] or 0.0)
        for r in run.tables["allocation"].records()
        if r["step"] == "nation"
    }
    assert in_steps == pytest.approx(least(case, money), abs=1e-6)
    assert at_once <= in_steps + 1e-6


@settings(max_examples=8, deadline=None)
@given(drawn())
def test_with_the_envelopes_of_the_integrated_plan_nothing_is_lost(case: dict[str, Any]) -> None:
    """The nation is told to give each region what the plan at once gives it."""
    stated, part = scenario(case)
    with tempfile.TemporaryDirectory() as made:
        source = written(Path(made) / "scenario", stated, part, **tables(case))
        once = run_any(source, lambda name: Path(made) / name, prices=False)
        path = Path(made) / "two" / "integrated" / "totals.csv"
        given_to = {
            line.split(",")[2]: line.split(",")[8]
            for line in path.read_text("utf-8").splitlines()
            if ",region," in line
        }
        told = "level,territory,given\n" + "".join(f"region,{c},{g}\n" for c, g in given_to.items())
        again, part = scenario(case, by_region={})
        again["columns"] = [{"file": "given.csv"}]
        source = written(Path(made) / "again", again, part, given=told, **tables(case))
        run = run_any(source, lambda name: Path(made) / name, prices=False)
    assert (once.exit_code, run.exit_code) == (0, 0), run.findings
    (price,) = run.tables["decentralisation"].records()
    assert float(price["cascade"] or 0) == pytest.approx(float(price["integrated"] or 0), abs=1e-6)
    assert float(price["integrated"] or 0) == pytest.approx(least(case), abs=1e-6)
