"""How each envelope is built, line by line, and what of it is delivered when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.margin import (
    COMMITTED,
    MARGIN,
    PLEDGED,
    RING_FENCED,
    UNTIL_OPENING,
    Margins,
)
from perequa.interpret.tables import Table, Value
from perequa_models.campaign.construction import ZERO, Item, exact, exact_sum, granted, planned
from perequa_models.campaign.reading import LINE_WORDS
from perequa_models.rules.grammar import ColumnBound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perequa.interpret.run import Solved
    from perequa_models.campaign.construction import Built
    from perequa_models.campaign.figures import CampaignFigures
    from perequa_models.campaign.grammar import Amount, Campaign, Delegation
    from perequa_models.instance import Floats

COLUMNS = (
    *("scenario", "level", "territory", "territory_name", "envelope", "year"),
    *("line", "item", "rate", "granted", "planned", "origin"),
)
ADDING = tuple(line for line in LINE_WORDS if line != "undistributed")
"""Lines that add up to the envelope, in the order of the official table."""
ONE_YEAR = frozenset({"one_off", "reserve", "undistributed"})
"""Lines that the next year does not renew."""
UNDISTRIBUTED: Item = ("undistributed", "")
ENVELOPE: Item = ("envelope", "")
RENEWED: Item = ("renewed_next", "")
WITHHELD: Item = ("withheld", "")
TO_NOTIFY: Item = ("to_notify", "")
GROWTH: Item = ("growth", "")
TOLD = (
    *(line for line, _ in (RING_FENCED, PLEDGED, MARGIN, UNTIL_OPENING)),
    *("withheld", "delegation", "to_notify"),
)
"""What is said of what is free of an envelope, and of its delivery, in order."""

Amounts = dict[Item, float]


@dataclass(slots=True, kw_only=True)
class Sheet:
    """One envelope of one territory (or of several together) in one year.

    Attributes
    ----------
    planned, granted
        Amount of each item; nothing is granted where no limit is built from the lines.
    rate
        Yearly rate of the envelope; None where territories differ.
    told
        What is withheld, delivered and still to notify.
    """

    planned: Amounts
    granted: Amounts | None
    rate: float | None
    told: Amounts = field(default_factory=dict)

    @property
    def total(self) -> float:
        """The envelope that the plan comes to, with what it leaves."""
        return added(self.planned.values())

    @property
    def base(self) -> float:
        """What is renewed before anything moves."""
        return added(a for (line, _), a in self.planned.items() if line == "base")


def construction_table(run: Solved) -> Table:
    """Every envelope of every territory, of both parts of the country and of the nation."""
    campaign, figures = run.instance.scenario.campaign, run.instance.campaign
    assert campaign is not None
    assert figures is not None
    rows: list[tuple[Value, ...]] = []
    for envelope in figures.envelopes:
        builder = Builder(run, campaign, figures, envelope)
        for y, year in enumerate(run.instance.years):
            sheets = [builder.sheet(r, y) for r in range(len(figures.nodes))]
            together = builder.joined(sheets, y, everyone=True)
            for who, inside in _places(run, figures):
                everyone = len(inside) == len(sheets) and not who[1]
                alone = len(inside) == 1 and who[0] == figures.level
                sheet = sheets[inside[0]] if alone else None
                if sheet is None:
                    parts = [sheets[r] for r in inside]
                    sheet = together if everyone else builder.joined(parts, y, everyone=False)
                named = (run.name, *who, envelope, year)
                rows.extend((*named, *line) for line in builder.lines(sheet, together.total, y))
    return Table(COLUMNS, tuple(rows))


def _places(
    run: Solved, figures: CampaignFigures
) -> Iterator[tuple[tuple[str, str, str], Sequence[int]]]:
    """Territories of the level built, what stands above them, parts of the country, the nation."""
    tree = run.instance.tree
    every = range(len(figures.nodes))
    at = tree.levels.index(figures.level)
    for level in reversed(tree.levels[: at + 1]):
        above = tree.ancestors(figures.level, level)
        for node in tree.at(level):
            territory = tree.nodes[int(node)]
            inside = [r for r in every if above[r] == node]
            yield (level, territory.code, territory.name), inside
    overseas = [tree.is_overseas(int(node)) for node in figures.nodes]
    if True in overseas and False in overseas:
        for code, where in (("metropolitan", False), ("overseas", True)):
            yield ("zone", code, ""), [r for r in every if overseas[r] is where]
    yield ("nation", "", ""), list(every)


class Builder:
    """Builds the sheets of one envelope."""

    def __init__(
        self, run: Solved, campaign: Campaign, figures: CampaignFigures, envelope: str
    ) -> None:
        self._run, self._campaign = run, campaign
        self._figures, self._envelope = figures, envelope
        self._held = np.zeros(run.instance.shape, dtype=np.bool_)
        for listed in run.instance.withheld:
            self._held.ravel()[listed.cells] = True
        self._names = [run.instance.measures[m] for m in figures.measures[envelope]]
        plan, lines = run.handed_out, campaign.lines
        places = range(len(figures.nodes))
        self._planned = [planned(figures, lines, envelope, r, plan) for r in places]
        self._granted = [granted(figures, lines, envelope, r) for r in range(len(figures.members))]
        self._built = _built_limits(run, figures, envelope)
        self._margins = Margins(run, figures, envelope)

    def sheet(self, r: int, y: int) -> Sheet:
        """One territory in one year."""
        items = _printed(self._planned[r][y])
        grant = _printed(self._granted[r][y]) if self._built.get(y) == "each" else None
        sheet = Sheet(
            planned=items, granted=grant, rate=float(self._figures.rates[self._envelope][r, y])
        )
        if grant is not None:
            items[UNDISTRIBUTED] = added([*grant.values(), *(-a for a in items.values())])
        self._tell(sheet, r, y)
        return sheet

    def joined(self, sheets: list[Sheet], y: int, *, everyone: bool) -> Sheet:
        """Several territories together; what is granted to all of them as one, once."""
        rates = {sheet.rate for sheet in sheets}
        grants = [sheet.granted for sheet in sheets if sheet.granted is not None]
        grant = _summed(grants) if len(grants) == len(sheets) and grants else None
        items = _summed([sheet.planned for sheet in sheets])
        if everyone and self._built.get(y) == "all":
            grant = _summed([_printed(years[y]) for years in self._granted])
            items[UNDISTRIBUTED] = added([*grant.values(), *(-a for a in items.values())])
        told = _summed([sheet.told for sheet in sheets])
        joined = Sheet(
            planned=items,
            granted=grant,
            rate=rates.pop() if len(rates) == 1 else None,
            told=told,
        )
        told[MARGIN] = _margin(joined)
        if TO_NOTIFY in told:
            told[TO_NOTIFY] = _left(joined.total, told)
        return joined

    def lines(
        self, sheet: Sheet, national: float, y: int
    ) -> Iterator[tuple[str, str, float | None, float | None, float | None, str]]:
        """Rows of a sheet: line, item, rate, granted, planned, origin."""
        grant = sheet.granted
        items = list(dict.fromkeys([*sheet.planned, *(grant or {})]))
        order = {line: i for i, line in enumerate(LINE_WORDS)}
        for item in sorted(items, key=lambda i: order[i[0]]):
            rate = sheet.rate if item[0] == "indexing" else None
            given = None if grant is None else grant.get(item)
            yield (*item, rate, given, sheet.planned.get(item), self._origin(item, y))
        given = None if grant is None else added(grant.values())
        yield (*ENVELOPE, _ratio(sheet.total, national), given, sheet.total, "")
        kept = None if grant is None else _renewed(grant)
        yield (*RENEWED, None, kept, _renewed(sheet.planned), "")
        growth = added([sheet.total, -sheet.base])
        yield (*GROWTH, _ratio(growth, sheet.base), None, growth, "")
        order = {line: i for i, line in enumerate(TOLD)}
        for item, amount in sorted(sheet.told.items(), key=lambda told: order[told[0][0]]):
            yield (*item, None, None, amount, self._origin(item, y))

    def _tell(self, sheet: Sheet, r: int, y: int) -> None:
        """Say what is free, what is withheld, what delegations deliver and leave to notify."""
        free = self._margins.told(sheet.planned, r, y)
        sheet.told |= {item: float(amount) for item, amount in free.items()}
        sheet.told[MARGIN] = _margin(sheet)
        withheld = self._withheld(r, y)
        if any(withheld.values()):
            sheet.told[WITHHELD] = added(withheld.values())
        delivered = {
            name: self._delivered(name, delegation, sheet, withheld, (r, y))
            for name, delegation in self._campaign.delegations.items()
            if self._concerned(delegation, y)
        }
        if delivered:
            sheet.told |= {("delegation", name): amount for name, amount in delivered.items()}
            sheet.told[TO_NOTIFY] = _left(sheet.total, sheet.told)

    def _concerned(self, delegation: Delegation, y: int) -> bool:
        year = self._run.instance.years[y]
        return delegation.year in {None, year} and delegation.envelope in {None, self._envelope}

    def notified(self, sheet: Sheet, r: int, y: int) -> dict[str, Amounts]:
        """What each delegation delivers of each item; an amount stated is of no item."""
        withheld = self._withheld(r, y)
        found: dict[str, Amounts] = {}
        for name, delegation in self._campaign.delegations.items():
            if not self._concerned(delegation, y):
                continue
            if delegation.amount is not None:
                found[name] = {("", ""): self._stated(name, (r, y))}
                continue
            found[name] = {
                item: delegation.share * added([sheet.planned[item], -withheld.get(item, 0.0)])
                for item in _covered(delegation, sheet)
            }
        return found

    def _stated(self, name: str, at: tuple[int, int]) -> float:
        stated = self._figures.delegations.get((name, self._envelope))
        return 0.0 if stated is None else float(stated[at])

    def _delivered(
        self,
        name: str,
        delegation: Delegation,
        sheet: Sheet,
        withheld: Mapping[Item, float],
        at: tuple[int, int],
    ) -> float:
        if delegation.amount is not None:
            return self._stated(name, at)
        covered = _covered(delegation, sheet)
        amounts = [sheet.planned[item] for item in covered]
        amounts += [-withheld.get(item, 0.0) for item in covered]
        return delegation.share * added(amounts)

    def _withheld(self, r: int, y: int) -> dict[Item, float]:
        """Credits shared out and not delivered, by the item that holds them."""
        if not self._held.any():
            return {}
        plan, figures = self._run.handed_out, self._figures
        at = np.ix_(figures.members[r], figures.measures[self._envelope])

        def held(values: Floats, m: int | None = None) -> float:
            kept = np.where(self._held, values, 0.0)[at][:, :, y]
            return float(exact_sum(kept if m is None else kept[:, m]))

        lasts = figures.recurrent[None, :, None]
        found = {("extension", ""): held(plan.extension_credits * lasts)}
        for m, name in enumerate(self._names):
            if figures.recurrent[figures.measures[self._envelope][m]]:
                found["new", name] = held(plan.opening_credits, m)
            else:
                found["one_off", name] = held(plan.credits, m)
        return found

    def _origin(self, item: Item, y: int) -> str:
        """Where a figure comes from: a path of the scenario, with the table it reads."""
        line, name = item
        if name in self._campaign.lines and line in ADDING:
            path = f"campaign.lines.{name}"
            if line == "extension":
                return f"{path}.months"
            return _read_from(path, self._run, self._campaign.lines[name].amount)
        if line == "delegation":
            amount = self._campaign.delegations[name].amount
            path = f"campaign.delegations.{name}"
            return path if amount is None else _read_from(path, self._run, amount)
        fixed = {
            "base": _column(self._run, "base") if y == 0 else "renewed_next",
            "indexing": f"envelopes.{self._envelope}.rate" if self._envelope else "measures.rate",
            "extension": (y == 0 and _column(self._run, "carried")) or "plan",
            "withheld": "rules",
            "ring_fenced": "measures.ring_fenced",
            "pledged": "rules",
            "until_opening": "rules",
        }
        return fixed.get(line, "plan" if line in ADDING else "")


def _covered(delegation: Delegation, sheet: Sheet) -> list[Item]:
    """Items that a delegation delivers."""
    named = {*delegation.lines}
    return [item for item in sheet.planned if not named or named & {*item}]


def _built_limits(run: Solved, figures: CampaignFigures, envelope: str) -> dict[int, str]:
    """Years whose limit is built from the lines: territory by territory, or for all at once.

    A year in which only some territories have such a limit is none of them.
    """
    found: dict[int, str] = {}
    bound: dict[int, set[int]] = {}
    measures = set(figures.measures[envelope].tolist())
    for row in run.instance.rows:
        if row.kind != "envelope" or run.instance.scenario.rules[row.key.rule].at_most != "built":
            continue
        cells = np.concatenate([term.cells for term in row.terms])
        t, m, _ = np.unravel_index(cells, run.instance.shape)
        if set(m.tolist()) == measures and row.key.year is not None:
            y = run.instance.years.index(row.key.year)
            one = len(set(t.tolist())) < run.instance.shape[0] or len(figures.nodes) == 1
            found[y] = "each" if one else "all"
            bound.setdefault(y, set()).update(t.tolist())
    return {y: how for y, how in found.items() if len(bound[y]) == run.instance.shape[0]}


def added(amounts: Iterable[float]) -> float:
    """Sum figures as they are printed, digit by digit."""
    return float(sum(map(exact, amounts), ZERO))


def _printed(built: Built) -> Amounts:
    return {item: float(amount) for item, amount in built.items.items()}


def _summed(sheets: Sequence[Amounts]) -> Amounts:
    items = dict.fromkeys(item for sheet in sheets for item in sheet)
    return {item: added(sheet.get(item, 0.0) for sheet in sheets) for item in items}


def _renewed(amounts: Amounts) -> float:
    return added(a for (line, _), a in amounts.items() if line not in ONE_YEAR)


def _margin(sheet: Sheet) -> float:
    """What of an envelope is neither renewed nor due, ring-fenced nor pledged."""
    taken = [a for (line, _), a in sheet.planned.items() if line in COMMITTED]
    taken += [sheet.told.get(item, 0.0) for item in (RING_FENCED, PLEDGED)]
    return added([sheet.total, *(-a for a in taken)])


def _left(total: float, told: Amounts) -> float:
    """What no delegation delivers."""
    return added([total, *(-a for (line, _), a in told.items() if line == "delegation")])


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _column(run: Solved, name: str) -> str:
    column = run.instance.columns.get(name)
    return "" if column is None else f"{column.table}: {name}"


def _read_from(path: str, run: Solved, bound: Amount) -> str:
    return f"{path} ({_column(run, bound.column)})" if isinstance(bound, ColumnBound) else path
