"""Times a sweep of 1 000 weightings against a bare HiGHS loop and against rebuilding with Pyomo.

Run ``python benchmarks/sweep.py``. The bare loop holds one HiGHS, is handed every cost ready made,
walks the same points in the same order and reads every solution. Perequa's one process also leaves
out of the program what no objective needs, puts the costs together, tests which points a basis
already found answers too, values every objective by its definition, counts, and writes Parquet.
Seconds are of the clock, so run it on a machine that does nothing else: those of the processor
would count threads that libraries leave waiting.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from highspy._core import _Highs
from instances import write_scenario
from rivals import TOLERANCES, Problem, PyomoInterface

from perequa.checks import load
from perequa.engine.scaling import scale
from perequa.engine.session import PRIMAL
from perequa.optimum import Clock
from perequa.studies.prepared import prepare
from perequa.studies.sweep.asking import Untied, answer_chunk
from perequa.studies.sweep.design import drawn
from perequa.studies.sweep.ordering import chunks
from perequa.studies.sweep.posing import Asked
from perequa.studies.sweep.study import sweep_study
from perequa.studies.sweep.weights import untied

if TYPE_CHECKING:
    from perequa.studies.prepared import Floats, Prepared


def bare(prepared: Prepared, costs: Floats) -> tuple[float, Floats]:
    """Seconds and optima of a loop over scaled costs, from the optimum of the first on."""
    scaled = scale(prepared.program)
    m, n = scaled.matrix.shape
    highs = _Highs()
    options = {"output_flag": False, "threads": 1, "presolve": "off", **TOLERANCES}
    for name, value in {**options, "simplex_strategy": PRIMAL}.items():
        highs.setOptionValue(name, value)
    highs.passModel(
        n,
        m,
        scaled.matrix.nnz,
        1,
        1,
        0.0,
        costs[0],
        scaled.column_lower,
        scaled.column_upper,
        scaled.row_lower,
        scaled.row_upper,
        scaled.matrix.indptr.astype(np.int32),
        scaled.matrix.indices.astype(np.int32),
        scaled.matrix.data,
        np.zeros(n, dtype=np.int32),
    )
    highs.run()
    columns = np.arange(n, dtype=np.int32)
    optima = np.zeros(len(costs))
    start = time.perf_counter()
    for i, cost in enumerate(costs):
        highs.changeColsCost(n, columns, cost)
        highs.run()
        # no dot product: at this size BLAS wakes threads, which would slow the loop
        optima[i] = (cost * np.array(highs.getSolution().col_value)).sum()
    return time.perf_counter() - start, optima


def chunk_by_chunk(question: Untied, points: list[Floats]) -> tuple[float, Floats, int]:
    """Seconds of answering all chunks in this process, the values found, and programs solved."""
    packed = pickle.dumps(question)
    start = time.perf_counter()
    found = [answer_chunk(packed, some) for some in points]
    spent = time.perf_counter() - start
    return spent, np.vstack([f.values for f in found]), sum(int(f.programs[0]) for f in found)


def whole(prepared: Prepared, asked: Asked) -> float:
    """Seconds of the study once the scenario is compiled, up to the Parquet file."""
    with tempfile.TemporaryDirectory() as kept:
        start = time.perf_counter()
        sweep_study(prepared, asked, Path(kept))
        return time.perf_counter() - start


def rebuilt(prepared: Prepared) -> float:
    """Seconds of formulating with Pyomo and solving through its interface, once."""
    start = time.perf_counter()
    PyomoInterface(Problem(prepared.instance)).solve()
    return time.perf_counter() - start


def main() -> int:
    """Print the medians and their ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--weighed", type=int, default=20, help="objectives weighed, of 20")
    parser.add_argument("--objectives", nargs="+", metavar="NAME", help="those weighed, by name")
    parser.add_argument("--seed", type=int, default=2024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scenario = write_scenario("national", Path(name) / "timed", seed=given.seed)
        prepared = prepare(load(str(scenario)), Clock())
    every = prepared.program.objective_names
    names = tuple(given.objectives or every[:: len(every) // given.weighed][: given.weighed])
    asked = Asked(samples=given.points, seed=given.seed, objectives=names)
    design = drawn(names, given.points, given.seed)
    order = chunks(design.places, Untied.chunk)
    question = untied(prepared, names, 1)
    scaled = scale(prepared.program)
    walked = design.points[np.concatenate(order)] @ question.over
    costs, factors = zip(*(scaled.cost(w @ prepared.program.costs) for w in walked), strict=True)
    seconds: dict[str, list[float]] = {"bare": [], "chunks": [], "whole": [], "Pyomo": []}
    for _ in range(given.repeats):
        spent, optima = bare(prepared, np.array(costs))
        seconds["bare"].append(spent)
        spent, values, solved = chunk_by_chunk(question, [design.points[rows] for rows in order])
        seconds["chunks"].append(spent)
        seconds["whole"].append(whole(prepared, asked))
        seconds["Pyomo"].append(given.points * rebuilt(prepared))
        ours = (values * walked).sum(axis=1)
        theirs = optima / np.array(factors) + walked @ prepared.program.offsets
        apart = float(np.max(np.abs(ours - theirs) / np.abs(theirs)))
        if apart > 1e-7:
            print(f"the optima differ by {apart:.1e}")
            return 1
    mid = {way: median(spent) for way, spent in seconds.items()}
    m, n = prepared.program.matrix.shape
    print(f"national (synthetic), seed {given.seed}: {m} rows, {n} columns, {given.points} points,")
    print(f"  weights of {', '.join(names)}; {solved} solved, the rest known from those")
    small = question.start.presolved.scaled.matrix.shape
    print(f"  the program solved: {small[0]} rows, {small[1]} columns")
    for way, spent in mid.items():
        each = 1000 * spent / given.points
        print(
            f"  {way:<8}{spent:>9.2f} s {each:>9.2f} ms a point {spent / mid['bare']:>8.2f} x bare"
        )
    for way in ("chunks", "whole"):
        ratios = [a / b for a, b in zip(seconds[way], seconds["bare"], strict=True)]
        print(f"  {way} / bare, repeat by repeat: {', '.join(f'{r:.2f}' for r in ratios)}")
    print(f"  Pyomo / whole: {mid['Pyomo'] / mid['whole']:.0f}; optima agree to {apart:.0e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
