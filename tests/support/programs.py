"""Random small linear programs, degenerate on purpose, and an independent solver for them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from perequa.compilation import CompiledProgram
from perequa_models.keys import CellKey, RowKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EFFORT = int(os.environ.get("PEREQUA_TEST_EFFORT", "1"))
"""Multiplies the number of random programs: 1 in the default run."""


@dataclass(frozen=True)
class Dense:
    """min c·x, low ≤ A x ≤ up, least ≤ x ≤ most."""

    A: Floats
    low: Floats
    up: Floats
    c: Floats
    least: Floats
    most: Floats

    def compiled(
        self, costs: Floats | None = None, *, money: Floats | None = None
    ) -> CompiledProgram:
        """The program as the engine takes it; every row states a rule."""
        m, n = self.A.shape
        sides = np.where(
            self.low == self.up, "equals", np.where(np.isfinite(self.low), "at_least", "at_most")
        )
        costs = self.c[None] if costs is None else costs
        return CompiledProgram(
            matrix=sparse.csr_array(self.A),
            row_keys=tuple(RowKey("r", "region", str(i), "m", 1, sides[i]) for i in range(m)),
            column_keys=tuple(CellKey("region", str(j), "m", 1) for j in range(n)),
            row_lower=self.low,
            row_upper=self.up,
            row_constant=np.zeros(m),
            row_limit=np.where(np.isfinite(self.low), self.low, self.up),
            row_is_money=np.zeros(m, dtype=bool) if money is None else money,
            column_lower=self.least,
            column_upper=self.most,
            column_is_money=np.zeros(n, dtype=bool),
            objective_names=tuple(f"o{k}" for k in range(len(costs))),
            costs=costs,
            offsets=np.zeros(len(costs)),
        )

    def moved(self, row: int, by: float) -> Dense:
        """The same with the limit of one row moved."""
        step = np.zeros(len(self.low))
        step[row] = by
        return replace(self, low=self.low + step, up=self.up + step)

    def solved(self, extra: tuple[Floats, Floats] | None = None) -> tuple[float, Floats | None]:
        """Least value and a plan by scipy: infinite when there is none.

        Parameters
        ----------
        extra
            Rows and upper limits added, e.g. the value of an earlier priority.
        """
        equal = self.low == self.up
        upper, lower = ~equal & np.isfinite(self.up), ~equal & np.isfinite(self.low)
        rows = [self.A[upper], -self.A[lower]]
        limits = [self.up[upper], -self.low[lower]]
        if extra is not None:
            rows.append(extra[0])
            limits.append(extra[1])
        found = linprog(
            self.c,
            A_ub=np.vstack(rows),
            b_ub=np.concatenate(limits),
            A_eq=self.A[equal],
            b_eq=self.low[equal],
            bounds=np.column_stack([self.least, self.most]),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        assert found.status in {0, 2}, found.message
        return (float(found.fun), found.x) if found.status == 0 else (math.inf, None)


def random_program(rng: np.random.Generator) -> Dense:
    """A feasible, bounded program of a few rows whose limits often meet in one corner."""
    n, m = int(rng.integers(2, 9)), int(rng.integers(2, 9))
    A = rng.integers(-2, 4, (m, n)) * (rng.random((m, n)) < 0.7).astype(float)
    # a program without a single coefficient cannot be written, and HiGHS proves nothing about it
    A[0, 0] = A[0, 0] if A.any() else 1.0
    x = rng.integers(0, 4, n) * (rng.random(n) < 0.7).astype(float)
    activity = A @ x
    kind = rng.integers(0, 3, m)
    slack = np.where(rng.random(m) < 0.7, 0, rng.integers(1, 4, m))
    low = np.where(kind == 0, activity, np.where(kind == 1, activity - slack, -np.inf))
    up = np.where(kind == 0, activity, np.where(kind == 2, activity + slack, np.inf))
    # a cost that some dual proves bounded
    dual = np.where(
        kind == 0,
        rng.integers(-2, 3, m),
        np.where(kind == 1, rng.integers(0, 3, m), -rng.integers(0, 3, m)),
    )
    c = rng.integers(0, 5, n) + A.T @ dual
    most = np.where(rng.random(n) < 0.3, x + rng.integers(0, 2, n), np.inf)
    held = rng.random(n) < 0.1
    return Dense(A, low, up, c, np.where(held, x, 0.0), np.where(held, x, most))


def costs_of(rng: np.random.Generator, program: Dense, levels: int) -> np.ndarray:
    """The program's own cost, then costs bounded below over non-negative columns."""
    more = rng.integers(0, 4, (levels - 1, len(program.c))).astype(float)
    return np.vstack([program.c, more])


def in_turn(program: Dense, costs: np.ndarray) -> list[float]:
    """Least value of each cost in turn, those before held at theirs; infinite without a plan."""
    values: list[float] = []
    for cost in costs:
        held = None if not values else (costs[: len(values)], np.array(values) + 1e-9)
        least, _ = Dense(
            program.A, program.low, program.up, cost, program.least, program.most
        ).solved(held)
        if math.isinf(least) and not values:
            return [math.inf] * len(costs)
        values.append(least)
    return values
