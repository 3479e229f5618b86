"""Every price of the shipped scenarios against the whole scenario read and solved again.

The row is moved as a planner would move it, by `adjust` in the scenario, inside the range that its
chord proves. By default every row of the scenarios as shipped, and some of each variant;
``PEREQUA_TEST_EFFORT=2`` takes every row of every variant.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from priced import priced_names
from programs import EFFORT

from perequa.checks import load
from perequa.interpret.run import Failure
from perequa.pipeline import Success, solve_instance
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from perequa.engine.prices import Side
    from perequa.interpret.run import Solved

    Floats = NDArray[np.float64]

EVERY = 1 if EFFORT > 1 else 31
"""One side in so many is tried in each variant, a prime so that it is no rule's in particular."""


def variants() -> Iterator[tuple[str, str]]:
    for name in priced_names():
        for variant in load(name).raw.data.get("variants") or {}:
            if not variant.startswith("infeasible"):
                yield name, variant


def adjust(key: RowKey, by: float) -> str:
    """The setting that moves one row's limit."""
    move: dict[str, object] = {"side": key.side, "plus": by}
    if key.territory:
        move["territory"] = f"{key.level}:{key.territory}"
    if key.measure:
        move["measure"] = key.measure
    if key.year is not None:
        move["year"] = key.year
    return f"rules.{key.rule}.adjust=[{json.dumps(move)}]"


def values(name: str, chosen: list[str], sets: list[str]) -> Floats | None:
    """Value of each priority; None when no plan exists."""
    outcome = solve_instance(load(name, chosen, sets).instance, "test", prices=False)
    if isinstance(outcome, Failure):
        return None
    return np.array([stage.cost @ stage.x for stage in outcome.run.stages])


def check(name: str, chosen: list[str], every: int) -> int:
    """Compare sides with re-solves; return how many."""
    outcome = solve_instance(load(name, chosen).instance, "test")
    assert isinstance(outcome, Success)
    run = outcome.run
    base = values(name, chosen, [])
    assert base is not None
    at_every_level = list(zip(*(level.sides for level in run.levels), strict=True))
    for sides in at_every_level[::every]:
        check_side(name, chosen, run, sides, base)
    return len(at_every_level[::every])


def check_side(
    name: str, chosen: list[str], run: Solved, sides: tuple[Side, ...], base: Floats
) -> None:
    key = run.program.row_keys[sides[0].row]
    assert isinstance(key, RowKey)
    sign, where = sides[0].sign, (name, *chosen, str(key), sides[0].sign)
    if math.isinf(sides[0].price):
        assert values(name, chosen, [adjust(key, sign * 1e-3)]) is None, where
        return
    step = step_within(min(side.reach for side in sides))
    there = values(name, chosen, [adjust(key, sign * step)])
    assert there is not None, where
    for p, side in enumerate(sides):
        size = max(1.0, abs(base[p]))
        change = (there[p] - base[p]) / step
        assert change == pytest.approx(side.price, rel=1e-5, abs=1e-6 * size / step), (*where, p)


def step_within(reach: float) -> float:
    """A step inside the proven range, large enough to stand out of rounding."""
    return 1.0 if math.isinf(reach) else min(reach, max(1.0, reach / 4))


@pytest.mark.parametrize("name", priced_names())
def test_every_price_of_every_priority(name: str) -> None:
    assert check(name, [], 1) >= 50


@pytest.mark.parametrize(("name", "variant"), list(variants()))
def test_prices_of_every_variant(name: str, variant: str) -> None:
    assert check(name, [variant], EVERY) > 0
