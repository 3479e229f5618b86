"""The stepped tie-break: the same evenness by steps, by linear programs only.

Σ c·(x − around)²/a is replaced by its chords at 1/4, 1/2, 1, 2, 4 and 8 times ρ, where ρ is what
each unit of a would get if the least spending on the optimal face were spread evenly; a neutral
cost then settles what the steps leave open (scenario reference, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.scaling import size_factor
from perequa.engine.session import PRIMAL, Session
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged

Floats = NDArray[np.float64]

STEPS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Ends of the steps, in ρ; the last step is open above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """The plan and the duals of the three programs that prove it.

    Attributes
    ----------
    plan
        (n,) natural units.
    rho
        Length of one step unit.
    evidence
        Arrays that prove each of the three programs, for the run folder.
    """

    plan: Floats
    rho: float
    evidence: dict[str, Floats]


def solve_stepped(
    staged: Staged,
    cost: Floats,
    basis: Floats,
    around: Floats,
    neutral: Floats,
    options: SolverOptions,
) -> Stepped:
    """Solve the stepped tie-break on the optimal face.

    Parameters
    ----------
    staged
        The stages and the face they leave.
    cost, basis, around, neutral
        (n,), natural units; cost is 0 for columns that are not decisions.

    Raises
    ------
    NotProven
        When HiGHS does not prove one of the programs.
    """
    face, scaled = staged.face, staged.scaled
    session = Session(
        scaled.matrix, face.row_lower, face.row_upper, face.column_lower, face.column_upper, options
    )
    weight = cost * scaled.column
    session.set_cost(weight * size_factor(weight))
    least = session.solve()
    _proven(least.termination)
    spent = float(weight @ least.x)
    rho = max(spent / float(cost @ basis), 1e-6)
    free = np.flatnonzero((face.column_lower < face.column_upper) & (cost > 0))
    extended = _extended(staged, cost, basis, around, rho, free)
    session = Session(*extended.program, options)
    session.set_cost(extended.steps * size_factor(extended.steps))
    first = session.solve()
    _proven(first.termination)
    steps = extended.steps * size_factor(extended.steps)
    _hold(session, extended, steps - extended.program[0].T @ first.y, first.y, first.x)
    second = np.zeros(len(steps))
    second[: len(cost)] = np.where(cost > 0, neutral * scaled.column, 0.0)
    session.set_cost(second * size_factor(second))
    last = session.solve(strategy=PRIMAL)
    _proven(last.termination)
    x = np.clip(last.x[: len(cost)], scaled.column_lower, scaled.column_upper)
    return Stepped(plan=scaled.natural_x(x), rho=rho, evidence={"step_rho": np.array(rho)})


def _proven(termination: Termination) -> None:
    if termination is not Termination.OPTIMAL:
        message = f"the tie-break ended {termination.value}"
        raise NotProven(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extended:
    """The face's program with one column per step of each free decision."""

    program: tuple[sparse.csc_array, Floats, Floats, Floats, Floats]
    steps: Floats


def _extended(
    staged: Staged, cost: Floats, basis: Floats, around: Floats, rho: float, free: NDArray[np.intp]
) -> _Extended:
    """Append x − Σ up + Σ down = around for the free decisions; steps in the solver's units."""
    face, scaled = staged.face, staged.scaled
    width = np.diff(np.array(STEPS))
    slope = np.array(STEPS[1:]) + np.array(STEPS[:-1])
    unit = (rho * basis / scaled.column)[free]
    price = (cost * scaled.column)[free] * rho
    k, f = len(width), len(free)
    two_sided = bool((around[free] > 0).any())
    directions = (1.0, -1.0) if two_sided else (1.0,)
    blocks, uppers, costs = [], [], []
    ones = np.kron(sparse.eye_array(f), np.ones((1, k))) if f else sparse.csr_array((0, 0))
    top = np.where(np.arange(k) == k - 1, np.inf, width)
    for direction in directions:
        blocks.append(-direction * sparse.csr_array(ones))
        uppers.append(np.outer(unit, top).ravel())
        costs.append(np.outer(price, slope).ravel())
    pick = sparse.csr_array((np.ones(f), (np.arange(f), free)), shape=(f, len(cost)))
    matrix = sparse.block_array(
        [[scaled.matrix, *[None] * len(blocks)], [pick, *blocks]], format="csc"
    )
    at = (around / scaled.column)[free]
    program = (
        sparse.csc_array(matrix),
        np.concatenate([face.row_lower, at]),
        np.concatenate([face.row_upper, at]),
        np.concatenate([face.column_lower, np.zeros(f * k * len(blocks))]),
        np.concatenate([face.column_upper, *uppers]),
    )
    return _Extended(program=program, steps=np.concatenate([np.zeros(len(cost)), *costs]))


def _hold(session: Session, extended: _Extended, z: Floats, y: Floats, x: Floats) -> None:
    """Restrict to the optimal face of the steps: priced rows and columns are held."""
    _, row_lower, row_upper, lower, upper = extended.program
    rows = np.flatnonzero(np.abs(y) > 1e-8)
    at_row = np.where(y > 0, row_lower, row_upper)[rows]
    session.set_row_bounds(rows, at_row, at_row)
    columns = np.flatnonzero(np.abs(z) > 1e-8)
    at = np.where(z > 0, lower, upper)[columns]
    at = np.where(np.isfinite(at), at, x[columns])
    session.set_column_bounds(columns, at, at)
