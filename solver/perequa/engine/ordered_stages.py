"""Priorities solved with the pairs of rates they need: more are written until no plan lacks one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.order_search import find_order
from perequa.engine.orders import at_order, completed_along, completed_orders
from perequa.engine.session import AT_LOWER, BASIC, Statuses, statuses_of
from perequa.engine.stages import Staged, solve_stages
from perequa.engine.termination import Termination
from perequa.ranked_program import with_orders
from perequa_models.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.ranked_rates import Floats, Ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The program with the pairs that were needed, and its solved stages."""

    program: CompiledProgram
    staged: Staged


def solve_ordered(
    program: CompiledProgram,
    priorities: tuple[int, ...],
    weights: Floats,
    options: SolverOptions,
) -> Solved:
    """Minimise each priority in turn, as `solve_stages`, with no pair of rates left out in error.

    Parameters
    ----------
    program
        The compiled program, no pair written or all.
    priorities, weights
        (P,), (P, K): what is served, and the weights of the objectives in it.
    options
        How the solver works.
    """
    ranked = program.ranked
    if ranked is None or ranked.complete:
        costs = program.weighed(weights)
        return Solved(program=program, staged=solve_stages(program, priorities, costs, options))
    served = np.flatnonzero(weights.any(axis=0)).tolist()
    own = tuple(group for group in ranked.groups if group.objective in served)
    # nothing moves for an objective of no weight: its order is that of the plan found without it
    alone = replace(program, ranked=replace(ranked, groups=own) if own else None)
    solved = _served(alone, priorities, weights, options)
    if solved.staged.termination is not Termination.OPTIMAL or len(own) == len(ranked.groups):
        return solved
    found = iter(() if solved.program.ranked is None else solved.program.ranked.groups)
    groups = [
        next(found) if g.objective in served else at_order(g, rates, np.zeros_like(g.written))
        for g, rates in zip(ranked.groups, ranked.rates(solved.staged.stages[-1].x), strict=True)
    ]
    program = with_orders(replace(solved.program, ranked=ranked), groups)
    return _settled(program, priorities, weights, options, None)


def _served(
    program: CompiledProgram, priorities: tuple[int, ...], weights: Floats, options: SolverOptions
) -> Solved:
    """Solve where every objective that adds up differences is served."""
    start = None
    if program.ranked is not None:
        counting = [any(row[g.objective] for g in program.ranked.groups) for row in weights]
        first = counting.index(True)
        found = find_order(program, weights[first], options)
        if found is not None:
            program, start = found.program, found.basis if first == 0 else None
    return _settled(program, priorities, weights, options, start)


def with_more_orders(
    solved: Solved,
    passed: Sequence[Floats],
    stood_at: Sequence[Floats],
    weights: Floats,
    options: SolverOptions,
) -> Solved | None:
    """Write the pairs that some more plans need, and solve again; None when none is missing.

    Parameters
    ----------
    passed, stood_at
        As for `completed_orders`.
    weights
        (P, K) as for `solve_ordered`.
    options
        How the solver works.
    """
    more = completed_orders(solved.program, passed, stood_at)
    if more is None:
        return None
    staged = solved.staged
    start = _carried(solved.program, more, statuses_of(staged.first_basis))
    priorities = tuple(stage.priority for stage in staged.stages)
    return _settled(more, priorities, weights, options, start)


def _settled(
    program: CompiledProgram,
    priorities: tuple[int, ...],
    weights: Floats,
    options: SolverOptions,
    start: Statuses | None,
) -> Solved:
    while True:
        staged = solve_stages(program, priorities, program.weighed(weights), options, start)
        more = _missing(program, staged)
        if more is None:
            return Solved(program=program, staged=staged)
        known = staged.first_basis
        start = None if known is None else _carried(program, more, statuses_of(known))
        program = more


def _missing(program: CompiledProgram, staged: Staged) -> CompiledProgram | None:
    """Write the pairs that the plans found need; where nothing ends, those reversed on the way."""
    if staged.termination is Termination.OPTIMAL:
        plans = [stage.x for stage in staged.stages]
        return completed_orders(program, plans, plans[-1:])
    return None if staged.ray is None else completed_along(program, staged.ray)


def _carried(before: CompiledProgram, after: CompiledProgram, basis: Statuses) -> Statuses:
    """Carry a basis over to a program with more pairs: rows of the new ones loose."""
    earlier, later = _ranked(before), _ranked(after)
    known = np.concatenate(
        [
            old.written[np.nonzero(new.written)]
            for old, new in zip(earlier.groups, later.groups, strict=True)
        ]
    )
    rows, columns = np.full(len(known), BASIC), np.full(len(known), AT_LOWER)
    m, n = earlier.rows, earlier.columns
    rows[known], columns[known] = basis.rows[m:], basis.columns[n:]
    return Statuses(
        rows=np.concatenate([basis.rows[:m], rows]),
        columns=np.concatenate([basis.columns[:n], columns]),
    )


def _ranked(program: CompiledProgram) -> Ranked:
    if program.ranked is None:
        raise InternalError("a program without ranked rates has no pairs to write")
    return program.ranked
