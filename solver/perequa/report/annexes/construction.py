"""The construction of each regional envelope: one row a region, one column a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from perequa.interpret.construction import ADDING, ONE_YEAR
from perequa.interpret.margin import COMMITTED, PLEDGED, UNTIL_OPENING
from perequa.report.annexes.rounding import rounded
from perequa.report.annexes.sheets import Column, letters, rows_of, table
from perequa.words.lines import line_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.report.annexes.reading import AnnexRun, Record
    from perequa.report.annexes.sheets import Line, Rule
    from perequa.words import Words

Item = tuple[str, str]
UNDISTRIBUTED: Item = ("undistributed", "")
ALWAYS = {("base", ""), ("indexing", "")}
"""Columns that stand even where they are nothing everywhere."""


@dataclass(frozen=True)
class Construction:
    """One envelope of every territory in one year, as printed.

    Parameters
    ----------
    run
        The run.
    envelope, year
        Which envelope, and when.
    rows
        Lines of ``construction.csv`` of that envelope and year.
    before
        The same envelope of the year before: what it prints as renewed is the base printed here.
    """

    run: AnnexRun
    envelope: str
    year: int
    rows: Sequence[Record]
    before: Construction | None = None

    @cached_property
    def level(self) -> str:
        """Level whose envelopes are built."""
        figures = self.run.instance.campaign
        return "" if figures is None else figures.level

    @cached_property
    def codes(self) -> list[str]:
        """Codes of the territories, in order."""
        tree = self.run.instance.tree
        return [tree.nodes[int(node)].code for node in tree.at(self.level)]

    @cached_property
    def amounts(self) -> Mapping[Item, list[float]]:
        """What the plan comes to, each item of each territory."""
        found: dict[Item, list[float]] = {}
        at = {code: i for i, code in enumerate(self.codes)}
        for row in self.rows:
            if row["level"] == self.level and row["planned"] is not None:
                item = (str(row["line"]), str(row["item"] or ""))
                held = found.setdefault(item, [0.0] * len(self.codes))
                held[at[str(row["territory"])]] = float(str(row["planned"]))
        return found

    @cached_property
    def common(self) -> int:
        """What is granted to all together and not distributed."""
        if UNDISTRIBUTED in self.amounts:
            return 0
        held = [
            float(str(row["planned"]))
            for row in self.rows
            if row["level"] == "nation" and row["line"] == "undistributed"
        ]
        return rounded([sum(held)])[0]

    @cached_property
    def items(self) -> list[Item]:
        """Items that add up to the envelope, in order; those of nought everywhere left out."""
        order = {line: i for i, line in enumerate((*ADDING, "undistributed"))}
        kept = [
            item
            for item, held in self.amounts.items()
            if item[0] in order and (item in ALWAYS or any(rounded(held)))
        ]
        return sorted(kept, key=lambda item: order[item[0]])

    @cached_property
    def printed(self) -> Mapping[Item, list[int]]:
        """Amounts in whole units of the currency, rounded once; they add up as printed."""
        lines = (*ADDING, "undistributed", "withheld", "pledged", "until_opening")
        found = {item: rounded(v) for item, v in self.amounts.items() if item[0] in lines}
        if self.before is not None:
            found["base", ""] = self.before.renewed
        for item in self.amounts:
            if item[0] == "delegation":
                found[item] = self._delivered(item[1], found)
        return found

    def _delivered(self, name: str, found: Mapping[Item, list[int]]) -> list[int]:
        """What a delegation delivers: the lines it delivers as printed, less what is withheld."""
        campaign = self.run.instance.scenario.campaign
        delivered = self.amounts["delegation", name]
        spec = None if campaign is None else campaign.delegations[name]
        if spec is None or spec.amount is not None or spec.share < 1:
            return rounded(delivered)
        lines = (*ADDING, "undistributed")
        covered = [
            item
            for item in self.amounts
            if item[0] in lines and (not spec.lines or {*item} & {*spec.lines})
        ]
        count = range(len(self.codes))
        kept = [sum(self.amounts[item][i] for item in covered) - delivered[i] for i in count]
        withheld = rounded(kept)
        return [sum(found[item][i] for item in covered) - withheld[i] for i in count]

    @cached_property
    def renewed(self) -> list[int]:
        """What the next year renews of each territory's envelope, as printed."""
        ends = [item for item in self.items if item[0] in ONE_YEAR]
        return [a - b for a, b in zip(self.envelopes, self.summed(ends), strict=True)]

    @cached_property
    def envelopes(self) -> list[int]:
        """The envelope of each territory: the sum of its lines as printed."""
        return self.summed(self.items)

    @cached_property
    def committed(self) -> list[Item]:
        """Items that nobody decides any more."""
        return [item for item in self.items if item[0] in COMMITTED]

    @cached_property
    def ring_fenced(self) -> list[Item]:
        """Items whose money may go nowhere else."""
        measures = self.run.instance.scenario.measures
        fenced = {name for name, measure in measures.items() if measure.ring_fenced}
        return [item for item in self.items if item[0] in {"new", "one_off"} and item[1] in fenced]

    def summed(self, items: Sequence[Item]) -> list[int]:
        """Add up items of each territory as printed."""
        return [sum(self.printed[item][i] for item in items) for i in range(len(self.codes))]

    @cached_property
    def margins(self) -> list[int]:
        """What of each envelope is neither renewed nor due, ring-fenced nor pledged."""
        gone = self.summed([*self.committed, *self.ring_fenced])
        pledged = self.printed.get(PLEDGED, [0] * len(gone))
        return [a - b - c for a, b, c in zip(self.envelopes, gone, pledged, strict=True)]

    @cached_property
    def rates(self) -> list[float | None]:
        """Yearly rate of each territory's envelope."""
        found = {
            str(row["territory"]): row["rate"]
            for row in self.rows
            if row["level"] == self.level and row["line"] == "indexing"
        }
        return [None if (r := found.get(c)) is None else float(str(r)) for c in self.codes]


