"""Times the objective `gini` by cuts: 50 groups of 101 departments, beside one cold bare solve.

The instance is `national` with a Gini index of each of its ten measures, the mean of five years, in
place of its shortfalls. Compared with: bare HiGHS on `national` as it is; bare HiGHS on the same
with its shortfalls alone; and, for one measure in the last year, the program in which all 5 050
pairs have a row. Run ``python benchmarks/gini.py``.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from instances import CATEGORIES, write_scenario
from rivals import Problem, bare_highs

from perequa.checks import load
from perequa.engine.ordered_stages import solve_ordered
from perequa.engine.session import SolverOptions
from perequa.ranked_program import with_every_pair
from perequa.weighting import objective_value
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perequa.compilation import CompiledProgram

MEASURES = tuple(category[0] for category in CATEGORIES)
NO_WORST = [f"objectives.worst_{name}=null" for name in MEASURES]
SAME = 1e-9
"""Relative difference within which the program and the definition give one value."""


@dataclass(kw_only=True)
class Measured:
    """Seconds of each way, repeat by repeat; sizes; the largest relative difference of values."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    difference: float = 0.0

    def least(self, way: str) -> float:
        """Least time of a way."""
        return min(self.seconds[way])


def unequal(measures: Sequence[str], years: str) -> list[str]:
    """State a Gini index of some measures in place of all other objectives."""
    spec = "kind: gini, level: department, normalise: none"
    return [
        *NO_WORST,
        *(
            f"objectives.gap_{name}={{{spec}, indicator: {name}_rate, years: {years}}}"
            if name in measures
            else f"objectives.gap_{name}=null"
            for name in MEASURES
        ),
    ]


def by_orders(problem: Problem, program: CompiledProgram, measured: Measured) -> float:
    """Solve by orders of rates, and compare with the definition; return the seconds."""
    weights = problem.weights[None]
    start = time.perf_counter()
    solved = solve_ordered(program, (1,), weights, SolverOptions())
    seconds = time.perf_counter() - start
    x, instance = solved.staged.stages[0].x, problem.instance
    cells = int(np.prod(instance.shape))
    plan = Quantities(instance, x[:cells].reshape(instance.shape))
    names = program.objective_names
    defined = np.array([objective_value(instance, n, plan, problem.reference) for n in names])
    bound = float(weights[0] @ (solved.program.costs @ x + solved.program.offsets))
    exact = float(weights[0] @ defined)
    measured.difference = max(measured.difference, abs(bound - exact) / max(1.0, abs(exact)))
    ranked = solved.program.ranked
    if ranked is not None and not ranked.complete:
        rows = solved.program.matrix.shape[0] - ranked.rows
        measured.sizes |= {
            f"groups, {len(ranked.groups)}: pairs": ranked.possible,
            f"groups, {len(ranked.groups)}: pairs with a row": rows,
        }
    return seconds


def measure(scenario: Path, repeats: int) -> Measured:
    """Measure every way once in each repeat, in turn."""
    measured = Measured()
    plain = Problem(load(str(scenario)).instance)
    short = Problem(load(str(scenario), (), NO_WORST).instance)
    many = Problem(load(str(scenario), (), unequal(MEASURES, "all")).instance)
    one = Problem(load(str(scenario), (), unequal(MEASURES[:1], "last")).instance)
    every = with_every_pair(one.program)
    ways: dict[str, Callable[[], float]] = {
        "bare HiGHS, national": lambda: bare_highs(plain).seconds,
        "bare HiGHS, its shortfalls alone": lambda: bare_highs(short).seconds,
        "50 groups of 101, by cuts": lambda: by_orders(many, many.program, measured),
        "1 group of 101, by cuts": lambda: by_orders(one, one.program, measured),
        "1 group of 101, every pair": lambda: by_orders(one, every, measured),
    }
    for way in ways.values():
        way()  # what a library imports late is not its work
    for _ in range(repeats):
        for name, way in ways.items():
            gc.collect()
            measured.seconds.setdefault(name, []).append(way())
    return measured


def main() -> int:
    """Measure and print; 1 when a value is not the one of the definition."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(write_scenario("national", Path(folder) / "in"), given.repeats)
    bare = measured.least("bare HiGHS, national")
    if given.json:
        print(json.dumps({"seconds": measured.seconds, "sizes": measured.sizes}))
    else:
        print(f"  {'least of ' + str(given.repeats):<36}{'seconds':>9}{'÷ bare':>9}")
        for name in measured.seconds:
            least = measured.least(name)
            print(f"  {name:<36}{least:9.3f}{least / bare:9.2f}")
        for name, size in measured.sizes.items():
            print(f"  {name:<36}{size:9}")
        print(f"  {'values and definitions differ by':<36}{measured.difference:9.1e}")
    return int(measured.difference > SAME)


if __name__ == "__main__":
    raise SystemExit(main())
