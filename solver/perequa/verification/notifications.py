"""The published notifications, recomputed from the plan and the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.construction import Book
from perequa.verification.recompute.campaign import campaign_of
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published

FILE = "notifications.csv"
KEY = ("level", "territory", "envelope", "year", "delegation", "line", "item")
HEADINGS = 3
ONE_YEAR = frozenset({"one_off", "reserve", "undistributed"})
"""Lines that no later year renews."""
NOUGHT = 1e-6
"""Of sums of money, in the currency: what is left of sums that cancel out."""


def notifies(published: Published) -> bool:
    """Whether the scenario notifies anything, or a table says so."""
    campaign = published.model.scenario.get("campaign") or {}
    return bool(campaign.get("delegations")) or published.folder.has(FILE)


def check_notifications(notes: Notebook, published: Published) -> str:
    """Compare every sum notified, and where it is booked."""
    campaign = campaign_of(published.model)
    if campaign is None or not published.folder.has(FILE):
        notes.wrong(FILE, "", saying("the table is there where a campaign has delegations"))
        return FILE
    table = published.folder.table(FILE)
    keys = ["/".join(cells) for cells in zip(*(table.column(c) for c in KEY), strict=True)]
    published_keys, amounts, words = set(keys), {}, {}
    tree = campaign.model.tree
    for envelope in campaign.envelopes:
        book = Book(published, campaign, envelope)
        for r, node in enumerate(campaign.nodes.tolist()):
            for y, year in enumerate(campaign.model.years):
                for (name, *item), amount in book.notified(r, y).items():
                    key = "/".join((*tree.key[node], envelope, str(year), name, *item))
                    # what was computed otherwise may leave a little of a sum of nought
                    if abs(amount) > NOUGHT or key in published_keys:
                        amounts[key] = amount
                        words[key] = _booked(published.model.scenario, name, *item)
    if not compare_keys(notes, FILE, keys, list(amounts)):
        return FILE
    expected = np.array([amounts[key] for key in keys])
    compare_column(notes, table, "amount", expected, keys, scale=np.maximum(1.0, np.abs(expected)))
    for name in words[keys[0]] if keys else ():
        compare_words(notes, table, name, [words[key][name] for key in keys], keys)
    compare_words(notes, table, "scenario", [published.name] * len(keys), keys)
    return saying("{count} lines of notifications.csv", count=len(keys))


def _booked(scenario: Mapping[str, Any], delegation: str, line: str, item: str) -> dict[str, str]:
    """Texts of a line, by column."""
    campaign = scenario["campaign"]
    entry = scenario["measures"].get(item) or campaign.get("lines", {}).get(item) or {}
    stated = entry.get("headings") or []
    headings = [stated] if isinstance(stated, str) else list(stated)
    spec = campaign["delegations"][delegation]
    number = spec.get("number")
    lasts = "" if not line else str(line not in ONE_YEAR).lower()
    return {
        "sub_envelope": entry.get("sub_envelope") or "",
        **{f"heading_{n + 1}": headings[n] if n < len(headings) else "" for n in range(HEADINGS)},
        "recurrent": lasts,
        "number": "" if number is None else str(number),
        "effective": spec.get("effective") or "",
    }
