"""Words of the public format that one program cannot carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa_models.errors import NotInThisVersion, UsageError
from perequa_models.levels import next_leximin

if TYPE_CHECKING:
    from perequa_models.instance import Instance


def refuse_cascade(data: dict[Any, Any]) -> None:
    """Stop where one program is asked of several.

    Raises
    ------
    UsageError
        When one program is asked of a cascade, which is several.
    """
    if data.get("mode") == "cascade":
        raise UsageError(
            "mode: cascade is several programs: `perequa solve` and `validate` take it whole; ask "
            "this of one of its steps, or with --set mode=integrated"
        )


def refuse_beside_projects(instance: Instance) -> None:
    """Stop at the first word that this version cannot carry out where projects are chosen.

    Raises
    ------
    NotInThisVersion
        Naming the word, and that it stands beside projects.
    """
    if not instance.projects:
        return
    waiting = next_leximin(instance)
    if waiting is not None:
        what = f"objectives.{waiting}.kind: leximin beside projects"
        raise NotInThisVersion(
            what,
            "its levels are settled by multipliers, which whole projects do not have: use kind: "
            "worst, with a shortfall at the next priority",
        )
    for project in instance.projects:
        if instance.converging[project.territory, project.measure]:
            what = f"a rule converge where project {project.code} opens"
            raise NotInThisVersion(
                what,
                "a budget in convergence takes nothing new: name another measure for the project, "
                "or restrict the rule by territories",
            )
