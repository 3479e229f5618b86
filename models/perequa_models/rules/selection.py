"""The most projects a group may have, e.g. two a region (circular 98-199, I B and II B)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.rules.grammar import RuleSpec
from perequa_models.rules.primitive import bounded_rows, quantity_among

if TYPE_CHECKING:
    from perequa_models.instance import RuleRow
    from perequa_models.rules.primitive import Work


class Selection(RuleSpec):
    """Projects taken in each group, at most (or at least) so many."""

    kind: Literal["selection"]


def rows(work: Work, name: str, spec: Selection) -> list[RuleRow]:
    """Σ z ≤ n; a group without any project has no row."""
    if work.source.scenario.projects is None:
        work.source.problems.error(
            "missing_section",
            f"rule {name} (selection) chooses among projects, and the scenario names none",
            path=("rules", name),
            received="no section projects",
            accepted="projects: {file: projects.csv}",
            remedy="name the table of projects",
        )
        return []
    return bounded_rows(work, name, spec, quantity_among(work, name, spec, ("projects",)))
