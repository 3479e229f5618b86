"""The projects in the order of service: taken or not, and why; what one more limit changes."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.project_sentences import listed, one_more_statement, project_statement
from perequa.interpret.rules import IDENTITY
from perequa.interpret.tables import Table, Value, cell
from perequa_models.keys import AuxiliaryKey
from perequa_models.projects.order import service_rank

if TYPE_CHECKING:
    from perequa.engine.one_more import MovedLimit
    from perequa.engine.waiting import Lacking
    from perequa.interpret.run import Choice, Solved
    from perequa.words import Words
    from perequa_models.instance import Floats
    from perequa_models.projects.project import Project

PROJECTS = (
    "scenario",
    "project",
    "title",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "operation",
    "places",
    "credits",
    "currency",
    "taken",
    "rank",
    "waiting_rank",
    "class",
    "merit",
    "blocked_by",
    "blocked_by_kinds",
    "blocked_by_names",
    "lost_at",
    "missing_merit",
    "missing_credits",
    "missing_credits_are",
    "gap",
    "frees",
    "statement",
)
ONE_MORE = (
    *("scenario", "row", "rule", "kind", "level", "territory", "territory_name", "measure", "year"),
    *("unit", "side", "limit", "step", "moved_limit", "possible", "priority", "objective"),
    *("objective_kind", "objective_unit", "value", "moved_value", "change"),
    *("projects_in", "projects_out", "titles_in", "titles_out", "statement"),
)
BROKEN = 1e-9
"""Share of a limit beyond which a project alone would break it."""


def projects_table(run: Solved, choice: Choice, words: Words) -> Table:
    """One row a project, in the order of service."""
    projects = run.instance.projects
    order = sorted(range(len(projects)), key=lambda j: service_rank(projects[j]))
    columns = choice.selected.choosing.whole
    gap = choice.selected.chosen.gap()
    rows: list[tuple[Value, ...]] = []
    waiting = 0
    for rank, j in enumerate(order, start=1):
        lacks = choice.left_out.lacking.get(int(columns[j]))
        waiting += lacks is not None
        line = (
            *_stated(run, projects[j]),
            lacks is None,
            rank,
            None if lacks is None else waiting,
            projects[j].service_class or None,
            projects[j].merit,
            *(("", "", "") if lacks is None else _blocked(run, j)),
            *(("", None, None, "") if lacks is None else _lost(run, choice, lacks)),
            gap,
            projects[j].frees,
        )
        statement = project_statement(_as_text(PROJECTS, line), words)
        rows.append((*line, statement))
    return Table(PROJECTS, tuple(rows))


def _as_text(columns: tuple[str, ...], line: tuple[Value, ...]) -> dict[str, str]:
    """Cells of a line without its last column, the statement, as a file would hold them."""
    return dict(zip(columns[:-1], map(cell, line), strict=True))


def _stated(run: Solved, project: Project) -> tuple[Value, ...]:
    instance = run.instance
    territory = instance.tree.nodes[project.node]
    return (
        run.name,
        project.code,
        project.title,
        territory.level,
        territory.code,
        territory.name,
        instance.measures[project.measure],
        instance.years[project.year],
        project.operation,
        project.places,
        project.charged,
        instance.scenario.currency,
    )


def _blocked(run: Solved, j: int) -> tuple[str, str, str]:
    """Rows that keep a project out, what each of them is, and of whom or of what."""
    rows = _broken(run, j)
    named = [_kind_and_name(run, i, j) for i in rows]
    return (
        ";".join(str(run.program.row_keys[i]) for i in rows),
        ";".join(kind for kind, _ in named),
        listed(name for _, name in named),
    )


def _kind_and_name(run: Solved, i: int, j: int) -> tuple[str, str]:
    """Kind of a rule and territory of its row; or how projects are held together, and by which."""
    key = run.program.row_keys[i]
    if isinstance(key, AuxiliaryKey):
        projects = run.instance.projects
        title = {p.code: p.title or p.code for p in projects}
        own = projects[j]
        return key.role, own.group if key.role == "group" else title.get(own.requires, "")
    cells = dict(zip(IDENTITY, run.rule_rows[i], strict=True))
    return str(cells["kind"]), str(cells["territory_name"] or cells["territory"] or "")


def _broken(run: Solved, j: int) -> list[int]:
    """Rows that the plan would break if this project were added to it, all else as it is."""
    instance, program = run.instance, run.program
    project = instance.projects[j]
    move = np.zeros(program.matrix.shape[1])
    move[np.flatnonzero(program.whole)[j]] = 1.0
    cell = (project.territory, project.measure, project.year)
    move[np.ravel_multi_index(cell, instance.shape)] = project.places
    added = program.matrix @ move
    activity = program.matrix @ run.published.plan + added
    broken = np.flatnonzero(_beyond(run, activity) & (added != 0))
    # a row of an objective only says what it is worth: its own columns follow any plan
    names = frozenset(program.objective_names)
    keys = program.row_keys
    return [
        i
        for i in broken.tolist()
        if not (isinstance(key := keys[i], AuxiliaryKey) and key.owner in names)
    ]


def _beyond(run: Solved, activity: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    program = run.program
    limits = np.where(np.isfinite(program.row_upper), program.row_upper, program.row_lower)
    margin = BROKEN * np.maximum(1.0, np.abs(limits))
    above, below = activity > program.row_upper + margin, activity < program.row_lower - margin
    return np.asarray(above | below)


def _lost(run: Solved, choice: Choice, lacks: Lacking) -> tuple[Value, ...]:
    """Say at which step a project is lost, the merit it lacks, and the envelope it lacks."""
    steps = choice.selected.choosing.steps
    extra: tuple[Value, ...] = (lacks.extra, "least" if lacks.least else "enough")
    if isnan(lacks.extra):
        extra = (None, "none" if choice.left_out.grown else "")
    if lacks.step is None:
        return "rules", None, *extra
    merit_at = [k for k, step in enumerate(steps) if _counts_merit(run, step.name, step.kind)]
    merit: float | None = None
    if len(merit_at) == 1 and lacks.step >= merit_at[0]:
        loss = lacks.loss if lacks.step == merit_at[0] else 0.0
        merit = loss / _weight_of_merit(run, steps[merit_at[0]].priority)
    if lacks.step == len(steps):
        return "code", merit, *extra
    step = steps[lacks.step]
    at = f"priority {step.priority}" if step.kind == "priority" else f"{step.kind} {step.name}"
    return at.strip(), merit, *extra


def _counts_merit(run: Solved, name: str, kind: str) -> bool:
    if kind != "priority":
        return kind == "merit"
    objectives = run.instance.scenario.objectives
    return any(objectives[each].kind == "unmet_merit" for each in name.split(";"))


def _weight_of_merit(run: Solved, priority: int) -> float:
    """Weight that one point of merit has in its priority; 1 where no priority counts it."""
    if not priority:
        return 1.0
    weighting, objectives = run.weighting, run.instance.scenario.objectives
    weights = weighting.weights[weighting.priorities.index(priority)]
    pairs = zip(weighting.names, weights, strict=True)
    return float(sum(w for name, w in pairs if objectives[name].kind == "unmet_merit"))


def one_more_table(run: Solved, choice: Choice, words: Words) -> Table:
    """One line for each limit moved by one, up and down, and each priority."""
    rows: list[tuple[Value, ...]] = []
    for moved in choice.left_out.moved:
        limit = float(run.program.row_limit[moved.row])
        where = (limit, abs(moved.by), limit + moved.by, moved.chosen is not None)
        for p, priority in enumerate(run.weighting.priorities):
            line = (
                *run.rule_rows[moved.row],
                *where,
                priority,
                *_changed(run, choice, moved, p),
                *_exchanged(run, choice, moved),
            )
            rows.append((*line, one_more_statement(_as_text(ONE_MORE, line), words)))
    return Table(ONE_MORE, tuple(rows))


def _changed(run: Solved, choice: Choice, moved: MovedLimit, p: int) -> tuple[Value, ...]:
    """Objective of a priority, its kind and unit, its value, the value then, and the change."""
    steps = choice.selected.choosing.steps
    priority = run.weighting.priorities[p]
    at = next(k for k, step in enumerate(steps) if step.priority == priority)
    served = run.weighting.served(p)
    kinds = ";".join(run.instance.scenario.objectives[name].kind for name in served)
    named = (";".join(served), kinds, run.weighting.units[p])
    now = float(steps[at].cost @ run.published.plan) + steps[at].offset
    if moved.chosen is None:
        return (*named, now, None, None)
    then = moved.values[p] + steps[at].offset
    change = then - now
    tie = steps[at].tie(now - steps[at].offset)
    return (*named, now, then, 0.0 if abs(change) <= tie else change)


def _exchanged(run: Solved, choice: Choice, moved: MovedLimit) -> tuple[Value, ...]:
    """Projects that come in and that go out: their codes, then their titles."""
    if moved.chosen is None:
        return "", "", "", ""
    columns = choice.selected.choosing.whole
    change = moved.chosen.x[columns] - choice.selected.taken
    pairs = list(zip(run.instance.projects, change.tolist(), strict=True))
    coming = [project for project, by in pairs if by > 0.5]
    going = [project for project, by in pairs if by < -0.5]
    both = (coming, going)
    codes = (";".join(project.code for project in some) for some in both)
    return (*codes, *(listed(project.title for project in some) for some in both))
