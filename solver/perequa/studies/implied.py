"""The weightings under which a given allocation is optimal, or the nearest and what it loses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.inverse import Implied, implied_weights
from perequa.engine.plans_left import Goal, PlansLeft
from perequa.interpret.tables import Table, Value
from perequa.studies.allocation_file import read_allocation, read_file
from perequa.studies.evidence import Dual, Proven, solved_each
from perequa.studies.prepared import infeasible_is_proven
from perequa.studies.study import Answer
from perequa.weighting import SHARE
from perequa_models.amounts import amounts_at
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.errors import UsageError
from perequa_models.keys import OWN_AMOUNTS, AuxiliaryKey, CellKey, RowKey
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.studies.prepared import Prepared
    from perequa_models.instance import Instance

Floats = NDArray[np.float64]

REFERENCE = "reference"
"""The word that stands for the circular's own allocation."""
VIOLATIONS = (
    *("row", "rule", "kind", "level", "territory", "territory_name", "measure", "year"),
    *("side", "unit", "limit", "activity", "violation"),
)
AT_WEIGHTS, BETTER = 0.0, 1.0
"""What is proven: what is lost at the weights found; that no weights lose less."""
TOLD = {"place": 1e-6, "money": 0.01}
"""Violations up to this are rounding (the tolerances of `verify`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An allocation somebody made.

    Attributes
    ----------
    x
        (T, M, Y) places or money.
    unsaid
        Cells of which it says nothing, taken as 0.
    files
        What was read, by path inside the study folder.
    """

    x: Floats
    unsaid: int
    files: dict[str, bytes]


def read_given(prepared: Prepared, written: str) -> Given:
    """Read the allocation a question names.

    Raises
    ------
    UsageError
        When the reference is asked of a scenario that has none at the decision level.
    InvalidInput
        When the file cannot be read.
    """
    instance = prepared.instance
    if written == REFERENCE:
        x = prepared.referred
        if np.isnan(x).all():
            message = "--allocation reference: the scenario has no reference at its decision level"
            raise UsageError(message)
        return Given(x=np.nan_to_num(x), unsaid=int(np.isnan(x).sum()), files={})
    file = read_file(written)
    x, unsaid = read_allocation(file, instance)
    return Given(x=x, unsaid=unsaid, files={f"inputs/allocation/{file.key}": file.content})


def implied_study(prepared: Prepared, written: str, priority: int | None = None) -> Answer:
    """Find the weighting of one priority that an allocation implies.

    Parameters
    ----------
    prepared
        The compiled scenario.
    written
        A file, a run folder, or `REFERENCE`.
    priority
        Whose objectives are weighed; the first by default. Rivals serve the priorities before it
        at least as well as the allocation does.

    Raises
    ------
    UsageError
        When no objective stands at the priority.
    """
    objectives = prepared.instance.scenario.objectives
    stated = sorted({spec.priority for spec in objectives.values()})
    served = stated[0] if priority is None else priority
    if served not in stated:
        message = f"--priority {served}: no objective there ({', '.join(map(str, stated))})"
        raise UsageError(message)
    names = [n for n in prepared.program.objective_names if objectives[n].priority == served]
    given = read_given(prepared, written)
    values = prepared.values(Quantities(prepared.instance, given.x))
    sizes = prepared.sizes(names) if len(names) > 1 else np.ones(len(values))
    violations, allowed = _allowing(prepared.instance, prepared.program, given.x)
    allowed = _no_worse_before(prepared, allowed, values, served)
    with infeasible_is_proven(allowed):
        found, optimum = _found(prepared, allowed, names, values, sizes)
        before = allowed.weighed(prepared.priorities.before(served).weights)
        proven = _proven(allowed, before, names, found, values, sizes, given.x, prepared.options)
    table = _implied_table(prepared, names, found, values, optimum)
    tables = {"implied": table, "violations": violations}
    return Answer(
        tables=tables,
        files=given.files,
        facts={
            "priority": served,
            "allocation": written,
            "cells_not_stated": given.unsaid,
            "unit": _unit(prepared, names),
            "currency": prepared.instance.scenario.currency,
            "sizes": {n: float(sizes[prepared.program.objective_names.index(n)]) for n in names},
            "programs_solved": found.rivals,
        },
        proven=proven,
    )


