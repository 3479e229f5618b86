"""The envelopes of a campaign, built again from its tables (scenario reference, campaign)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.activity import rate_of_envelope
from perequa.verification.recompute.convergence import share_kept
from perequa.verification.recompute.groups import Group, groups, selected_cells
from perequa.verification.recompute.limits import limit_of
from perequa.verification.recompute.rules import row_of, summed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats, Indices

Table = dict[tuple[str, str], "Floats"]
"""Amounts of each item of an envelope, (R + 1, Y): the last row is granted to all together."""
COMES = {"new_money": "new", "one_off_money": "one_off"}
TAKEN = ("savings", "reserve")


@dataclass(frozen=True)
class Sheet:
    """One envelope of every territory.

    Attributes
    ----------
    items
        Each item, (R + 1, Y).
    outside
        (R + 1, Y): part that no measure carries.
    """

    items: Table
    outside: Floats

    @property
    def total(self) -> Floats:
        """The envelopes, (R + 1, Y)."""
        total: Floats = np.sum(list(self.items.values()), axis=0)
        return total


@dataclass(frozen=True)
class Campaign:
    """The campaign of a scenario.

    Attributes
    ----------
    model
        The scenario.
    spec
        What it says of the campaign.
    """

    model: Model
    spec: Mapping[str, Any]

    @property
    def nodes(self) -> Indices:
        """Nodes whose envelopes are built."""
        tree = self.model.tree
        return tree.at(str(self.spec.get("level") or tree.levels[0]))

    @property
    def below(self) -> list[Indices]:
        """Decision territories of each node; none for what is granted to all together."""
        return [*(self.model.tree.below(int(n)) for n in self.nodes), np.zeros(0, dtype=np.intp)]

    @property
    def envelopes(self) -> list[str]:
        """Names of the envelopes, sorted; empty for measures of none."""
        named = {str(self.model.measure(m).get("envelope") or "") for m in self.model.measures}
        return sorted(named | set(self.model.scenario.get("envelopes") or {}))

    def inside(self, envelope: str) -> Indices:
        """Positions of the measures of an envelope."""
        held = [str(self.model.measure(m).get("envelope") or "") for m in self.model.measures]
        return np.flatnonzero(np.array(held) == envelope)

    def summed(self, cells: Floats, envelope: str, *, lasting: bool | None = None) -> Floats:
        """Sum figures of cells (T, M, Y) over each territory and an envelope, (R + 1, Y)."""
        measures = self.inside(envelope)
        if lasting is not None:
            measures = measures[self.model.supply.recurrent[measures] == lasting]
        return np.array([cells[np.ix_(b, measures)].sum(axis=(0, 1)) for b in self.below])

    def rate(self, envelope: str) -> Floats:
        """Yearly rate of an envelope, (R + 1, Y)."""
        stated = rate_of_envelope(self.model.scenario, envelope)
        years, count = self.model.years, len(self.nodes)
        if isinstance(stated, dict) and "column" in stated:
            values = self.model.figures.unit_value(stated["column"])[self.nodes][:, 0]
            each = np.broadcast_to(np.nan_to_num(values), (count, len(years)))
            return np.vstack([each, each.mean(axis=0)])
        if isinstance(stated, dict):
            by_year = {int(year): float(rate) for year, rate in stated.items()}
            return np.array([[by_year.get(year, 0.0) for year in years]] * (count + 1))
        return np.full((count + 1, len(years)), float(stated))

    def lines(self, envelope: str, enters: str) -> Table:
        """Amounts of the lines that enter at one place, with those that leave for elsewhere."""
        found: Table = {}
        alone = self.envelopes[0] if len(self.envelopes) == 1 else None
        for name, line in (self.spec.get("lines") or {}).items():
            if line["enters"] != enters:
                continue
            own = line.get("envelope", alone)
            amounts = self.amounts(line, str(own))
            if own == envelope:
                found[enters, name] = amounts
            if line.get("from") == envelope:
                found[enters, name] = -amounts
        return found

    def amounts(self, entry: Mapping[str, Any], envelope: str) -> Floats:
        """Read what a line or a delegation states, (R + 1, Y)."""
        model, tree = self.model, self.model.tree
        found = np.zeros((len(self.nodes) + 1, len(model.years)))
        named = entry.get("territories")
        spoken = set(self.nodes.tolist() if named is None else map(tree.find, named))
        years = [entry["year"]] if entry.get("year") is not None else entry.get("years")
        if isinstance(entry["amount"], int | float) and named is None and len(self.nodes) > 1:
            found[-1] = [entry["amount"] if years is None or y in years else 0 for y in model.years]
            return found
        measures = self.inside(envelope)
        for r, node in enumerate(self.nodes.tolist()):
            for y, year in enumerate(model.years):
                silent = years is not None and year not in years
                if node not in spoken or silent or (entry.get("enters") == "base" and y):
                    continue
                group = Group(
                    cells=np.zeros(0, dtype=np.intp),
                    territories=tree.below(node),
                    measures=measures if measures.size else np.arange(len(model.measures)),
                    years=np.array([y]),
                    node=node,
                    label=tree.key[node],
                    measure="",
                    year=year,
                )
                found[r, y] = limit_of(model, entry["amount"], group) or 0.0
        return found

    def renewed(self, envelope: str, given: Floats, new: Floats) -> tuple[Table, Floats]:
        """What is renewed, moved and indexed, and what of it stands outside the measures.

        Parameters
        ----------
        given
            (T, M, Y): budget of the cells at the end of each year, as far as it is renewed.
        new
            (R + 1, Y): what is granted and stands in no cell and no line.
        """
        supply, years = self.model.supply, len(self.model.years)
        before = np.concatenate([supply.base[:, :, None], given[:, :, :-1]], axis=2)
        of_lines, moved = self.lines(envelope, "base"), self.lines(envelope, "transfers")
        saved = sum(self.lines(envelope, "savings").values(), np.zeros_like(new))
        rate = self.rate(envelope)
        first = sum((a[:, 0] for a in of_lines.values()), np.zeros(len(new)))
        came = sum(moved.values(), np.zeros_like(new))
        base, indexing = self.summed(before, envelope), np.zeros_like(new)
        beside, more, outside = first, np.zeros(len(new)), np.zeros_like(new)
        for y in range(years):
            base[:, y] += more + (beside if y else 0.0)
            indexing[:, y] = rate[:, y] * (beside + more + came[:, y])
            beside = (1 + rate[:, y]) * (beside + came[:, y]) - saved[:, y]
            more = (1 + rate[:, y]) * more + new[:, y]
            outside[:, y] = beside
        indexing += self.summed((supply.growth - 1) * before, envelope)
        items: Table = {("base", ""): base, **of_lines, **moved, ("indexing", ""): indexing}
        return items, outside

    def closed(self, envelope: str, items: Table, outside: Floats) -> Sheet:
        """Complete a construction with what savings and reserves take away."""
        taken = {k: -a for e in TAKEN for k, a in self.lines(envelope, e).items()}
        kept = sum((a for (e, _), a in taken.items() if e == "reserve"), np.zeros_like(outside))
        return Sheet(items | taken, outside + kept)

    def granted(self, envelope: str) -> Sheet:
        """Build the envelopes that the lines grant."""
        supply = self.model.supply
        lasts = supply.recurrent[None, :, None]
        came = np.zeros(self.model.shape)
        came[:, :, 0] = supply.carried
        stated, freed = self._along_the_calendar(np.where(lasts, came, 0.0))
        money = self.lines(envelope, "new_money")
        extensions: Table = {}
        for (_, name), amounts in money.items():
            months = int(self.spec["lines"][name].get("months", 12))
            if months < 12:
                later = np.zeros_like(amounts)
                later[:, 1:] = amounts[:, :-1] * (12 - months) / months
                extensions["extension", name] = later
        returned = self.summed(freed * self._returned()[:, :, None], envelope)
        new = sum([*money.values(), *extensions.values()], np.zeros_like(returned))
        new = new + self.summed(freed, envelope) - returned
        items, outside = self.renewed(envelope, stated, new)
        items |= extensions
        items["extension", ""] = self.summed(came, envelope, lasting=True)
        items["convergence", ""] = -returned
        items["one_off", ""] = self.summed(came, envelope, lasting=False)
        for enters, line in COMES.items():
            items |= {(line, n): a for (_, n), a in self.lines(envelope, enters).items()}
        return self.closed(envelope, items, outside)

    def planned(self, envelope: str, x: Floats) -> Sheet:
        """Build the envelopes that places x (T, M, Y) come to."""
        model, supply = self.model, self.model.supply
        delegated, opening = model.value("credits", x), self.opening(x)
        lasts = supply.recurrent[None, :, None]
        given, freed = self._along_the_calendar(np.where(lasts, delegated, 0.0), fixed=True)
        nothing = np.zeros((len(self.nodes) + 1, len(model.years)))
        items, outside = self.renewed(envelope, given, nothing)
        items["extension", ""] = self.summed(delegated - opening, envelope, lasting=True)
        for m in self.inside(envelope):
            line, values = ("new", opening) if supply.recurrent[m] else ("one_off", delegated)
            alone = np.zeros(model.shape)
            alone[:, m] = values[:, m]
            items[line, model.measures[m]] = self.summed(alone, envelope)
        items["convergence", ""] = -self.summed(freed, envelope)
        return self.closed(envelope, items, outside)

    def opening(self, x: Floats) -> Floats:
        """Credits of places x (T, M, Y), and of projects, in the year that funds them."""
        model, supply = self.model, self.model.supply
        found: Floats = supply.own_cost * x * (supply.months / 12)[None, :, None]
        if model.taken is not None:
            found = found + model.projects.opened(model.taken)
        return found

    def _along_the_calendar(self, came: Floats, *, fixed: bool = False) -> tuple[Floats, Floats]:
        """What cells renew at the end of each year, and what convergence takes off it; (T, M, Y).

        Parameters
        ----------
        came
            What each year adds to be renewed.
        fixed
            Whether budgets are those of the plan, what-ifs included, or those stated.
        """
        model, supply = self.model, self.model.supply
        given, freed = np.zeros(model.shape), np.zeros(model.shape)
        held = supply.base
        for y in range(len(model.years)):
            held = supply.growth[:, :, y] * held + came[:, :, y]
            for cell, coming in model.converging.items():
                if cell % len(model.years) == y:
                    t, m, _ = np.unravel_index(cell, model.shape)
                    freed[t, m, y] = held[t, m] - (coming.limit if fixed else coming.written)
            held = held - freed[:, :, y]
            given[:, :, y] = held
        return given, freed

    def _returned(self) -> Floats:
        """Share of what each cell frees that goes back to the nation, (T, M)."""
        returned = np.ones(self.model.shape[:2])
        for cell, coming in self.model.converging.items():
            pair = cell // len(self.model.years)
            returned.ravel()[pair] = 1.0 - share_kept(self.model.rules[coming.rule])
        return returned


def campaign_of(model: Model) -> Campaign | None:
    """Return the campaign of a scenario, None where it has none."""
    spec = model.scenario.get("campaign")
    return None if spec is None else Campaign(model, spec)


def built_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """Rows of an envelope whose limit the lines of the campaign build.

    Raises
    ------
    Unreadable
        When there is no campaign, or a group is no whole envelope.
    """
    campaign = campaign_of(model)
    if campaign is None:
        raise Unreadable("run.json", f"rules.{name} is built without a campaign")
    sheets: dict[str, Sheet] = {}
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        whole = [k for k in campaign.envelopes if set(campaign.inside(k)) == set(group.measures)]
        below = [set(b.tolist()) for b in campaign.below]
        inside = set(group.territories.tolist())
        places = [r for r, b in enumerate(below) if b and b <= inside]
        if not whole or sum(len(below[r]) for r in places) != len(inside):
            raise Unreadable("run.json", f"rules.{name} is built for a group that is no envelope")
        if len(inside) == len(model.tree.deciding):
            places.append(len(below) - 1)
        sheet = sheets.setdefault(whole[0], campaign.granted(whole[0]))
        y = int(group.years[0])
        total = summed(model, "budget", group.cells).plus(float(sheet.outside[places, y].sum()))
        limit = float(sheet.total[places, y].sum())
        rows.append(row_of(model, name, group, "at_most", limit, total, unit="money"))
    return rows
