"""What a whole plan must hold: whole cells, least openings, totals (scenario reference, 12).

A whole plan rounds the continuous one cell by cell, up or down, so that totals stay rounded too:
the controlled rounding of tables (M. Bacharach, "Matrix rounding problems", Management Science
12(9), 1966; L. H. Cox, "A constructive procedure for unbiased controlled rounding", Journal of the
American Statistical Association 82, 1987). With one total and no other rule the nearest one is
the method of largest remainders (Hamilton 1792; M. L. Balinski and H. P. Young, "Fair
Representation", 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa_models.instance import Flags, Floats, Instance
    from perequa_models.tree import Indices

WHOLE = 1e-6
"""A figure this near to a whole number is that number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Places of one measure and year under one territory, or in the whole country.

    Attributes
    ----------
    level, territory, measure, year
        What it sums; level ``nation`` without a territory is the country.
    depth
        0 for the country, 1 for the top level, and so on downwards.
    cells
        Flat positions in (T, M, Y).
    """

    level: str
    territory: str
    measure: str
    year: int
    depth: int
    cells: Indices

    def __str__(self) -> str:
        place = f"{self.level}:{self.territory}" if self.territory else self.level
        return f"total/{place}/{self.measure}/{self.year}"


def asks_whole(instance: Instance) -> bool:
    """Whether the scenario asks for whole places of any measure."""
    return bool(whole_measures(instance).any())


def whole_measures(instance: Instance) -> Flags:
    """Measures handed out in whole places, shape (M,): not money, nor what projects bring."""
    scenario = instance.scenario
    asked = [scenario.whole or scenario.measures[m].whole for m in instance.measures]
    return np.asarray(np.array(asked) & ~instance.is_money & ~instance.by_projects)


def least_openings(instance: Instance) -> Floats:
    """Least number of places opened at once, 0 where none is stated, shape (M,)."""
    stated = [instance.scenario.measures[m].minimum or 0.0 for m in instance.measures]
    return np.where(whole_measures(instance), np.array(stated), 0.0)


def totals(instance: Instance) -> tuple[Total, ...]:
    """Totals above the deciding level of the measures handed out whole, the country's first."""
    return tuple(_totals(instance))


def _totals(instance: Instance) -> Iterator[Total]:
    tree = instance.tree
    above = tree.levels[: tree.levels.index(instance.level)]
    groups = [("nation", "", 0, np.arange(instance.shape[0]))]
    for depth, level in enumerate(above, start=1):
        for node in tree.at(level):
            inside = tree.below(int(node), instance.level)
            groups.append((level, tree.nodes[int(node)].code, depth, inside))
    cells = np.arange(int(np.prod(instance.shape))).reshape(instance.shape)
    for level, code, depth, inside in groups:
        for m in np.flatnonzero(whole_measures(instance)):
            for y, year in enumerate(instance.years):
                yield Total(
                    level=level,
                    territory=code,
                    measure=instance.measures[m],
                    year=year,
                    depth=depth,
                    cells=cells[inside, m, y],
                )


def floors(values: Floats) -> Floats:
    """Whole numbers just below, or the number meant where one is near."""
    near = np.round(values)
    return np.where(np.abs(values - near) <= WHOLE, near, np.floor(values))


def ceilings(values: Floats) -> Floats:
    """Whole numbers just above, or the number meant where one is near."""
    return -floors(-values)


def largest_remainder(instance: Instance, x: Floats) -> Floats:
    """Round a plan by the method of largest remainders, from the country downwards.

    The country's total of each measure and year is rounded down; each level shares what its total
    holds: everyone's floor first, then one more where the remainder is largest (the first in the
    order of codes where two are equal). Rules are not looked at.

    Parameters
    ----------
    x
        (T, M, Y) a continuous plan.

    Returns
    -------
    array, shape (T, M, Y)
        Measures counted in money stay as they are.
    """
    rounded = x.copy()
    levels = instance.tree.levels[: instance.tree.levels.index(instance.level) + 1]
    lines = [instance.tree.ancestors(instance.level, level) for level in levels]
    for m in np.flatnonzero(whole_measures(instance)):
        for y in range(instance.shape[2]):
            amounts = x[:, m, y]
            inside = np.zeros(len(amounts), dtype=np.intp)
            due = {0: float(floors(np.array([amounts.sum()]))[0])}
            for line in lines:
                due = _shared(amounts, inside, line, due)
                inside = line
            rounded[:, m, y] = [due[int(node)] for node in inside]
    return rounded


def _shared(
    amounts: Floats, inside: Indices, line: Indices, due: dict[int, float]
) -> dict[int, float]:
    """Share what each group is due among the groups of the next level inside it."""
    found: dict[int, float] = {}
    for group, total in due.items():
        members = np.unique(line[inside == group])
        sums = np.array([amounts[line == node].sum() for node in members])
        base = floors(sums)
        more = round(total - float(base.sum()))
        # remainders equal to rounding are equal: the order of codes decides
        order = np.argsort(-np.round(sums - base, 9), kind="stable")
        base[order[:more]] += 1.0
        found |= dict(zip(members.tolist(), base.tolist(), strict=True))
    return found