def constructions(run: AnnexRun) -> list[Construction]:
    """Every envelope and year of a run; none without a campaign."""
    by_sheet: dict[tuple[str, int], list[Record]] = {}
    for row in run.records("construction"):
        key = (str(row["envelope"] or ""), int(str(row["year"])))
        by_sheet.setdefault(key, []).append(row)
    found: list[Construction] = []
    for (envelope, year), rows in by_sheet.items():
        last = found[-1] if found and found[-1].envelope == envelope else None
        found.append(Construction(run, envelope, year, rows, last))
    return found


def construction_lines(built: Construction, start: int, words: Words) -> list[Line]:
    """Lay a construction out as a table.

    Parameters
    ----------
    start
        Row of its headings, from 1.
    """
    run, campaign = built.run, built.run.instance.scenario.campaign
    assert campaign is not None
    zones = run.zones(built.level, words)
    tree = run.instance.tree
    names = [tree.nodes[int(node)].name for node in tree.at(built.level)]
    left = built.common
    columns = [
        Column(heading=words.phrase("Code"), kind="code", values=built.codes),
        Column(heading=words.phrase("Territory"), kind="text", values=names),
    ]
    at: dict[Item, int] = {}
    for item in built.items:
        at[item] = len(columns)
        columns.append(
            Column(
                heading=item_named(run, item, words),
                kind="money",
                values=built.printed[item],
                added=True,
            )
        )
        if item[0] == "indexing":
            columns.append(_rate(built, sum(1 for zone in zones if zone.name), words))
    adding = [letters(j) for j in at.values()]
    if left:
        adding.append(letters(len(columns)))
        columns.append(
            Column(
                heading=item_named(run, UNDISTRIBUTED, words),
                kind="money",
                values=[0] * len(built.codes),
                extra={0: left},
                added=True,
            )
        )
    whole = len(columns)
    columns.append(
        Column(
            heading=words.phrase("Envelope {year}", year=built.year),
            kind="money",
            values=built.envelopes,
            extra={0: left} if left else {},
            added=True,
            rule=_plus(adding),
        )
    )
    columns.extend(_subtotals(built, whole, words))
    columns.extend(_free(built, at, whole, len(columns), words))
    columns.extend(_deliveries(built, whole, len(columns), words))
    last = start + len(built.codes) + rows_of(zones) + bool(left) + 1
    columns.extend(_compared(built, at, whole, last, words))
    extras = [words.phrase("Not distributed")] if left else []
    return table(columns, zones, extras, words.phrase("Total"), start)


def _rate(built: Construction, zones: int, words: Words) -> Column:
    rates = set(built.rates)
    one = rates.pop() if len(rates) == 1 else None
    return Column(
        heading=words.phrase("Yearly rate"),
        kind="percent",
        values=built.rates,
        of_zone=[one] * (zones + 1),
        of_part=one,
    )


def _plus(cells: Sequence[str]) -> Rule:
    return lambda row: "+".join(f"{cell}{row}" for cell in cells)


def _subtotals(built: Construction, whole: int, words: Words) -> list[Column]:
    """What of the envelope is renewed next, and what is of this year alone."""
    left = {0: built.common} if built.common else {}
    return [
        Column(
            heading=words.phrase("of which renewed in {year}", year=built.year + 1),
            kind="money",
            values=built.renewed,
            added=True,
        ),
        Column(
            heading=words.phrase("of which not renewed"),
            kind="money",
            values=[a - b for a, b in zip(built.envelopes, built.renewed, strict=True)],
            extra=left,
            added=True,
            rule=_minus([letters(whole), letters(whole + 1)]),
        ),
    ]


