"""Figures that contradict one another, or cells that are not what their column holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.checks.numbers import (
    ACCEPTED_YES_NO,
    LEAST,
    MOST,
    is_in_range,
    is_missing,
    parse_yes_no,
)
from perequa.checks.uses import YES_NO
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.columns import summed_up
from perequa_models.errors import InvalidScenario
from perequa_models.problems import Cell
from perequa_models.quantities import Quantities
from perequa_models.rules.ceiling import Ceiling
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa.checks.frame import Frame
    from perequa.io.tables import RawTable
    from perequa_models.columns import Column
    from perequa_models.instance import Flags, Floats, Instance
    from perequa_models.problems import Path, Problems
    from perequa_models.reference.reference import Reference
    from perequa_models.tree import Tree

_TOLERATED = 1.0
"""A stated total may differ from its parts by this much: rounding (reference, section 1)."""


def check_sizes(data: object, problems: Problems, path: Path = ()) -> None:
    """Note figures of the scenario that are out of all proportion, at any depth."""
    if isinstance(data, dict | list):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            check_sizes(value, problems, (*path, step))
    elif isinstance(data, int | float) and not is_in_range(data):
        problems.error(
            "out_of_range",
            f"{path[-1]} is out of all proportion",
            path=path,
            received=f"{data:g}",
            accepted=f"0, or between {LEAST:g} and {MOST:g}",
            remedy="correct the figure",
        )


def check_totals(
    columns: Mapping[str, Column],
    names: Iterable[str],
    tree: Tree,
    frame: Frame,
    problems: Problems,
) -> None:
    """Warn about totals that differ from the sum of their parts by more than one unit.

    Parameters
    ----------
    columns, names
        Columns, and those that hold quantities.
    tree, frame
        Territories, measures and years of the columns' axes.
    """
    if len(tree.levels) < 2:
        return
    for name in sorted(set(names) & set(columns)):
        column = columns[name]
        if column.is_text or column.values.shape[0] == 1:
            continue
        parts = _sums_of_children(column, tree)
        stated = np.asarray(column.values, dtype=np.float64)
        differs = np.abs(stated - parts) > _TOLERATED
        for node, m, y in np.argwhere(differs):
            territory = tree.nodes[node]
            which = f", {frame.measures[m]}" if stated.shape[1] > 1 else ""
            which += f", {frame.years[y]}" if stated.shape[2] > 1 else ""
            problems.warning(
                "total_differs",
                f"{name} of {territory.id} ({territory.name}{which}) is {stated[node, m, y]:.12g}, "
                f"and its parts add up to {parts[node, m, y]:.12g}",
                cell=column.cell(int(node), int(m), int(y)),
                received=f"{stated[node, m, y]:.12g}",
                accepted=f"{parts[node, m, y]:.12g}",
                remedy="correct one of them; the stated total is used at its own level",
            )


def _sums_of_children(column: Column, tree: Tree) -> Floats:
    """Sum of each node's children, NaN where one of them is not known or there is none."""
    values = summed_up(column, tree)
    sums = np.zeros_like(values)
    children = np.flatnonzero(tree.parent >= 0)
    np.add.at(sums, tree.parent[children], values[children])
    leaf = np.ones(len(tree.nodes), dtype=np.bool_)
    leaf[tree.parent[children]] = False
    sums[leaf] = np.nan
    return sums


def check_yes_no(table: RawTable, problems: Problems) -> None:
    """Note cells that say neither yes nor no in the columns that do (reference, section 8)."""
    for name in YES_NO:
        position = table.index(name)
        if position is None:
            continue
        for i, row in enumerate(table.rows):
            if not is_missing(row[position]) and parse_yes_no(row[position]) is None:
                problems.error(
                    "not_yes_or_no",
                    f"{name} says neither yes nor no",
                    cell=Cell(table.key, i, name),
                    received=row[position],
                    accepted=ACCEPTED_YES_NO,
                    remedy="correct the cell, or leave it empty",
                )


