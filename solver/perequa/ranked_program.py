"""A program with the orders of its rates written behind it: one cost for each, pairs as needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.ranked_rates import ROUNDING, Ranked
from perequa_models.errors import InvalidScenario
from perequa_models.keys import AuxiliaryKey
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.ranked_rates import Pairs, RankedGroup

EVERY_PAIR_UP_TO = 500
"""Pairs of rates, of all objectives, that are all given a row without looking which are needed."""
MOST_PAIRS = 30_000
"""Pairs of rates that are all given a row where every one is asked for."""


def with_orders(program: CompiledProgram, groups: Sequence[RankedGroup]) -> CompiledProgram:
    """Write the cost of some orders of rates, and the pairs that have a row, behind a program.

    Parameters
    ----------
    program
        With or without such pairs: those it has are taken out.
    groups
        The orders and their pairs; all of the program's.
    """
    before = program.ranked
    m, n = program.matrix.shape if before is None else (before.rows, before.columns)
    ranked = Ranked(groups=tuple(groups), rows=m, columns=n)
    pairs = [_written(group) for group in groups]
    forms, constant, beyond = ranked.pairs(pairs)
    count, owner = len(beyond), np.repeat([g.objective for g in groups], [len(p[0]) for p in pairs])
    names = [name for each in zip(groups, pairs, strict=True) for name in _names(*each)]
    matrix = sparse.block_array(
        [
            [program.matrix[:m, :n], sparse.csr_array((m, count))],
            [forms, sparse.eye_array(count, format="csr")],
        ],
        format="csr",
    )
    costs = np.hstack([program.costs[:, :n], np.zeros((len(program.costs), count))])
    offsets, slopes = program.offsets.copy(), ranked.slopes
    for k in sorted({group.objective for group in groups}):
        of_objective = np.where(ranked.owners == k, slopes, 0.0)
        cost = of_objective @ ranked.forms
        # a place counts in every year after: what the years take off one another leaves rounding
        cost[np.abs(cost) <= ROUNDING * (np.abs(of_objective) @ abs(ranked.forms))] = 0.0
        costs[k, :n] = cost
        offsets[k] = of_objective @ ranked.constant
    costs[owner, n + np.arange(count)] = beyond
    return replace(
        program,
        matrix=sparse.csr_array(matrix),
        row_keys=(
            *program.row_keys[:m],
            *(AuxiliaryKey._make((owner, "gap", *rest)) for owner, rest in names),
        ),
        column_keys=(
            *program.column_keys[:n],
            *(AuxiliaryKey._make((owner, "beyond", *rest)) for owner, rest in names),
        ),
        row_lower=np.append(program.row_lower[:m], -constant),
        row_upper=np.append(program.row_upper[:m], np.full(count, np.inf)),
        row_constant=np.append(program.row_constant[:m], np.zeros(count)),
        row_limit=np.append(program.row_limit[:m], np.full(count, np.nan)),
        row_is_money=np.append(program.row_is_money[:m], np.zeros(count, dtype=np.bool_)),
        column_lower=np.append(program.column_lower[:n], np.zeros(count)),
        column_upper=np.append(program.column_upper[:n], np.full(count, np.inf)),
        column_is_money=np.append(program.column_is_money[:n], np.zeros(count, dtype=np.bool_)),
        costs=costs,
        offsets=offsets,
        ranked=ranked,
    )


def _written(group: RankedGroup) -> Pairs:
    first, second = np.nonzero(group.written)
    return first, second


def _names(
    group: RankedGroup, pairs: Pairs
) -> Iterator[tuple[str, tuple[str, str, str, int | None]]]:
    """Name each pair by its objective, the level, the codes of both territories, and the year."""
    codes = [group.where[i].territory for i in group.order.tolist()]
    level, year = group.where[0].level, group.where[0].year
    for low, high in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True):
        yield group.owner, (level, f"{codes[low]}+{codes[high]}", "", year)


def with_every_pair(program: CompiledProgram) -> CompiledProgram:
    """Give every pair its row: the program is exact for every plan, wherever limits stand.

    Raises
    ------
    InvalidScenario
        When there are more than `MOST_PAIRS`.
    """
    if program.ranked is None or program.ranked.complete:
        return program
    if program.ranked.possible > MOST_PAIRS:
        raise InvalidScenario([_too_many(program.ranked)])
    groups = [
        replace(group, written=np.triu(np.ones_like(group.written), 1))
        for group in program.ranked.groups
    ]
    return with_orders(program, groups)


def pairs_as_needed(program: CompiledProgram) -> CompiledProgram:
    """Give every pair its row where there are few; none yet where they are better found."""
    few = program.ranked is not None and program.ranked.possible <= EVERY_PAIR_UP_TO
    return with_every_pair(program) if few else program


def _too_many(ranked: Ranked) -> Problem:
    name = max(ranked.groups, key=lambda group: len(group.where)).owner
    return Problem(
        code="too_many_pairs",
        message=f"objective {name} compares rates two by two, and here every pair needs a row, "
        "since the plan is followed far from where it is: `solve` alone does without",
        path=("objectives", name, "level"),
        received=f"{ranked.possible} pairs of rates in all",
        accepted=f"at most {MOST_PAIRS} pairs",
        remedy="compare a coarser level, fewer territories or the last year alone",
    )
