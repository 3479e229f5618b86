"""Which rules bind the nation, and which it leaves to those who decide below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.columns import Column
    from perequa_models.tree import Tree

Rule = dict[str, Any]
BY_COLUMN = frozenset({"cap", "floor", "ceiling"})
"""Kinds that, grouped by territory, hold at every level for which their column is stated."""
BOUNDS = ("at_least", "at_most", "equals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """The rules of the whole, by who carries them out.

    Attributes
    ----------
    nation
        Those between the territories at the top.
    inherited
        Those that speak of territories below: each part has them too, and cannot lift them.
    """

    nation: Mapping[str, Rule]
    inherited: Mapping[str, Rule]


def divide_rules(
    data: Mapping[str, Any], tree: Tree, lower: str, columns: Mapping[str, Column]
) -> Divided:
    """Tell the rules of the nation from those of territories below the top.

    A rule that names a finer level (in ``by`` or ``territories``) is inherited. A cap, floor or
    ceiling by ``territory`` whose limit is a column stated below holds at both levels: what is
    authorised department by department stays so once the nation has decided by region.
    """
    rules = data.get("rules")
    stated = rules.items() if isinstance(rules, dict) else ()
    nation, inherited = {}, {}
    for name, rule in stated:
        if _names_finer(rule, tree):
            inherited[name] = rule
            continue
        nation[name] = rule
        if _holds_below(rule, tree, lower, columns):
            inherited[name] = rule
    return Divided(nation=nation, inherited=inherited)


def grouped_by(rule: Any) -> list[Any]:  # noqa: ANN401 - plain data
    """Return the groups of a rule as a list."""
    by = rule.get("by") if isinstance(rule, dict) else None
    return list(by) if isinstance(by, list) else [] if by is None else [by]


def _names_finer(rule: Any, tree: Tree) -> bool:  # noqa: ANN401 - plain data
    finer = tree.levels[1:]
    if any(isinstance(group, str) and group in finer for group in grouped_by(rule)):
        return True
    named = rule.get("territories") if isinstance(rule, dict) else None
    found = [tree.find(t) for t in named if isinstance(t, str)] if isinstance(named, list) else []
    return any(isinstance(node, int) and tree.level_of[node] > 0 for node in found)


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