def check_money_pairs(
    table: RawTable, pairs: Mapping[str, Column], instance: Instance, problems: Problems
) -> None:
    """Note decision territories without a row in supply, for measures counted in money.

    Measures counted in places are checked where their installed places are read.
    """
    column = next((c for c in pairs.values() if c.table == table.key), None)
    if column is None or instance.scenario.supply.absent == "closed":
        return
    stated = _has_row(column, instance)
    for t, m in np.argwhere(~stated & instance.is_money[None, :]):
        territory, measure = instance.territories[t], instance.measures[m]
        problems.error(
            "missing_row",
            f"supply has no row for {territory.id} ({territory.name}), measure {measure}",
            cell=Cell(table.key, None, table.header[0]),
            received="nothing",
            accepted="a row for each decision territory and measure",
            remedy="add the row, or state supply: {absent: closed}",
        )


def _has_row(column: Column, instance: Instance) -> Flags:
    """Whether a decision territory (or one below it) has a row, shape (T, M)."""
    tree = instance.tree
    has: Flags = np.any(column.rows >= 0, axis=2)
    for depth in range(len(tree.levels) - 1, 0, -1):
        nodes = np.flatnonzero(tree.level_of == depth)
        np.logical_or.at(has, tree.parent[nodes], has[nodes])
    shape = (len(instance.nodes), len(instance.measures))
    return np.broadcast_to(has[instance.nodes], shape)


def check_exceptions(instance: Instance, problems: Problems) -> None:
    """Note exceptions to a ceiling that nothing calls for, and amounts that are not above zero.

    Source: circular of 30 August 2004, 1 A (*clapet anti-retour*, *effet mécanique*).
    """
    above = {int(node) for o in instance.overruns for node in instance.nodes[o.members]}
    for rule in instance.scenario.rules.values():
        if not (isinstance(rule, Ceiling) and rule.active and rule.exceptions is not None):
            continue
        pooled = any(isinstance(item, ColumnRef) for item in rule.by)
        column = instance.columns[rule.exceptions.column]
        amount = rule.exceptions.amount
        amounts = None if amount is None else instance.columns[amount.column]
        for node in (int(n) for n in instance.nodes if isinstance(column.values[n, 0, 0], str)):
            word, territory = column.values[node, 0, 0], instance.tree.nodes[node]
            # budgets under one ceiling share an exception: it lowers nothing for the others
            if node not in above and not pooled:
                problems.warning(
                    "exception_not_needed",
                    f"{territory.id} ({territory.name}) is not above its ceiling: its exception "
                    "lowers what it may receive",
                    cell=column.cell(node),
                    received=word,
                    accepted="an empty cell",
                    remedy="empty the cell, or correct its base",
                )
            if word == "mecanique" and amounts is not None and not amounts.values[node, 0, 0] > 0:
                problems.error(
                    "not_positive",
                    f"the validated amount of {territory.id} ({territory.name}) must be above zero",
                    cell=amounts.cell(node),
                    received=f"{amounts.values[node, 0, 0]:g}",
                    accepted="a number above 0",
                    remedy="state the validated amount, or drop the exception",
                )


def check_objectives(instance: Instance, reference: Reference, problems: Problems) -> None:
    """Note objectives that have no value: nobody to compare, too many, nothing to divide by."""
    nothing = Quantities(instance, np.zeros(instance.shape))
    for name in instance.scenario.objectives:
        try:
            _value(instance, name, nothing, reference)
        except InvalidScenario as error:
            problems.found.extend(error.problems)


def _value(instance: Instance, name: str, plan: Quantities, reference: Reference) -> float:
    spec = instance.scenario.objectives[name]
    arguments = (plan, reference) if spec.kind == "distance_to_reference" else (plan,)
    return OBJECTIVE_KINDS[spec.kind].value(spec, *arguments)


def check_normalised(instance: Instance, reference: Reference, problems: Problems) -> None:
    """Note objectives added to others although their initial value, which divides them, is 0."""
    objectives = instance.scenario.objectives
    nothing = Quantities(instance, np.zeros(instance.shape))
    for name, spec in objectives.items():
        others = [
            o
            for n, o in objectives.items()
            if n != name and o.priority == spec.priority and o.weight > 0
        ]
        divided = spec.normalise == "initial" and spec.weight > 0 and spec.kind != "spend"
        if not (divided and others):
            continue
        if _value(instance, name, nothing, reference) <= 1e-9:
            problems.error(
                "cannot_normalise",
                f"objective {name} is 0 before the plan: it cannot be divided by that",
                path=("objectives", name, "normalise"),
                received="initial",
                accepted="none, range or a number",
                remedy="state normalise: none, or normalise: NUMBER",
            )