def _proven(
    allowed: CompiledProgram,
    before: Floats,
    names: list[str],
    found: Implied,
    values: Floats,
    sizes: Floats,
    x: Floats,
    options: SolverOptions,
) -> tuple[Proven, ...]:
    """Prove the optimum at the weights found; and, where it is missed, that no weights miss less.

    A plan that is better in every objective by what is lost proves the latter: at any weights it is
    better by as much.
    """
    places = [allowed.objective_names.index(n) for n in names]
    weighed = np.zeros(len(values))
    weighed[places] = found.weights / sizes[places]
    cost = weighed[None] @ allowed.costs
    [stages] = solved_each([(allowed, cost)], options)
    m = allowed.matrix.shape[0] - len(before)
    # a multiplier of ``cost ≤ limit`` is at most 0; rounding may leave a trace above
    lam = np.maximum(0.0, -stages[0].y[m:] * _factors(before))
    dual = Dual(stage=len(lam), y=stages[0].y[:m], lam=lam)
    proven = [Proven(asked=(AT_WEIGHTS,), duals=(dual,), cells=x.ravel())]
    if found.loss > 0.0:
        better = _better_everywhere(allowed, places, sizes, values)
        last = np.zeros((1, better.matrix.shape[1]))
        last[0, -1] = -1.0
        [stages] = solved_each([(better, last)], options)
        proven.append(Proven(asked=(BETTER,), duals=(), cells=stages[0].x[: x.size]))
    return tuple(proven)


def _better_everywhere(
    allowed: CompiledProgram, places: list[int], sizes: Floats, values: Floats
) -> CompiledProgram:
    """Add a column: by how much a plan is better than the values in every objective, by its size.

    Parameters
    ----------
    places
        The objectives that are weighed.
    """
    rows = sparse.csr_array(allowed.costs[places])
    column = np.concatenate([np.zeros(allowed.matrix.shape[0]), sizes[places]])[:, None]
    matrix = sparse.hstack([sparse.vstack([allowed.matrix, rows]), sparse.csr_array(column)])
    limits = values[places] - allowed.offsets[places]
    return replace(
        _with_rows(allowed, rows, limits, "better"),
        matrix=sparse.csr_array(matrix),
        column_keys=(*allowed.column_keys, AuxiliaryKey("implied", "better", "", "", "", None)),
        column_lower=np.append(allowed.column_lower, 0.0),
        column_upper=np.append(allowed.column_upper, np.inf),
        column_is_money=np.append(allowed.column_is_money, False),
        costs=np.hstack([allowed.costs, np.zeros((len(allowed.costs), 1))]),
    )


def _unit(prepared: Prepared, names: list[str]) -> str:
    """Unit of what is lost: the objective's own when it stands alone."""
    if len(names) > 1:
        return SHARE
    spec = prepared.instance.scenario.objectives[names[0]]
    return OBJECTIVE_KINDS[spec.kind].unit(prepared.instance, spec)


def _found(
    prepared: Prepared, allowed: CompiledProgram, names: list[str], values: Floats, sizes: Floats
) -> tuple[Implied, float]:
    """Search the weights; return them with the optimum at them."""
    places = [allowed.objective_names.index(n) for n in names]
    plans = PlansLeft.optimal(allowed, (), np.zeros((0, allowed.matrix.shape[1])), prepared.options)
    shape = prepared.instance.shape
    cells = int(np.prod(shape))

    def rival_at(weights: Floats) -> Floats:
        weighed = np.zeros(len(values))
        weighed[places] = weights / sizes[places]
        x = plans.least(Goal.of(allowed, weighed))[:cells].reshape(shape)
        # by their definitions: the columns of an objective that weighs nothing stand anywhere
        return prepared.values(Quantities(prepared.instance, x))[places] / sizes[places]

    shown = values[places] / sizes[places]
    found = implied_weights(shown, rival_at, prepared.options)
    return found, float(found.weights @ shown) - found.loss


def _allowing(
    instance: Instance, program: CompiledProgram, x: Floats
) -> tuple[Table, CompiledProgram]:
    """List the rows an allocation violates, and move their limits to where it stands."""
    columns = _with_amounts(instance, program, x)
    activity = program.matrix @ columns
    beyond = np.maximum(program.row_lower - activity, activity - program.row_upper)
    beyond = np.where(program.is_rule, np.maximum(beyond, 0.0), 0.0)
    most = program.column_upper.copy()
    most[: x.size] = np.maximum(most[: x.size], columns[: x.size])
    rows = list(_violated(instance, program, activity + program.row_constant, beyond))
    rows.extend(_funded_where_closed(instance, program, most))
    allowed = replace(
        program,
        row_lower=np.where(beyond > 0, np.minimum(program.row_lower, activity), program.row_lower),
        row_upper=np.where(beyond > 0, np.maximum(program.row_upper, activity), program.row_upper),
        column_upper=most,
    )
    return Table(VIOLATIONS, tuple(rows)), allowed


