"""``projects.csv`` and ``one_more.csv`` against the plan and the table of projects.

What a project lacks and what a moved limit brings are answers of other integer programs: that the
plans they speak of keep every rule and are worth what is printed is checked; that no other is
better there is not, without a solver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.project_sentences import (
    listed,
    one_more_statement,
    project_statement,
)
from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.project_rows import project_columns
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.transfers import amounts_of, with_amounts
from perequa.words import LANGUAGES, SOURCE, saying, words_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats
    from perequa.verification.tables import Table

PROJECTS, ONE_MORE = "projects.csv", "one_more.csv"


def check_project_tables(notes: Notebook, folder: RunFolder, model: Model) -> None:
    """Compare both tables, cell by cell as far as the plan and the inputs tell."""
    table = folder.table(PROJECTS)
    codes = table.column("project")
    if compare_keys(notes, PROJECTS, codes, model.projects.codes):
        _check_figures(notes, folder, model, table)
        _check_words(notes, folder, model, table)
    if folder.has(ONE_MORE):
        _check_moves(notes, folder, model, folder.table(ONE_MORE))
    _check_sentences(notes, folder)


def _positions(model: Model, table: Table) -> list[int]:
    at = {code: j for j, code in enumerate(model.projects.codes)}
    return [at[code] for code in table.column("project")]


def _check_figures(notes: Notebook, folder: RunFolder, model: Model, table: Table) -> None:
    projects, codes = model.projects, table.column("project")
    order = _positions(model, table)
    taken = folder.solution["plan"][project_columns(folder.program, model)]
    ranked = sorted(range(len(codes)), key=lambda j: _service(model, j))
    rank = {j: float(i + 1) for i, j in enumerate(ranked)}
    waiting = [j for j in ranked if taken[j] == 0.0]
    wait = {j: float(i + 1) for i, j in enumerate(waiting)}
    missing = float("nan")
    expected: dict[str, list[float]] = {
        "places": [float(projects.places[j]) for j in order],
        "credits": [float(projects.charged[j]) for j in order],
        "merit": [float(projects.merit[j]) for j in order],
        "frees": [float(projects.frees[j]) for j in order],
        "class": [float(projects.classes[j]) or missing for j in order],
        "rank": [rank[j] for j in order],
        "waiting_rank": [wait.get(j, missing) for j in order],
        "year": [float(model.years[projects.cells[j, 2]]) for j in order],
    }
    for name, values in expected.items():
        compare_column(notes, table, name, np.array(values), codes)
    for name in ("missing_merit", "missing_credits", "gap"):
        for code, value in zip(codes, table.numbers(name), strict=True):
            if value < 0:
                notes.wrong(PROJECTS, code, name, value, "≥ 0")


def _service(model: Model, j: int) -> tuple[object, ...]:
    projects = model.projects
    own = projects.classes[j]
    return own == 0, own, -float(projects.merit[j]), projects.ranks(j), projects.codes[j]


def _check_words(notes: Notebook, folder: RunFolder, model: Model, table: Table) -> None:
    projects, codes = model.projects, table.column("project")
    order = _positions(model, table)
    plan = folder.solution["plan"]
    taken = plan[project_columns(folder.program, model)]
    keys = [model.tree.key[projects.nodes[j]] for j in order]
    expected = {
        "title": [projects.texts("title")[j] for j in order],
        "operation": [projects.texts("operation")[j] for j in order],
        "measure": [model.measures[projects.cells[j, 1]] for j in order],
        "level": [level for level, _ in keys],
        "territory": [code for _, code in keys],
        "taken": ["true" if taken[j] == 1.0 else "false" for j in order],
        **_blocked(
            folder,
            model,
            [[] if taken[j] == 1.0 else _broken(folder, model, plan, j) for j in order],
            order,
        ),
        "currency": [str(model.scenario.get("currency", "EUR"))] * len(codes),
    }
    for name, values in expected.items():
        compare_words(notes, table, name, values, codes)


def _blocked(
    folder: RunFolder, model: Model, broken: Sequence[list[str]], order: Sequence[int]
) -> dict[str, list[str]]:
    """Rows that keep each project out, what each of them is, and of whom or of what."""
    table = folder.table("rules.csv")
    columns = (table.column(c) for c in ("row", "kind", "territory_name", "territory"))
    rows = {row: (kind, name or code) for row, kind, name, code in zip(*columns, strict=True)}
    titles, requires = model.projects.texts("title"), model.projects.texts("requires")
    groups = model.projects.texts("group")
    title_of = dict(zip(model.projects.codes, titles, strict=True))
    kinds, names = [], []
    for j, own in zip(order, broken, strict=True):
        found = []
        for row in own:
            kind = row.split("/")[1]
            held = groups[j] if kind == "group" else title_of.get(requires[j], "") or requires[j]
            found.append(rows.get(row, (kind, held)))
        kinds.append(";".join(kind for kind, _ in found))
        names.append(listed(name for _, name in found))
    return {
        "blocked_by": [";".join(own) for own in broken],
        "blocked_by_kinds": kinds,
        "blocked_by_names": names,
    }


def _broken(folder: RunFolder, model: Model, plan: Floats, j: int) -> list[str]:
    """Rows that the plan passes once a project is added to it."""
    program = folder.program
    more = plan.copy()
    more[project_columns(program, model)[j]] = 1.0
    cell = int(np.ravel_multi_index(tuple(model.projects.cells[j]), model.shape))
    more[program.column_at[model.cell_ids[cell]]] += model.projects.places[j]
    activity = program.matrix.times(more)
    limit = np.where(np.isfinite(program.upper), program.upper, program.lower)
    margin = 1e-9 * np.maximum(1.0, np.abs(limit))
    moved = program.matrix.times(more - plan) != 0.0
    passed = (activity > program.upper + margin) | (activity < program.lower - margin)
    broken = np.flatnonzero(passed & moved)
    own = {f"{name}/" for name in program.objectives}
    # rows of rules, and those that hold projects together: objectives' own follow any plan
    return [
        program.row_ids[i]
        for i in broken
        if program.is_rule[i] or not any(program.row_ids[i].startswith(name) for name in own)
    ]


def _check_moves(notes: Notebook, folder: RunFolder, model: Model, table: Table) -> None:
    program = folder.program
    names = [f"{row} {side}" for row, side in zip(table.column("row"), _moves(table), strict=True)]
    rows = [program.row_at.get(row, -1) for row in table.column("row")]
    if min(rows, default=0) < 0:
        notes.wrong(ONE_MORE, "", saying("names a row that the program has not"))
        return
    limit = np.array([float(program.limit[i]) for i in rows])
    compare_column(notes, table, "limit", limit, names)
    step = np.array(table.numbers("step"))
    signs = np.where(np.array(table.numbers("moved_limit")) > limit, 1.0, -1.0)
    compare_column(notes, table, "moved_limit", limit + signs * step, names)
    published = folder.solution["plan"]
    values = [_stage_value(folder, model, published, p) for p in table.numbers("priority")]
    compare_column(notes, table, "value", np.array(values), names, scale=np.maximum(1.0, values))
    title = dict(zip(model.projects.codes, model.projects.texts("title"), strict=True))
    for way in ("in", "out"):
        codes = table.column(f"projects_{way}")
        told = [listed(title.get(code, "") for code in c.split(";")) if c else "" for c in codes]
        compare_words(notes, table, f"titles_{way}", told, names)
    expected = expected_rows(model)
    for line, possible in enumerate(table.column("possible")):
        if possible == "true":
            _check_moved(notes, folder, model, expected, table, line)


def _moves(table: Table) -> list[str]:
    pairs = zip(table.numbers("moved_limit"), table.column("priority"), strict=True)
    return [f"at {moved:g}, priority {priority}" for moved, priority in pairs]


def _check_moved(
    notes: Notebook,
    folder: RunFolder,
    model: Model,
    rows: Sequence[ExpectedRow],
    table: Table,
    line: int,
) -> None:
    """Check the change printed and, where projects hand out everything, the plan that makes it."""
    name = f"{table.column('row')[line]} {_moves(table)[line]}"
    value, then = table.numbers("value")[line], table.numbers("moved_value")[line]
    change = table.numbers("change")[line]
    near = 1e-6 * max(1.0, abs(value))
    notes.near((ONE_MORE, name, "change"), change, then - value, tolerance=near)
    if not model.supply.apart.all():
        return
    program, z = folder.program, folder.solution["plan"][project_columns(folder.program, model)]
    at_code = {code: j for j, code in enumerate(model.projects.codes)}
    z = z.copy()
    for column, given in (("projects_in", 1.0), ("projects_out", 0.0)):
        for code in filter(None, table.column(column)[line].split(";")):
            z[at_code[code]] = given
    places = np.zeros(model.shape)
    np.add.at(places, tuple(model.projects.cells.T), model.projects.places * z)
    plan = folder.solution["plan"].copy()
    plan[project_columns(program, model)] = z
    plan[[program.column_at[cell] for cell in model.cell_ids]] = places.ravel()
    moved = {table.column("row")[line]: table.numbers("moved_limit")[line]}
    for row in _broken_by(rows, places, z, moved):
        notes.wrong(ONE_MORE, name, saying("its projects break {row}", row=row))
    stage = _stage_value(folder, model, plan, table.numbers("priority")[line])
    notes.near((ONE_MORE, name, "moved_value"), then, stage, tolerance=near)


def _broken_by(
    rows: Sequence[ExpectedRow], places: Floats, taken: Floats, moved: Mapping[str, float]
) -> list[str]:
    """Rules that projects break under moved limits, whatever money moves between envelopes."""
    limits = np.array([moved.get(row.id, row.limit) for row in rows])
    bare = np.array([row.activity(places, taken) for row in rows])
    amounts = amounts_of(rows, bare, limits)
    broken = []
    for row, one, limit in zip(rows, bare.tolist(), limits.tolist(), strict=True):
        over = with_amounts(row, one, amounts) - limit
        excess = {"at_most": over, "at_least": -over}.get(row.side, abs(over))
        if excess > 1e-6 * max(1.0, abs(limit)):
            broken.append(row.id)
    return broken


def _stage_value(folder: RunFolder, model: Model, plan: Floats, priority: float) -> float:
    """Value of what a priority minimises, by the definitions of its objectives."""
    program = folder.program
    at = program.arrays["stage_priority"].tolist().index(int(priority))
    weights = program.arrays["stage_weight"][at]
    evaluated = model.with_taken(plan[project_columns(program, model)])
    cells = [program.column_at.get(name, -1) for name in model.cell_ids]
    x = np.array([plan[j] if j >= 0 else 0.0 for j in cells]).reshape(model.shape)
    reference = None
    return float(
        sum(
            w * objective_value(evaluated, name, x, reference)
            for w, name in zip(weights, program.objectives, strict=True)
            if w > 0
        )
    )


def _check_sentences(notes: Notebook, folder: RunFolder) -> None:
    """Write each statement again from the cells of its row."""
    lang = str(folder.run.get("lang", SOURCE))
    words = words_in(lang if lang in LANGUAGES else SOURCE)
    for file, written in ((PROJECTS, project_statement), (ONE_MORE, one_more_statement)):
        if not folder.has(file):
            continue
        table = folder.table(file)
        for line, cells in enumerate(table.rows, start=2):
            fields = dict(zip(table.header, cells, strict=True))
            said = fields.pop("statement", "")
            expected = written(fields, words)
            if said != expected:
                notes.wrong(file, f"line {line}", "statement", said, expected)
