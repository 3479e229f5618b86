"""A leximin of 1 010 cells beside one cold solve of its first program.

``python benchmarks/leximin.py`` compares every department and measure of the instance `national` in
one leximin, and 1 010 departments of an instance of one measure and one year, where a cold solve
costs next to nothing. Both are timed in one process, the least of several repeats.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from instances import Size, write_scenario
from scipy import sparse

from perequa.checks import load
from perequa.engine.leximin import levels_of
from perequa.engine.scaling import scale
from perequa.engine.session import Session, SolverOptions
from perequa.engine.stages import whole
from perequa.optimum import Clock, posed
from perequa_models.keys import AuxiliaryKey
from perequa_models.objectives.leximin import Leximin

if TYPE_CHECKING:
    from perequa.engine.scaling import ScaledProgram

OPTIONS = SolverOptions()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    tell("national", Size(), asked.repeats)
    tell("one measure", Size(departments=1010, measures=1, years=1), asked.repeats)


def tell(name: str, size: Size, repeats: int) -> None:
    """Settle every cell of an instance, and time it beside one cold solve."""
    scaled, rows, level = question(size)
    cold, settled = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        session = Session(scaled.matrix, *scaled.bounds, OPTIONS)
        cost = np.zeros(session.n)
        cost[level] = 1.0
        session.set_cost(cost)
        session.solve()
        middle = time.perf_counter()
        levels = levels_of(scaled, whole(scaled), rows, level, OPTIONS)
        cold.append(middle - start)
        settled.append(time.perf_counter() - middle)
    print(
        f"{name}: {len(rows)} cells, {scaled.matrix.shape[0]} rows, {scaled.matrix.shape[1]} "
        f"columns: {len(levels.values)} levels in {min(settled):.2f} s, "
        f"{min(settled) / min(cold):.1f} times one cold solve ({min(cold) * 1000:.0f} ms)"
    )


def question(size: Size) -> tuple[ScaledProgram, list[int], int]:
    """Lay one leximin over every department and measure: its program, rows and level column."""
    with tempfile.TemporaryDirectory() as folder:
        instance = load(str(write_scenario("national", Path(folder) / "national", size))).instance
    objectives = {
        f"fair_{i}": Leximin.model_validate(
            {"kind": "leximin", "indicator": indicator, "level": "department"}
        )
        for i, indicator in enumerate(instance.indicators)
    }
    instance = replace(
        instance, scenario=instance.scenario.model_copy(update={"objectives": objectives})
    )
    _, _, program = posed(instance, Clock())
    scaled = scale(program)
    own = [(i, k.role) for i, k in enumerate(program.row_keys) if isinstance(k, AuxiliaryKey)]
    rows = [i for i, role in own if role == "gap"]
    levels = [
        j
        for j, key in enumerate(program.column_keys)
        if isinstance(key, AuxiliaryKey) and key.role == "level"
    ]
    # one level for all measures: the columns of their levels are added up in the first
    onto = np.arange(scaled.matrix.shape[1])
    onto[levels] = levels[0]
    merge = sparse.csc_array(
        (np.ones(len(onto)), (np.arange(len(onto)), onto)), shape=(len(onto), len(onto))
    )
    matrix = sparse.csc_array(scaled.matrix @ merge)
    return replace(scaled, matrix=matrix), rows, levels[0]


if __name__ == "__main__":
    main()
