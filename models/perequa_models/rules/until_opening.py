"""Credits reserved until places open, usable meanwhile as one-off money (*crédits gagés*)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa_models.figures.arrays import quantity as read_quantity
from perequa_models.figures.arrays import unit_value
from perequa_models.instance import Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import not_negative, quantity_among, refuse_unused
from perequa_models.strict import ColumnRef, Name

if TYPE_CHECKING:
    from perequa_models.figures.selection import Group
    from perequa_models.instance import Floats, RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work


class UntilOpening(RuleSpec):
    """One-off money of a year stays within what is reserved for places that are not open yet."""

    kind: Literal["until_opening"]
    opens: ColumnRef
    """Column of the year in which places open, by territory and measure; without a value they
    are open."""
    one_off: Name
    """Measure of one-off money (`recurrent: false`) that spends what is reserved until then."""


def rows(work: Work, name: str, spec: UntilOpening) -> list[RuleRow]:
    """Σ k of the one-off measure − Σ up to y of k reserved ≤ L: one row for each group and year.

    L is what earlier plans reserved and is not open yet: 0 unless `at_most` states it.
    """
    path: Path = ("rules", name)
    told = len(work.source.problems.errors)
    refuse_unused(work, name, spec, ("at_least", "equals"))
    quantity_among(work, name, spec, ("credits",))
    opens = unit_value(work.source, spec.opens.column, (*path, "opens", "column"))
    one_off = _one_off(work, name, spec)
    carried = read_quantity(work.source, "carried", 0.0, ("supply",))[:, :, 0]
    if opens is None or one_off is None or len(work.source.problems.errors) > told:
        return []
    written = []
    for group in work.groups(spec, path, by_year=True):
        if one_off in group.measures:
            _reserved_and_one_off(work, name, spec)
            return []
        limit = 0.0
        if spec.at_most is not None:
            limit = work.limits.of(spec.at_most, group, (*path, "at_most")) or 0.0
        if not not_negative(work, limit, (*path, "at_most")):
            continue
        spent = replace(group, measures=np.array([one_off], dtype=np.intp)).cells(work.shape)
        waiting = _waiting(work, group, opens)
        cells = np.concatenate(
            [pair * work.shape[2] + np.arange(int(group.years[0]) + 1) for pair in waiting]
            or [np.zeros(0, dtype=np.intp)]
        )
        terms = [Term(quantity="credits", cells=spent)]
        if cells.size:
            terms.append(Term(quantity="credits", cells=cells, factor=-1.0))
        # what is still due for places of an earlier plan is no money of this one
        earlier = float(carried.ravel()[waiting].sum()) if waiting else 0.0
        written.append(
            work.row(
                name, spec, group, "at_most", limit, tuple(terms), unit="money", constant=earlier
            )
        )
    return written


def _waiting(work: Work, group: Group, opens: Floats) -> list[int]:
    """Flat positions in (T, M) of the pairs of a group that open after its year."""
    year = work.source.years[int(group.years[0])]
    found = []
    for t in group.members:
        for m in group.measures:
            stated = opens[t, min(int(m), opens.shape[1] - 1), 0]
            if stated > year:  # nothing stated: open already, nothing is reserved
                found.append(int(t) * work.shape[1] + int(m))
    return found


def _one_off(work: Work, name: str, spec: UntilOpening) -> int | None:
    """Return the position of the one-off measure; None (noted) when it is none."""
    measures = work.source.measures
    known = [m for m in measures if not work.source.scenario.measures[m].recurrent]
    if spec.one_off in known:
        return measures.index(spec.one_off)
    work.source.problems.error(
        "not_one_off",
        f"rule {name} lets {spec.one_off} use reserved credits, and it is no one-off measure",
        path=("rules", name, "one_off"),
        received=spec.one_off,
        accepted=", ".join(known) or "none: no measure states recurrent: false",
        remedy="name a measure with recurrent: false; recurrent money would outlast the opening",
    )
    return None


def _reserved_and_one_off(work: Work, name: str, spec: UntilOpening) -> None:
    work.source.problems.error(
        "reserved_and_one_off",
        f"rule {name} reserves credits of {spec.one_off} for {spec.one_off} itself",
        path=("rules", name),
        received=spec.one_off,
        accepted="measures that do not hold the one-off one",
        remedy="state the measures whose places open later",
    )
