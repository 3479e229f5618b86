"""What a whole plan must hold, recomputed from the scenario (scenario reference, section 12)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats, Indices

NEAR = 1e-6
"""A figure this near to a whole number is that number."""


def is_asked(model: Model) -> bool:
    """Whether the scenario asks for whole places of a measure that has places."""
    return any(_asked(model, measure) for measure in model.measures)


def _asked(model: Model, measure: str) -> bool:
    """Whether a measure is handed out whole: money is not, and projects bring what they state."""
    if model.projects.apart[model.measures.index(measure)]:
        return False
    spec = model.measure(measure)
    asked = model.scenario.get("whole", False) or spec.get("whole", False)
    return bool(asked) and spec.get("unit", "place") != "money"


def whole_cells(model: Model) -> NDArray[np.bool_]:
    """Cells that must be whole, shape (T, M, Y)."""
    measures = np.array([_asked(model, measure) for measure in model.measures])
    return np.array(np.broadcast_to(measures[None, :, None], model.shape))


def least_openings(model: Model) -> Floats:
    """Least number of places opened at once in each cell, 0 where none is stated, (T, M, Y)."""
    stated = np.array([float(model.measure(m).get("minimum") or 0.0) for m in model.measures])
    return np.where(whole_cells(model), stated[None, :, None], 0.0)


def below(value: float) -> float:
    """Return the whole number at or under a figure."""
    near = float(round(value))
    return near if abs(value - near) <= NEAR else float(math.floor(value))


def above(value: float) -> float:
    """Return the whole number at or over a figure."""
    return -below(-value)


def kept_between(row: ExpectedRow) -> tuple[float, float]:
    """Return the activities a whole plan may have: money may be left, reserves round up."""
    if row.held and row.unit == "place":
        return above(row.limit), above(row.limit)
    if row.side == "at_most" or (row.side == "equals" and row.unit == "money" and not row.held):
        return -math.inf, row.limit
    return row.limit, math.inf if row.side == "at_least" else row.limit


def totals(model: Model) -> dict[str, Indices]:
    """Flat cells of every total of places above the deciding level, by its name."""
    tree = model.tree
    groups = {"nation": np.arange(len(tree.deciding))}
    for level in tree.levels[: tree.levels.index(tree.decide_at)]:
        for node in tree.at(level):
            groups[":".join(tree.key[node])] = tree.below(int(node))
    cells = np.arange(int(np.prod(model.shape))).reshape(model.shape)
    whole = whole_cells(model)
    return {
        f"total/{place}/{measure}/{year}": cells[inside, m, y]
        for place, inside in groups.items()
        for m, measure in enumerate(model.measures)
        for y, year in enumerate(model.years)
        if whole[0, m, y]
    }


def by_largest_remainders(model: Model, x: Floats) -> Floats:
    """Round a continuous plan from the country downwards, whatever the rules say, (T, M, Y)."""
    rounded = x.copy()
    whole = whole_cells(model)
    for m in range(len(model.measures)):
        for y in range(len(model.years)):
            if whole[0, m, y]:
                rounded[:, m, y] = _rounded(model, x[:, m, y])
    return rounded


def _rounded(model: Model, amounts: Floats) -> Floats:
    tree = model.tree
    held = {int(node): float(amounts[i]) for i, node in enumerate(tree.deciding)}
    children: dict[int, list[int]] = {}
    for level in reversed(tree.levels[: tree.levels.index(tree.decide_at) + 1]):
        for node in map(int, tree.at(level)):
            # a territory without any that decides below it takes no part
            if level != tree.decide_at:
                held[node] = math.fsum(held[child] for child in children.get(node, []))
            if level == tree.decide_at or children.get(node):
                children.setdefault(int(tree.parent[node]), []).append(node)
    due = {-1: below(math.fsum(amounts))}
    waiting = [-1]
    while waiting:
        node = waiting.pop()
        inside = sorted(children.get(node, []))
        floors = {child: below(held[child]) for child in inside}
        order = sorted(inside, key=lambda child: -round(held[child] - floors[child], 9))
        more = round(due[node] - sum(floors.values()))
        for place, child in enumerate(order):
            due[child] = floors[child] + (1.0 if place < more else 0.0)
        waiting += inside
    return np.array([due[int(node)] for node in tree.deciding])
