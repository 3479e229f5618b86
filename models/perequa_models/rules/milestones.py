"""Awards paid over years as milestones are reached (circular of 30 August 2004, 1 C)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from perequa_models.figures.arrays import unit_value
from perequa_models.instance import Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import BOUNDS, quantity_among, refuse_unused
from perequa_models.strict import ColumnRef, Number, Whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.figures.selection import Group
    from perequa_models.instance import Floats, RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work

Share = Annotated[Number, Field(ge=0, le=1)]


class Milestones(RuleSpec):
    """By the end of a year no more of an award is paid than its milestones allow."""

    kind: Literal["milestones"]
    paid: Annotated[dict[Whole, Share], Field(min_length=1)] | ColumnRef
    """Share of the award that may be paid by the end of each year, from 0 to 1 and never
    falling: by year, or a column."""


def rows(work: Work, name: str, spec: Milestones) -> list[RuleRow]:
    """Σ up to y of q − s_y·Σ of all years of q ≤ 0, for every year but the last."""
    path: Path = ("rules", name)
    told = len(work.source.problems.errors)
    refuse_unused(work, name, spec, (*BOUNDS, "year", "years"))
    quantity = quantity_among(work, name, spec, ("full_year_credits", "places"))
    column = None
    if isinstance(spec.paid, ColumnRef):
        column = unit_value(work.source, spec.paid.column, (*path, "paid", "column"))
    if len(work.source.problems.errors) > told:
        return []
    by = tuple(item for item in spec.by if item != "year")
    written = []
    for group in work.groups(spec.model_copy(update={"by": by}), path):
        shares = _shares(work, name, spec, group, column)
        if shares is None:
            return []
        unit = work.unit(quantity, group, path)
        award = Term(quantity=quantity, cells=group.cells(work.shape))
        for y in range(len(shares) - 1):
            of_year = replace(group, years=np.array([y], dtype=np.intp))
            until = replace(group, years=np.arange(y + 1))
            so_far = Term(quantity=quantity, cells=until.cells(work.shape))
            terms = (so_far, replace(award, factor=-float(shares[y])))
            written.append(work.row(name, spec, of_year, "at_most", 0.0, terms, unit=unit))
    return written


def _shares(
    work: Work, name: str, spec: Milestones, group: Group, column: Floats | None
) -> Sequence[float] | None:
    """Return the share paid by the end of each year; None where it is wrong, which is noted."""
    if column is None:
        assert isinstance(spec.paid, dict)
        shares, share = [], 0.0
        for year in work.source.years:
            share = spec.paid.get(year, share)
            shares.append(share)
    else:
        measures = np.minimum(group.measures, column.shape[1] - 1)
        stated = column[np.ix_(group.members, measures)].reshape(-1, column.shape[2])
        if not (stated == stated[0]).all():
            _wrong(work, name, group, "figures that differ inside the group, or none", "one award")
            return None
        shares = np.broadcast_to(stated[0], (len(work.source.years),)).tolist()
    rising = all(a <= b for a, b in pairwise(shares))
    if rising and shares[0] >= 0.0 and shares[-1] == 1.0:
        return shares
    received = ", ".join(f"{share:g}" for share in shares)
    _wrong(work, name, group, received, "shares from 0 to 1 that never fall and end at 1")
    return None


def _wrong(work: Work, name: str, group: Group, received: str, accepted: str) -> None:
    who = f"{group.level}:{group.territory}" if group.territory else "the selection"
    work.source.problems.error(
        "wrong_milestones",
        f"rule {name} cannot pay an award of {who} out by these shares",
        path=("rules", name, "paid"),
        received=received,
        accepted=accepted,
        remedy="state what part of the award is paid by the end of each year, 1 in the last",
    )
