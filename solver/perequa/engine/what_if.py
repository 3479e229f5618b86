"""Plans solved again after a finite change: limits moved, one more asked somewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.infeasibility import Clashes
from perequa.engine.session import Session
from perequa.engine.stages import solve_stages
from perequa.engine.termination import Termination
from perequa.engine.tie_break import publish
from perequa_models.errors import NotProven
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.spread import Spread
    from perequa.engine.stages import Staged
    from perequa.engine.tie_break import Published

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solvable:
    """A program and how its plan is chosen: what is needed to solve it again.

    Attributes
    ----------
    program, staged, spread, published
        As solved the first time.
    options
        How the solver works.
    """

    program: CompiledProgram
    staged: Staged
    spread: Spread
    published: Published
    options: SolverOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A plan and what each priority is worth there.

    Attributes
    ----------
    plan, values
        (n,), (P,) natural units; values without the constants of the objectives.
    """

    plan: Floats
    values: Floats


def present(base: Solvable) -> Solution:
    """Return the published plan itself."""
    stages = base.staged.stages
    return Solution(
        plan=base.published.plan, values=np.array([stage.cost @ stage.x for stage in stages])
    )


def moved(base: Solvable, direction: Mapping[int, float]) -> Solution | None:
    """Move limits and solve again; None when no plan is left.

    Parameters
    ----------
    direction
        Change of the limit of each row, natural units.
    """
    return _solved(base, moved_program(base.program, direction))


def moved_program(program: CompiledProgram, direction: Mapping[int, float]) -> CompiledProgram:
    """Move the limits of some rows."""
    step = np.zeros(len(program.row_lower))
    step[list(direction)] = list(direction.values())
    return replace(
        program,
        row_lower=program.row_lower + step,
        row_upper=program.row_upper + step,
        row_limit=program.row_limit + step,
    )


def one_more(base: Solvable, cells: Indices, by: float) -> Solution | tuple[int, ...]:
    """Ask that some cells together get more than they do, and solve again.

    Parameters
    ----------
    cells
        Columns that are summed.
    by
        How much more they must get.

    Returns
    -------
    Solution or tuple of int
        The plan; or, when there is none, rows that together forbid it: without any one of them
        it would be possible.
    """
    asked = _with_row(base.program, cells, float(base.published.plan[cells].sum()) + by)
    found = _solved(base, asked)
    if found is not None:
        return found
    clash = Clashes(asked, base.options).without(())
    if clash is None:
        raise NotProven("the solver found no plan and no reason why there is none")
    last = len(base.program.row_keys)
    return tuple(row for row in clash.rows if row != last)


def _solved(base: Solvable, program: CompiledProgram) -> Solution | None:
    costs = np.array([stage.cost for stage in base.staged.stages])
    priorities = tuple(stage.priority for stage in base.staged.stages)
    staged = solve_stages(program, priorities, costs, base.options)
    if staged.termination is Termination.INFEASIBLE:
        return None
    if staged.termination is not Termination.OPTIMAL:
        message = f"a changed program ended {staged.termination.value}"
        raise NotProven(message)
    published = publish(staged, base.spread, base.published.method, base.options)
    values = np.array([stage.cost @ stage.x for stage in staged.stages])
    return Solution(plan=published.plan, values=values)


def _with_row(program: CompiledProgram, cells: Indices, at_least: float) -> CompiledProgram:
    """Append a rule row: the sum of some columns is at least a figure."""
    n = program.matrix.shape[1]
    row = sparse.csr_array(
        (np.ones(len(cells)), (np.zeros(len(cells), dtype=np.intp), cells)), shape=(1, n)
    )
    money = bool(program.column_is_money[cells].any())
    return replace(
        program,
        matrix=sparse.csr_array(sparse.vstack([program.matrix, row])),
        row_keys=(*program.row_keys, RowKey("one_more", "", "", "", None, "at_least")),
        row_lower=np.append(program.row_lower, at_least),
        row_upper=np.append(program.row_upper, np.inf),
        row_constant=np.append(program.row_constant, 0.0),
        row_limit=np.append(program.row_limit, at_least),
        row_is_money=np.append(program.row_is_money, money),
    )


def most_possible(base: Solvable, direction: Mapping[int, float]) -> float:
    """Return the largest multiple of a move of limits for which a plan exists; infinite when any.

    Raises
    ------
    NotProven
        When the solver does not say.
    """
    scaled = base.staged.scaled
    step = np.zeros((len(scaled.row), 1))
    step[list(direction), 0] = list(direction.values())
    step[:, 0] *= scaled.row
    size = float(np.abs(step).max(initial=0.0)) or 1.0
    matrix = sparse.csc_array(sparse.hstack([scaled.matrix, sparse.csc_array(-step / size)]))
    session = Session(
        matrix,
        scaled.row_lower,
        scaled.row_upper,
        np.append(scaled.column_lower, 0.0),
        np.append(scaled.column_upper, np.inf),
        base.options,
    )
    session.set_cost(np.append(np.zeros(session.n - 1), -1.0))
    outcome = session.solve()
    if outcome.termination is Termination.UNBOUNDED:
        return np.inf
    if outcome.termination is not Termination.OPTIMAL:
        message = f"how far limits can move ended {outcome.termination.value}"
        raise NotProven(message)
    return float(outcome.x[-1]) / size


def least_and_most(base: Solvable, groups: list[Indices]) -> list[tuple[float, float]]:
    """Return the least and the most that each group of columns gets among the optimal plans.

    Raises
    ------
    NotProven
        When the solver does not say.
    """
    face, scaled = base.staged.face, base.staged.scaled
    session = Session(
        scaled.matrix,
        face.row_lower,
        face.row_upper,
        face.column_lower,
        face.column_upper,
        base.options,
    )
    session.set_basis(base.staged.last_basis)
    return [(_extreme(session, base, g, 1.0), _extreme(session, base, g, -1.0)) for g in groups]


def _extreme(session: Session, base: Solvable, cells: Indices, sign: float) -> float:
    scaled = base.staged.scaled
    cost = np.zeros(session.n)
    cost[cells] = sign * scaled.column[cells] / scaled.column[cells].max()
    session.set_cost(cost)
    outcome = session.solve()
    if outcome.termination is Termination.UNBOUNDED:
        return -sign * np.inf
    if outcome.termination is not Termination.OPTIMAL:
        message = f"the optimal plans ended {outcome.termination.value}"
        raise NotProven(message)
    return float(scaled.natural_x(outcome.x)[cells].sum()) + 0.0
