"""The published log of money moved from one envelope to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.published_rules import activities
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published

FILE = "transfers.csv"


def check_transfers(notes: Notebook, published: Published) -> str:
    """Compare ``transfers.csv`` with the rules and with what the plan moves."""
    model = published.model
    moving = {row.id: row for row in published.rows if row.kind == "transfer"}
    if bool(moving) != published.folder.has(FILE):
        notes.wrong(FILE, "", saying("the table is there where a rule moves money"))
    if not moving or not published.folder.has(FILE):
        return saying("no money moved between envelopes")
    table = published.folder.table(FILE)
    keys = zip(*(table.column(c) for c in ("rule", "level", "territory", "year")), strict=True)
    listed = [
        f"{rule}/{f'{level}:{code}' if code else '-'}/-/{year or '-'}/at_most"
        for rule, level, code, year in keys
    ]
    if not compare_keys(notes, FILE, listed, list(moving)):
        return FILE
    rows = [moving[name] for name in listed]
    specs = [model.rules[row.rule] for row in rows]
    nodes = [model.tree.index.get(row.group.label, -1) for row in rows]
    words = {
        "scenario": [published.name] * len(rows),
        "territory_name": [model.tree.names[node] if node >= 0 else "" for node in nodes],
        **{
            key: [str(spec.get(key) or "") for spec in specs]
            for key in ("from", "to", "title", "source")
        },
    }
    for column, expected in words.items():
        compare_words(notes, table, column, expected, listed)
    limit = np.array([row.limit for row in rows])
    at_plan = activities(published)
    moved = np.array([at_plan[name] for name in listed])
    compare_column(notes, table, "limit", limit, listed)
    compare_column(notes, table, "moved", moved, listed, scale=np.maximum(1.0, limit))
    return saying("{count} amounts that may move between envelopes", count=len(rows))