def _violated(
    instance: Instance, program: CompiledProgram, activity: Floats, beyond: Floats
) -> Iterator[tuple[Value, ...]]:
    kinds = {row.key: row.kind for row in instance.rows}
    for i, key in enumerate(program.row_keys):
        unit = "money" if program.row_is_money[i] else "place"
        if isinstance(key, RowKey) and beyond[i] > TOLD[unit]:
            where = (*instance.tree.named(key.level, key.territory), key.measure, key.year)
            figures = float(program.row_limit[i]), float(activity[i]), float(beyond[i])
            yield (str(key), key.rule, kinds[key], *where, key.side, unit, *figures)


def _funded_where_closed(
    instance: Instance, program: CompiledProgram, most: Floats
) -> Iterator[tuple[Value, ...]]:
    for j in np.flatnonzero(most > program.column_upper):
        key = program.column_keys[int(j)]
        assert isinstance(key, CellKey), "only a cell is closed"
        where = (*instance.tree.named(key.level, key.territory), key.measure, key.year)
        unit = "money" if program.column_is_money[j] else "place"
        at = float(most[j])
        limit = float(program.column_upper[j])
        yield (str(key), "closed", "closed", *where, "at_most", unit, limit, at, at)


def _with_amounts(instance: Instance, program: CompiledProgram, x: Floats) -> Floats:
    """Lay an allocation over the columns of a program, with what its rules hold back or move."""
    columns = np.zeros(program.matrix.shape[1])
    columns[: x.size] = x.ravel()
    amounts = {key[:5]: a for key, a in amounts_at(instance, Quantities(instance, x)).items()}
    for j, key in enumerate(program.column_keys):
        if isinstance(key, AuxiliaryKey) and key.role in OWN_AMOUNTS:
            columns[j] = amounts[key.owner, key.level, key.territory, key.measure, key.year]
    return columns


def _no_worse_before(
    prepared: Prepared, program: CompiledProgram, values: Floats, served: int
) -> CompiledProgram:
    """Keep the plans that serve the earlier priorities at least as well as the allocation."""
    before = prepared.priorities.before(served)
    if not before.numbers:
        return program
    costs = program.weighed(before.weights)
    factors = _factors(costs)
    limits = before.weights @ (values - program.offsets)
    limits = (limits + 1e-9 * np.maximum(1.0, np.abs(limits))) * factors
    return _with_rows(program, sparse.csr_array(costs * factors[:, None]), limits, "priority")


def _factors(costs: Floats) -> Floats:
    """What brings the largest coefficient of each cost (P, n) to 1, (P,)."""
    return np.array([1.0 / max(1e-300, np.abs(cost).max()) for cost in costs])


def _with_rows(
    program: CompiledProgram, rows: sparse.csr_array, most: Floats, role: str
) -> CompiledProgram:
    """Add rows ``rows @ x ≤ most`` to a program."""
    count = len(most)
    return replace(
        program,
        matrix=sparse.csr_array(sparse.vstack([program.matrix, rows])),
        row_keys=(
            *program.row_keys,
            *(AuxiliaryKey(role, str(k), "", "", "", None) for k in range(count)),
        ),
        row_lower=np.append(program.row_lower, np.full(count, -np.inf)),
        row_upper=np.append(program.row_upper, most),
        row_constant=np.append(program.row_constant, np.zeros(count)),
        row_limit=np.append(program.row_limit, np.full(count, np.nan)),
        row_is_money=np.append(program.row_is_money, np.zeros(count, dtype=np.bool_)),
    )


def _implied_table(
    prepared: Prepared, names: list[str], found: Implied, values: Floats, optimum: float
) -> Table:
    relative = found.loss / abs(optimum) if optimum else None
    rows = []
    for k, name in enumerate(names):
        value = float(values[prepared.program.objective_names.index(name)])
        rows.append(
            (
                *(name, float(found.weights[k]), found.loss),
                *(float(found.least[k]), float(found.most[k])),
                *(relative, value, prepared.instance.scenario.objectives[name].weight),
            )
        )
    columns = (
        *("objective", "weight", "distance", "least_weight", "most_weight"),
        *("relative_distance", "value", "scenario_weight"),
    )
    return Table(columns, tuple(rows))
