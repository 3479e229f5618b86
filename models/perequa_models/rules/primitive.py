"""The one primitive under every rule kind: a bound on a sum, one row per group and side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.figures.limits import Limits, adjusted
from perequa_models.figures.selection import Group, groups
from perequa_models.instance import RuleRow, Term
from perequa_models.keys import RowKey
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perequa_models.campaign.figures import CampaignFigures
    from perequa_models.figures.arrays import Source
    from perequa_models.instance import (
        Convergence,
        Floats,
        IndicatorData,
        Overrun,
        Unit,
        Withheld,
    )
    from perequa_models.keys import Side
    from perequa_models.problems import Path
    from perequa_models.projects.project import Project
    from perequa_models.rules.grammar import Bound, Quantity, RuleSpec

BOUNDS = ("at_least", "at_most", "equals")
SELECTORS = ("territories", "measure", "measures", "envelope", "year", "years", "where", "by")
QUANTITIES: tuple[Quantity, ...] = ("places", "credits", "full_year_credits", "stock", "budget")
COUNT_PROJECTS = frozenset({"selection", "floor", "cap"})
"""Kinds that may count projects, or what they free; the others hand out places or money."""
OF_PROJECTS: frozenset[Quantity] = frozenset({"projects", "freed_places"})
"""Quantities that projects alone have."""
YEARLY: frozenset[str] = frozenset({"stock", "budget"})
"""Quantities never summed over years."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the rule kinds work with while an instance is assembled.

    Attributes
    ----------
    source, indicators
        Figures and indicators read so far.
    shape
        (T, M, Y).
    base_carried
        (T, M, Y): the renewed base carried to each year by the yearly rates.
    base, installed, carried
        (T, M): the renewed base, the places and the extensions still due before the plan.
    rate
        (T, M, Y): yearly rates of the renewed base.
    rows
        Rows written so far, by rule: a reserve or a ring-fence reads those of another rule.
    overruns, withheld, convergence
        Establishments found above their ceiling; cells whose credits are not delivered; years of
        establishments that come down.
    groups_of
        The group behind each row written.
    projects
        The projects of the scenario.
    campaign
        The figures of the campaign, once it is read: rules that envelopes bind come after it.
    """

    source: Source
    indicators: Mapping[str, IndicatorData]
    shape: tuple[int, int, int]
    base: Floats
    installed: Floats
    carried: Floats
    rate: Floats
    base_carried: Floats
    limits: Limits
    rows: dict[str, list[RuleRow]] = field(default_factory=dict)
    overruns: list[Overrun] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    convergence: list[Convergence] = field(default_factory=list)
    groups_of: dict[RowKey, Group] = field(default_factory=dict)
    projects: tuple[Project, ...] = ()
    campaign: list[CampaignFigures] = field(default_factory=list)

    def groups(self, spec: RuleSpec, path: Path, *, by_year: bool = False) -> Iterator[Group]:
        """Yield the groups of a rule."""
        return groups(self.source, self.indicators, spec, path, by_year=by_year)

    def key(self, name: str, group: Group, side: Side) -> RowKey:
        """Name the row of a group: each part is filled when the group holds exactly one.

        A group that is a whole envelope of several measures has its name in their place.
        """
        single = len(group.measures) == 1
        measure = self.source.measures[group.measures[0]] if single else group.envelope
        year = self.source.years[group.years[0]] if len(group.years) == 1 else None
        return RowKey(name, group.level, group.territory, measure, year, side)

    def group_of(self, key: RowKey) -> Group:
        """Return the group behind a row already written."""
        return self.groups_of[key]

    def unit(self, quantity: Quantity, group: Group, path: Path) -> Unit:
        """Return the unit of a sum over a group; places and money never add up."""
        if quantity == "projects":
            return "project"
        if quantity in {"credits", "full_year_credits", "budget"}:
            return "money"
        if quantity == "freed_places":
            return "place"
        names = [self.source.measures[m] for m in group.measures]
        units = {self.source.scenario.measures[n].unit for n in names}
        if len(units) > 1:
            self.source.problems.error(
                "mixed_units",
                f"{path[1]} adds places to money",
                path=(*path, "in"),
                received=", ".join(sorted(names)),
                accepted="measures of one unit",
                remedy="select measures of one unit, or state in: credits",
            )
        return "money" if units == {"money"} else "place"

    def row(
        self,
        name: str,
        spec: RuleSpec,
        group: Group,
        side: Side,
        limit: float,
        terms: tuple[Term, ...],
        *,
        unit: Unit,
        constant: float = 0.0,
    ) -> RuleRow:
        """Write one row, its adjustments applied."""
        key = self.key(name, group, side)
        self.groups_of[key] = group
        moved, _ = adjusted(limit, spec.adjust, key)
        return RuleRow(
            key=key,
            kind=spec.kind,
            unit=unit,
            limit=moved,
            stated=limit,
            terms=terms,
            constant=constant,
        )


def bounded_rows(
    work: Work, name: str, spec: RuleSpec, quantity: Quantity, *, cumulative: bool = False
) -> list[RuleRow]:
    """Write one row per group and bound stated: a sum of `quantity` against its limit.

    Parameters
    ----------
    quantity
        What is summed unless the rule says ``in``.
    cumulative
        Whether the sum runs over all years up to the group's own.
    """
    path: Path = ("rules", name)
    quantity = spec.in_ or quantity
    if quantity in OF_PROJECTS and spec.kind not in COUNT_PROJECTS:
        _wrong_quantity(work, name, spec, quantity, QUANTITIES)
        return []
    rows = []
    sides: list[tuple[Side, Bound | None]] = [
        ("at_least", spec.at_least),
        ("at_most", spec.at_most),
        ("equals", spec.equals),
    ]
    if all(bound is None for _, bound in sides):
        work.source.problems.error(
            "no_bound",
            f"rule {name} states no bound",
            path=path,
            received="nothing",
            accepted="at_least, at_most or equals",
            remedy="state a bound",
        )
    for group in work.groups(spec, path, by_year=quantity in YEARLY):
        if quantity in OF_PROJECTS and not _held_projects(work, group):
            continue  # nobody there to choose among
        terms = (Term(quantity=quantity, cells=summed_cells(work, group, cumulative=cumulative)),)
        unit = work.unit(quantity, group, path)
        for side, bound in sides:
            limit = None if bound is None else work.limits.of(bound, group, (*path, side))
            if limit is not None and not_negative(work, limit, (*path, side)):
                rows.append(work.row(name, spec, group, side, limit, terms, unit=unit))
    return rows


def _held_projects(work: Work, group: Group) -> bool:
    """Whether any project stands in a group."""
    return any(
        p.territory in group.members and p.measure in group.measures and p.year in group.years
        for p in work.projects
    )


def summed_cells(work: Work, group: Group, *, cumulative: bool) -> np.ndarray:
    """Flat positions of the cells of a group, of all years up to its own when cumulative."""
    if not cumulative:
        return group.cells(work.shape)
    until = Group(
        level=group.level,
        territory=group.territory,
        node=group.node,
        members=group.members,
        measures=group.measures,
        years=np.arange(int(group.years.max()) + 1),
    )
    return until.cells(work.shape)


def not_negative(work: Work, limit: float, path: Path) -> bool:
    """Whether a limit is at least zero; a negative one is noted."""
    if limit >= 0:
        return True
    work.source.problems.error(
        "negative_limit",
        f"the limit of {path[1]} is below zero",
        path=path,
        received=f"{limit:g}",
        accepted="a number of at least 0",
        remedy="correct the figure",
    )
    return False


def refuse_unused(work: Work, name: str, spec: RuleSpec, unused: Iterable[str]) -> None:
    """Note the keys a planner stated and this rule does not read: they would change nothing."""
    for field_name in unused:
        if getattr(spec, field_name) in (None, ()):
            continue
        key = type(spec).model_fields[field_name].alias or field_name
        work.source.problems.error(
            "unused_key",
            f"rule {name} ({spec.kind}) does not read {key}",
            path=("rules", name, key),
            received=key,
            accepted="the keys of this kind",
            remedy=f"drop {key}, or choose another kind of rule",
        )


def quantity_among(
    work: Work, name: str, spec: RuleSpec, accepted: tuple[Quantity, ...]
) -> Quantity:
    """Return what a rule sums, the first accepted by default; another one is noted."""
    quantity = spec.in_ or accepted[0]
    if quantity not in accepted:
        _wrong_quantity(work, name, spec, quantity, accepted)
        return accepted[0]
    return quantity


def _wrong_quantity(
    work: Work, name: str, spec: RuleSpec, quantity: Quantity, accepted: tuple[Quantity, ...]
) -> None:
    work.source.problems.error(
        "wrong_quantity",
        f"rule {name} ({spec.kind}) cannot speak of {quantity}",
        path=("rules", name, "in"),
        received=quantity,
        accepted=", ".join(accepted),
        remedy="choose one of them, or another kind of rule",
    )


def rows_of(work: Work, other: str, path: Path, key: str = "of") -> list[RuleRow]:
    """Return the rows of another active rule, named by `key`; an unknown one is noted."""
    found = work.rows.get(other)
    if found is None:
        known = sorted(work.rows)
        work.source.problems.error(
            "unknown_rule",
            f"no active rule {other!r} to take from",
            path=(*path, key),
            received=other,
            accepted=", ".join(known),
            nearest=nearest(other, known),
            remedy="name an active rule",
        )
        return []
    if any(row.unit == "project" for row in found):
        work.source.problems.error(
            "wrong_quantity",
            f"{other} counts projects: nothing can be taken from it",
            path=(*path, "of"),
            received=other,
            accepted="a rule in places or money",
            remedy="name another rule",
        )
        return []
    return found
