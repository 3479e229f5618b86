"""The program, in Pyomo, as the circular reads: variables, one family of rows per rule, objectives.

Meaning travels in keys beside Pyomo's data objects and is never decoded from names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from perequa_models.builder import Builder
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.keys import AuxiliaryKey, CellKey, ProjectKey, Where
from perequa_models.quantities import Quantities
from perequa_models.sums import added, total

if TYPE_CHECKING:
    from perequa_models.instance import Instance, RuleRow, Term
    from perequa_models.keys import ColumnKey, RowKey
    from perequa_models.ranked import RankedRates
    from perequa_models.reference.reference import Reference


PROJECTS = "(projects)"
"""Owner of the rows that hold projects together; no name of a scenario is written so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulation:
    """A Pyomo model and the keys of its rows and columns.

    Attributes
    ----------
    instance
        What it was written from.
    model
        The Pyomo model; objectives are components named ``objective_<name>``.
    rows
        Key of every constraint with its Pyomo data, in a stable order.
    columns
        Key of every variable with its Pyomo data, in a stable order.
    objectives
        Pyomo objective of every objective of the scenario, by name, in order.
    ranked
        Rates whose differences objectives add up; their cost is not in the Pyomo objectives.
    """

    instance: Instance
    model: Any
    rows: tuple[tuple[RowKey | AuxiliaryKey, Any], ...]
    columns: tuple[tuple[ColumnKey, Any], ...]
    objectives: dict[str, Any]
    ranked: tuple[RankedRates, ...] = ()


def formulate(instance: Instance, reference: Reference) -> Formulation:
    """Write the program of an instance.

    Parameters
    ----------
    instance
        Complete figures.
    reference
        The circular's own allocation; used by `distance_to_reference`.
    """
    # nothing made here is garbage: looking for it among the expressions would double the time
    with PauseGC():
        return _written(instance, reference)


def _written(instance: Instance, reference: Reference) -> Formulation:
    model = pyo.ConcreteModel(name=instance.scenario.name)
    x, columns = _decisions(model, instance)
    held = _held_back(model, instance, columns)
    taken = _taken(model, instance, columns)
    builder = Builder(
        model=model,
        instance=instance,
        quantities=Quantities(instance, x, _fixed_budgets(instance, held), taken, added),
        reference=reference,
        columns=columns,
    )
    _rules(builder, held)
    _project_rows(builder)
    objectives = {}
    for name, spec in sorted(instance.scenario.objectives.items()):
        expression = OBJECTIVE_KINDS[spec.kind].write(builder, name, spec)
        objective = pyo.Objective(expr=expression, sense=pyo.minimize)
        model.add_component(f"objective_{name}", objective)
        objectives[name] = objective
    return Formulation(
        instance=instance,
        model=model,
        rows=tuple(builder.rows),
        columns=tuple(builder.columns),
        objectives=objectives,
        ranked=tuple(builder.ranked),
    )


def _decisions(
    model: Any,  # noqa: ANN401 - Pyomo is untyped
    instance: Instance,
) -> tuple[np.ndarray[Any, Any], list[tuple[ColumnKey, Any]]]:
    """x[t, m, y] ≥ 0; a pair that is closed or in convergence is held at zero.

    What projects open does not depend on what is there already.
    """
    handed_out = (instance.open_pairs | instance.by_projects) & ~instance.converging
    cells = list(np.ndindex(instance.shape))
    model.x = pyo.Var(range(len(cells)), domain=pyo.NonNegativeReals)
    columns: list[tuple[ColumnKey, Any]] = []
    x = np.empty(instance.shape, dtype=object)
    for (t, m, y), variable in zip(cells, model.x.values(), strict=True):
        territory = instance.territories[t]
        key = CellKey(territory.level, territory.code, instance.measures[m], instance.years[y])
        if not handed_out[t, m]:
            variable.setub(0.0)
        x[t, m, y] = variable
        columns.append((key, variable))
    return x, columns


def _taken(
    model: Any,  # noqa: ANN401 - Pyomo is untyped
    instance: Instance,
    columns: list[tuple[ColumnKey, Any]],
) -> np.ndarray[Any, Any] | None:
    """0 ≤ z ≤ 1 for each project; that it is 0 or 1 is what the engine sees to."""
    if not instance.projects:
        return None
    model.z = pyo.Var(range(len(instance.projects)), bounds=(0.0, 1.0))
    taken = np.array(list(model.z.values()), dtype=object)
    columns.extend(
        (ProjectKey(project.code), z) for project, z in zip(instance.projects, taken, strict=True)
    )
    return taken


