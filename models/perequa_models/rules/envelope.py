"""A closed total of credits that cannot be exceeded (L.314-3 and L.314-4 CASF)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.campaign.construction import ZERO, base_renewed, granted
from perequa_models.instance import Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import bounded_rows, not_negative, refuse_unused

if TYPE_CHECKING:
    from perequa_models.campaign.figures import CampaignFigures
    from perequa_models.campaign.grammar import Campaign
    from perequa_models.figures.selection import Group
    from perequa_models.instance import RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work


class Envelope(RuleSpec):
    """Credits delegated plus what is held in reserve stay within the envelope."""

    kind: Literal["envelope"]


def rows(work: Work, name: str, spec: Envelope) -> list[RuleRow]:
    """Σ k + R ≤ L: credits plus the reserve stay within the envelope."""
    if spec.at_most == "built":
        return _built_rows(work, name, spec)
    return bounded_rows(work, name, spec, "credits")


def _built_rows(work: Work, name: str, spec: Envelope) -> list[RuleRow]:
    """Σ G + what no measure carries ≤ the envelope that the lines of the campaign grant."""
    path: Path = ("rules", name)
    campaign = work.source.scenario.campaign
    refuse_unused(work, name, spec, ("at_least", "equals"))
    if campaign is None or spec.in_ != "budget":
        _cannot_build(work, path, no_campaign=campaign is None)
    if not work.campaign or campaign is None or spec.in_ != "budget":
        return []
    figures = work.campaign[0]
    sums: dict[tuple[str, int], list[tuple[Fraction, Fraction]]] = {}
    written = []
    for group in work.groups(spec, path, by_year=True):
        built = _whole_envelopes(figures, group)
        if built is None:
            _not_whole(work, path, figures, group)
            return []
        envelope, places = built
        common = any(o.amounts[-1].any() for o in figures.lines if o.envelope == envelope)
        if len(places) == 1 and common:
            _granted_to_all(work, path, envelope)
            return []
        for r in places:
            if (envelope, r) not in sums:
                sums[envelope, r] = _sums(figures, campaign, envelope, r)
        years = [sums[envelope, r][int(group.years[0])] for r in places]
        limit = sum((total for total, _ in years), ZERO)
        there = sum((constant for _, constant in years), ZERO)
        if not_negative(work, float(limit), (*path, "at_most")):
            terms = _new_budget(figures, group, work.shape)
            constant = _kept_below(limit, there)
            row = work.row(
                name, spec, group, "at_most", float(limit), terms, unit="money", constant=constant
            )
            written.append(row)
    return written


def _sums(
    figures: CampaignFigures, campaign: Campaign, envelope: str, r: int
) -> list[tuple[Fraction, Fraction]]:
    """Envelope of each year, and what of it is there before anything is handed out."""
    years = granted(figures, campaign.lines, envelope, r)
    renewed = base_renewed(figures, envelope, r)
    return [(y.total, y.outside + base) for y, base in zip(years, renewed, strict=True)]


def _kept_below(limit: Fraction, there: Fraction) -> float:
    """Constant of the activity, so that no less is left to hand out than the lines leave.

    An envelope of billions is written to the millionth at best: rounded the wrong way, a plan that
    spends it to the last cent would not fit.
    """
    wanted = Fraction(float(limit)) - (limit - there)
    constant = float(wanted)
    return constant if Fraction(constant) <= wanted else float(np.nextafter(constant, -np.inf))


def _new_budget(
    figures: CampaignFigures, group: Group, shape: tuple[int, int, int]
) -> tuple[Term, ...]:
    """G without the base renewed: credits of each year at the rates since then.

    Where a calendar fixes a budget, that budget.
    """
    t, m = (part.ravel() for part in np.meshgrid(group.members, group.measures, indexing="ij"))
    y = int(group.years[0])
    fixed = ~np.isnan(figures.fixed[t, m, y])
    cells = np.ravel_multi_index((t, m, np.full(len(t), y)), shape)
    terms = []
    growth = np.ones(len(t))
    for year in range(y, -1, -1):
        kept = ~fixed & (figures.recurrent[m] | (year == y))
        for factor in np.unique(growth[kept]):
            here = kept & (growth == factor)
            own = (cells[here] - (y - year)).astype(np.intp)
            terms.append(Term(quantity="credits", cells=own, factor=float(factor)))
        growth = growth * (1.0 + figures.rate[t, m, year])
    if fixed.any():
        terms.append(Term(quantity="budget", cells=cells[fixed].astype(np.intp)))
    return tuple(terms)


def _whole_envelopes(figures: CampaignFigures, group: Group) -> tuple[str, tuple[int, ...]] | None:
    """Envelope and territories that a group is; None when it is no whole one.

    All territories have together what each of them has, and what is granted to all as one.
    """
    measures, members = group.measures.tolist(), set(group.members.tolist())
    held = [k for k in figures.envelopes if figures.measures[k].tolist() == measures]
    one = [r for r, below in enumerate(figures.members) if set(below.tolist()) == members]
    if held and sum(map(len, figures.members)) == len(members):
        return held[0], tuple(range(len(figures.members)))
    return (held[0], (one[0],)) if held and one else None


def _cannot_build(work: Work, path: Path, *, no_campaign: bool) -> None:
    work.source.problems.error(
        "cannot_build",
        f"the limit of {path[1]} cannot be built"
        + (": the scenario has no campaign" if no_campaign else " from lines: it counts no base"),
        path=(*path, "at_most"),
        received="built",
        accepted="a section campaign, and in: budget",
        remedy="state the campaign" if no_campaign else "state in: budget",
    )


def _not_whole(work: Work, path: Path, figures: CampaignFigures, group: Group) -> None:
    who = f"{group.level}:{group.territory}" if group.territory else "a group"
    work.source.problems.error(
        "not_a_whole_envelope",
        f"the limit of {path[1]} cannot be built: {who} is no whole envelope",
        path=(*path, "by"),
        received=f"{len(group.members)} territories, {len(group.measures)} measures",
        accepted=f"one envelope, of one territory of level {figures.level} or of all of them",
        remedy=f"state by: [{figures.level}, envelope, year], without other selectors",
    )


def _granted_to_all(work: Work, path: Path, envelope: str) -> None:
    work.source.problems.error(
        "whose_amount",
        f"the limit of {path[1]} cannot be built for each territory: lines of the campaign grant "
        "money to all of them together",
        path=(*path, "by"),
        received=envelope or "the lines of the campaign",
        accepted="lines by territory; or one limit for all of them",
        remedy="state by: [envelope, year], or a column of amounts",
    )
