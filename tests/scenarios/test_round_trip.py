"""A limit is taken away and its price charged instead: the same quantity comes back.

With z(L) the optimal value at limit L, charging λ per unit of the activity minimises z(L) + λ·L
over every L. The two sides of a price state all the λ for which the present limit is best: from
minus the effect of one more to the effect of one less. Strictly between, it is the only one; at
either end others are as good; beyond, the activity leaves the limit on the side that the sign says.
Solved by scipy, from the compiled arrays alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from priced import priced_names
from programs import EFFORT, random_program
from scipy import sparse
from scipy.optimize import linprog

from perequa.checks import load
from perequa.engine.prices import two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages
from perequa.interpret.run import Failure
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from perequa.compilation import CompiledProgram
    from perequa.engine.prices import Prices

    Floats = NDArray[np.float64]

OPTIONS = SolverOptions()
WIDE = 1e-4
"""Share of its ends by which an interval of prices counts as one with an inside."""


class Charged:
    """A program without one of its rows, whose activity is charged for.

    Money is put in thousands, so that scipy's tolerances mean the same for every row.
    """

    def __init__(self, program: CompiledProgram, cost: Floats, row: int) -> None:
        scale = np.where(program.row_is_money, 1e-3, 1.0)
        self._unit = np.where(program.column_is_money, 1e3, 1.0)
        matrix = sparse.csr_array(
            sparse.diags_array(scale) @ program.matrix @ sparse.diags_array(self._unit)
        )
        lower, upper = program.row_lower * scale, program.row_upper * scale
        kept = np.arange(len(scale)) != row
        equal = kept & (lower == upper)
        below, above = kept & ~equal & np.isfinite(upper), kept & ~equal & np.isfinite(lower)
        self._rows = {
            "A_ub": sparse.vstack([matrix[below], -matrix[above]]),
            "b_ub": np.concatenate([upper[below], -lower[above]]),
            "A_eq": matrix[equal],
            "b_eq": lower[equal],
        }
        self._bounds = np.column_stack([program.column_lower, program.column_upper])
        self._bounds /= self._unit[:, None]
        self._cost = cost * self._unit
        self._row = program.matrix[[row]].toarray()[0] * self._unit

    def quantity(self, charge: float) -> tuple[float, float]:
        """Least cost, charge included, and the activity of the row; −inf, NaN when unbounded."""
        cost = self._cost + charge * self._row
        size = float(np.abs(cost[cost != 0]).min(initial=np.inf))
        size = 1.0 if math.isinf(size) else size
        found = linprog(cost / size, bounds=self._bounds, **self._rows, **TIGHT)
        if found.status == 4:
            # HiGHS does not say: once more without presolve
            again = {**TIGHT, "options": {**TIGHT["options"], "presolve": False}}
            found = linprog(cost / size, bounds=self._bounds, **self._rows, **again)
        if found.status == 3:
            return -math.inf, math.nan
        assert found.status == 0, found.message
        return float(found.fun) * size, float(self._row @ found.x)


TIGHT: dict[str, Any] = {
    "method": "highs",
    "options": {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
}


def check_round_trip(
    program: CompiledProgram, cost: Floats, value: float, prices: Prices
) -> dict[str, int]:
    """Charge every binding row its price; return how many came back, and how."""
    met = {"inside": 0, "unique": 0, "beyond": 0}
    sides = {(side.row, side.sign): side for side in prices.sides}
    for row in np.flatnonzero(program.is_rule).tolist():
        least, most = -sides[row, 1].price, sides[row, -1].price
        if least == most == 0.0 or (math.isinf(least) and math.isinf(most)):
            continue
        limit = program.row_limit[row] - program.row_constant[row]
        charged = Charged(program, cost, row)
        near = 1e-6 * max(1.0, abs(limit))
        size = max(abs(v) for v in (least, most) if math.isfinite(v)) or 1.0
        if most - least > WIDE * size:
            charge = inside(least, most, size)
            total, quantity = charged.quantity(charge)
            assert quantity == pytest.approx(limit, abs=near), row
            met["inside"] += 1
        else:
            charge = 0.5 * (least + most)
            total, _ = charged.quantity(charge)
            met["unique"] += 1
        # the limit is among the best, unique or not: what it costs with the charge is the least
        expected = value + charge * limit
        room = 1e-7 * max(1.0, abs(value), abs(charge * limit))
        assert total == pytest.approx(expected, abs=room), row
        # dearer it goes down, cheaper it goes up, and at the two ends of the price it starts to
        for end, way in ((most, 1.0), (least, -1.0)):
            if math.isfinite(end):
                gain, quantity = charged.quantity(end + way * 0.01 * size)
                if math.isfinite(gain):
                    assert way * (limit - quantity) >= -near, row
                    met["beyond"] += 1
    return met


def inside(least: float, most: float, size: float) -> float:
    """A charge strictly between two, one of which may be infinite."""
    if math.isinf(most):
        return least + size
    if math.isinf(least):
        return most - size
    return 0.5 * (least + most)


@pytest.mark.parametrize("seed", range(10 * EFFORT))
def test_random_programs(seed: int) -> None:
    rng = np.random.default_rng(21_000 + seed)
    met = {"inside": 0, "unique": 0, "beyond": 0}
    for _ in range(10):
        program = random_program(rng)
        compiled = program.compiled()
        staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
        (prices,) = two_sided_prices(compiled, staged, staged.stages[0].x, OPTIONS)
        found = check_round_trip(compiled, program.c, float(program.c @ staged.stages[0].x), prices)
        met = {name: met[name] + found[name] for name in met}
    assert min(met.values()) > 0, met


def cases() -> Iterator[tuple[str, str]]:
    for name in priced_names():
        yield name, ""
        for variant in load(name).raw.data.get("variants") or {}:
            yield name, variant


@pytest.mark.parametrize(("name", "variant"), list(cases()))
def test_shipped_scenarios(name: str, variant: str) -> None:
    outcome = solve_instance(load(name, [variant] if variant else []).instance, "test")
    if isinstance(outcome, Failure):
        assert variant.startswith("infeasible")
        return
    run = outcome.run
    assert run.prices is not None
    stage = run.stages[0]
    met = check_round_trip(run.program, stage.cost, float(stage.cost @ stage.x), run.prices)
    # without a ceiling, or with one for several budgets together, every home reaches its minimum:
    # no rule costs the first priority anything
    assert sum(met.values()) > 0 or variant in {"no_ceiling", "pooled"}


CORNER = "rules.envelope.adjust=[{plus: 73499451.66094926}]"
FREE = ("rules.envelope.active=false", "reference=null")


def credits_of(sets: list[str]) -> tuple[float, dict[tuple[str, int], float]]:
    """What the plan of `ehpad-2004-rule` spends, and the price of its envelope."""
    outcome = solve_instance(load("ehpad-2004-rule", [], sets).instance, "test")
    assert isinstance(outcome, Success)
    run = outcome.run
    assert run.prices is not None
    keys = [str(key).partition("/")[0] for key in run.program.row_keys]
    prices = {(keys[s.row], s.sign): s.price for s in run.prices.sides}
    return float(run.plan.credits.sum()), prices


def test_the_envelope_as_a_scenario_charges_it() -> None:
    """The whole way round in the words of a planner: `spend` among the objectives."""
    places = "objectives.shortfall.normalise=none"
    spent, prices = credits_of([CORNER, places])
    more, less = prices["envelope", 1], prices["envelope", -1]
    assert (more, less) == (0, pytest.approx(1.4937759e-4))
    for share in (0.1, 0.5, 0.9):
        spend = f"objectives.spend={{kind: spend, normalise: none, weight: {share * less!r}}}"
        again, _ = credits_of([*FREE, places, spend])
        assert again == pytest.approx(spent, abs=1)
    for share, lower in ((1.1, True), (0.0, False)):
        spend = f"objectives.spend={{kind: spend, normalise: none, weight: {share * less!r}}}"
        there, _ = credits_of([*FREE, places, spend])
        assert (there < spent - 1) == lower
