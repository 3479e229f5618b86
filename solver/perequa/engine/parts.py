"""A program that falls apart is solved part by part: the same answer, several times sooner.

Two columns belong together when a row holds both. On the optimal face most rows that held regions
together have a price, or hold nothing back: what remains is often one program for each region, and
the simplex method on ten small programs takes far fewer operations than on their sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from perequa.engine.session import Outcome, Session
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perequa.engine.session import SolverOptions

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

ENOUGH = 3000
"""Rows and columns up to which small parts are put together: a run of HiGHS has its own price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearProgram:
    """Rows and columns with their bounds, in the units of the solver.

    Attributes
    ----------
    matrix
        (m, n) by column.
    row_lower, row_upper, column_lower, column_upper
        Bounds; infinities where there is none.
    """

    matrix: sparse.csc_array
    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats


def nothing() -> None:
    """Do nothing between two parts."""


def minimise_apart(
    program: LinearProgram,
    cost: Floats,
    options: SolverOptions,
    between: Callable[[], None] = nothing,
) -> Outcome:
    """Minimise a cost over a program known to have a plan, part by part.

    Columns that are held are left out, those that rest at their lower bound with them, and so are
    the rows that no other column enters: those hold already, and have no price.

    Parameters
    ----------
    program, cost
        The program, and the cost (n,) of its columns.
    options
        How HiGHS works; a part that it cannot solve with presolve is solved again without.
    between
        Called before each part; what it raises ends the search.

    Returns
    -------
    Outcome
        Of the whole program. The first part that is not solved to the end is what it ends with.
    """
    held = (program.column_lower == program.column_upper) | _resting(program, cost)
    x, y = np.where(held, program.column_lower, 0.0), np.zeros(len(program.row_lower))
    moved = program.matrix @ x
    for rows, columns, matrix in _parts(program.matrix, np.flatnonzero(~held)):
        between()
        session = Session(
            matrix,
            (program.row_lower - moved)[rows],
            (program.row_upper - moved)[rows],
            program.column_lower[columns],
            program.column_upper[columns],
            options,
        )
        session.set_cost(cost[columns])
        found = session.solve()
        if options.presolve and found.termination is not Termination.OPTIMAL:
            session.forget_basis()
            found = session.solve(presolve=False)
        if found.termination is not Termination.OPTIMAL:
            return found
        x[columns], y[rows] = found.x, found.y
    return Outcome(termination=Termination.OPTIMAL, x=x, y=y, objective=float((cost * x).sum()))


def _resting(program: LinearProgram, cost: Floats) -> NDArray[np.bool_]:
    """Find columns that gain nothing by being greater, and that no row wants greater.

    Of any plan they can be lowered to their bound, and no row breaks. Under the objective of one
    measure these are the places of all the others.
    """
    matrix = program.matrix
    wants_more = np.where(
        matrix.data > 0.0,
        np.isfinite(program.row_lower)[matrix.indices],
        np.isfinite(program.row_upper)[matrix.indices],
    )
    wanted = np.zeros(len(cost), dtype=np.bool_)
    wanted[np.repeat(np.arange(len(cost)), np.diff(matrix.indptr))[wants_more]] = True
    return ~wanted & (cost >= 0.0) & np.isfinite(program.column_lower)


def _parts(
    matrix: sparse.csc_array, columns: Indices
) -> Iterator[tuple[Indices, Indices, sparse.csc_array]]:
    """Rows, columns and matrix of each part; parts that are small come several at a time."""
    kept = matrix if len(columns) == matrix.shape[1] else matrix[:, columns]
    entered = np.zeros(kept.shape[0], dtype=np.bool_)
    entered[kept.indices] = True
    rows, place = np.flatnonzero(entered), np.cumsum(entered) - 1
    of_rows, of_columns = _numbered(place[kept.indices], kept.indptr, len(rows))
    count = int(of_columns.max(initial=-1)) + 1
    if count == 1 and len(rows) == kept.shape[0]:
        yield rows, columns, kept
        return
    for r, c in zip(_grouped(of_rows, count), _grouped(of_columns, count), strict=True):
        place[rows[r]] = np.arange(len(r))
        own = kept[:, c]
        inside = (own.data, place[own.indices], own.indptr)
        yield rows[r], columns[c], sparse.csc_array(inside, shape=(len(r), len(c)))


def _numbered(indices: Indices, indptr: Indices, m: int) -> tuple[Indices, Indices]:
    """Number the part that each row and each column belongs to."""
    n = len(indptr) - 1
    # rows and columns are the ends of edges, one for each entry; those of columns list them
    edges = (np.ones(len(indices)), indices, np.concatenate([np.zeros(m, indptr.dtype), indptr]))
    graph = sparse.csr_array(edges, shape=(m + n, m + n))
    _, part = connected_components(graph, directed=False)
    together = _together(np.bincount(part))[part]
    return together[:m], together[m:]


def _together(sizes: Indices) -> Indices:
    """Number the parts, in their order: several share a number until they are `ENOUGH`."""
    numbers = np.zeros(len(sizes), dtype=np.intp)
    number = filled = 0
    for k, size in enumerate(sizes.tolist()):
        if filled and filled + size > ENOUGH:
            number, filled = number + 1, 0
        numbers[k] = number
        filled += size
    return numbers


def _grouped(numbers: Indices, count: int) -> Iterator[Indices]:
    """Places of each number below `count`, in order."""
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers[order], np.arange(count + 1))
    for k in range(count):
        yield order[ends[k] : ends[k + 1]]
