"""The published construction of the envelopes, recomputed from the plan and the tables."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.recompute.campaign import campaign_of
from perequa.verification.recompute.linked import withheld_groups
from perequa.verification.recompute.phased import waiting_cells
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.campaign import Campaign, Sheet
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats, Indices
    from perequa.verification.tables import Table

FILE = "construction.csv"
KEY = ("level", "territory", "envelope", "year", "line", "item")
TOLD = frozenset(
    {"envelope", "renewed_next", "growth", "withheld", "delegation", "to_notify"}
    | {"ring_fenced", "pledged", "margin", "until_opening"}
)
"""Lines that do not add up to the envelope."""
DECIDED = frozenset({"base", "transfers", "indexing", "extension"})
"""Lines that no margin holds."""
Line = dict[str, float]


def check_construction(notes: Notebook, published: Published) -> str:
    """Compare every line of every envelope; lines add up to the envelope they build."""
    campaign = campaign_of(published.model)
    if (campaign is not None) != published.folder.has(FILE):
        notes.wrong(FILE, "", saying("the table is there where the scenario has a campaign"))
    if campaign is None or not published.folder.has(FILE):
        return saying("no campaign")
    table = published.folder.table(FILE)
    keys = ["/".join(cells) for cells in zip(*(table.column(c) for c in KEY), strict=True)]
    lines: dict[str, Line] = {}
    for envelope in campaign.envelopes:
        book = Book(published, campaign, envelope)
        for who, rows in book.places.items():
            for y, year in enumerate(published.model.years):
                for item, line in book.lines(rows, y, nation=not who[1]).items():
                    lines["/".join((*who, envelope, str(year), *item))] = line
    if not compare_keys(notes, FILE, keys, list(lines)):
        return FILE
    size = np.array([lines[key]["size"] for key in keys])
    for name in ("rate", "granted", "planned"):
        expected = np.array([lines[key].get(name, np.nan) for key in keys])
        scale = 1.0 if name == "rate" else size
        compare_column(notes, table, name, expected, keys, scale=scale)
    compare_words(notes, table, "scenario", [published.name] * len(keys), keys)
    _check_sums(notes, table, keys)
    return saying("{count} lines of construction.csv", count=len(keys))


def _check_sums(notes: Notebook, table: Table, keys: list[str]) -> None:
    """Note envelopes that are not the sum of the lines printed above them, to the last digit."""
    for column in ("granted", "planned"):
        sums: dict[str, Fraction] = {}
        for key, line, text in zip(keys, table.column("line"), table.column(column), strict=True):
            at = key.rsplit("/", 2)[0]
            if text and line not in TOLD:
                sums[at] = sums.get(at, Fraction(0)) + Fraction(text)
            elif text and line == "envelope" and float(sums.get(at, 0)) != float(text):
                notes.wrong(FILE, key, column, float(text), float(sums.get(at, 0)))


@dataclass
class Book:
    """One envelope of every territory.

    Parameters
    ----------
    published, campaign, envelope
        The plan, the campaign, and which envelope.
    """

    published: Published
    campaign: Campaign
    envelope: str

    @cached_property
    def planned(self) -> Sheet:
        """What the plan comes to."""
        return self.campaign.planned(self.envelope, self.published.places)

    @cached_property
    def granted(self) -> Sheet:
        """What the lines grant."""
        return self.campaign.granted(self.envelope)

    @cached_property
    def places(self) -> dict[tuple[str, str], list[int]]:
        """Rows of the construction that each place sums; all of them for the nation."""
        tree, nodes = self.campaign.model.tree, self.campaign.nodes
        above: dict[tuple[str, str], list[int]] = {}
        for r, node in enumerate(nodes.tolist()):
            at = node
            while at >= 0:
                above.setdefault(tree.key[at], []).append(r)
                at = int(tree.parent[at])
        overseas = [tree.is_overseas(int(node)) for node in nodes]
        if True in overseas and False in overseas:
            for code, where in (("metropolitan", False), ("overseas", True)):
                above["zone", code] = [r for r, is_so in enumerate(overseas) if is_so is where]
        return {**above, ("nation", ""): list(range(len(nodes)))}

    @cached_property
    def built(self) -> dict[int, bool]:
        """Years whose limit the lines build; whether territory by territory."""
        found: dict[int, bool] = {}
        bound: dict[int, set[int]] = {}
        inside = set(self.campaign.inside(self.envelope).tolist())
        for row in self.published.rows:
            spec = self.campaign.model.rules[row.rule]
            if row.kind == "envelope" and spec.get("at_most") == "built":
                if set(row.group.measures.tolist()) != inside:
                    continue
                y, members = int(row.group.years[0]), set(row.group.territories.tolist())
                alone = len(members) < self.campaign.model.shape[0]
                found[y] = alone or len(self.campaign.nodes) == 1
                bound[y] = bound.get(y, set()) | members
        everyone = self.campaign.model.shape[0]
        return {y: each for y, each in found.items() if len(bound[y]) == everyone}

    def lines(self, rows: list[int], y: int, *, nation: bool) -> dict[tuple[str, str], Line]:
        """Lines of some territories together in one year; the nation has what all share."""
        plan = {item: float(a[rows, y].sum()) for item, a in self.planned.items.items()}
        base = sum(a for (line, _), a in plan.items() if line == "base")
        given: dict[tuple[str, str], float] | None = None
        if self.built.get(y) is True or (self.built.get(y) is False and nation):
            inside = [*rows, -1] if self.built[y] is False else rows
            given = {item: float(a[inside, y].sum()) for item, a in self.granted.items.items()}
            plan["undistributed", ""] = sum(given.values()) - sum(plan.values())
        total = sum(plan.values())
        national = self._national(y)
        size = max(1.0, abs(total))
        found: dict[tuple[str, str], Line] = {}
        for item in {*plan, *(given or {})}:
            found[item] = {"size": size}
            if item in plan:
                found[item]["planned"] = plan[item]
            if given is not None and item in given:
                found[item]["granted"] = given[item]
        rates = set(self.campaign.rate(self.envelope)[rows, y].tolist())
        if len(rates) == 1:
            found["indexing", ""]["rate"] = rates.pop()
        found["envelope", ""] = {"size": size, "planned": total}
        found["renewed_next", ""] = {"size": size, "planned": _lasting(plan)}
        found["growth", ""] = {"size": size, "planned": total - base}
        if given is not None:
            found["envelope", ""]["granted"] = sum(given.values())
            found["renewed_next", ""]["granted"] = _lasting(given)
        if national > 0:
            found["envelope", ""]["rate"] = total / national
        if base > 0:
            found["growth", ""]["rate"] = (total - base) / base
        told = self._told(rows, y, total) | self._free(rows, y, plan)
        return found | {item: {"size": size, "planned": a} for item, a in told.items()}

    def _national(self, y: int) -> float:
        if y in self.built:
            rows = slice(None) if self.built[y] is False else slice(-1)
            return float(self.granted.total[rows, y].sum())
        return float(self.planned.total[:-1, y].sum())

    def _told(self, rows: list[int], y: int, total: float) -> dict[tuple[str, str], float]:
        """What is withheld, delivered and still to notify."""
        found: dict[tuple[str, str], float] = {}
        held = self._withheld
        kept = sum(float(a[rows, y].sum()) for a in held.values())
        # a region says what is withheld of it where it is anything
        if any(a[rows, y].any() for a in held.values()):
            found["withheld", ""] = kept
        year = self.campaign.model.years[y]
        for name, spec in (self.campaign.spec.get("delegations") or {}).items():
            if spec.get("year") not in (None, year):
                continue
            if spec.get("envelope") not in (None, self.envelope):
                continue
            found["delegation", name] = self._delegated(spec, held, rows, y)
        left = total - sum(a for (line, _), a in found.items() if line == "delegation")
        if any(line == "delegation" for line, _ in found):
            found["to_notify", ""] = left
        return found

    def _free(
        self, rows: list[int], y: int, plan: dict[tuple[str, str], float]
    ) -> dict[tuple[str, str], float]:
        """What is ring-fenced, pledged to places not open, free, and of use until they open."""
        found: dict[tuple[str, str], float] = {}
        model = self.campaign.model
        names = [model.measures[m] for m in self.campaign.inside(self.envelope)]
        fenced = {n for n in names if model.measure(n).get("ring_fenced")}
        if fenced:
            found["ring_fenced", ""] = sum(
                a for (line, n), a in plan.items() if line in {"new", "one_off"} and n in fenced
            )
        waiting = self._waiting
        if waiting:
            held = np.zeros(model.shape, dtype=np.bool_)
            for row, cells in waiting:
                now = int(row.group.years[0])
                held.ravel()[cells[cells % len(model.years) == now]] = True
            lasts = model.supply.recurrent & ~np.isin(model.measures, sorted(fenced))
            pledged = np.where(held & lasts[None, :, None], self._opening, 0.0)
            found["pledged", ""] = float(
                self.campaign.summed(pledged, self.envelope)[rows, y].sum()
            )
        mine = [row for row, _ in waiting if int(row.group.years[0]) == y]
        places = [self._only_place(row) for row in mine]
        if mine and None not in places:
            found["until_opening", ""] = sum(
                self._reserved(row) for row, r in zip(mine, places, strict=True) if r in rows
            )
        gone = sum(a for (line, _), a in plan.items() if line in DECIDED)
        taken = sum(found.get((line, ""), 0.0) for line in ("ring_fenced", "pledged"))
        found["margin", ""] = sum(plan.values()) - gone - taken
        return found

    @cached_property
    def _waiting(self) -> list[tuple[ExpectedRow, Indices]]:
        """Rows that reserve credits until places open for the envelope, with the cells waiting."""
        model = self.campaign.model
        inside = set(self.campaign.inside(self.envelope).tolist())
        found = []
        for row in self.published.rows:
            if row.kind == "until_opening":
                spec = model.rules[row.rule]
                if model.measures.index(spec["one_off"]) in inside:
                    found.append((row, waiting_cells(model, spec, row.group)))
        return found

    @cached_property
    def _opening(self) -> Floats:
        """Credits of places in the year that funds them, (T, M, Y)."""
        return self.campaign.opening(self.published.places)

    def _only_place(self, row: ExpectedRow) -> int | None:
        """Position of the territory that holds all of a row; None where none does."""
        inside = set(row.group.territories.tolist())
        below = [set(b.tolist()) for b in self.campaign.below]
        return next((r for r, b in enumerate(below) if inside <= b), None)

    def _reserved(self, row: ExpectedRow) -> float:
        """What one-off money may spend: the limit, and what its row counts beside that money."""
        model = self.campaign.model
        money = model.value("credits", self.published.places)
        one_off = model.measures.index(model.rules[row.rule]["one_off"])
        spent = money[row.group.territories, one_off, int(row.group.years[0])].sum()
        return row.limit - row.activity(self.published.places) + float(spent)

    def notified(self, r: int, y: int) -> dict[tuple[str, str, str], float]:
        """What each delegation delivers a territory of each item; of none where it is an amount."""
        found: dict[tuple[str, str, str], float] = {}
        year, held = self.campaign.model.years[y], self._withheld
        for name, spec in (self.campaign.spec.get("delegations") or {}).items():
            mine = spec.get("envelope") in (None, self.envelope)
            if spec.get("year") not in (None, year) or not mine:
                continue
            if spec.get("amount") is not None:
                found[name, "", ""] = self._delegated(spec, held, [r], y)
                continue
            for item in [*self.planned.items, ("undistributed", "")]:
                stated = spec.get("lines") or []
                named = {stated} if isinstance(stated, str) else set(stated)
                if not named or named & set(item):
                    amount = self._of_item(item, r, y)
                    found[name, *item] = float(spec.get("share", 1.0)) * amount
        return found

    def _of_item(self, item: tuple[str, str], r: int, y: int) -> float:
        """What of an item is delivered at most: what is withheld of it is not."""
        if item[0] == "undistributed":
            if self.built.get(y) is not True:
                return 0.0
            return float(self.granted.total[r, y] - self.planned.total[r, y])
        kept = self._withheld.get(item)
        return float(self.planned.items[item][r, y] - (0.0 if kept is None else kept[r, y]))

    def _delegated(
        self,
        spec: Mapping[str, Any],
        held: dict[tuple[str, str], Floats],
        rows: list[int],
        y: int,
    ) -> float:
        if spec.get("amount") is not None:
            own = len(self.campaign.envelopes) == 1 or spec.get("envelope") == self.envelope
            return float(self.campaign.amounts(spec, self.envelope)[rows, y].sum()) if own else 0.0
        stated = spec.get("lines") or []
        named = {stated} if isinstance(stated, str) else set(stated)
        amounts = {item: a - held.get(item, 0.0) for item, a in self.planned.items.items()}
        if self.built.get(y) is True:
            amounts["undistributed", ""] = self.granted.total - self.planned.total
        covered = [a for item, a in amounts.items() if not named or named & set(item)]
        return float(spec.get("share", 1.0)) * sum(float(a[rows, y].sum()) for a in covered)

    @cached_property
    def _withheld(self) -> dict[tuple[str, str], Floats]:
        """Credits shared out and not delivered, by the item that holds them, (R + 1, Y)."""
        model = self.campaign.model
        kept = np.zeros(model.shape)
        for _, group in withheld_groups(model):
            kept.ravel()[group.cells] = 1.0
        if not kept.any():
            return {}
        supply = model.supply
        delegated = model.value("credits", self.published.places) * kept
        opening = self._opening * kept
        summed, envelope = self.campaign.summed, self.envelope
        found = {("extension", ""): summed(delegated - opening, envelope, lasting=True)}
        for m in self.campaign.inside(envelope):
            line, values = ("new", opening) if supply.recurrent[m] else ("one_off", delegated)
            alone = np.zeros(model.shape)
            alone[:, m] = values[:, m]
            found[line, model.measures[m]] = summed(alone, envelope)
        return found


def _lasting(amounts: dict[tuple[str, str], float]) -> float:
    gone = {"one_off", "reserve", "undistributed"}
    return sum(a for (line, _), a in amounts.items() if line not in gone)
