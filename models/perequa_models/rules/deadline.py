"""A closed backlog to fund in time (circular 98-199 of 27 March 1998, III A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.instance import Term
from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import (
    not_negative,
    quantity_among,
    refuse_unused,
    summed_cells,
)
from perequa_models.strict import Whole

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.problems import Path
    from perequa_models.rules.primitive import Work


class Deadline(RuleSpec):
    """By the end of a year each group has received its backlog at least."""

    kind: Literal["deadline"]
    by_year: Whole
    """Year of the plan by whose end the backlog stated in `at_least` is funded, that year
    included."""


def rows(work: Work, name: str, spec: Deadline) -> list[RuleRow]:
    """Σ up to `by_year` of x ≥ L: one row for each group, named by that year."""
    path: Path = ("rules", name)
    told = len(work.source.problems.errors)
    refuse_unused(work, name, spec, ("at_most", "equals", "year", "years"))
    quantity = quantity_among(work, name, spec, ("places",))
    _check(work, name, spec)
    if len(work.source.problems.errors) > told or spec.at_least is None:
        return []
    in_time = spec.model_copy(update={"year": spec.by_year})
    written = []
    for group in work.groups(in_time, path, by_year=True):
        limit = work.limits.of(spec.at_least, group, (*path, "at_least"))
        if limit is None or not not_negative(work, limit, (*path, "at_least")):
            continue
        terms = (Term(quantity=quantity, cells=summed_cells(work, group, cumulative=True)),)
        unit = work.unit(quantity, group, path)
        written.append(work.row(name, spec, group, "at_least", limit, terms, unit=unit))
    return written


def _check(work: Work, name: str, spec: Deadline) -> None:
    """Note a backlog that is not stated, or a year that is none of the plan."""
    if spec.at_least is None:
        work.source.problems.error(
            "no_bound",
            f"rule {name} states no backlog",
            path=("rules", name),
            received="nothing",
            accepted="at_least",
            remedy="state at_least, e.g. {column: authorised_unfunded}",
        )
    if spec.by_year not in work.source.years:
        work.source.problems.error(
            "unknown_year",
            f"{spec.by_year} is not a year of the plan",
            path=("rules", name, "by_year"),
            received=str(spec.by_year),
            accepted=", ".join(str(y) for y in work.source.years),
            remedy="name a year of the plan",
        )
