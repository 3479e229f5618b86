"""Reads the figures of a campaign, with every problem noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa_models.campaign.figures import CampaignFigures, LineAmounts
from perequa_models.figures.arrays import rate_at
from perequa_models.figures.selection import Group, find_territory
from perequa_models.problems import nearest
from perequa_models.rules.converge import Converge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa_models.campaign.grammar import Amount, Campaign, CampaignLine, Delegation
    from perequa_models.instance import Floats
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work
    from perequa_models.tree import Indices

LINE_WORDS = (
    *("base", "transfers", "indexing", "extension", "new", "savings", "convergence"),
    *("one_off", "reserve", "undistributed"),
)
GRANTED = frozenset({"new_money", "one_off_money"})
"""Lines that measures hand out."""
"""Lines of a construction, in the order of the official table."""


def campaign_figures(work: Work, campaign: Campaign) -> CampaignFigures | None:
    """Read a campaign; None when its level is wrong.

    Parameters
    ----------
    work
        Rules of convergence are written already: what they fix is read from their rows.
    campaign
        What the scenario states.
    """
    source = work.source
    level = _level(work, campaign)
    if level is None:
        return None
    nodes = source.tree.at(level)
    stated = [source.scenario.measures[m].envelope or "" for m in source.measures]
    envelopes = tuple(sorted({*stated, *source.scenario.envelopes}))
    reader = _Reader(work, nodes, envelopes, stated)
    fixed = np.full(work.shape, np.nan)
    returned = np.ones(work.shape[:2])
    for row in (row for rows in work.rows.values() for row in rows if row.budget_of is not None):
        fixed.ravel()[row.budget_of] = row.stated
        spec = source.scenario.rules[row.key.rule]
        if isinstance(spec, Converge):
            returned.ravel()[(row.budget_of or 0) // work.shape[2]] = 1.0 - spec.stays
    recurrent = [source.scenario.measures[m].recurrent for m in source.measures]
    return CampaignFigures(
        level=level,
        nodes=nodes,
        members=(
            *(source.tree.below(int(node), source.level) for node in nodes),
            np.zeros(0, dtype=np.intp),
        ),
        envelopes=envelopes,
        measures={k: reader.measures(k) for k in envelopes},
        rates={k: reader.rates(k) for k in envelopes},
        lines=tuple(reader.lines(campaign)),
        delegations=dict(reader.delegations(campaign)),
        returned=returned,
        fixed=fixed,
        base=work.base,
        carried=work.carried,
        rate=work.rate,
        recurrent=np.array(recurrent, dtype=np.bool_),
    )


def _level(work: Work, campaign: Campaign) -> str | None:
    tree, decides = work.source.tree, work.source.level
    level = campaign.level or tree.levels[0]
    known = tree.levels[: tree.levels.index(decides) + 1]
    if level in known:
        return level
    work.source.problems.error(
        "unknown_level",
        f"envelopes cannot be built at level {level!r}",
        path=("campaign", "level"),
        received=level,
        accepted=", ".join(known),
        nearest=nearest(level, known),
        remedy="name a level not finer than the one that decides",
    )
    return None


class _Reader:
    """Reads lines and delegations at the nodes whose envelopes are built."""

    def __init__(
        self, work: Work, nodes: Indices, envelopes: tuple[str, ...], stated: list[str]
    ) -> None:
        self._work = work
        self._nodes = nodes
        self._envelopes = envelopes
        self._stated = stated

    def measures(self, envelope: str) -> Indices:
        """Positions of the measures of an envelope."""
        held = [m for m, name in enumerate(self._stated) if name == envelope]
        return np.array(held, dtype=np.intp)

    def rates(self, envelope: str) -> Floats:
        """Yearly rate of an envelope at each node; of what all share, their mean; (R + 1, Y)."""
        source, path = self._work.source, ("envelopes", envelope, "rate")
        stated = source.scenario.envelope_rate(envelope)
        found = rate_at(source, stated, self._nodes, path)
        return np.vstack([found, found.mean(axis=0)])

    def lines(self, campaign: Campaign) -> Iterator[LineAmounts]:
        """Yield every line; one that comes from another envelope is taken off that one too."""
        ways: dict[tuple[str, str], str] = {}
        for name, line in campaign.lines.items():
            path: Path = ("campaign", "lines", name)
            envelope = self._envelope(line.envelope, path)
            if envelope is None:
                continue
            amounts = self._amounts(line, envelope, path)
            self._check_common(line, envelope, amounts, path)
            if line.enters != "transfers" and (amounts < 0).any():
                self._negative(name, amounts, path)
            yield LineAmounts(name=name, envelope=envelope, amounts=amounts)
            if line.from_ in self._envelopes:
                self._check_way(name, line, envelope, ways)
                yield LineAmounts(name=name, envelope=line.from_ or "", amounts=-amounts)

    def delegations(self, campaign: Campaign) -> Iterator[tuple[tuple[str, str], Floats]]:
        """Yield the amounts of the delegations that state one, by delegation and envelope."""
        self._check_numbers(campaign)
        for name, delegation in campaign.delegations.items():
            path: Path = ("campaign", "delegations", name)
            self._check_delegation(campaign, name, delegation)
            if delegation.amount is None:
                continue
            envelope = self._envelope(delegation.envelope, path)
            if envelope is not None:
                bound, at = delegation.amount, (*path, "amount")
                years = self._years(delegation.year, None, at)
                amounts = self._read(bound, envelope, None, years, at)
                if amounts[-1].any():
                    self._whose(name, bound, at)
                yield (name, envelope), amounts

    def _whose(self, name: str, bound: Amount, path: Path) -> None:
        self._work.source.problems.error(
            "whose_amount",
            f"delegation {name} states one sum for {len(self._nodes)} territories",
            path=path,
            received=str(bound),
            accepted="a column; or lines and a share",
            remedy="state {column: C}",
        )

    def _envelope(self, named: str | None, path: Path) -> str | None:
        """Return the envelope a line speaks of: the one named, or the only one there is."""
        if named in self._envelopes:
            return named
        if named is None and len(self._envelopes) == 1:
            return self._envelopes[0]
        known = [name for name in self._envelopes if name]
        self._work.source.problems.error(
            "unknown_envelope",
            f"{'.'.join(map(str, path))} does not say which envelope it enters"
            if named is None
            else f"no envelope {named!r}",
            path=(*path, "envelope") if named else path,
            received=named or "nothing",
            accepted=", ".join(known),
            nearest=nearest(named or "", known),
            remedy="state envelope: one of them",
        )
        return None

    def _amounts(self, line: CampaignLine, envelope: str, path: Path) -> Floats:
        years = self._years(line.year, line.years, path)
        if line.enters == "base":
            # what later years renew is the envelope itself
            years = [y for y in years if y == 0]
        return self._read(line.amount, envelope, line.territories, years, (*path, "amount"))

    def _years(self, year: int | None, years: tuple[int, ...] | None, path: Path) -> list[int]:
        stated = years if year is None else (year,)
        known = self._work.source.years
        for wrong in sorted(set(stated or ()) - set(known)):
            self._work.source.problems.error(
                "unknown_year",
                f"{wrong} is no year of the plan",
                path=path,
                received=str(wrong),
                accepted=", ".join(map(str, known)),
                remedy="name a year of the plan",
            )
        return [y for y, known_year in enumerate(known) if stated is None or known_year in stated]

    def _read(
        self,
        bound: Amount,
        envelope: str,
        territories: tuple[str, ...] | None,
        years: list[int],
        path: Path,
    ) -> Floats:
        """Amounts at each node and year, 0 where the line does not speak of them; (R + 1, Y).

        A number without territories is what all of them have together.
        """
        source = self._work.source
        found = np.zeros((len(self._nodes) + 1, len(source.years)))
        spoken = self._spoken(territories, path)
        if isinstance(bound, float) and territories is None and len(spoken) > 1:
            found[-1, years] = bound
            return found
        every = np.arange(len(source.measures), dtype=np.intp)
        held = self.measures(envelope)
        for r in spoken:
            node = int(self._nodes[r])
            territory = source.tree.nodes[node]
            for y in years:
                group = Group(
                    level=territory.level,
                    territory=territory.code,
                    node=node,
                    members=source.tree.below(node, source.level),
                    measures=held if held.size else every,
                    years=np.array([y], dtype=np.intp),
                    envelope=envelope,
                )
                found[r, y] = self._work.limits.of(bound, group, path) or 0.0
        return found

    def _spoken(self, territories: tuple[str, ...] | None, path: Path) -> list[int]:
        """Positions of the nodes that a line names; all of them where it names none."""
        if territories is None:
            return list(range(len(self._nodes)))
        source = self._work.source
        position = {int(node): r for r, node in enumerate(self._nodes)}
        found = []
        for i, written in enumerate(territories):
            at: Path = (*path[:-1], "territories", i)
            node = find_territory(source, written, at)
            if node is not None and node not in position:
                source.problems.error(
                    "wrong_level",
                    f"{written} is not of the level whose envelopes are built",
                    path=at,
                    received=written,
                    accepted=source.tree.nodes[int(self._nodes[0])].level,
                    remedy="name a territory of that level",
                )
            elif node is not None:
                found.append(position[node])
        return sorted(set(found))

    def _check_common(self, line: CampaignLine, envelope: str, amounts: Floats, path: Path) -> None:
        """Note one sum for several territories of what only each of them can have.

        New and one-off money may be granted to all together, since measures hand it out; and later
        years renew it at one rate.
        """
        numbers = isinstance(line.amount, float) and len(line.territories or ()) > 1
        common = amounts[-1].any()
        differ = (
            np.ptp(self.rates(envelope)[:-1], axis=0).any() and len(self._work.source.years) > 1
        )
        if not numbers and not (common and (line.enters not in GRANTED or differ)):
            return
        many = len(line.territories or self._nodes)
        self._work.source.problems.error(
            "whose_amount",
            f"{'.'.join(map(str, path))} is one sum for {many} territories",
            path=(*path, "amount"),
            received=str(line.amount),
            accepted="a column or one territory; new_money and one_off_money may be granted to all "
            "together, where the yearly rate is one",
            remedy="state {column: C}, or territories: [one]",
        )

    def _negative(self, name: str, amounts: Floats, path: Path) -> None:
        r, y = (int(i) for i in np.argwhere(amounts < 0)[0])
        one = r < len(self._nodes)
        who = self._work.source.tree.nodes[int(self._nodes[r])].id if one else "all territories"
        self._work.source.problems.error(
            "negative_amount",
            f"line {name} of the campaign is below zero for {who}",
            path=(*path, "amount"),
            received=f"{amounts[r, y]:g}",
            accepted="a number of at least 0; only transfers may take away",
            remedy="correct the figure, or state enters: transfers or savings",
        )

    def _check_way(
        self, name: str, line: CampaignLine, envelope: str, ways: dict[tuple[str, str], str]
    ) -> None:
        """Note money that goes both ways between two envelopes, or that is not a transfer."""
        problems = self._work.source.problems
        path: Path = ("campaign", "lines", name)
        if line.enters != "transfers" or line.from_ == envelope:
            problems.error(
                "not_a_transfer",
                f"line {name} comes from envelope {line.from_}, and is no transfer to another",
                path=(*path, "from"),
                received=f"enters: {line.enters}, from: {line.from_}",
                accepted="enters: transfers, from another envelope",
                remedy="state enters: transfers, or name a source outside the scenario",
            )
        back = ways.get((envelope, line.from_ or ""))
        if back is not None and not line.both_ways:
            problems.error(
                "both_ways",
                f"lines {back} and {name} move money both ways between {line.from_} and {envelope}",
                path=(*path, "from"),
                received=f"from: {line.from_}, envelope: {envelope}",
                accepted="one way only, unless stated",
                remedy="state both_ways: true if that is meant",
            )
        ways[line.from_ or "", envelope] = name

    def _check_numbers(self, campaign: Campaign) -> None:
        """Note two notifications of one envelope in one year under one number."""
        only = self._work.source.years[0]
        before: list[tuple[str, Delegation]] = []
        for name, delegation in campaign.delegations.items():
            if delegation.number is None:
                continue
            for first, other in before:
                years = {delegation.year or only, other.year or only}
                envelopes = {delegation.envelope, other.envelope}
                together = len(years) == 1 and (len(envelopes) == 1 or None in envelopes)
                if together and delegation.number == other.number:
                    self._repeated(first, name, delegation.number)
            before.append((name, delegation))

    def _repeated(self, first: str, name: str, number: int) -> None:
        self._work.source.problems.error(
            "repeated_number",
            f"delegations {first} and {name} are notified under one number",
            path=("campaign", "delegations", name, "number"),
            received=str(number),
            accepted="a number of its own for each delegation of an envelope and year",
            remedy="number them in the order in which they are notified",
        )

    def _check_delegation(self, campaign: Campaign, name: str, delegation: Delegation) -> None:
        """Note lines that no construction has, and a delegation that names no year of several."""
        source = self._work.source
        known = (*LINE_WORDS, *source.measures, *campaign.lines)
        for i, line in enumerate(delegation.lines):
            if line not in known:
                source.problems.error(
                    "unknown_line",
                    f"delegation {name} delivers {line!r}, which no construction has",
                    path=("campaign", "delegations", name, "lines", i),
                    received=line,
                    accepted=", ".join(known),
                    nearest=nearest(line, known),
                    remedy="name a line, a measure, or a line of the campaign",
                )
        self._years(delegation.year, None, ("campaign", "delegations", name, "year"))
        if delegation.year is None and len(source.years) > 1:
            source.problems.error(
                "no_year",
                f"delegation {name} does not say of which year it is",
                path=("campaign", "delegations", name),
                received="no year",
                accepted=", ".join(map(str, source.years)),
                remedy="state year",
            )
