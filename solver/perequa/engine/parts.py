"""A program that falls apart is solved part by part: the same answer, several times sooner.

Two columns belong together when a row holds both. On the optimal face most rows that held regions
together have a price, or hold nothing back: what remains is often one program for each region, and
the simplex method on ten small programs takes far fewer operations than on their sum.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from perequa.engine.beside import other_thread
from perequa.engine.session import LONG, PRIMAL, Outcome, Session
from perequa.engine.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.engine.session import SolverOptions

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

ENOUGH = 3000
"""Rows and columns up to which small parts are put together: a run of HiGHS has its own price."""

LOOKS = 4
"""Most looks at which columns rest and which rows hold: one leads to the other a few times."""
PRIMAL_FROM = 50_000
"""Rows and columns from which a part is solved by the primal simplex, where presolve comes first.

The least spending of 20 000 services took the dual simplex 8.3 s and the primal 1.3 s; a part of
7 500 care homes takes both as long. Without presolve the primal is many times slower.
"""
ROUNDING = 1e-12
"""Share of a limit within which a row is taken to hold."""


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


class Part(NamedTuple):
    """Rows and columns that belong together, and the matrix in them."""

    rows: Indices
    columns: Indices
    matrix: sparse.csc_array


Solve = Callable[[Part], Outcome]
Each = Callable[[Iterable[Part], Solve], Iterable[tuple[Part, Outcome]]]


def one_by_one(parts: Iterable[Part], solve: Solve) -> Iterator[tuple[Part, Outcome]]:
    """Solve one part after another."""
    for part in parts:
        yield part, solve(part)


def two_at_once(parts: Iterable[Part], solve: Solve) -> Iterator[tuple[Part, Outcome]]:
    """Solve two parts at a time where they are large; which thread does it changes nothing."""
    listed = list(parts)
    if len(listed) < 2 or sum(sum(part.matrix.shape) for part in listed) < LONG:
        yield from one_by_one(listed, solve)
        return
    left = deque(enumerate(listed))
    found: dict[int, Outcome] = {}

    def taken() -> tuple[int, Part] | None:
        try:
            return left.popleft()
        except IndexError:
            return None

    def work() -> None:
        try:
            while (one := taken()) is not None:
                found[one[0]] = solve(one[1])
        finally:
            # where one goes wrong the others are not waited for
            left.clear()

    with other_thread() as other:
        helping = other.submit(work)
        work()
        helping.result()
    for k, part in enumerate(listed):
        yield part, found[k]


def minimise_apart(
    program: LinearProgram, cost: Floats, options: SolverOptions, each: Each = one_by_one
) -> Outcome:
    """Minimise a cost over a program known to have a plan, part by part.

    Columns that are held are left out, those that rest at their lower bound with them, and so are
    the rows that hold wherever the others stand: those have no price.

    Parameters
    ----------
    program, cost
        The program, and the cost (n,) of its columns.
    options
        How HiGHS works; a part that it cannot solve with presolve is solved again without.
    each
        In which order parts are solved; what it raises ends the search.

    Returns
    -------
    Outcome
        Of the whole program. The first part that is not solved to the end is what it ends with.
    """
    held, holding = _settled(program, cost)
    x, y = np.where(held, program.column_lower, 0.0), np.zeros(len(program.row_lower))
    moved = program.matrix @ x
    lower, upper = program.row_lower - moved, program.row_upper - moved

    def solve(part: Part) -> Outcome:
        session = Session(
            part.matrix,
            lower[part.rows],
            upper[part.rows],
            program.column_lower[part.columns],
            program.column_upper[part.columns],
            options,
        )
        session.set_cost(cost[part.columns])
        large = options.presolve and sum(part.matrix.shape) >= PRIMAL_FROM
        found = session.solve(strategy=PRIMAL if large else options.strategy)
        if options.presolve and found.termination is not Termination.OPTIMAL:
            session.forget_basis()
            found = session.solve(strategy=options.strategy, presolve=False)
        return found

    for part, found in each(_parts(_without(program.matrix, held, holding), held), solve):
        if found.termination is not Termination.OPTIMAL:
            return found
        x[part.columns], y[part.rows] = found.x, found.y
    return Outcome(termination=Termination.OPTIMAL, x=x, y=y, objective=float((cost * x).sum()))


def _settled(program: LinearProgram, cost: Floats) -> tuple[Flags, Flags]:
    """Find columns that may stay at their lower bound, and rows that hold whatever the others do.

    One leads to the other: a row that holds wants nobody greater. Presolve finds the same rows
    among much else, and takes longer than the simplex method needs for what they would cost.

    Returns
    -------
    held, holding
        (n,) columns that are fixed, or rest at their lower bound; (m,) rows that hold.
    """
    held = program.column_lower == program.column_upper
    holding = np.zeros(len(program.row_lower), dtype=np.bool_)
    column = np.repeat(np.arange(len(cost)), np.diff(program.matrix.indptr))
    for _ in range(LOOKS):
        holding = _holding(program, column, held)
        resting = held | _resting(program, cost, column, holding)
        if (resting == held).all():
            break
        held = resting
    return held, holding


def _holding(program: LinearProgram, column: Indices, held: Flags) -> Flags:
    """Find rows that no plan within the bounds of the columns breaks, but for rounding."""
    matrix, m = program.matrix, len(program.row_lower)
    least = program.column_lower[column]
    most = np.where(held, program.column_lower, program.column_upper)[column]
    rises = matrix.data > 0.0
    low = np.bincount(matrix.indices, matrix.data * np.where(rises, least, most), m)
    high = np.bincount(matrix.indices, matrix.data * np.where(rises, most, least), m)
    return _reaches(low, program.row_lower) & _reaches(-high, -program.row_upper)


def _reaches(least: NDArray[Any], limit: Floats) -> Flags:
    """Whether the least of each row is at its limit or above; no limit is always reached."""
    near = limit - ROUNDING * np.maximum(1.0, np.abs(limit))
    return np.asarray(np.isneginf(limit) | (least >= near))


def _resting(program: LinearProgram, cost: Floats, column: Indices, holding: Flags) -> Flags:
    """Find columns that gain nothing by being greater, and that no row left wants greater.

    Of any plan they can be lowered to their bound, and no row breaks. Under the objective of one
    measure these are the places of all the others.
    """
    matrix = program.matrix
    limited = np.where(
        matrix.data > 0.0, program.row_lower[matrix.indices], -program.row_upper[matrix.indices]
    )
    wants_more = np.isfinite(limited) & ~holding[matrix.indices]
    wanted = np.zeros(len(cost), dtype=np.bool_)
    wanted[column[wants_more]] = True
    return ~wanted & (cost >= 0.0) & np.isfinite(program.column_lower)


def _without(matrix: sparse.csc_array, held: Flags, holding: Flags) -> sparse.csc_array:
    """Return the columns that are not held, without their entries in rows that hold."""
    kept = matrix[:, np.flatnonzero(~held)]
    left = ~holding[kept.indices]
    before = np.concatenate([[0], np.cumsum(left)])
    inside = (kept.data[left], kept.indices[left], before[kept.indptr])
    return sparse.csc_array(inside, shape=kept.shape)


def _parts(kept: sparse.csc_array, held: Flags) -> Iterator[Part]:
    """Tell the parts of a matrix without the columns that are held; small ones come together."""
    columns = np.flatnonzero(~held)
    entered = np.zeros(kept.shape[0], dtype=np.bool_)
    entered[kept.indices] = True
    rows, place = np.flatnonzero(entered), np.cumsum(entered) - 1
    of_rows, of_columns = _numbered(place[kept.indices], kept.indptr, len(rows))
    count = int(of_columns.max(initial=-1)) + 1
    if count == 1 and len(rows) == kept.shape[0]:
        yield Part(rows, columns, kept)
        return
    for r, c in zip(_grouped(of_rows, count), _grouped(of_columns, count), strict=True):
        place[rows[r]] = np.arange(len(r))
        own = kept[:, c]
        inside = (own.data, place[own.indices], own.indptr)
        yield Part(rows[r], columns[c], sparse.csc_array(inside, shape=(len(r), len(c))))


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
