"""The tables at the top of a cascade's folder, and what deciding in steps costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.published_rules import VIOLATION
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.model import model_of
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.reference import reference_places
from perequa.verification.recompute.transfers import amounts_of, with_amounts
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.cascade import Cascade
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats

NATION, INTEGRATED = "nation", "integrated"
PLAN = "allocation.csv"
"""Stands in the folder of every step that has a plan, proven the nearest or not."""
OWN = frozenset({"cascade.csv", "handed_down.csv", "decentralisation.csv", "unkept.csv"})
"""Tables at the top that no step has."""


def check_joined(notes: Notebook, cascade: Cascade) -> int:
    """Compare every table at the top with those of the steps; return how many rows agree."""
    name, count = str(cascade.folder.run["name"]), 0
    solved = [s for s, f in cascade.steps.items() if f.has(PLAN) and s != INTEGRATED]
    wanted = {p.name for s in solved for p in cascade.steps[s].path.glob("*.csv")}
    present = {path.name for path in cascade.folder.path.glob("*.csv")} - OWN
    compare_keys(notes, "", sorted(present), sorted(wanted))
    for file in sorted(present & wanted):
        table = cascade.folder.table(file)
        rows = []
        for step in solved:
            if cascade.steps[step].has(file):
                rows += [(name, step, *row[1:]) for row in cascade.steps[step].table(file).rows]
        if list(table.rows) == rows:
            count += len(rows)
            continue
        for line, (found, expected) in enumerate(zip(table.rows, rows, strict=False), start=2):
            if found != expected:
                notes.wrong(
                    file,
                    saying("line {line}", line=line),
                    saying("is not the row of the step"),
                    ",".join(found),
                    ",".join(expected),
                )
        if len(table.rows) != len(rows):
            notes.wrong(file, "", saying("rows"), len(table.rows), len(rows))
    return count


def check_steps_table(notes: Notebook, cascade: Cascade) -> None:
    """Compare how each step ended, and what it received and used, with the steps themselves."""
    table = cascade.folder.table("cascade.csv")
    steps = table.column("step")
    names = [NATION, *(str(part["step"]) for part in cascade.parts), INTEGRATED]
    if not compare_keys(notes, table.file, steps, names):
        return
    above = {str(part["step"]): cascade.above(part) for part in cascade.parts}
    compare_words(notes, table, "above", [above.get(step, "") for step in steps], steps)
    for step, status, code in zip(
        steps, table.column("status"), table.column("exit_code"), strict=True
    ):
        if step in cascade.steps:
            record = cascade.steps[step].run
            told = (status, code)
            if told != (str(record["status"]), str(record["exit_code"])):
                notes.wrong(
                    table.file, step, "status", f"{status} {code}", str(record["exit_code"])
                )
    _check_handed(notes, cascade)
    handed = cascade.folder.table("handed_down.csv")
    for column in ("handed_down", "used", "unspent"):
        wanted = np.full(len(steps), np.nan)
        for i, step in enumerate(steps):
            chosen = [j for j, s in enumerate(handed.column("step")) if s == step]
            units = {handed.column("unit")[j] for j in chosen}
            if len(units) == 1:
                wanted[i] = sum(handed.numbers(column)[j] for j in chosen)
        compare_column(notes, table, column, wanted, steps)


def _check_handed(notes: Notebook, cascade: Cascade) -> None:
    """Compare what each rule handed down bounds and holds with the part's own rule rows."""
    table = cascade.folder.table("handed_down.csv")
    keys = zip(*(table.column(c) for c in ("step", "rule", "measure", "year")), strict=True)
    labels, limit, used = [], [], []
    for step, rule, measure, year in keys:
        labels.append(f"{step} {rule} {measure} {year}")
        found = (np.nan, np.nan)
        if step in cascade.steps and cascade.steps[step].has(PLAN):
            found = _row(cascade.steps[step], rule, measure, year)
        limit.append(found[0])
        used.append(found[1])
    told = np.array(table.numbers("handed_down"))
    # a part without a plan has no row to compare with: its limit stands in its inputs
    expected = np.where(np.isnan(limit), told, limit)
    compare_column(notes, table, "handed_down", expected, labels)
    compare_column(notes, table, "used", np.array(used), labels, scale=np.maximum(1.0, told))
    left = np.array(limit) - np.array(used)
    compare_column(notes, table, "unspent", left, labels, scale=np.maximum(1.0, told))