def _free(
    built: Construction, at: Mapping[Item, int], whole: int, first: int, words: Words
) -> list[Column]:
    """What is ring-fenced, what is pledged to places not open, and the margin that is left.

    Parameters
    ----------
    at, whole, first
        Where the columns of the items, of the envelope, and the first of these stand.
    """
    columns: list[Column] = []
    taken = [letters(at[item]) for item in built.committed]
    if built.ring_fenced:
        taken.append(letters(first))
        columns.append(
            Column(
                heading=words.phrase("of which ring-fenced"),
                kind="money",
                values=built.summed(built.ring_fenced),
                added=True,
                rule=_plus([letters(at[item]) for item in built.ring_fenced]),
            )
        )
    pledged = built.printed.get(PLEDGED, [])
    if any(pledged):
        taken.append(letters(first + len(columns)))
        heading = words.phrase("of which pledged to places not open")
        columns.append(Column(heading=heading, kind="money", values=pledged, added=True))
    columns.append(
        Column(
            heading=words.phrase("Regional margin"),
            kind="money",
            values=built.margins,
            extra={0: built.common} if built.common else {},
            added=True,
            rule=_minus([letters(whole), *taken]),
        )
    )
    meanwhile = built.printed.get(UNTIL_OPENING, [])
    if any(meanwhile):
        heading = words.phrase("Reserved until opening, free as one-off money")
        columns.append(Column(heading=heading, kind="money", values=meanwhile, added=True))
    return columns


def _minus(cells: Sequence[str]) -> Rule:
    return lambda row: "-".join(f"{cell}{row}" for cell in cells)


def _deliveries(built: Construction, whole: int, first: int, words: Words) -> list[Column]:
    """What each delegation delivers, what is left to notify.

    Parameters
    ----------
    whole, first
        Where the columns of the envelope and of the first delegation stand.
    """
    run = built.run
    named = [item for item in built.amounts if item[0] == "delegation"]
    columns = [
        Column(
            heading=item_named(run, item, words),
            kind="money",
            values=built.printed[item],
            added=True,
        )
        for item in named
    ]
    if named:
        cells = [letters(first + k) for k in range(len(named))]
        columns.append(
            Column(
                heading=words.phrase("Still to notify"),
                kind="money",
                values=[a - b for a, b in zip(built.envelopes, built.summed(named), strict=True)],
                extra={0: built.common} if built.common else {},
                added=True,
                rule=_minus([letters(whole), *cells]),
            )
        )
    withheld = [item for item in built.amounts if item[0] == "withheld"]
    columns.extend(
        Column(
            heading=words.phrase("of which withheld"),
            kind="money",
            values=built.printed[item],
            added=True,
        )
        for item in withheld
    )
    return columns


def _compared(
    built: Construction, at: Mapping[Item, int], whole: int, last: int, words: Words
) -> list[Column]:
    """Growth over the base, and the weight of each envelope in all of them.

    Parameters
    ----------
    at, whole
        Where the columns of the items and of the envelope stand.
    last
        Row of the total, from 1.
    """
    base = [item for item in built.items if item[0] == "base"]
    bases = built.summed(base)
    total = sum(built.envelopes) + built.common
    pairs = list(zip(built.envelopes, bases, strict=True))
    zones = built.run.zones(built.level, words)

    def summed(inside: Sequence[int]) -> tuple[int, int]:
        return sum(pairs[i][0] for i in inside), sum(pairs[i][1] for i in inside)

    sums = [summed(zone.inside) for zone in zones if zone.name]
    sums.append((total, sum(bases)))
    part = next((summed(zone.part.inside) for zone in zones if zone.part is not None), None)
    held = [letters(at[item]) for item in base]
    envelope = letters(whole)
    left = {0: built.common} if built.common else {}

    def growth(row: int) -> str:
        before = "+".join(f"{cell}{row}" for cell in held)
        return f"IF(({before})=0,0,{envelope}{row}/({before})-1)"

    return [
        Column(
            heading=words.phrase("Growth, amount"),
            kind="money",
            values=[own - before for own, before in pairs],
            extra=left,
            added=True,
            rule=_minus([envelope, *held]),
        ),
        Column(
            heading=words.phrase("Growth"),
            kind="percent",
            values=[_growth(*pair) for pair in pairs],
            of_zone=[_growth(*pair) for pair in sums],
            of_part=None if part is None else _growth(*part),
            rule=growth,
        ),
        Column(
            heading=words.phrase("Weight"),
            kind="percent",
            values=[own / total if total else 0.0 for own, _ in pairs],
            of_zone=[own / total if total else 0.0 for own, _ in sums],
            of_part=None if part is None else part[0] / total if total else 0.0,
            rule=lambda row: f"{envelope}{row}/{envelope}${last}",
        ),
    ]


def _growth(envelope: float, base: float) -> float:
    return envelope / base - 1 if base else 0.0


def item_named(run: AnnexRun, item: Item, words: Words) -> str:
    """Name a line of a construction."""
    line, name = item
    scenario = run.instance.scenario
    campaign = scenario.campaign
    if campaign is not None and line == "delegation":
        delegation = campaign.delegations[name]
        title = delegation.title or name
        return f"{title} ({delegation.date})" if delegation.date else title
    said = line_words(words)[line]
    if campaign is not None and name in campaign.lines and name not in scenario.measures:
        title = campaign.lines[name].title or name
    elif name in scenario.measures:
        title = run.title_of(name)
    else:
        return said
    return words.phrase("{line}: {title}", line=said, title=title)
