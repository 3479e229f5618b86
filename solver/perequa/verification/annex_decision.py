"""What annexes should print of decisions: envelopes as built, or the credits of the plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from perequa.verification.annex_columns import Column, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.verification.annex_columns import Exact
    from perequa.verification.plan import Published
    from perequa.words import Words


def decided_tables(published: Published, words: Words) -> Iterator[Wanted]:
    """Yield the decision of each year in which anything is granted."""
    if published.folder.has("construction.csv"):
        yield from _built(published, words)
    else:
        yield from _planned(published, words)


def _built(published: Published, words: Words) -> Iterator[Wanted]:
    """One column for each envelope of ``construction.csv``, and one for what is withheld of it."""
    table = published.folder.table("construction.csv")
    campaign = published.model.scenario["campaign"]
    tree = published.model.tree
    level = str(campaign.get("level") or tree.levels[0])
    codes = [tree.key[int(node)][1] for node in tree.at(level)]
    found: dict[int, dict[str, dict[str, Exact]]] = {}
    lines: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in table.rows:
        cells = dict(zip(table.header, row, strict=True))
        if cells["level"] != level or not cells["planned"]:
            continue
        lines[cells["envelope"]].add((cells["line"], cells["item"]))
        if cells["line"] in {"envelope", "withheld"}:
            sheet = found.setdefault(int(cells["year"]), {}).setdefault(cells["envelope"], {})
            held = sheet.setdefault(cells["line"], dict.fromkeys(codes, 0.0))
            held[cells["territory"]] += float(cells["planned"])
    for year in published.model.years:
        columns: list[Column] = []
        for n, (envelope, sheet) in enumerate(found.get(year, {}).items(), 1):
            most = len(lines[envelope]) * len(published.model.years)
            title = _title(published, envelope) or words.phrase("Envelope {year}", year=year)
            columns += _columns(n, title, sheet["envelope"], sheet.get("withheld", {}), most, words)
        if columns:
            yield Wanted(level, columns)


def _planned(published: Published, words: Words) -> Iterator[Wanted]:
    """One column for the measures of each envelope, summed over the territories at the top."""
    tree, measures = published.model.tree, published.model.scenario["measures"]
    tops = {
        tree.key[d]: tree.key[n][1]
        for d, n in zip(tree.deciding, tree.above[tree.levels[0]], strict=True)
    }
    nothing = dict.fromkeys(tops.values(), 0.0)
    most = len(tops) * len(measures)
    table = published.folder.table("allocation.csv")
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    happens = {
        (row["measure"], int(row["year"]))
        for row in rows
        if float(row["places"] or 0) or float(row["credits"] or 0)
    }
    for year in published.model.years:
        envelopes: dict[str, tuple[Exact, Exact]] = {}
        for name, spec in measures.items():
            if (name, year) in happens:
                envelopes.setdefault(str(spec.get("envelope") or ""), ({**nothing}, {**nothing}))
        for row in rows:
            amount = float(row["credits"] or 0)
            if amount and int(row["year"]) == year:
                granted, withheld = envelopes[str(measures[row["measure"]].get("envelope") or "")]
                top = tops[row["level"], row["territory"]]
                granted[top] += amount
                withheld[top] += float(row["withheld"] or 0)
        if any(any(granted.values()) for granted, _ in envelopes.values()):
            columns: list[Column] = []
            for n, (envelope, (granted, withheld)) in enumerate(envelopes.items(), 1):
                title = _title(published, envelope) or words.phrase("Credits {year}", year=year)
                columns += _columns(n, title, granted, withheld, most, words)
            yield Wanted(tree.levels[0], columns)


def _columns(
    n: int, title: str, granted: Exact, withheld: Exact, most: int, words: Words
) -> Iterator[Column]:
    yield Column(f"{title} ({n})", granted, most=most)
    if any(withheld.values()):
        yield Column(words.phrase("of which withheld ({note})", note=n), withheld, most=most)


def _title(published: Published, envelope: str) -> str:
    spec = (published.model.scenario.get("envelopes") or {}).get(envelope) or {}
    return str(spec.get("title") or envelope)
