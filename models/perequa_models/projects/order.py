"""The order of service: which projects go first, as strict steps.

First as many as can be of each class, then the merit (an objective of the scenario), then each
preference in turn, and for what still ties the projects' codes (circular 98-199, II B: at equal
quality FDT before MAS, extensions before creations).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa_models.columns import Floats
    from perequa_models.projects.grammar import ProjectsTable
    from perequa_models.projects.project import Project

StepKind = Literal["first", "priority", "merit", "prefer", "code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStep:
    """One step of the order of service: its value is minimised before that of the next.

    Attributes
    ----------
    kind, name
        What it is, and what of: a class, a priority, ``column=word``, a project's code.
    per_project
        (J,): what each project taken adds to the value.
    """

    kind: StepKind
    name: str
    per_project: Floats


def class_steps(projects: Sequence[Project]) -> Iterator[ServiceStep]:
    """As many projects of each class as can be, the first class first."""
    for number in sorted({p.service_class for p in projects} - {0}):
        inside = [p.service_class == number for p in projects]
        yield ServiceStep(kind="first", name=str(number), per_project=-np.array(inside, float))


def merit_step(projects: Sequence[Project]) -> ServiceStep:
    """Serve the greatest sum of merit, where no objective of the scenario says so."""
    merit = np.array([p.merit for p in projects])
    return ServiceStep(kind="merit", name="", per_project=-merit)


def preference_steps(table: ProjectsTable, projects: Sequence[Project]) -> Iterator[ServiceStep]:
    """As many as can be of each word of each preference, in turn."""
    for i, prefer in enumerate(table.prefer):
        for rank, word in enumerate(prefer.order):
            inside = [p.preferred[i] == rank for p in projects]
            name = f"{prefer.column}={word}"
            yield ServiceStep(kind="prefer", name=name, per_project=-np.array(inside, float))


def code_steps(projects: Sequence[Project]) -> Iterator[ServiceStep]:
    """Take each project in turn, in the order of the codes, where nothing else decides."""
    for j, project in enumerate(projects):
        each = np.zeros(len(projects))
        each[j] = -1.0
        yield ServiceStep(kind="code", name=project.code, per_project=each)


def service_rank(project: Project) -> tuple[object, ...]:
    """Sort by class, merit, preferences and code, as a list of projects is read."""
    last = (project.service_class == 0, project.service_class)
    return (*last, -project.merit, project.preferred, project.code)
