"""The published totals against the sums of the allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.allocation import cell_figures, continuous_figures
from perequa.verification.compare import compare_column, compare_keys
from perequa.verification.published_rules import activities
from perequa.verification.recompute.limits import sum_over
from perequa.verification.recompute.linked import withheld_groups
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats, Indices

FILE = "totals.csv"
SUMMED = (
    *("places", "credits", "withheld", "due_after", "installed_before", "installed_after"),
    *("continuous_places", "continuous_credits", "reference_places", "reference_credits"),
)
KEY = ("level", "territory", "territory_name", "measure", "year")
KEPT_BACK = frozenset({"reserve", "undistributed", "withheld"})

Line = dict[str, float]
"""Figures of one line by column; a column that is not there must be empty."""


def check_totals(notes: Notebook, published: Published) -> str:
    """Compare every total of a territory, of a part of the country and of the nation.

    Lines for reserves, for what envelopes and contingents leave, and for what is withheld complete
    the nation.
    """
    table = published.folder.table(FILE)
    columns = [table.column(c) for c in KEY]
    keys = [
        "/".join((level, territory, name if territory in KEPT_BACK else "", measure, year))
        for level, territory, name, measure, year in zip(*columns, strict=True)
    ]
    size: dict[str, float] = {}
    lines = _sums(published) | _kept_back(published, size)
    if not compare_keys(notes, FILE, keys, list(lines)):
        return FILE
    for name in SUMMED:
        expected = np.array([lines[key].get(name, np.nan) for key in keys])
        if name.startswith("reference"):
            # A reference stated above the decision level stands in these lines only.
            found = np.array(table.numbers(name))
            expected = np.where(np.isnan(expected), found, expected)
        scale = np.array([size.get(key, 1.0) for key in keys])
        compare_column(notes, table, name, expected, keys, scale=scale)
    return saying("{count} totals of totals.csv", count=len(keys))


def _sums(published: Published) -> dict[str, Line]:
    """Sums over every territory above the deciding ones, both parts of the country, the nation."""
    model = published.model
    figures = cell_figures(model, published.places, published.reference)
    figures |= continuous_figures(published)
    lines = {}
    for level, code, inside in _groups(model):
        for m, measure in enumerate(model.measures):
            for y, year in enumerate(model.years):
                key = "/".join((level, code, "", measure, str(year)))
                lines[key] = {name: _sum(v[inside, m, y]) for name, v in figures.items()}
    return lines


def _groups(model: Model) -> list[tuple[str, str, Indices]]:
    tree = model.tree
    above = tree.levels[: tree.levels.index(tree.decide_at)]
    found = [(*tree.key[node], tree.below(int(node))) for level in above for node in tree.at(level)]
    overseas = [tree.is_overseas(int(node)) for node in tree.deciding]
    if True in overseas and False in overseas:
        for code, where in (("metropolitan", False), ("overseas", True)):
            inside = np.array([i for i, is_so in enumerate(overseas) if is_so is where])
            found.append(("zone", code, inside))
    return [*found, ("nation", "", np.arange(len(tree.deciding)))]


def _sum(values: Floats) -> float:
    return float("nan") if np.isnan(values).all() else float(np.nansum(values))


def _kept_back(published: Published, size: dict[str, float]) -> dict[str, Line]:
    """Lines that complete the nation to what its rules hand out.

    Parameters
    ----------
    size
        Receives the size of the figures whose difference a line is: rounding is judged by it.
    """
    model = published.model
    lines = {}
    activity = activities(published)
    for row in published.rows:
        column = "places" if row.unit == "place" else "credits"
        if row.kind in ("converge", "transfer"):
            continue
        if row.held:
            lines[_key("reserve", row.rule, row.group)] = {column: activity[row.id]}
        elif row.kind in {"envelope", "contingent"} and _may_be_left(published, row):
            left = max(0.0, row.limit - activity[row.id])
            key = _key("undistributed", row.rule, row.group)
            lines[key] = {column: left}
            size[key] = max(1.0, abs(row.limit))
    delegated = model.value("credits", published.places)
    for name, group in withheld_groups(model):
        amount = sum_over(delegated, group.cells)
        lines[_key("withheld", name.split("/", maxsplit=1)[0], group)] = {"withheld": amount}
    return lines


def _may_be_left(published: Published, row: ExpectedRow) -> bool:
    """Whether part of a limit may stay unused; money that whole places cannot use up may."""
    left_by_whole = published.is_whole and row.side == "equals" and row.unit == "money"
    return row.side == "at_most" or left_by_whole


def _key(what: str, rule: str, group: Group) -> str:
    name = f"{rule} {':'.join(group.label)}" if group.label[1] else rule
    year = "" if group.year is None else str(group.year)
    return "/".join(("nation", what, name, group.measure, year))
