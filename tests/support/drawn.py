"""Small scenarios drawn by Hypothesis: always feasible, often degenerate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pricing import Case
from programs import EFFORT

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = settings(
    max_examples=12 * EFFORT,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""The same examples every time, and few of them."""

KINDS = ("shortfall", "absolute_gap", "squared_gap", "worst", "range", "cvar", "gini")
OPTIONS: dict[str, dict[str, Any]] = {"cvar": {"tail": 0.4}}
"""What a kind must be told beside its indicator."""


@st.composite
def cases(draw: Callable[..., Any], *, method: str = "exact") -> Case:
    """Three to five regions, one or two measures and years, caps, floors, a yearly envelope.

    Every figure is a whole number from a short list, so that ties and corners are common.
    """
    codes = [f"region:{i}" for i in range(1, draw(st.integers(3, 5)) + 1)]
    years = [2004, 2005][: draw(st.integers(1, 2))]
    measures = ["day", "home"][: draw(st.integers(1, 2))]
    caps = {code: draw(st.sampled_from([4, 10, 20, 30])) for code in codes}
    floor = draw(st.sampled_from([0, 1, 2]))
    # enough for the floors of every year, whatever a place costs in its first year
    costs = {m: draw(st.sampled_from([8_000, 10_000, 12_000])) for m in measures}
    money = len(codes) * floor * max(costs.values()) + draw(st.sampled_from([0, 60_000, 250_000]))
    rules: dict[str, Any] = {
        "cap": {"kind": "cap", "by": "region", "at_most": {"column": "cap"}},
        "envelope": {"kind": "envelope", "by": "year", "at_most": money},
    }
    if floor:
        rules["floor"] = {"kind": "floor", "by": "region", "year": years[0], "at_least": floor}
    first, second = draw(st.permutations(KINDS))[:2]
    gap = {"indicator": "rate", "level": "region", "target": draw(st.sampled_from([3.0, 5.0]))}
    return Case(
        sections={
            "years": years,
            "measures": {m: {"cost": costs[m], "opening_months": 6} for m in measures},
            "indicators": {"rate": {"measures": measures, "population": "pop", "per": 100}},
            "rules": rules,
            "objectives": {
                "first": gap
                | OPTIONS.get(first, {})
                | {"kind": first, "years": draw(st.sampled_from(["last", "all"]))},
                "second": gap | OPTIONS.get(second, {}) | {"kind": second, "priority": 2},
            },
            "tie_break": {"method": method},
        },
        figures={
            "pop": {code: draw(st.sampled_from([500, 1000, 2000])) for code in codes},
            # somebody has something: a Gini index is divided by the rate before the plan
            "installed": {
                code: [
                    draw(st.sampled_from([0, 10, 30] if code != codes[0] else [10, 30]))
                    for _ in measures
                ]
                for code in codes
            },
            "cap": caps,
        },
        by_measure=("installed",) if len(measures) > 1 else (),
    )
