"""The projects of a scenario: what each counts, what holds them together, who is served first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.report.document import Display, Line, Listing, Paragraph, code, joined, maths, say
from perequa.report.equations.symbols import counted, figure
from perequa_models.projects.grammar import RatioMerit
from perequa_models.projects.order import class_steps, preference_steps

if TYPE_CHECKING:
    from perequa.report.document import Block
    from perequa_models.instance import Instance
    from perequa_models.projects.grammar import ProjectsTable


def project_blocks(instance: Instance) -> list[Block]:
    """Write the projects; nothing in a scenario without any."""
    table = instance.scenario.projects
    if table is None:
        return []
    names = np.array(instance.measures)[instance.by_projects]
    measures = joined([say("{}", code(name)) for name in names])
    intro = say("{}, each taken whole or not at all; ", counted(len(instance.projects), "project"))
    intro = (*intro, *measures, *say(" is handed out by projects only. $j$ at $tmy$ is the "))
    intro = (*intro, *say("projects of a territory, measure and year."))
    return [
        Paragraph(intro),
        Display(r"z_j \in \lbrace 0, 1 \rbrace, \qquad x_{tmy} = \sum_{j \text{ at } tmy} p_j z_j"),
        Display(r"Z_{tmy} = \sum_{j \text{ at } tmy} z_j"),
        *_freed(instance),
        Paragraph(
            say(
                r"$p_j$ is the places of a project; in place of $c_{tmy} x_{tmy}$ its credits are "
                r"$c_j (1 - a_j)$ a year, $c_j$ its cost and $a_j$ the share that others pay, by "
                r"its own opening months."
            )
        ),
        *_together(instance),
        Paragraph(say("Order of service, each step strictly before the next:")),
        Listing(tuple(_order(instance, table))),
    ]


def _freed(instance: Instance) -> list[Block]:
    """Write the places freed elsewhere, where any project frees some."""
    if not any(p.frees for p in instance.projects):
        return []
    meaning = say("$l_j$ is the places that those who move in free elsewhere.")
    freed = Display(r"L_{tmy} = \sum_{j \text{ at } tmy} l_j z_j")
    return [freed, Paragraph(meaning)]


def _together(instance: Instance) -> list[Block]:
    """Write groups and requirements, where there are any."""
    groups = {p.group for p in instance.projects} - {""}
    needing = sum(1 for p in instance.projects if p.requires)
    blocks: list[Block] = []
    if groups:
        blocks.append(Paragraph(say("At most one of a group ({}).", counted(len(groups), "group"))))
        blocks.append(Display(r"\sum_{j \in G} z_j \le 1"))
    if needing:
        blocks.append(Paragraph(say("None without what it requires ({}).", figure(needing))))
        blocks.append(Display(r"z_j \le z_{k(j)}"))
    return blocks


def _order(instance: Instance, table: ProjectsTable) -> list[Line]:
    lines: list[Line] = []
    projects = instance.projects
    for step in class_steps(projects):
        number = counted(int(-step.per_project.sum()), "project")
        lines.append(say("class {}: as many of its {} as can be", step.name, number))
    lines.append(_merit(table))
    for step in preference_steps(table, projects):
        number = counted(int(-step.per_project.sum()), "project")
        lines.append(say("{}: as many of its {} as can be", code(step.name), number))
    lines.append(say("what still ties: by the codes of the projects, in their order"))
    return lines


def _merit(table: ProjectsTable) -> Line:
    if table.merit is None:
        return say("merit $q_j = 1$: as many projects as can be")
    if not isinstance(table.merit, RatioMerit):
        return say(
            "the greatest sum of merit, {}: column {}", maths("q_j"), code(table.merit.column)
        )
    above, below = table.merit.ratio
    line = say("the greatest sum of merit, {}: {} by {}", maths("q_j"), code(above), code(below))
    by = table.merit.divided_by
    return line if by is None else (*line, *say(", divided by {}", code(by)))
