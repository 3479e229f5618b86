"""A program with the orders of its rates written behind it: one cost for each, pairs as needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.ranked_rates import Ranked
from perequa_models.errors import InvalidScenario
from perequa_models.keys import AuxiliaryKey, Where
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.ranked_rates import Indices, RankedGroup

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
    ranked = program.ranked
    m, n = program.matrix.shape if ranked is None else (ranked.rows, ranked.columns)
    pairs = [np.nonzero(group.written) for group in groups]
    stated = [group.pairs(*found) for group, found in zip(groups, pairs, strict=True)]
    keys = [
        key for group, found in zip(groups, pairs, strict=True) for key in _names(group, *found)
    ]
    count = sum(len(cost) for _, _, cost in stated)
    forms = sparse.vstack([form for form, _, _ in stated], format="csr")
    constant = np.concatenate([constant for _, constant, _ in stated])
    one = sparse.eye_array(count, format="csr")
    above = sparse.csr_array((m, count))
    matrix = sparse.block_array([[program.matrix[:m, :n], above], [forms, one]], format="csr")
    costs = np.hstack([program.costs[:, :n], np.zeros((len(program.costs), count))])
    offsets = program.offsets.copy()
    costs[[group.objective for group in groups]] = 0.0
    offsets[[group.objective for group in groups]] = 0.0
    behind = n
    for group, (_, _, cost) in zip(groups, stated, strict=True):
        slopes = group.slopes
        costs[group.objective, :n] += slopes @ group.forms
        offsets[group.objective] += slopes @ group.constant
        costs[group.objective, behind : behind + len(cost)] = cost
        behind += len(cost)
    return replace(
        program,
        matrix=sparse.csr_array(matrix),
        row_keys=(*program.row_keys[:m], *(AuxiliaryKey(key[0], "gap", *key[1]) for key in keys)),
        column_keys=(
            *program.column_keys[:n],
            *(AuxiliaryKey(key[0], "beyond", *key[1]) for key in keys),
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
        ranked=Ranked(groups=tuple(groups), rows=m, columns=n),
    )


def _names(group: RankedGroup, first: Indices, second: Indices) -> Iterator[tuple[str, Where]]:
    """Name each pair by its objective, the codes of both territories, and the year."""
    order, where = group.order, group.where
    for low, high in zip(order[first].tolist(), order[second].tolist(), strict=True):
        below, above = where[low], where[high]
        yield group.owner, above._replace(territory=f"{below.territory}+{above.territory}")


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