def _row(folder: RunFolder, rule: str, measure: str, year: str) -> tuple[float, float]:
    table = folder.table("rules.csv")
    columns = (table.column("rule"), table.column("measure"), table.column("year"))
    rows = zip(*columns, table.numbers("limit"), table.numbers("activity"), strict=True)
    for name, of, when, limit, activity in rows:
        if name == rule and when == year and (not measure or of == measure):
            return limit, activity
    return np.nan, np.nan


def check_price(notes: Notebook, cascade: Cascade) -> int:
    """Compute the nation's objectives again for the plan of the parts, and at once."""
    table = cascade.folder.table("decentralisation.csv")
    names = table.column("objective")
    specs = cascade.folder.scenario["objectives"]
    if not compare_keys(notes, table.file, names, sorted(specs)):
        return 0
    compare_words(
        notes, table, "priority", [str(specs[n].get("priority", 1)) for n in names], names
    )
    weights = np.array([float(specs[n].get("weight", 1.0)) for n in names])
    compare_column(notes, table, "weight", weights, names)
    whole = cascade.steps.get(INTEGRATED)
    steps, at_once = np.full(len(names), np.nan), np.full(len(names), np.nan)
    if whole is not None and whole.has(PLAN):
        values = whole.table("objectives.csv")
        told = dict(zip(values.column("objective"), values.numbers("value"), strict=True))
        at_once = np.array([told[name] for name in names])
    decided = [cascade.steps.get(str(part["step"])) for part in cascade.parts]
    complete = whole is not None and all(f is not None and f.has(PLAN) for f in decided)
    if complete and whole is not None:
        model = model_of(whole)
        plan = _joined_plan(model, [cascade.steps[str(part["step"])] for part in cascade.last])
        reference = reference_places(model)
        steps = np.array([objective_value(model, name, plan, reference) for name in names])
        _check_unkept(notes, cascade, expected_rows(model), plan)
    scale = np.maximum(1.0, np.abs(np.nan_to_num(at_once)))
    compare_column(notes, table, "integrated", at_once, names, scale=scale)
    compare_column(notes, table, "cascade", steps, names, scale=scale)
    compare_column(notes, table, "difference", steps - at_once, names, scale=scale)
    return len(names)


def _joined_plan(model: Model, parts: list[RunFolder]) -> Floats:
    """What the parts decided, over the cells of the integrated program, shape (T, M, Y)."""
    decided: dict[str, float] = {}
    for folder in parts:
        program, plan = folder.program, folder.solution["plan"]
        decided |= {n: float(plan[i]) for n, i in program.column_at.items() if n.startswith("x/")}
    return np.array([decided.get(name, 0.0) for name in model.cell_ids]).reshape(model.shape)


def _check_unkept(notes: Notebook, cascade: Cascade, rows: list[ExpectedRow], plan: Floats) -> None:
    """Find again the rules of the whole that the parts do not keep together."""
    table = cascade.folder.table("unkept.csv")
    bare = np.array([row.activity(plan) for row in rows])
    amounts = amounts_of(rows, bare, np.array([row.limit for row in rows]))
    broken: dict[str, tuple[float, float]] = {}
    for i, row in enumerate(rows):
        if row.held and row.side == "equals":
            continue
        activity = with_amounts(row, float(bare[i]), amounts)
        over = activity - row.limit
        excess = {"at_most": over, "at_least": -over}.get(row.side, abs(over))
        if excess > max(VIOLATION[row.unit], 1e-9 * abs(row.limit)):
            broken[row.id] = (activity, excess)
    names = table.column("row")
    if compare_keys(notes, table.file, names, list(broken)):
        for i, column in enumerate(("activity", "excess")):
            wanted = np.array([broken[name][i] for name in names])
            size = np.array([max(1.0, abs(broken[name][0])) for name in names])
            compare_column(notes, table, column, wanted, names, scale=size)
