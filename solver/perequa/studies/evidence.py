"""What proves a sample of a study's figures without a solver: multipliers, and plans beside them.

By weak duality a multiplier of the rows says below which value no plan goes; a plan that reaches it
says that there is one. `verify` makes both sums again with numpy alone.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.plans_left import stop_unless_optimal
from perequa.engine.stages import solve_stages
from perequa.report.arrays import sparse_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Stage
    from perequa.report.arrays import Arrays

Floats = NDArray[np.float64]

SAMPLE = 24
"""Questions of one study that are proven: enough to be all of them in most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """What proves the least value of one priority.

    Attributes
    ----------
    stage
        Its place in the order of service, from 0.
    y
        (m,) multipliers of the rows.
    lam
        (P,) multipliers of the earlier priorities.
    """

    stage: int
    y: Floats
    lam: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """One question of the sample.

    Attributes
    ----------
    asked
        The figures that say which question: what they are depends on the study.
    duals
        One for each priority proven.
    cells
        The decisions of a plan that reaches the value; None where the tables hold it.
    """

    asked: tuple[float, ...]
    duals: tuple[Dual, ...]
    cells: Floats | None = None


def sampled(count: int, most: int = SAMPLE) -> list[int]:
    """Return which of `count` questions are proven: all, or `most` evenly spread, both ends in."""
    spread = np.linspace(0, count - 1, min(count, most))
    return sorted({int(at) for at in spread.round()})


def solved_each(
    asked: Sequence[tuple[CompiledProgram, Floats]], options: SolverOptions
) -> list[tuple[Stage, ...]]:
    """Solve programs, as many at a time as there are processors.

    Parameters
    ----------
    asked
        Each program with the costs (P, n) of its priorities, in the order of service.
    options
        How the solver works.

    Raises
    ------
    Infeasible, NotProven
        When one has no plan, or is not solved.
    """

    def solved(one: tuple[CompiledProgram, Floats]) -> tuple[Stage, ...]:
        program, costs = one
        staged = solve_stages(program, tuple(range(len(costs))), costs, options)
        stop_unless_optimal(staged.termination)
        return staged.stages

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        return list(workers.map(solved, asked))


def duals_of(stages: Sequence[Stage], first: int = 0) -> tuple[Dual, ...]:
    """Keep what proves each priority from the given one on."""
    return tuple(
        Dual(stage=p, y=stage.y, lam=stage.lam) for p, stage in enumerate(stages) if p >= first
    )


def evidence_arrays(proven: Sequence[Proven]) -> Arrays:
    """Lay out a sample as the arrays of ``evidence.npz``."""
    duals = [(q, dual) for q, one in enumerate(proven) for dual in one.duals]
    width = max((len(dual.lam) for _, dual in duals), default=0)
    pointer, rows, values = sparse_rows([dual.y for _, dual in duals])
    lam = np.zeros((len(duals), width))
    for d, (_, dual) in enumerate(duals):
        lam[d, : len(dual.lam)] = dual.lam
    held = [(q, one.cells) for q, one in enumerate(proven) if one.cells is not None]
    return {
        "asked": np.array([one.asked for one in proven], dtype=float),
        "question": np.array([q for q, _ in duals], dtype=int),
        "stage": np.array([dual.stage for _, dual in duals], dtype=int),
        "dual_lam": lam,
        "dual_ptr": pointer,
        "dual_row": rows,
        "dual_val": values,
        "plan_of": np.array([q for q, _ in held], dtype=int),
        "plan": np.array([cells for _, cells in held]) if held else np.zeros((0, 0)),
    }
