"""Which rules bind the nation, and which it leaves to those who decide below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa_models.columns import Column
    from perequa_models.tree import Tree

Rule = dict[str, Any]
BY_COLUMN = frozenset({"cap", "floor", "ceiling"})
"""Kinds that, grouped by territory, hold at every level for which their column is stated."""
BOUNDS = ("at_least", "at_most", "equals")


def divide_rules(
    data: Mapping[str, Any], tree: Tree, levels: Sequence[str], columns: Mapping[str, Column]
) -> tuple[Mapping[str, Rule], ...]:
    """Share out the rules of the whole between the steps: those of the nation, then of each other.

    A rule that names a finer level (in ``by`` or ``territories``) is of the first step that
    decides so finely. A cap, floor or ceiling by ``territory`` whose limit is a column stated below
    holds at every step that decides where it is: what is authorised department by department stays
    so once the nation has decided by region.

    Parameters
    ----------
    data, tree, columns
        The whole, its territories and its columns.
    levels
        Level at which each step decides, the nation's first.
    """
    depths = [tree.levels.index(level) for level in levels]
    rules = data.get("rules")
    shared: list[dict[str, Rule]] = [{} for _ in levels]
    for name, rule in rules.items() if isinstance(rules, dict) else ():
        named = _finest(rule, tree)
        first = next((i for i, d in enumerate(depths) if d >= named), len(depths) - 1)
        shared[first][name] = rule
        for i in range(first + 1, len(levels)):
            if _holds_below(rule, tree, levels[i], columns):
                shared[i][name] = rule
    return tuple(shared)


def grouped_by(rule: Any) -> list[Any]:  # noqa: ANN401 - plain data
    """Return the groups of a rule as a list."""
    by = rule.get("by") if isinstance(rule, dict) else None
    return list(by) if isinstance(by, list) else [] if by is None else [by]


def _finest(rule: Any, tree: Tree) -> int:  # noqa: ANN401 - plain data
    """Return the depth of the finest level that a rule names, 0 for the top or none."""
    groups = [tree.levels.index(g) for g in grouped_by(rule) if g in tree.levels]
    named = rule.get("territories") if isinstance(rule, dict) else None
    found = [tree.find(t) for t in named if isinstance(t, str)] if isinstance(named, list) else []
    nodes = [int(tree.level_of[node]) for node in found if isinstance(node, int)]
    return max([0, *groups, *nodes])


def _holds_below(
    rule: Any,  # noqa: ANN401 - plain data
    tree: Tree,
    lower: str,
    columns: Mapping[str, Column],
) -> bool:
    if not isinstance(rule, dict) or rule.get("kind") not in BY_COLUMN:
        return False
    bounds = [rule[side] for side in BOUNDS if side in rule]
    names = [b["column"] for b in bounds if isinstance(b, dict) and "column" in b]
    if "territory" not in grouped_by(rule) or not bounds or len(names) < len(bounds):
        return False
    return all(name in columns and _stated_at(columns[name], tree, lower) for name in names)


def _stated_at(column: Column, tree: Tree, level: str) -> bool:
    """Whether a column states figures for territories of a level, or of levels below it."""
    depth = tree.levels.index(level)
    if column.is_text or column.values.shape[0] == 1:
        return False
    values = np.asarray(column.values, dtype=np.float64)[tree.level_of >= depth]
    return bool((~np.isnan(values)).any())
