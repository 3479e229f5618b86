"""Words of the public format that one program cannot carry out, or no version yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa_models.errors import NotInThisVersion, UsageError
from perequa_models.levels import next_leximin
from perequa_models.whole import asks_whole

if TYPE_CHECKING:
    from perequa_models.instance import Instance

RULE_KINDS = ("transfer",)


def refuse_unbuilt(data: dict[Any, Any]) -> None:
    """Stop at the first word of the format that this version cannot carry out.

    Raises
    ------
    NotInThisVersion
        Naming the word as the planner wrote it.
    UsageError
        When one program is asked of a cascade, which is several.
    """
    if data.get("mode") == "cascade":
        raise UsageError(
            "mode: cascade is several programs: `perequa solve` and `validate` take it whole; ask "
            "this of one of its steps, or with --set mode=integrated"
        )
    for name, entry in _rules(data):
        kind = entry.get("kind")
        if kind in RULE_KINDS:
            raise NotInThisVersion(f"rules.{name}.kind: {kind}")


def refuse_beside_projects(instance: Instance) -> None:
    """Stop at the first word that this version cannot carry out where projects are chosen.

    Raises
    ------
    NotInThisVersion
        Naming the word, and that it stands beside projects.
    """
    if not instance.projects:
        return
    if asks_whole(instance):
        raise NotInThisVersion("whole: true beside projects")
    waiting = next_leximin(instance)
    if waiting is not None:
        what = f"objectives.{waiting}.kind: leximin beside projects"
        raise NotInThisVersion(what)
    for project in instance.projects:
        if instance.converging[project.territory, project.measure]:
            what = f"a rule converge where project {project.code} opens"
            raise NotInThisVersion(what)


def _rules(data: dict[Any, Any]) -> list[tuple[Any, dict[Any, Any]]]:
    held = data.get("rules")
    entries = held.items() if isinstance(held, dict) else ()
    return [(name, entry) for name, entry in entries if isinstance(entry, dict)]
