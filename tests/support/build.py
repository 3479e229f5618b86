"""Small instances made in memory, so that a test of a rule reads as the rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa_models.assembly import assemble
from perequa_models.columns import Column
from perequa_models.problems import Problems
from perequa_models.scenario import Scenario
from perequa_models.tree import Territory, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.instance import Instance
    from perequa_models.projects.project import ProjectLine


def column(
    tree: Tree,
    name: str,
    values: dict[str, Any],
    measures: tuple[str, ...] = (),
    years: tuple[int, ...] = (),
) -> Column:
    """A column from ``{"level:code": value | [per measure] | [[per measure and year]]}``."""
    shape = (len(tree.nodes), max(1, len(measures)), max(1, len(years)))
    is_text = any(isinstance(v, str) for v in values.values())
    held = np.full(shape, None if is_text else math.nan, dtype=object if is_text else float)
    rows = np.full(shape, -1, dtype=np.intp)
    for i, (territory, value) in enumerate(values.items()):
        node = tree.find(territory)
        assert isinstance(node, int), territory
        held[node] = (
            np.array(value, dtype=held.dtype).reshape(
                (-1, 1) if measures and not years else (1, -1) if years and not measures else (1, 1)
            )
            if not (measures and years)
            else np.array(value)
        )
        rows[node] = i
    return Column(name=name, table="test.csv", values=held, rows=rows, is_text=is_text)


def scenario(**sections: Any) -> Scenario:
    """A scenario of one year and one measure of places, with what the test adds."""
    base: dict[str, Any] = {
        "format": 1,
        "name": "small",
        "years": [2004],
        "territories": {"file": "territories.csv", "levels": ["region"]},
        "measures": {"home": {"cost": 10_000}},
        "supply": {"file": "supply.csv"},
        "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
        "objectives": {"gap": {"kind": "shortfall", "indicator": "rate", "level": "region"}},
    }
    return Scenario.model_validate(base | sections)


def instance(
    spec: Scenario,
    figures: dict[str, dict[str, Any]],
    territories: list[Territory] | None = None,
    columns: dict[str, Column] | None = None,
    projects: Sequence[ProjectLine] = (),
) -> Instance:
    """An instance; `figures` maps a column name to ``{"level:code": value}``.

    The columns `installed`, `base` and others of the supply table hold one value per measure when
    the scenario has several.
    """
    levels = spec.territories.levels or ("region",)
    if territories is None:
        codes = sorted({key for values in figures.values() for key in values})
        territories = [Territory(*c.split(":"), f"Name {c}", "") for c in codes]
    tree = Tree.of(levels, territories)
    made = {name: column(tree, name, values) for name, values in figures.items()}
    problems = Problems()
    found = assemble(spec, tree, made | (columns or {}), problems, projects)
    assert found is not None, [p.message for p in problems.found]
    return found