def _project_rows(builder: Builder) -> None:
    """Places of projects are those of their cells; at most one of a group; what is required."""
    instance, taken = builder.instance, builder.quantities.taken
    if taken is None:
        return
    places, where = [], []
    added = np.zeros(instance.shape, dtype=object)
    for cell, p, z in zip(
        zip(*instance.project_cells, strict=True), instance.projects, taken, strict=True
    ):
        if p.places:
            added[cell] = added[cell] + p.places * z
    for t, m, y in np.ndindex(instance.shape):
        if instance.by_projects[m]:
            at = instance.territories[t]
            where.append(Where(at.level, at.code, instance.measures[m], instance.years[y]))
            places.append(builder.quantities.x[t, m, y] - added[t, m, y])
    builder.zero(PROJECTS, "places", where, places)
    groups = sorted({p.group for p in instance.projects} - {""})
    inside = [
        [z for p, z in zip(instance.projects, taken, strict=True) if p.group == group]
        for group in groups
    ]
    one = [1.0 - sum(members) for members in inside]
    builder.at_least_zero(PROJECTS, "group", [Where("group", g) for g in groups], one)
    of = {p.code: z for p, z in zip(instance.projects, taken, strict=True)}
    needing = [p for p in instance.projects if p.requires]
    builder.at_least_zero(
        PROJECTS,
        "requires",
        [Where("project", p.code) for p in needing],
        [of[p.requires] - of[p.code] for p in needing],
    )


def _held_back(
    model: Any,  # noqa: ANN401 - Pyomo is untyped
    instance: Instance,
    columns: list[tuple[ColumnKey, Any]],
) -> dict[RowKey, Any]:
    """R ≥ 0, the amount that each row of its own fixes or bounds; added to the columns."""
    rows = [row for row in instance.rows if row.held]
    model.held_back = pyo.Var(range(len(rows)), domain=pyo.NonNegativeReals)
    held = {}
    for i, row in enumerate(rows):
        key, role = row.key, "transferred" if row.moves else "held_back"
        held[key] = model.held_back[i]
        name = AuxiliaryKey(key.rule, role, key.level, key.territory, key.measure, key.year)
        columns.append((name, held[key]))
    return held


def _fixed_budgets(instance: Instance, held: dict[RowKey, Any]) -> np.ndarray[Any, Any]:
    """Lay the variables of the budgets that rules fix over the cells, (T, M, Y)."""
    fixed = np.zeros(instance.shape, dtype=object)
    for row in instance.rows:
        if row.budget_of is not None:
            fixed.ravel()[row.budget_of] = held[row.key]
    return fixed


def _rules(builder: Builder, held: dict[RowKey, Any]) -> None:
    """Write one family of constraints per rule: limit ≤, ≥ or = activity, constants included."""
    families: dict[str, list[RuleRow]] = {}
    for row in builder.instance.rows:
        families.setdefault(row.key.rule, []).append(row)
    for rule, rows in families.items():
        bodies = [_activity(builder, row, held) for row in rows]
        bounds = [_bounds(row) for row in rows]
        family = pyo.Constraint(
            range(len(rows)),
            rule=lambda _, i, bounds=bounds, bodies=bodies: (bounds[i][0], bodies[i], bounds[i][1]),
        )
        builder.model.add_component(f"rule_{rule}", family)
        builder.rows.extend(zip([row.key for row in rows], family.values(), strict=True))


def _activity(builder: Builder, row: RuleRow, held: dict[RowKey, Any]) -> Any:  # noqa: ANN401
    parts = [part for term in row.terms for part in _parts(builder, term)]
    parts.extend(held[key] for key in row.holds)
    parts.extend(-held[key] for key in row.receives)
    if row.held:
        parts.append(held[row.key])
    if row.constant:
        parts.append(row.constant)
    return total(parts)


def _parts(builder: Builder, term: Term) -> list[Any]:
    values = getattr(builder.quantities, term.quantity).ravel()[term.cells]
    return list(values) if term.factor == 1.0 else [term.factor * v for v in values]


def _bounds(row: RuleRow) -> tuple[float | None, float | None]:
    side = row.key.side
    return (
        row.limit if side in {"at_least", "equals"} else None,
        row.limit if side in {"at_most", "equals"} else None,
    )
