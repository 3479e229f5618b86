"""The published conversions against the tables they are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.recompute.conversions import moved_places
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published

FILE = "conversions.csv"
KEY = ("conversion", "level", "territory", "year")


def check_conversions(notes: Notebook, published: Published) -> str:
    """Compare every place that changes category."""
    model = published.model
    stated = model.scenario.get("conversions") or {}
    if bool(stated) != published.folder.has(FILE):
        notes.wrong(FILE, "", saying("the table is there where places change category"))
    if not stated or not published.folder.has(FILE):
        return saying("no conversions")
    table = published.folder.table(FILE)
    wanted = {
        "/".join((name, *model.tree.key[node], str(year))): (name, node, float(places[t, y]))
        for name, places in moved_places(model).items()
        for t, node in enumerate(model.tree.deciding.tolist())
        for y, year in enumerate(model.years)
        if places[t, y] != 0
    }
    keys = ["/".join(cells) for cells in zip(*(table.column(c) for c in KEY), strict=True)]
    if not compare_keys(notes, FILE, keys, list(wanted)):
        return FILE
    rows = [wanted[key] for key in keys]
    compare_column(notes, table, "places", np.array([places for *_, places in rows]), keys)
    words = {
        "scenario": [published.name] * len(keys),
        "territory_name": [model.tree.names[node] for _, node, _ in rows],
        "from": [str(stated[name]["from"]) for name, *_ in rows],
        "to": [str(stated[name]["to"]) for name, *_ in rows],
        "because": [str(stated[name].get("because") or "") for name, *_ in rows],
    }
    for column, expected in words.items():
        compare_words(notes, table, column, expected, keys)
    return saying("{count} lines of conversions.csv", count=len(keys))
