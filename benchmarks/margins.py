"""Times the margins of 101 departments against a bare HiGHS loop over the same programs.

Run ``python benchmarks/margins.py``. The bare loop holds one HiGHS with the rows that keep the
objectives near their optimum, starts from that optimum, is handed every cost ready made and reads
every solution. Perequa, in one thread, also formulates nothing less than the study does: it finds
the optimum, publishes and certifies the plan, asks least and most of every line, and proves its
sample. Seconds are of the clock.
"""

from __future__ import annotations

import argparse
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
from rivals import TOLERANCES
from scipy import sparse

from perequa.checks import load
from perequa.engine.scaling import scale
from perequa.engine.session import PRIMAL
from perequa.optimum import Clock
from perequa.studies.margins import cells_of, margins_study
from perequa.studies.prepared import prepare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.studies.prepared import Prepared

    Floats = NDArray[np.float64]


class BareLoop:
    """The programs of the study, handed to one HiGHS.

    Parameters
    ----------
    prepared
        The compiled scenario, of one priority.
    within
        How far from the optimum, as a share of it.
    """

    def __init__(self, prepared: Prepared, within: float) -> None:
        scaled = scale(prepared.program)
        own, factor = scaled.cost(prepared.priorities.weights[0] @ prepared.program.costs)
        offset = float(prepared.priorities.weights[0] @ prepared.program.offsets)
        cells = list(cells_of(prepared.instance, by_year=False))
        self.constants = np.array([cell.constant for cell in cells])
        self._own = own
        self._costs, self._factors = [], []
        for cell in cells:
            cost = np.zeros(len(own))
            cost[cell.total.columns] = cell.total.values
            made, size = scaled.cost(cost)
            self._costs.append(made)
            self._factors.append(size)
        first = self._loaded(scaled.matrix, (*scaled.bounds,), own)
        first.run()
        best = float((own * np.array(first.getSolution().col_value)).sum())
        room = within * abs(best / factor + offset) * factor
        matrix = sparse.csc_array(sparse.vstack([scaled.matrix, sparse.csr_array(own[None])]))
        rows = (
            np.append(scaled.row_lower, -np.inf),
            np.append(scaled.row_upper, best + room),
        )
        self._program = (matrix, (*rows, scaled.column_lower, scaled.column_upper))

    def seconds(self) -> tuple[float, Floats]:
        """Return the seconds of the loop, and the least and most of every line, (n, 2)."""
        highs = self._loaded(*self._program, self._own)
        highs.run()
        columns = np.arange(len(self._own), dtype=np.int32)
        found = np.zeros((len(self._costs), 2))
        start = time.perf_counter()
        for i, cost in enumerate(self._costs):
            for end, sign in enumerate((1.0, -1.0)):
                highs.changeColsCost(len(cost), columns, sign * cost)
                highs.run()
                found[i, end] = (cost * np.array(highs.getSolution().col_value)).sum()
        spent = time.perf_counter() - start
        return spent, found / np.array(self._factors)[:, None] + self.constants[:, None]

    @staticmethod
    def _loaded(matrix: sparse.csc_array, bounds: tuple[Floats, ...], cost: Floats) -> _Highs:
        highs = _Highs()
        options = {"output_flag": False, "threads": 1, "presolve": "off", **TOLERANCES}
        for name, value in {**options, "simplex_strategy": PRIMAL}.items():
            highs.setOptionValue(name, value)
        m, n = matrix.shape
        row_lower, row_upper, column_lower, column_upper = bounds
        highs.passModel(
            *(n, m, matrix.nnz, 1, 1, 0.0),
            *(cost, column_lower, column_upper, row_lower, row_upper),
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(n, dtype=np.int32),
        )
        return highs


def main() -> int:
    """Print the medians and their ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--within", type=float, default=0.01)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scenario = write_scenario("national", Path(name) / "timed", seed=given.seed)
        prepared = prepare(load(str(scenario)), Clock())
    loop = BareLoop(prepared, given.within)
    bare, study, threads = [], [], []
    worst = 0.0
    for _ in range(given.repeats):
        spent, ends = loop.seconds()
        bare.append(spent)
        for jobs, times in ((1, study), (None, threads)):
            start = time.perf_counter()
            answer = margins_study(prepared, given.within, jobs=jobs)
            times.append(time.perf_counter() - start)
        rows = list(answer.tables["margins"].records())
        told = np.array([[row["least"], row["most"]] for row in rows], dtype=float)
        size = np.maximum(1.0, np.abs(ends).max(axis=1, keepdims=True))
        worst = max(worst, float((np.abs(told - ends) / size).max()))
        print(f"bare loop {bare[-1]:.1f} s, study ÷ bare {study[-1] / bare[-1]:.2f}")
    print(f"national (synthetic), {2 * len(rows)} programs, seed {given.seed}")
    print(f"  bare loop                        {median(bare):8.1f} s")
    print(f"  study, one thread ÷ bare         {median(study) / median(bare):8.2f}")
    print(f"  study, every processor ÷ bare    {median(threads) / median(bare):8.2f}")
    print(f"  largest difference               {worst:8.0e}")
    return int(worst > 1e-7)


if __name__ == "__main__":
    sys.exit(main())
