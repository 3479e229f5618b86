"""The published totals against the sums of the allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.allocation import cell_figures
from perequa.verification.compare import compare_column

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Indices

FILE = "totals.csv"
SUMMED = ("places", "credits", "withheld", "due_after", "installed_before", "installed_after")


def check_totals(notes: Notebook, published: Published) -> str:
    """Compare every total of a territory, of a part of the country and of the nation."""
    model = published.model
    table = published.folder.table(FILE)
    columns = ("level", "territory", "measure", "year")
    keys = list(zip(*(table.column(c) for c in columns), strict=True))
    figures = cell_figures(model, published.places, None)
    cells = [_cells(model, *key) for key in keys]
    kept = [i for i, found in enumerate(cells) if found is not None]
    labels = ["/".join(key) for key in keys]
    found = table.numbers
    for name in SUMMED:
        flat = figures[name].ravel()
        expected = np.array(found(name))
        for i in kept:
            own = cells[i]
            if own is not None:
                values = flat[own]
                expected[i] = np.nan if np.isnan(values).all() else np.nansum(values)
        compare_column(notes, table, name, expected, labels)
    return f"{len(kept)} totals of totals.csv"


def _cells(model: Model, level: str, territory: str, measure: str, year: str) -> Indices | None:
    """Cells a total sums; None for a line that is no sum of cells (reserve, undistributed)."""
    inside = _deciders(model, level, territory)
    if inside is None:
        return None
    grid = np.zeros(model.shape, dtype=bool)
    measures = [i for i, m in enumerate(model.measures) if measure in ("", m)]
    years = [i for i, y in enumerate(model.years) if year in ("", str(y))]
    grid[np.ix_(inside, measures, years)] = True
    return np.flatnonzero(grid)


def _deciders(model: Model, level: str, territory: str) -> Indices | None:
    tree = model.tree
    if (level, territory) in tree.index:
        return tree.below(tree.index[level, territory])
    everyone = np.arange(len(tree.deciding))
    if level == "nation" and territory in ("", "nation", "national"):
        return everyone
    overseas = np.array([tree.is_overseas(int(node)) for node in tree.deciding])
    if "overseas" in (level, territory):
        return everyone[overseas]
    if {"metropolitan", "metropolitan_france"} & {level, territory}:
        return everyone[~overseas]
    return None
