"""The published allocation against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.recompute.activity import value_of
from perequa.verification.recompute.linked import withheld_groups
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats

FILE = "allocation.csv"


def cell_figures(model: Model, places: Floats, reference: Floats | None) -> dict[str, Floats]:
    """Figures of every cell by column of ``allocation.csv``, each of shape (T, M, Y).

    NaN where a cell of the table is empty (places of a measure that hands out money).
    """
    supply = model.supply
    is_money = np.broadcast_to(supply.is_money[None, :, None], model.shape)
    delegated = model.value("credits", places)
    stock = value_of(supply.quantities["stock"], places)
    due = supply.own_cost * places * (1 - supply.months / 12)[None, :, None]
    if model.taken is not None:
        rest = model.projects.charged - model.projects.opening
        np.add.at(due, tuple(model.projects.cells.T), rest * model.taken)
    held = np.zeros(model.shape, dtype=bool)
    for _, group in withheld_groups(model):
        held.ravel()[group.cells] = True
    last = np.arange(len(model.years)) == len(model.years) - 1
    figures = {
        "places": np.where(is_money, np.nan, places),
        "credits": delegated,
        "withheld": np.where(held, delegated, 0.0),
        "due_after": np.where(last, due, 0.0),
        "installed_before": stock - places + supply.closed,
        "installed_after": stock,
    }
    stated = np.full(model.shape, np.nan) if reference is None else reference
    figures["reference_places"] = np.where(is_money, np.nan, stated)
    figures["reference_credits"] = stated * supply.cost
    return figures


def check_allocation(notes: Notebook, published: Published) -> str:
    """Compare every cell of ``allocation.csv``."""
    model = published.model
    table = published.folder.table(FILE)
    keys = [
        f"x/{level}:{territory}/{measure}/{year}"
        for level, territory, measure, year in zip(
            *(table.column(c) for c in ("level", "territory", "measure", "year")), strict=True
        )
    ]
    if not compare_keys(notes, FILE, keys, _expected_keys(model, keys)):
        return "allocation.csv"
    position = {name: i for i, name in enumerate(model.cell_ids)}
    at = np.array([position[key] for key in keys], dtype=np.intp)
    figures = cell_figures(model, published.places, published.reference)
    figures |= continuous_figures(published)
    for name, values in figures.items():
        compare_column(notes, table, name, values.ravel()[at], keys)
    _compare_labels(notes, published, keys, at)
    return saying("{count} cells of allocation.csv", count=len(keys))


def continuous_figures(published: Published) -> dict[str, Floats]:
    """Figures of the continuous plan, NaN where no other is handed out; each (T, M, Y)."""
    model = published.model
    nothing = np.full(model.shape, np.nan)
    figures = {"places": nothing, "credits": nothing}
    if published.is_whole:
        figures = cell_figures(model, published.continuous, None)
    return {f"continuous_{name}": figures[name] for name in ("places", "credits")}


def _expected_keys(model: Model, keys: list[str]) -> list[str]:
    """Every cell, zeros included; a closed pair may be listed or not."""
    closed = np.repeat(model.supply.closed_pairs.ravel(), len(model.years))
    listed = set(keys)
    return [name for i, name in enumerate(model.cell_ids) if not closed[i] or name in listed]


def _compare_labels(
    notes: Notebook,
    published: Published,
    keys: list[str],
    at: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
) -> None:
    model = published.model
    table = published.folder.table(FILE)
    territory, measure, _ = np.unravel_index(at, model.shape)
    names = [model.tree.names[model.tree.deciding[t]] for t in territory]
    envelopes = [str(model.measure(model.measures[m]).get("envelope") or "") for m in measure]
    compare_words(notes, table, "scenario", [published.name] * len(keys), keys)
    compare_words(notes, table, "territory_name", names, keys)
    compare_words(notes, table, "envelope", envelopes, keys)
