"""Scenarios prepared for a study, and programs of national shape in small."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from programs import Dense
from scipy import sparse
from scipy.optimize import linprog

from perequa.checks import load
from perequa.optimum import Clock
from perequa.report.study import study_text
from perequa.studies.prepared import prepare
from perequa.words import words_in

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa.studies.prepared import Prepared
    from perequa.studies.study import Answer

EHPAD = "ehpad-2004-rule"
DISTANCE = "objectives.distance={kind: distance_to_reference, level: region}"
WORST = "objectives.worst={kind: worst, indicator: ehpad_rate, level: region}"


def prepared(source: str, *sets: str, variants: tuple[str, ...] = ()) -> Prepared:
    """A scenario compiled once."""
    return prepare(load(source, variants, sets), Clock())


def text_of(answer: Answer, **asked: object) -> str:
    """What a study prints."""
    record = {**answer.facts, "asked": asked}
    return study_text(record, answer.tables, words_in("en"))


def trading_program(rng: np.random.Generator) -> Dense:
    """A few needs to cover, so that two costs over them rarely agree on a plan."""
    n, m = int(rng.integers(4, 7)), int(rng.integers(3, 6))
    A = rng.integers(1, 9, (m, n)).astype(float) * (rng.random((m, n)) < 0.7)
    A[:, 0] += 1.0
    return Dense(
        A=A,
        low=rng.integers(5, 30, m).astype(float),
        up=np.full(m, np.inf),
        c=rng.integers(1, 20, n).astype(float),
        least=np.zeros(n),
        most=np.where((rng.random(n) < 0.5) & (np.arange(n) > 0), rng.integers(1, 5, n), np.inf),
    )


def least_by_scipy(program: CompiledProgram, cost: np.ndarray) -> float:
    """Least value of a cost over a compiled program, by scipy."""
    equal = program.row_lower == program.row_upper
    upper = ~equal & np.isfinite(program.row_upper)
    lower = ~equal & np.isfinite(program.row_lower)
    found = linprog(
        cost,
        A_ub=sparse.vstack([program.matrix[upper], -program.matrix[lower]]),
        b_ub=np.concatenate([program.row_upper[upper], -program.row_lower[lower]]),
        A_eq=program.matrix[equal] if equal.any() else None,
        b_eq=program.row_lower[equal] if equal.any() else None,
        bounds=np.column_stack([program.column_lower, program.column_upper]),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.status == 0, found.message
    return float(found.fun)


def with_row(program: CompiledProgram, cost: np.ndarray, limit: float) -> CompiledProgram:
    """The plans of a program at which a cost is at most a limit."""
    return replace(
        program,
        matrix=sparse.csr_array(sparse.vstack([program.matrix, sparse.csr_array(cost[None])])),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, limit),
    )
